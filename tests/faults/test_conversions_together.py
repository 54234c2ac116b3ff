"""Documents of several submitters at once: nobody's words reach another's result, and nothing is left over."""

import asyncio
from collections.abc import Callable
from itertools import cycle
from types import SimpleNamespace

import pytest

from sandbox.client import Sandbox
from sandbox.settings import MIB, Limits, SandboxSettings
from tests.sandbox.office import documents as d
from tests.sandbox.office.test_convert import words
from tests.sandbox.samples import Collected, nobody_left, stream

pytestmark = pytest.mark.xdist_group("office-hostile")

SUBMITTERS = ("ada", "bob", "cleo", "dan")
SETTINGS = SandboxSettings(
    workers=2,
    ready=1,
    office_workers=2,
    office_ready=1,
    reuse_seconds=10,
    reuse_documents=8,
    limits=Limits(tmp_bytes=200 * MIB, max_stored_bytes=40 * MIB),
)
KINDS: tuple[Callable[[str], bytes], ...] = (
    d.docx_with,
    lambda token: d.xlsx_with({"One": [[token]]}),
    lambda token: d.pptx(1, token),
    lambda token: d.odt(f"<text:p>{token}</text:p>"),
    lambda token: d.ods(((token,),)),
    d.rtf,
    lambda token: f"<!DOCTYPE html><html><body><p>{token}</p></body></html>".encode(),
    lambda token: f"{token}\nplain text\n".encode(),
)


@pytest.mark.faults
@pytest.mark.timeout(900)
async def test_no_token_of_another(long: bool) -> None:
    """60 documents, 200 in the long form, from four who send theirs one after another."""
    each = (200 if long else 60) // len(SUBMITTERS)
    sandbox = Sandbox(SETTINGS)
    await sandbox.start()
    async with sandbox.office.worker("warm"):
        office = SimpleNamespace(pool=sandbox.office.pool)
    found: dict[str, str] = {}

    async def submit(who: str, first: int) -> None:
        kinds = cycle(KINDS[first:] + KINDS[:first])
        for number, make in zip(range(each), kinds, strict=False):
            token = f"{who}token{number:03}end"
            sink = Collected()
            await sandbox.prepare(stream(make(token)), None, sink, batch=who)
            found[token] = await asyncio.to_thread(words, sink.data)

    with nobody_left(sandbox), nobody_left(office):  # type: ignore[arg-type]  # its pool alone
        try:
            async with asyncio.TaskGroup() as group:
                for first, who in enumerate(SUBMITTERS):
                    group.create_task(submit(who, first))
        finally:
            await sandbox.close()
    assert len(found) == each * len(SUBMITTERS)
    for token, text in found.items():
        assert [other for other in found if other in text] == [token]
