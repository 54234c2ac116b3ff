"""What an office document is to show on paper, as it is asked of the sandbox; checked before it goes into a jail."""

import re
from dataclasses import asdict, dataclass

ALL_CELLS = "all"
_AREA = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}(:\$?[A-Za-z]{1,3}\$?[0-9]{1,7})?")
_MAX_SHEETS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """How LibreOffice prints the document; the default is as its author left it, without comments, changes accepted.

    `sheets` are 1-based in the document's order, hidden ones counted (and shown when chosen); none means all that are
    not hidden. `print_area` is "" for the author's own, "all" for every cell in use, or an area such as "A1:D20" of each
    chosen sheet. `fit_width` makes each sheet one page wide. `comments` prints them after the last page of a text, with
    a mark at each place, and after a spreadsheet's pages; `changes` shows tracked changes as changes.
    """

    sheets: tuple[int, ...] = ()
    print_area: str = ""
    fit_width: bool = False
    comments: bool = False
    changes: bool = False

    def __post_init__(self) -> None:
        if len(self.sheets) > _MAX_SHEETS or any(number < 1 for number in self.sheets):
            raise ValueError("sheets are numbered from 1")
        if self.print_area not in {"", ALL_CELLS} and not _AREA.fullmatch(self.print_area):
            raise ValueError(f"a print area is named like A1:D20, not {self.print_area[:40]!r}")


def conversion_to_wire(conversion: Conversion) -> dict[str, object]:
    return asdict(conversion)
