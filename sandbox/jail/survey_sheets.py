"""Inspects Excel workbooks with openpyxl: sheets (also hidden ones), print areas, paper, links, comments."""

import warnings
from pathlib import Path
from typing import Any

from sandbox.errors import Broken, TooLarge
from sandbox.inspection import Inspection, Sheet
from sandbox.jail import package
from sandbox.jail.parts import count

# ECMA-376 part 1 section 18.3.1.63, in 1/100 mm, portrait.
_PAPERS = {
    1: (21590, 27940),
    3: (27940, 43180),
    5: (21590, 35560),
    8: (29700, 42000),
    9: (21000, 29700),
    11: (14800, 21000),
}
_MAX_CELLS_XML = 48 * 2**20
_MOST = 2_000


def survey(source: Path) -> Inspection:
    """Of a workbook in Open XML. Broken or TooLarge: its cells are held in memory, so its size is bounded first."""
    import openpyxl  # type: ignore[import-untyped]  # noqa: PLC0415 - ships no types; few documents need it at start
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]  # noqa: PLC0415 - the same

    with package.opened(source) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        cells = sum(entry.file_size for entry in entries if entry.filename.startswith("xl/worksheets/"))
        if cells > _MAX_CELLS_XML:
            raise TooLarge("the sheets", limit="bytes", allowed=_MAX_CELLS_XML)
        comments = sum(count(package.read(archive, name), {"comment"}) for name in names if _is_comments(name))
    try:
        with warnings.catch_warnings(), source.open("rb") as file:
            # openpyxl warns of every extension that it does not know.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, keep_links=False, data_only=True)
            sheets = tuple(_sheet(one) for one in book.worksheets[:_MOST])
            book.close()
    except (InvalidFileException, *_DAMAGED) as error:
        raise Broken(f"workbook: {type(error).__name__}: {error}") from error
    return Inspection(
        sheets=sheets,
        comments=comments,
        external_links=sum(name.startswith("xl/externalLinks/") and name.endswith(".xml") for name in names),
        macros=any(name.endswith("vbaProject.bin") for name in names),
    )


_DAMAGED = (LookupError, ValueError, TypeError, AttributeError, SyntaxError, OSError, AssertionError, *package.DAMAGED)


def _is_comments(name: str) -> bool:
    return name.startswith("xl/") and "comments" in name.lower() and name.endswith(".xml")


def _sheet(sheet: Any) -> Sheet:
    paper = _PAPERS.get(int(sheet.page_setup.paperSize or 0), (0, 0))
    if sheet.page_setup.orientation == "landscape":
        paper = paper[::-1]
    return Sheet(
        name=str(sheet.title)[:100],
        hidden=sheet.sheet_state != "visible",
        print_area=_area(sheet.print_area),
        rows=int(sheet.max_row or 0),
        columns=int(sheet.max_column or 0),
        width=paper[0],
        height=paper[1],
    )


def _area(found: Any) -> str:
    text = ",".join(found) if isinstance(found, list | tuple) else str(found or "")
    # openpyxl writes the sheet's own name before each range.
    return ",".join(part.rpartition("!")[2] for part in text.replace("$", "").split(","))[:300]
