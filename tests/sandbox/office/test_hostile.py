"""Office documents that want something: nothing is fetched, nothing of the host is shown, and the next one prints."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.client import Sandbox
from sandbox.errors import TimedOut
from sandbox.settings import Limits, SandboxSettings
from tests.sandbox.office import documents as d
from tests.sandbox.office import vba
from tests.sandbox.office.attacks import hostile, macro
from tests.sandbox.office.conftest import Opening, open_unprotected
from tests.sandbox.office.test_convert import printed, words
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
MACROS = {"docm": "writer_pdf_Export", "xlsm": "calc_pdf_Export"}


@dataclass(kw_only=True, slots=True)
class Listener:
    """`asked`: the first lines of the requests."""

    asked: list[str] = field(default_factory=list)
    url: str = ""

    def hits(self, name: str) -> int:
        return sum(f"/{name} " in line for line in self.asked)


@pytest_asyncio.fixture(loop_scope="module")
async def listener() -> AsyncIterator[Listener]:
    found = Listener()

    async def hit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.asked.append((await reader.readline()).decode())
        writer.close()

    server = await asyncio.start_server(hit, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found


def _with_macros(path: Path, url: str) -> dict[str, bytes]:
    return {"odt": macro(str(path))} | {name: made for name, (_, made) in vba.harmful(str(path), url).items()}


@pytest.mark.parametrize("name", ["odt", "docm", "xlsm", "pptm"])
async def test_a_macro_does_not_run(sandbox: Sandbox, listener: Listener, tmp_path: Path, name: str) -> None:
    """Not even inside the jail, where the file would be the jail's own."""
    inside, outside = Path("/tmp/papertap-macro-ran"), tmp_path / "ran"
    for path in (inside, outside):
        prepared, found = await printed(sandbox, _with_macros(path, listener.url)[name], batch="macro")
        assert "with a macro" in found
        assert "The document has macros; they are not run." in prepared.facts.notes
        assert not path.exists()
    assert sandbox.office.pool is not None
    for jail in sandbox.office.pool.processes:
        assert not Path(f"/proc/{jail}/root{inside}").exists()
    assert listener.asked == []


async def test_without_the_jail_they_would_do_harm(listener: Listener, tmp_path: Path) -> None:
    """That nothing was hit means something: an office that trusts the same documents fetches, shows and runs.

    Of some only the jail is shown. Of INCLUDEPICTURE and INCLUDETEXT LibreOffice 7.4 prints what Word stored; DDE it has
    under Windows alone; WEBSERVICE (Err:540) and other workbooks wait for a person who allows a document's links; templates
    that lie elsewhere it leaves there; macros of a presentation it reads and makes comments of.
    """
    secret, ran = tmp_path / "secret.txt", {name: tmp_path / f"ran-{name}" for name in ("odt", *MACROS)}
    secret.write_text(SECRET)
    works = []
    for name, kind in (FETCHING | {"section-file": "writer_pdf_Export"}).items():
        (tmp_path / name).write_bytes(hostile(f"{listener.url}/{name}", secret.as_uri())[name])
        works.append(Opening(source=tmp_path / name, target=tmp_path / f"{name}.pdf", filter=kind, trusting=True))
    for name, kind in {"odt": "writer_pdf_Export", **MACROS}.items():
        source = tmp_path / f"macro.{name}"
        source.write_bytes(_with_macros(ran[name], f"{listener.url}/{name}")[name])
        works.append(Opening(source=source, target=tmp_path / "out.pdf", filter=kind, trusting=True))
    await asyncio.to_thread(open_unprotected, works, tmp_path / "profile")
    assert [name for name, path in ran.items() if not path.exists()] == []
    assert [name for name in (*FETCHING, *MACROS) if not listener.hits(name)] == []
    assert SECRET in words((tmp_path / "section-file.pdf").read_bytes())


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
