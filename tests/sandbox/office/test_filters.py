"""The filter of each format, the character sets of texts, and the profile: all of it without LibreOffice."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sandbox import code, crew, kinds
from sandbox.conversion import Conversion, conversion_to_wire
from sandbox.errors import FormatUnsupported, Unavailable, from_wire, to_wire
from sandbox.jail.office_filters import CSV, GENERIC, MEDIA_TYPES, TEXT, reader
from sandbox.jail.office_options import OfficeTask, task_from_wire
from sandbox.jail.office_profile import SETTINGS, write_profile


def test_every_office_format_has_a_filter() -> None:
    assert kinds.OFFICE <= MEDIA_TYPES
    assert kinds.HTML in MEDIA_TYPES


def test_nothing_else_has_one(tmp_path: Path) -> None:
    assert reader("application/pdf", tmp_path / "unread") is None
    assert reader("", tmp_path / "unread") is None


def test_media_types_have_no_case(tmp_path: Path) -> None:
    found = reader(kinds.DOCM.lower(), tmp_path / "unread")
    assert found is not None
    assert found.name == "MS Word 2007 XML VBA"


def test_only_a_locked_document_is_left_to_libreoffice(tmp_path: Path) -> None:
    unnamed = {kind for kind in MEDIA_TYPES - {TEXT, CSV} if not _named(kind, tmp_path)}
    assert unnamed == {GENERIC}


def _named(kind: str, folder: Path) -> str:
    found = reader(kind, folder / "unread")
    assert found is not None
    return found.name


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("Müller".encode(), "UTF8,LF,,,"),
        ("Müller".encode("cp1252"), "MS_1252,LF,,,"),
        ("Müller".encode("utf-16"), "UTF8,LF,,,"),
        ("ü".encode() * 200_000, "UTF8,LF,,,"),
        (b"a" + "ü".encode() * 200_000, "UTF8,LF,,,"),
    ],
    ids=["utf-8", "windows", "utf-16", "cut", "cut-inside"],
)
def test_character_sets(tmp_path: Path, content: bytes, options: str) -> None:
    path = tmp_path / "text"
    path.write_bytes(content)
    found = reader(TEXT, path)
    assert found is not None
    assert found.options == options
    assert path.read_bytes() == (content if content[:2] != b"\xff\xfe" else "Müller".encode())


@pytest.mark.parametrize(
    ("content", "start"),
    [
        ("a;b\n1,5;2,5\n", "59,34,76,1,1/2/2/2"),
        ("a,b\n1.5,2.5\n", "44,34,76,1,"),
        ("a\tb, c\n1\t2\n", "9,34,76,1,"),
        ("just words\n", "44,34,76,1,"),
        ("", "44,34,76,1,"),
    ],
)
def test_separators(tmp_path: Path, content: str, start: str) -> None:
    path = tmp_path / "table"
    path.write_text(content, encoding="utf-8")
    found = reader(CSV, path)
    assert found is not None
    assert found.options.startswith(start)


def test_the_profile_is_sealed_and_of_the_build_that_starts(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.mkdir()
    (program / "versionrc").write_text("[Version]\nbuildid=40(Build:2)\nVendor=x\n")
    write_profile(tmp_path / "profile", program)
    user = tmp_path / "profile" / "user"
    assert (user / "extensions" / "buildid").read_text() == "40(Build:2)"
    items = ET.parse(user / "registrymodifications.xcu").getroot()
    found = {prop.get("{http://openoffice.org/2001/registry}name"): prop[0].text for item in items for prop in item}
    assert len(items) == len(SETTINGS)
    assert (found["MacroSecurityLevel"], found["DisableMacrosExecution"]) == ("3", "true")
    assert found["BlockUntrustedRefererLinks"] == "true"


def test_a_program_without_a_build_is_told(tmp_path: Path) -> None:
    (tmp_path / "versionrc").write_text("[Version]\n")
    with pytest.raises(OSError, match="names no build"):
        write_profile(tmp_path / "profile", tmp_path)


@pytest.mark.parametrize("area", ["A1:D20", "$A$1:$D$20", "b2", "all", ""])
def test_print_areas(area: str) -> None:
    assert Conversion(print_area=area).print_area == area


@pytest.mark.parametrize("area", ["A1:D20;rm", "=A1", "file:///etc/passwd", "Sheet1.A1", "A1:D20:E30", "1A"])
def test_what_is_no_print_area(area: str) -> None:
    with pytest.raises(ValueError, match="A1:D20"):
        Conversion(print_area=area)


def test_sheets_start_at_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        Conversion(sheets=(0,))


def test_a_conversion_reaches_the_worker_as_it_was_asked(tmp_path: Path) -> None:
    asked = Conversion(sheets=(2, 3), print_area="A1:B2", fit_width=True, comments=True, changes=True)
    request = {
        "format": kinds.XLSX,
        "password": "p",
        "max_pages": 7,
        "max_stored_bytes": 9,
        "conversion": conversion_to_wire(asked),
    }
    task = task_from_wire(request, tmp_path, print)
    assert task == OfficeTask(
        folder=tmp_path,
        format=kinds.XLSX,
        password="p",
        max_pages=7,
        max_stored_bytes=9,
        sheets=(2, 3),
        print_area="A1:B2",
        fit_width=True,
        comments=True,
        changes=True,
        report=print,
    )


def test_without_libreoffice_it_is_said_what_to_do() -> None:
    def absent() -> Path:
        raise Unavailable("nothing there")

    assert not crew.office_installed(absent)
    error = from_wire(to_wire(FormatUnsupported("no LibreOffice", limit="office")))
    assert isinstance(error, FormatUnsupported)
    assert "LibreOffice is not installed" in str(error)
    assert "PDF" in str(error)


def test_the_machine_is_looked_at_for_both_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(code, "_OFFICE_PROGRAMS", (tmp_path,))
    with pytest.raises(Unavailable) as caught:
        code.office_program()
    assert "LibreOffice is not installed" in caught.value.detail
    (tmp_path / "soffice.bin").touch()
    monkeypatch.setattr(code, "_UNO_PATHS", (tmp_path,))
    with pytest.raises(Unavailable) as caught:
        code.office_program()
    assert "python3-uno" in caught.value.detail
    (tmp_path / "uno.py").touch()
    assert code.office_program() == tmp_path
