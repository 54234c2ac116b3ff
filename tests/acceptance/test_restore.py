"""A backup of one machine, brought to another through its page: two real instances, and one start in between."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.peers.ours import Instance, papertap
from tests.peers.processes import stopped, wait_for
from tests.webprint.visitor import Visitor

pytestmark = pytest.mark.acceptance

PASSWORD = "correct horse battery"


def administrator(name: str) -> tuple[str, ...]:
    return ("user", "add", name, "--role", "administrator", "--password", PASSWORD)


@contextmanager
def started_again(instance: Instance) -> Iterator[Path]:
    """The same data and ports in a new process; the path of its log."""
    instance.process.terminate()
    assert instance.process.wait(30) == 0
    log = instance.data.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve"], env=instance.environment, stdout=out, stderr=out
        )
    with stopped(process):
        wait_for(instance.port, process)
        yield log


def browser(instance: Instance) -> Visitor:
    site = f"http://127.0.0.1:{instance.http_port}"
    return Visitor(httpx2.AsyncClient(base_url=site, timeout=60), site)


async def test_a_house_moves_to_another_machine_by_its_page(tmp_path: Path) -> None:
    file = tmp_path / "papertap.tar"
    with papertap(administrator("ada"), ("printer", "add", "moved"), roles="front") as old:
        await asyncio.to_thread(old.here, "backup", str(file))
    with papertap(administrator("eve"), ("printer", "add", "other"), roles="front,prepare,deliver") as new:
        eve = browser(new)
        assert (await eve.sign_in("eve", PASSWORD)).status_code == 303
        await eve.get("/admin/backups")
        wrong = await bring(eve, file.read_bytes()[:-20_000])
        assert (wrong.status_code, "not whole" in wrong.text or "damaged" in wrong.text) == (400, True)
        assert (await bring(eve, file.read_bytes())).headers["location"] == "/admin/backups?done=brought"
        page = (await eve.get("/admin/backups")).text
        assert "<dt>People</dt><dd>1</dd>" in page
        await eve.post("/admin/backups/restore/prepare")
        assert "A backup waits" in (await eve.get("/admin")).text, "the dashboard says so, too"
        assert [row["name"] for row in json.loads(await asyncio.to_thread(new.here, "printer", "list", "--json"))] == [
            "other"
        ]
        with started_again(new) as log:
            assert [
                row["name"] for row in json.loads(await asyncio.to_thread(new.here, "printer", "list", "--json"))
            ] == ["moved"]
            assert (await eve.get("/admin")).headers.get("location", "").startswith("/signin"), "she is signed out"
            ada = browser(new)
            assert (await ada.sign_in("ada", PASSWORD)).status_code == 303
            page = (await ada.get("/admin/backups")).text
            assert "before-restore-" in page
            assert "backup.restored" in await asyncio.to_thread(new.here, "audit", "list", "--json")
            assert json.loads(await asyncio.to_thread(new.here, "audit", "verify", "--json"))
            # Set-up stays closed: no link is printed, and no address opens it.
            assert "makes the first administrator" not in log.read_text()
            assert (await ada.get("/welcome/anything")).status_code == 404
            await ada.client.aclose()
        await eve.client.aclose()


async def bring(visitor: Visitor, octets: bytes) -> httpx2.Response:
    return await visitor.client.post(
        "/admin/backups/restore",
        data={"csrf": visitor.token},
        files={"file": ("papertap.tar", octets, "application/x-tar")},
        headers={"origin": visitor.site, "sec-fetch-site": "same-origin"},
    )
