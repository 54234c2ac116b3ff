"""One sandbox with office workers for each module of tests, for a LibreOffice takes seconds to start."""

import json
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
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

# What nothing but an office writes: from which of our own documents, and the name of the filter that writes it.
MADE = {
    "doc": ("text", "MS Word 97"),
    "docm": ("text", "MS Word 2007 XML VBA"),
    "dotx": ("text", "MS Word 2007 XML Template"),
    "xls": ("sheet", "MS Excel 97"),
    "xlsm": ("sheet", "Calc MS Excel 2007 VBA XML"),
    "xltx": ("sheet", "Calc MS Excel 2007 XML Template"),
    "ppt": ("slides", "MS PowerPoint 97"),
    "pptm": ("slides", "Impress MS PowerPoint 2007 XML VBA"),
    "potx": ("slides", "Impress MS PowerPoint 2007 XML Template"),
    "otp": ("slides", "impress8_template"),
}
LOCKED = {
    "odt": ("text", "writer8"),
    "ods": ("sheet", "calc8"),
    "odp": ("slides", "impress8"),
    "docx": ("text", "MS Word 2007 XML"),
    "xlsx": ("sheet", "Calc MS Excel 2007 XML"),
    "pptx": ("slides", "Impress MS PowerPoint 2007 XML"),
    "doc": ("text", "MS Word 97"),
    "xls": ("sheet", "MS Excel 97"),
}
# Old Office formats take 15 characters at most.
PASSWORD = "Grün-7431-tk"
BY_OFFICE = Path(__file__).with_name("by_office.py")


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
    """Documents by the keys of MADE, and "locked." before those of LOCKED; each with the words "hello office"."""
    folder = tmp_path_factory.mktemp("made")
    sources = {
        "text": d.docx_with("hello office"),
        "sheet": d.xlsx_with({"One": [["hello office"]]}),
        "slides": d.odp(2, "hello office"),
    }
    for name, document in sources.items():
        (folder / name).write_bytes(document)
    wanted = {name: (*how, "") for name, how in MADE.items()}
    wanted |= {f"locked.{name}": (*how, PASSWORD) for name, how in LOCKED.items()}
    works = [
        Opening(source=folder / source, target=folder / f"made.{name}", filter=kind, password=password)
        for name, (source, kind, password) in wanted.items()
    ]
    open_unprotected(works, folder / "profile")
    return {name: (folder / f"made.{name}").read_bytes() for name in wanted}


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """One document that an office opens and stores outside of any jail; `trusting` lets it do what it wants."""

    source: Path
    target: Path
    filter: str
    password: str = ""
    trusting: bool = False


def open_unprotected(works: Sequence[Opening], profile: Path) -> None:
    """One LibreOffice opens them all and ends. The profile allows everything when all of them are trusted."""
    program = code.office_program()
    write_profile(profile, program)
    if all(work.trusting for work in works):
        (profile / "user" / "registrymodifications.xcu").unlink()
    told = [
        {name: str(value) if isinstance(value, Path) else value for name, value in asdict(work).items()}
        for work in works
    ]
    command = ["/usr/bin/python3", "-I", str(BY_OFFICE), str(program), str(profile)]
    done = subprocess.run(command, input=json.dumps(told).encode(), check=False, timeout=100, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
