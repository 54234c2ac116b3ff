"""One sandbox with office workers for each module of tests, for a LibreOffice takes seconds to start."""

import subprocess
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace

import pytest
import pytest_asyncio

from sandbox import code
from sandbox.client import Sandbox
from sandbox.jail.office_profile import write_profile
from sandbox.settings import MIB, Limits, SandboxSettings
from tests.sandbox.office import documents as d
from tests.sandbox.samples import nobody_left

SETTINGS = SandboxSettings(
    workers=1,
    ready=1,
    office_workers=1,
    office_ready=1,
    # A batch keeps its worker for as long as the module's tests take.
    reuse_seconds=600,
    reuse_documents=1000,
    limits=Limits(tmp_bytes=300 * MIB, max_stored_bytes=60 * MIB, max_pages=300),
)

# The name of the filter that writes each format which nothing but an office writes.
MADE = {
    "doc": ("text.docx", "MS Word 97"),
    "xls": ("sheet.xlsx", "MS Excel 97"),
    "ppt": ("slides.odp", "MS PowerPoint 97"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(SETTINGS)
    assert made.office.installed, "LibreOffice and python3-uno are needed: `make setup`"
    await made.start()
    made.office.start()
    async with made.office.worker("warm"):
        pass
    with nobody_left(made), nobody_left(SimpleNamespace(pool=made.office.pool)):  # type: ignore[arg-type]  # its pool alone
        try:
            yield made
        finally:
            await made.close()


@pytest.fixture(scope="session")
def made_by_office(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """Documents by the keys of MADE, each with the words "hello office"; made outside of any jail from our own."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "text.docx").write_bytes(d.docx_with("hello office"))
    (folder / "sheet.xlsx").write_bytes(d.xlsx_with({"One": [["hello office"]]}))
    (folder / "slides.odp").write_bytes(d.odp(2, "hello office"))
    write_profile(folder / "profile", code.office_program())
    for target, (source, kind) in MADE.items():
        command = [str(code.office_program() / "soffice.bin"), f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
        command += ["--headless", "--convert-to", f"{target}:{kind}", "--outdir", str(folder), str(folder / source)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
    stems = {"doc": "text", "xls": "sheet", "ppt": "slides"}
    return {target: (folder / f"{stems[target]}.{target}").read_bytes() for target in MADE}
