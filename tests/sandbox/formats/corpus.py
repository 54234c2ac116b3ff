"""Some 370 documents of every format that is printed, made here, each with what must come out of it.

Every document has a token of its own, as text, or a colour of its own where it is a picture.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from sandbox import kinds
from tests.sandbox.formats import fixed, flowing, office, pictures


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """`pages` and `tokens` are what the PDF must have; `size` is the first page's in whole points; `color` fills it."""

    name: str
    format: str
    make: Callable[[], bytes]
    pages: int = 1
    tokens: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    color: tuple[int, int, int] | None = None
    declared: str = ""


def everything() -> list[Sample]:
    return [*light(), *by_office()]


def light() -> list[Sample]:
    """What the light worker converts alone."""
    return [*_pictures(), *_rasters(), *_pages(), *_texts(), *_mails()]


def by_office() -> list[Sample]:
    """What needs LibreOffice."""
    return [*_words(), *_sheets(), *_slides(), *_web(), *_old()]


A4, LETTER, A5 = (595, 842), (612, 792), (420, 595)
_SIZES = (A4, (842, 595), LETTER, A5)
_COLORS = ((200, 30, 40), (20, 160, 60), (30, 60, 200), (120, 120, 120), (240, 200, 10), (0, 0, 0))


def _token(kind: str, number: int) -> str:
    return f"TOKEN{kind}{number:03d}X"


def _pictures() -> Iterator[Sample]:
    shapes = ((600, 400), (400, 600), (500, 500), (1200, 150))
    plain = (
        ("jpeg", kinds.JPEG, 24),
        ("png", kinds.PNG, 24),
        ("gif", kinds.GIF, 12),
        ("bmp", kinds.BMP, 10),
        ("dib", kinds.BMP, 6),
        ("webp", kinds.WEBP, 12),
        ("heic", kinds.HEIC, 8),
    )
    for name, kind, count in plain:
        for number in range(count):
            shape, color = shapes[number % 4], _COLORS[number % 6]
            size = (round(shape[0] * 0.24), round(shape[1] * 0.24))
            make = partial(pictures.single, name, shape, color, number)
            yield Sample(name=f"{name}-{number}", format=kind, make=make, size=size, color=color)
    for number in range(8):
        shape, color = shapes[number % 4], _COLORS[number % 6]
        # Orientations 5 to 8 lie on their side.
        turned = shape if number < 4 else shape[::-1]
        size = (round(turned[0] * 0.24), round(turned[1] * 0.24))
        make = partial(pictures.turned, shape, color, number + 1)
        yield Sample(name=f"turned-{number}", format=kinds.JPEG, make=make, size=size, color=color)
    for number in range(24):
        pages, color = number % 5 + 1, _COLORS[number % 6]
        mode = ("RGB", "L", "1", "CMYK", "P", "RGBA")[number % 6]
        shown = pictures.seen(color, mode)
        make = partial(pictures.tiff, pages, mode, color, number)
        yield Sample(
            name=f"tiff-{mode}-{number}", format=kinds.TIFF, make=make, pages=pages, size=(144, 96), color=shown
        )


def _rasters() -> Iterator[Sample]:
    for number in range(20):
        kind = (kinds.PWG, kinds.URF)[number % 2]
        pages, color = number // 4 + 1, _COLORS[number % 6]
        make = partial(pictures.raster, kind, pages, color)
        yield Sample(name=f"raster-{number}", format=kind, make=make, pages=pages, size=(72, 48), color=color)


def _pages() -> Iterator[Sample]:
    for number in range(20):
        token, size, pages = _token("PDF", number), _SIZES[number % 4], number % 7 + 1
        make = partial(fixed.pdf, token, pages, size)
        yield Sample(name=f"pdf-{number}", format=kinds.PDF, make=make, pages=pages, tokens=(token,), size=size)
    for number in range(12):
        token, size, pages = _token("PS", number), _SIZES[number % 4], number % 3 + 1
        make = partial(fixed.postscript, token, pages, size)
        yield Sample(name=f"ps-{number}", format=kinds.POSTSCRIPT, make=make, pages=pages, tokens=(token,), size=size)
    for number in range(8):
        token, pages = _token("XPS", number), number % 4 + 1
        kind = (kinds.XPS, kinds.OXPS)[number % 2]
        make = partial(fixed.xps, token, pages, kind)
        yield Sample(name=f"xps-{number}", format=kind, make=make, pages=pages, tokens=(token,), size=A4)
    for number in range(12):
        token = _token("SVG", number)
        shape = ((400, 200), (200, 400), (4000, 2000), (100, 100))[number % 4]
        make = partial(fixed.svg, token, shape, number)
        yield Sample(name=f"svg-{number}", format=kinds.SVG, make=make, tokens=(token,), size=fixed.svg_size(shape))


