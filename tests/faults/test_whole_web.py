"""A browser that goes away in mid-form: nothing happens, and the log tells of no defect."""

from pathlib import Path

import pytest

from tests.faults.raw import connected, head
from tests.faults.whole import Site, tracebacks

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("ending", ["fin", "rst"])
async def test_half_a_form(tmp_path: Path, ending: str) -> None:
    site = await Site.made(tmp_path / "data", {"raw": "socket://127.0.0.1:9"})
    async with site.serving("front") as server, site.visitor() as visitor:
        for path in ("/signin", "/jobs/release"):
            async with connected(site.http_port) as wire:
                form = head(path, "Content-Length: 500", kind="application/x-www-form-urlencoded") + b"csrf=abc&na"
                await wire.send(form)
                if ending == "rst":
                    wire.reset()
                else:
                    wire.writer.write_eof()
                    assert await wire.closed(10)
        assert (await visitor.get("/signin")).status_code == 200
    assert tracebacks(server.log) == []
