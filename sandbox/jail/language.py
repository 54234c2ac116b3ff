"""What the readers of printer languages tell: pages, paper, colour and sides, as far as the data says so."""

from dataclasses import dataclass

A4 = (21000, 29700)
LETTER = (21590, 27940)
LEGAL = (21590, 35560)
EXECUTIVE = (18415, 26670)
LEDGER = (27940, 43180)
A3 = (29700, 42000)
A5 = (14800, 21000)
A6 = (10500, 14800)
B5 = (18200, 25700)
B4 = (25700, 36400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """`pages` None: they can't be told. `cut`: a command's data go on beyond the end, and a device would take whatever
    follows for them. `size` in 1/100 mm as it runs; `copies` 0 and `sides` "" where nothing is said.
    """

    pages: int | None
    color: bool = False
    size: tuple[int, int] = A4
    copies: int = 0
    sides: str = ""
    cut: bool = False


class Cut(ValueError):
    """A command whose data, or whose end, is missing."""


def landscape(size: tuple[int, int], turned: bool) -> tuple[int, int]:
    return (size[1], size[0]) if turned else size