def _texts() -> Iterator[Sample]:
    encodings = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
    for number in range(20):
        token, pages = _token("TXT", number), number % 5 + 1
        make = partial(flowing.text, token, pages, encodings[number % 4])
        yield Sample(name=f"txt-{number}", format=kinds.TEXT, make=make, pages=pages, tokens=(token, "größer"), size=A4)
    for number in range(12):
        token = _token("MD", number)
        declared = ("", "text/markdown")[number % 2]
        make = partial(flowing.markdown, token, number)
        tokens = (token, "Überschrift")
        yield Sample(name=f"md-{number}", format=kinds.MARKDOWN, make=make, tokens=tokens, size=A4, declared=declared)
    for number in range(10):
        token, pages = _token("EPUB", number), number % 5 + 1
        make = partial(flowing.epub, token, pages)
        yield Sample(name=f"epub-{number}", format=kinds.EPUB, make=make, pages=pages, tokens=(token,), size=A4)


def _mails() -> Iterator[Sample]:
    for number in range(16):
        token = _token("EML", number)
        make = partial(flowing.mail, token, attachments=number % 4, html=False)
        tokens = (token, "Müller", *(f"file-{one}.pdf" for one in range(number % 4)))
        yield Sample(name=f"eml-{number}", format=kinds.EML, make=make, tokens=tokens, size=A4)
    for number in range(6):
        token = _token("MSG", number)
        make = partial(flowing.message, token, attachments=number % 3)
        tokens = (token, "Müller", *(f"file-{one}.pdf" for one in range(number % 3)))
        yield Sample(name=f"msg-{number}", format=kinds.MSG, make=make, tokens=tokens, size=A4)


def _words() -> Iterator[Sample]:
    for number in range(24):
        token, size, pages = _token("DOCX", number), _SIZES[number % 4], number % 6 + 1
        kind = (kinds.DOCX, kinds.DOCX, kinds.DOCM, kinds.DOTX)[number % 4]
        make = partial(office.docx_file, token, pages, size, kind)
        yield Sample(name=f"word-{number}", format=kind, make=make, pages=pages, tokens=(token,), size=size)
    for number in range(16):
        token, size, pages = _token("ODT", number), _SIZES[number % 4], number % 4 + 1
        kind = (kinds.ODT, kinds.OTT)[number % 2]
        make = partial(office.odt, token, pages, size, kind)
        yield Sample(name=f"odt-{number}", format=kind, make=make, pages=pages, tokens=(token,), size=size)
    for number in range(12):
        token, size, pages = _token("RTF", number), _SIZES[number % 4], number % 4 + 1
        make = partial(office.rtf, token, pages, size)
        yield Sample(name=f"rtf-{number}", format=kinds.RTF, make=make, pages=pages, tokens=(token,), size=size)


def _sheets() -> Iterator[Sample]:
    for number in range(16):
        token, pages = _token("XLSX", number), number % 3 + 1
        kind = (kinds.XLSX, kinds.XLSM)[number % 2]
        make = partial(office.xlsx, token, pages, kind)
        yield Sample(name=f"sheet-{number}", format=kind, make=make, pages=pages, tokens=(token,), size=A4)
    for number in range(6):
        token, pages = _token("XLSB", number), number % 3 + 1
        make = partial(office.xlsb, token, pages)
        yield Sample(name=f"binary-{number}", format=kinds.XLSB, make=make, pages=pages, tokens=(token,))
    for number in range(10):
        token, pages = _token("ODS", number), number % 3 + 1
        kind = (kinds.ODS, kinds.OTS)[number % 2]
        make = partial(office.ods, token, pages, kind)
        yield Sample(name=f"ods-{number}", format=kind, make=make, pages=pages, tokens=(token,))
    for number in range(8):
        token = _token("CSV", number)
        make = partial(flowing.table, token, ",;\t|"[number % 4])
        yield Sample(name=f"csv-{number}", format=kinds.CSV, make=make, tokens=(token,))


def _slides() -> Iterator[Sample]:
    for number in range(10):
        token, pages = _token("PPTX", number), number % 4 + 1
        kind = (kinds.PPTX, kinds.PPTX, kinds.PPTM)[number % 3]
        make = partial(office.pptx, token, pages, kind)
        yield Sample(name=f"pptx-{number}", format=kind, make=make, pages=pages, tokens=(token,), size=(720, 540))
    for number in range(8):
        token, pages = _token("ODP", number), number % 4 + 1
        make = partial(office.odp, token, pages)
        yield Sample(name=f"odp-{number}", format=kinds.ODP, make=make, pages=pages, tokens=(token,))


def _web() -> Iterator[Sample]:
    for number in range(12):
        token = _token("HTML", number)
        make = partial(flowing.page, token, number)
        yield Sample(name=f"html-{number}", format=kinds.HTML, make=make, tokens=(token,), size=A4)
    for number in range(8):
        token = _token("HEML", number)
        make = partial(flowing.mail, token, attachments=number % 3, html=True)
        yield Sample(name=f"html-mail-{number}", format=kinds.EML, make=make, tokens=(token,), size=A4)


def _old() -> Iterator[Sample]:
    """Written once by LibreOffice from documents like those above: no library here writes these formats."""
    shipped = (
        ("word.doc", kinds.DOC, 3, A4),
        ("sheet.xls", kinds.XLS, 2, A4),
        ("slides.ppt", kinds.PPT, 2, (720, 540)),
    )
    for name, kind, pages, size in shipped:
        token = _token(name.rpartition(".")[2].upper(), 1)
        make = partial(office.shipped, name)
        yield Sample(name=f"old-{name}", format=kind, make=make, pages=pages, tokens=(token,), size=size)
