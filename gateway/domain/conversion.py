"""What of an office document is printed: chosen before it is made printable, not by the device or its ticket."""

import re
from dataclasses import dataclass

from gateway.errors import BadRequest

ALL_CELLS = "all"
MOST_SHEETS = 500
_AREA = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}(:\$?[A-Za-z]{1,3}\$?[0-9]{1,7})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionChoice:
    """The default is as the author left the document, without its comments and with its changes accepted.

    `sheets` count from 1 in the document's order, hidden ones too (a chosen one is shown); none means all that are not
    hidden. `print_area` is "" for the author's own, "all" for every cell in use, or an area like "A1:D20" of each chosen
    sheet. `fit_width` makes each sheet one page wide. `comments` prints them after a text or a spreadsheet; `changes`
    shows tracked changes as changes. BadRequest for a choice that no document could have.
    """

    sheets: tuple[int, ...] = ()
    print_area: str = ""
    fit_width: bool = False
    comments: bool = False
    changes: bool = False

    def __post_init__(self) -> None:
        if len(self.sheets) > MOST_SHEETS or any(number < 1 for number in self.sheets):
            raise BadRequest(f"Sheets are numbered from 1, and at most {MOST_SHEETS} can be chosen.")
        if self.print_area not in {"", ALL_CELLS} and not _AREA.fullmatch(self.print_area):
            raise BadRequest(f'"{self.print_area[:40]}" is no print area. Write for example A1:D20, or all.')

    @property
    def of_sheets(self) -> bool:
        """Whether it asks for what only a spreadsheet has."""
        return bool(self.sheets or self.print_area or self.fit_width)


AS_AUTHORED = ConversionChoice()


def parse_sheets(text: str) -> tuple[int, ...]:
    """Read "1,3-5" in any order, each sheet once; an empty text is none chosen. BadRequest says what was wrong."""
    found: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        last = last if dash else first
        if not all(number.isascii() and number.isdigit() and len(number) <= 5 for number in (first, last)):
            raise BadRequest(f'"{part[:40]}" is no sheet. Write for example 1,3-5.')
        if not 1 <= int(first) <= int(last) or int(last) - int(first) >= MOST_SHEETS:
            raise BadRequest(f'The sheets "{part}" run backwards, start below 1 or are too many.')
        found.update(range(int(first), int(last) + 1))
    return tuple(sorted(found))
