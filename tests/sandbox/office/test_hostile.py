"""Office documents that want something: nothing is fetched, nothing of the host is shown, and the next one prints."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.client import Sandbox
from sandbox.errors import SandboxError, TimedOut
from sandbox.settings import Limits, SandboxSettings
from tests.sandbox.office import documents as d
from tests.sandbox.office.attacks import hostile, macro
from tests.sandbox.office.conftest import Opening, open_unprotected
from tests.sandbox.office.test_convert import printed
from tests.sandbox.samples import Collected, stream

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("office-hostile")]

SECRET = "HOSTSECRET"
# Which of them LibreOffice 7.4 fetches from when it is allowed to, and how each is made a PDF.
FETCHING = {
    "image": "writer_pdf_Export",
    "section": "writer_pdf_Export",
    "docx-image": "writer_pdf_Export",
    "pptx-image": "impress_pdf_Export",
    "ole": "writer_pdf_Export",
    "html": "writer_web_pdf_Export",
}


class Listener:
    def __init__(self) -> None:
        self.hits = 0
        self.url = ""


@pytest_asyncio.fixture(loop_scope="module")
async def listener() -> AsyncIterator[Listener]:
    found = Listener()

    async def hit(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.hits += 1
        writer.close()

    server = await asyncio.start_server(hit, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x.png"
    async with server:
        yield found


@pytest.mark.parametrize("name", list(hostile("", "")))
async def test_nothing_is_fetched_shown_or_left(
    sandbox: Sandbox, listener: Listener, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    document = hostile(listener.url, secret.as_uri())[name]
    try:
        _, found = await printed(sandbox, document, batch="hostile")
    except SandboxError as error:
        found = str(error)
    assert listener.hits == 0
    assert SECRET not in found
    _, after = await printed(sandbox, d.odt("<text:p>next one</text:p>"), batch="hostile")
    assert after == "next one"


async def test_a_macro_does_not_run(sandbox: Sandbox, tmp_path: Path) -> None:
    """Not even inside the jail, where the file would be the jail's own."""
    inside, outside = Path("/tmp/papertap-macro-ran"), tmp_path / "ran"
    for path in (inside, outside):
        _, found = await printed(sandbox, macro(str(path)), batch="macro")
        assert found == "with a macro"
        assert not path.exists()
    assert sandbox.office.pool is not None
    for jail in sandbox.office.pool.processes:
        assert not Path(f"/proc/{jail}/root{inside}").exists()


async def test_without_the_jail_they_would_do_harm(listener: Listener, tmp_path: Path) -> None:
    """That nothing was hit means something: an office that trusts the same documents fetches and runs.

    INCLUDEPICTURE, DDE and WEBSERVICE are not fetched by LibreOffice 7.4 even then: of those only the jail is shown.
    """
    secret, ran = tmp_path / "secret.txt", tmp_path / "ran"
    secret.write_text(SECRET)
    documents = hostile(listener.url, secret.as_uri())
    hits = {}
    for name, kind in FETCHING.items():
        (tmp_path / name).write_bytes(documents[name])
        before = listener.hits
        work = Opening(source=tmp_path / name, target=tmp_path / "out.pdf", filter=kind, trusting=True)
        await asyncio.to_thread(open_unprotected, [work], tmp_path / f"profile-{name}")
        hits[name] = listener.hits - before
    (tmp_path / "macro.odt").write_bytes(macro(str(ran)))
    work = Opening(
        source=tmp_path / "macro.odt", target=tmp_path / "out.pdf", filter="writer_pdf_Export", trusting=True
    )
    await asyncio.to_thread(open_unprotected, [work], tmp_path / "profile-macro")
    assert ran.exists()
    assert all(hits.values())


async def test_what_takes_too_long_is_killed() -> None:
    settings = SandboxSettings(
        workers=1, ready=1, office_workers=1, office_ready=1, limits=Limits(wall_seconds=1, page_seconds=0)
    )
    sandbox = Sandbox(settings)
    await sandbox.start()
    try:
        sandbox.office.start()
        async with sandbox.office.worker("warm"):
            assert sandbox.office.pool is not None
            before = sandbox.office.pool.processes
        with pytest.raises(TimedOut):
            await sandbox.prepare(stream(d.xlsx_rows(10_000, 10)), None, Collected(), batch="warm")
    finally:
        await sandbox.close()
    assert before
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)
