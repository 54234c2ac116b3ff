"""What a browser fetches before a page is there for the first time: page, styles and scripts, as they are sent."""

import re

import pytest

from tests.webprint.full_house import full_house
from tests.webprint.visitor import Visitor, visiting

MOST = 150_000  # octets
SCRIPTS = {
    "/": {"app.js"},
    "/jobs": {"app.js", "live.js", "jobs.js", "projects.js"},
    "/upload": {"app.js", "tus.min.js", "upload.js", "projects.js"},
    "/history": {"app.js"},
    "/account": {"app.js"},
}
_LINKED = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg)[^"]*)"')


async def weigh(visitor: Visitor, path: str) -> tuple[int, set[str]]:
    """Octets on the wire, and the names of the scripts among them."""
    page = await visitor.get(path)
    assert page.status_code == 200
    linked, octets = set(_LINKED.findall(page.text)), len(page.content)
    for address in linked:
        async with visitor.client.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-encoding"] == "gzip" or ".svg" in address
            octets += len(b"".join([chunk async for chunk in answer.aiter_raw()]))
    return octets, {address.rpartition("/")[2].partition("?")[0] for address in linked if ".js" in address}


@pytest.mark.parametrize("path", SCRIPTS)
async def test_a_first_load_is_light_and_brings_only_its_own_scripts(path: str) -> None:
    full = await full_house()
    async with visiting(full.house.app()) as visitor:
        await visitor.sign_in()
        octets, scripts = await weigh(visitor, path)
    assert octets < MOST
    assert scripts == SCRIPTS[path]
