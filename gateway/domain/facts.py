"""What preparation found in a job's documents, as text that is small enough for the job's row.

    {"pages": [[size] | [size, black] | [size, null] | [size, cyan, magenta, yellow, black], ...],
     "sizes": [[width, height], ...], "fonts": [name, ...], "missing": [name, ...],
     "documents": [{inspection, without what is empty}, ...]}

A page names its size by its place among `sizes` and has colour when it says more than its black. Prices by coverage
and the job's page read it; lists of jobs never do, so the row keeps it unread.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from gateway.domain.document import Coverage, DocumentFacts, Inspection, PageFacts, Sheet

MOST_PAGES = 2_000
MOST_FONTS = 60
MOST_SHEETS = 300
MOST_DOCUMENTS = 20
_LONGEST_NAME = 80

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NOTHING = Inspection()
_COUNTS = tuple(f.name for f in fields(Inspection) if f.name != "sheets")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFacts:
    """Of all documents together: every page (the first 2,000) and the fonts; `inspections` one a document, in order."""

    pages: tuple[PageFacts, ...] = ()
    fonts: tuple[str, ...] = ()
    missing_fonts: tuple[str, ...] = ()
    inspections: tuple[Inspection, ...] = ()


def kept(pages: Sequence[PageFacts], documents: Sequence[DocumentFacts]) -> str:
    """The text for the row. `pages` are those of the printable; what is too much for a row is left out."""
    sizes: dict[tuple[int, int], int] = {}
    for page in pages[:MOST_PAGES]:
        sizes.setdefault((page.width, page.height), len(sizes))
    said = {
        "sizes": list(sizes),
        "pages": [_page(page, sizes) for page in pages[:MOST_PAGES]],
        "fonts": _names(font for one in documents for font in one.fonts),
        "missing": _names(font for one in documents for font in one.missing_fonts),
        "documents": [_inspection(one.inspection or _NOTHING) for one in documents[:MOST_DOCUMENTS]],
    }
    return _encode(said)


def read(text: str) -> JobFacts:
    """What `kept` wrote; nothing for the empty text of a job that was not prepared, or by an earlier version."""
    if not text:
        return JobFacts()
    said = json.loads(text)
    return JobFacts(
        pages=tuple(_page_of(one, said["sizes"]) for one in said["pages"]),
        fonts=tuple(said["fonts"]),
        missing_fonts=tuple(said["missing"]),
        inspections=tuple(_inspection_of(one) for one in said["documents"]),
    )


def _page(page: PageFacts, sizes: dict[tuple[int, int], int]) -> list[int | None]:
    size, found = sizes[page.width, page.height], page.coverage
    if found is None:
        return [size, None] if page.color else [size]
    # What a grey page has of colour is the noise of its pictures.
    return [size, found.cyan, found.magenta, found.yellow, found.black] if page.color else [size, found.black]


def _page_of(kept_page: list[int | None], sizes: list[list[int]]) -> PageFacts:
    size, *ink = kept_page
    width, height = sizes[size or 0]
    cyan, magenta, yellow, black = [0, 0, 0, 0, *(each or 0 for each in ink)][-4:]
    told = bool(ink) and ink[-1] is not None
    coverage = Coverage(cyan=cyan, magenta=magenta, yellow=yellow, black=black) if told else None
    return PageFacts(width=width, height=height, color=len(ink) == 4 or ink == [None], coverage=coverage)


def _names(names: Iterable[str]) -> list[str]:
    return [name[:_LONGEST_NAME] for name in dict.fromkeys(names)][:MOST_FONTS]


def _inspection(found: Inspection) -> dict[str, Any]:
    counts = {name: value for name in _COUNTS if (value := getattr(found, name))}
    sheets = [[one.name[:_LONGEST_NAME], int(one.hidden), one.print_area] for one in found.sheets[:MOST_SHEETS]]
    return counts | ({"sheets": sheets} if sheets else {})


def _inspection_of(said: dict[str, Any]) -> Inspection:
    sheets = tuple(
        Sheet(name=name, hidden=bool(hidden), print_area=area) for name, hidden, area in said.pop("sheets", ())
    )
    return Inspection(sheets=sheets, **said)
