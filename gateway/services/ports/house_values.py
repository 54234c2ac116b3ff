"""Named values of the whole house: settings made in pages, and marks of what has happened once."""

from collections.abc import Collection, Mapping
from typing import Protocol


class HouseStore(Protocol):
    """A few short texts by name; each write is durable when it returns."""

    async def values(self) -> dict[str, str]: ...
    async def put(self, values: Mapping[str, str]) -> None:
        """Adds or replaces, all or none."""

    async def claim(self, name: str, value: str) -> bool:
        """Puts it unless there is one: of many at once, one is told True."""

    async def remove(self, names: Collection[str]) -> None:
        """Unknown names are fine."""
