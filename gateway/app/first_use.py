"""Adapters that are made when somebody first needs them: libraries that most processes never use cost them no memory.

Passkeys, push messages and proofs of mails bring ten megabytes along, in a process that has 150 for everything.
"""

from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class _FirstUse:
    """Stands in place of what `make` gives; the first question for anything of it makes it."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._made: object | None = None

    def __getattr__(self, name: str) -> object:
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)


def first_use(make: Callable[[], T]) -> T:
    """As if it were there already; what making it raises, its first use raises."""
    return cast("T", _FirstUse(make))
