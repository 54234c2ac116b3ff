"""Keys and sealed objects: what a document is while it rests."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Keyring(Protocol):
    """Data keys, one a job, wrapped by the key-encryption key. Raises Locked while that key is missing."""

    def new_key(self) -> tuple[bytes, bytes]:
        """(plain 32-octet key, wrapped key to keep with the row)."""

    def unwrap(self, wrapped: bytes) -> bytes: ...

    @property
    def locked(self) -> bool: ...


class Stored(NamedTuple):
    """What the spool holds for good: its id, plain octets, SHA-256 of them in hex."""

    object_id: str
    size: int
    sha256: str


class SpoolWriter(Protocol):
    """One object on its way in. Nothing of it is visible before `commit` has returned."""

    async def write(self, data: bytes) -> None:
        """StorageFull before the disk is full, StorageFailed when the disk said no."""

    async def commit(self, then: Callable[[Stored], None] | None = None) -> Stored:
        """Sealed and durable: file fsync, rename, directory fsync.

        A spool that works in a thread calls `then` there, as soon as all of it is on the disk; from that moment on
        `abort` removes nothing.
        """

    async def abort(self) -> None:
        """Leaves nothing behind; harmless after commit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """`free` and `total` octets; `low` once new work must be refused (RELIABILITY.md)."""

    free: int
    total: int
    low: bool


class Spool(Protocol):
    """Sealed objects, encrypted in chunks under their job's key, read and written in constant memory."""

    async def create(self, key: bytes) -> SpoolWriter: ...

    def read(self, object_id: str, key: bytes) -> AsyncIterator[bytes]:
        """The plain octets; FormatError-free: a damaged object raises Unavailable and goes to quarantine."""

    async def destroy(self, object_ids: Sequence[str]) -> None:
        """Unlinks; unknown ids are fine."""

    async def sweep(self, known: frozenset[str], *, older_than: float) -> int:
        """Removes objects and temporary files that no row knows and that are older than `older_than` seconds."""

    async def space(self) -> Space: ...

    @property
    def failed(self) -> bool:
        """True once a write did not reach the disk; final until restart."""
