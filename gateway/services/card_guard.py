"""Notices at a terminal what no pocket full of cards does: numbers that run up or down evenly (row 84)."""

from collections import OrderedDict, deque
from collections.abc import Callable

from gateway.domain.card_numbers import in_sequence

REMEMBERED = 8  # unknown numbers of a terminal
TERMINALS = 2000
FAMILIAR = 100_000

_READINGS: tuple[Callable[[str], int | None], ...] = (
    lambda number: int(number, 16),
    lambda number: int(number) if number.isdigit() else None,
    lambda number: int.from_bytes(bytes.fromhex(number.zfill(len(number) + len(number) % 2)), "little"),
)
"""Numbers run on in hexadecimal, in decimal, or with the last octet first."""


class CardGuard:
    """In memory: a restart forgets, so that a locked terminal then takes no card until it is unlocked."""

    def __init__(self) -> None:
        self._unknown: OrderedDict[str, deque[str]] = OrderedDict()
        self._familiar: OrderedDict[tuple[str, str], None] = OrderedDict()

    def note_unknown(self, terminal: str, number: str) -> bool:
        """Whether the last ones look like somebody counting. `number` is hexadecimal."""
        numbers = self._unknown.setdefault(terminal, deque(maxlen=REMEMBERED))
        self._unknown.move_to_end(terminal)
        while len(self._unknown) > TERMINALS:
            self._unknown.popitem(last=False)
        if not numbers or numbers[-1] != number:  # a card that lies on the reader is sent again and again
            numbers.append(number)
        readings = ([read(one) for one in numbers] for read in _READINGS)
        return any(in_sequence([value for value in values if value is not None]) for values in readings)

    def forget(self, terminal: str) -> None:
        self._unknown.pop(terminal, None)

    def note_known(self, terminal: str, hashed: str) -> None:
        """A card that signed in here."""
        self._familiar[terminal, hashed] = None
        self._familiar.move_to_end((terminal, hashed))
        while len(self._familiar) > FAMILIAR:
            self._familiar.popitem(last=False)

    def knows(self, terminal: str, hashed: str) -> bool:
        return (terminal, hashed) in self._familiar
