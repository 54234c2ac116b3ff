"""Tells a document's format by its content. A name or a client's claim is only a hint where text could be several things.

The head decides for most formats; containers (ZIP, compound file) and text are opened and looked into.
"""

from dataclasses import dataclass
from pathlib import Path

from sandbox import kinds
from sandbox.errors import Broken, FormatUnsupported, printable
from sandbox.jail import compound, package, prose
from sandbox.kinds import BMP, GIF, HEIC, JPEG, PDF, PNG, POSTSCRIPT, PWG, RTF, TIFF, URF

HEAD = 1024

_MAGIC = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"RaS2", PWG),
    (b"UNIRAST\0", URF),
    (b"%!PS", POSTSCRIPT),
    (b"\x04%!PS", POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", POSTSCRIPT),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    (b"{\\rtf", RTF),
    (b") HP-PCL XL;", kinds.PCLXL),
    (b"( HP-PCL XL;", kinds.PCLXL),
    (b"\x1bE", kinds.PCL),
    (b"\x1b&", kinds.PCL),
    (b"\x1b*", kinds.PCL),
    (b"\x1b(", kinds.PCL),
    (b"\x1b%", kinds.PCL),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# ISO/IEC 14496-12 section 4.3: the brand that follows "ftyp".
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
# What people send that is not printed here; naming it helps more than "unknown".
_NAMED = (
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"#!", "a script"),
    (b"RaS3", "a CUPS raster"),
    (b"3SaR", "a raster of the wrong byte order"),
    (b"2SaR", "a raster of the wrong byte order"),
    (b"PK", "a damaged ZIP file or office document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x1f\x8b", "a gzip file: unpack it first"),
    (b"BZh", "a bzip2 file: unpack it first"),
    (b"\xfd7zXZ", "an xz file: unpack it first"),
    (b"8BPS", "a Photoshop picture"),
    (b"AC10", "an AutoCAD drawing"),
    (b"ID3", "music"),
    (b"OggS", "sound or video"),
    (b"fLaC", "music"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"FLV\x01", "a video"),
    (b"SQLite format 3", "a database"),
    (b"!BDN", "an Outlook mailbox"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x01\x00\x00\x00", "a font"),
    (b"OTTO", "a font"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile"),
    (b"\x00\x00\x01\x00", "an icon"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """The format, and whether the office worker has to make the PDF (the light worker makes all others itself)."""

    format: str
    notes: tuple[str, ...] = ()

    @property
    def office(self) -> bool:
        return self.format in kinds.OFFICE


def by_head(head: bytes) -> str | None:
    """The format of the document that starts with `head` (its first 1,024 bytes, or all of it); None: look inside.

    Broken for an empty document.
    """
    if not head:
        raise Broken("the document is empty")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:2] == b"BM" and len(head) >= 18 and head[14:18] in _BMP_HEADERS:
        return BMP
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return kinds.WEBP
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    # Readers accept a PDF whose header comes later, after a mail header or a byte order mark; so do we.
    if b"%PDF-" in head[:HEAD] and not _container(head):
        return PDF
    return None


# The sizes of the information headers there are: OS/2 1 and 2, Windows 3, 4 and 5.
_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))


def sniff(path: Path, head: bytes, declared: str = "", language: str = "") -> Kind:
    """The kind of a stored document; `language` is what the job language around it said. Broken, TooLarge, or FormatUnsupported with what it seems to be."""
    found = by_head(head)
    if found is None:
        # Plain text for a PCL printer looks like any other text.
        found = kinds.PCL if language == "PCL" else _inside(path, head, declared)
    if found is None:
        raise FormatUnsupported(_named(head) + _claim(declared))
    notes: tuple[str, ...] = ()
    if kinds.contradicts(declared, found):
        claim = kinds.normal(declared)
        sent = kinds.LABELS.get(claim, claim)
        notes = (f"The file was sent as {printable(sent, 60)} but is {kinds.LABELS[found]}.",)
    return Kind(format=found, notes=notes)


def _inside(path: Path, head: bytes, declared: str) -> str | None:
    if head.startswith(_ZIP):
        try:
            return package.format_of(path)
        except FormatUnsupported as error:
            raise FormatUnsupported(error.detail + _claim(declared)) from error
    if head.startswith(_COMPOUND):
        return compound.format_of(path)
    if _is_dib(head):
        return BMP
    if any(head.startswith(magic) for magic, _ in _NAMED if magic != b"#!") or head[:4] == b"RIFF":
        return None
    return prose.format_of(path, declared)


def _is_dib(head: bytes) -> bool:
    """A bitmap without the file header in front of it: sizes that make sense, one plane, a known depth."""
    if len(head) < 40 or head[:4] != (40).to_bytes(4, "little"):
        return False
    planes, depth = int.from_bytes(head[12:14], "little"), int.from_bytes(head[14:16], "little")
    return planes == 1 and depth in {1, 4, 8, 16, 24, 32}


def _container(head: bytes) -> bool:
    return head.startswith((*_ZIP, _COMPOUND))


def _by_brand(head: bytes) -> str:
    size = max(16, min(int.from_bytes(head[:4], "big"), 256))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
    if head[8:12] in {b"avif", b"avis"}:
        raise FormatUnsupported("an AVIF picture")
    if brands & _HEIF_BRANDS:
        return HEIC
    raise FormatUnsupported("a video")


def _named(head: bytes) -> str:
    if head[:4] == b"RIFF":
        return "sound or video"
    stripped = head.lstrip()
    return next((name for magic, name in _NAMED if stripped.startswith(magic)), "not a known format")


def _claim(declared: str) -> str:
    return f", declared as {declared}" if declared else ""
