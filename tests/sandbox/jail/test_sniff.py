"""Formats are told by content; what is not printed is named; a claim that is wrong is told."""

import io
import zipfile
from pathlib import Path

import pytest

from sandbox import kinds
from sandbox.errors import Broken, FormatUnsupported
from sandbox.jail.sniff import HEAD, Kind, by_head, sniff

_OPEN_XML = "application/vnd.openxmlformats-officedocument"


def _sniffed(tmp_path: Path, data: bytes, declared: str = "") -> Kind:
    path = tmp_path / "source"
    path.write_bytes(data)
    return sniff(path, data[:HEAD], declared)


def _zip(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def _package(main: str) -> bytes:
    types = f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/a.xml" ContentType="{main}"/></Types>'
    return _zip({"[Content_Types].xml": types})


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.4\n", kinds.PDF),
        (b"\xef\xbb\xbf%PDF-1.7", kinds.PDF),
        (b"\xff\xd8\xff\xe0", kinds.JPEG),
        (b"\x89PNG\r\n\x1a\n", kinds.PNG),
        (b"RaS2PwgRaster", kinds.PWG),
        (b"UNIRAST\0\0\0\0\1", kinds.URF),
        (b"%!PS-Adobe-3.0", kinds.POSTSCRIPT),
        (b"\x04%!PS", kinds.POSTSCRIPT),
        (b"GIF89a", kinds.GIF),
        (b"BM" + bytes(12) + b"\x28\0\0\0", kinds.BMP),
        (b"II*\0", kinds.TIFF),
        (b"MM\0*", kinds.TIFF),
        (b"RIFF\0\0\0\0WEBPVP8 ", kinds.WEBP),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", kinds.HEIC),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", kinds.HEIC),
        (b"{\\rtf1", kinds.RTF),
    ],
)
def test_what_the_head_tells(head: bytes, kind: str) -> None:
    assert by_head(head) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (_package(f"{_OPEN_XML}.wordprocessingml.document.main+xml"), kinds.DOCX),
        (_package("application/vnd.ms-word.document.macroEnabled.main+xml"), kinds.DOCM),
        (_package(f"{_OPEN_XML}.wordprocessingml.template.main+xml"), kinds.DOTX),
        (_package(f"{_OPEN_XML}.spreadsheetml.sheet.main+xml"), kinds.XLSX),
        (_package("application/vnd.ms-excel.sheet.macroEnabled.main+xml"), kinds.XLSM),
        (_package("application/vnd.ms-excel.sheet.binary.macroEnabled.main"), kinds.XLSB),
        (_package(f"{_OPEN_XML}.presentationml.presentation.main+xml"), kinds.PPTX),
        (_zip({"mimetype": kinds.ODT}), kinds.ODT),
        (_zip({"mimetype": kinds.OTT}), kinds.OTT),
        (_zip({"mimetype": kinds.ODS}), kinds.ODS),
        (_zip({"mimetype": kinds.OTS}), kinds.OTS),
        (_zip({"mimetype": kinds.ODP}), kinds.ODP),
        (_zip({"mimetype": kinds.EPUB}), kinds.EPUB),
        (_zip({"[Content_Types].xml": "<Types/>", "FixedDocSeq.fdseq": ""}), kinds.XPS),
        (_zip({"[Content_Types].xml": "<T/>", "a.fdseq": "", "_rels/.rels": "http://schemas.openxps.org"}), kinds.OXPS),
        (b"<!DOCTYPE html><p>x", kinds.HTML),
        (b"  <html>", kinds.HTML),
        (b"<p>One</p>", kinds.HTML),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', kinds.SVG),
        (b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg/>', kinds.SVG),
        (b"From: a@x.test\r\nTo: b@x.test\r\nSubject: s\r\n\r\nHi", kinds.EML),
        (b"a,b,c\n1,2,3\n4,5,6\n", kinds.CSV),
        (b"# Title\n\nSome **bold** words\n", kinds.MARKDOWN),
        (b"hello", kinds.TEXT),
        ("größer".encode("cp1252"), kinds.TEXT),
        ("größer\n".encode("utf-16"), kinds.TEXT),
        ("plain words\n".encode("utf-16-le"), kinds.TEXT),
        ("ü".encode() * 100_000, kinds.TEXT),
        (b'{"key": [1, 2]}', kinds.TEXT),
        (b"#!/bin/sh\necho printed as it is written\n", kinds.TEXT),
    ],
)
def test_what_is_told_from_inside(tmp_path: Path, data: bytes, kind: str) -> None:
    assert _sniffed(tmp_path, data).format == kind


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("text/plain", kinds.TEXT), ("text/markdown; charset=utf-8", kinds.MARKDOWN), ("text/csv", kinds.CSV)],
)
def test_a_claim_decides_between_kinds_of_text_only(tmp_path: Path, declared: str, kind: str) -> None:
    found = _sniffed(tmp_path, b"a,b\nc,d\n", declared)
    assert (found.format, found.notes) == (kind, ())


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"PK\x03\x04", "office document"),
        (b"\x7fELF\x02", "program"),
        (b"RaS3", "CUPS raster"),
        (b"MZ\x90\0", "program"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"\0\0\0\x18ftypmp42", "video"),
        (b"\0\0\0\x18ftypavif", "AVIF"),
        (b"RIFF\0\0\0\0WAVE", "sound"),
        (b"hello\0\1\2", "not a known format"),
        (_zip({"holiday.txt": "x"}), "ZIP archive"),
        (_zip({"Index/Document.iwa": "x"}), "Pages"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "plain XML"),
    ],
)
def test_what_is_not_printed_is_named(tmp_path: Path, head: bytes, named: str) -> None:
    with pytest.raises(FormatUnsupported) as caught:
        _sniffed(tmp_path, head, "application/pdf")
    assert named in caught.value.detail


@pytest.mark.parametrize(
    ("data", "declared", "note"),
    [
        (b"%PDF-1.4", "image/jpeg", "The file was sent as a JPEG picture but is a PDF."),
        (b"%PDF-1.4", "video/mp4", "The file was sent as video/mp4 but is a PDF."),
        (b"GIF89a", "application/pdf", "The file was sent as a PDF but is a GIF picture."),
        (b"\xff\xd8\xff\xe0", "image/jpg", ""),
        (b"%PDF-1.4", "application/octet-stream", ""),
        (b"%PDF-1.4", "application/vnd.cups-pdf", ""),
        (b"%PDF-1.4", "application/PDF; name=x", ""),
        (b"hello", "text/csv", ""),
    ],
)
def test_a_wrong_claim_is_told(tmp_path: Path, data: bytes, declared: str, note: str) -> None:
    assert _sniffed(tmp_path, data, declared).notes == ((note,) if note else ())


def test_which_worker_makes_the_pdf(tmp_path: Path) -> None:
    assert _sniffed(tmp_path, _zip({"mimetype": kinds.ODT})).office
    assert not _sniffed(tmp_path, b"%PDF-1.4").office


def test_an_empty_document_is_broken() -> None:
    with pytest.raises(Broken):
        by_head(b"")
