"""What reaches a directory, and the rows of directories and of their runs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from gateway.domain.directory import Directory, RunRecord, RunState, Secrets
from gateway.domain.person import Entry, GroupEntry


class DirectoryAway(Exception):
    """It cannot be reached, or does not answer as it must; the sentence is for administrators."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One part of a test: what was tried, whether it went well, and what came or what to do."""

    what: str
    ok: bool
    text: str


class Reading(Protocol):
    """One pass over a directory; DirectoryAway may come at any point of it."""

    @property
    def full(self) -> bool:
        """False: only what has changed since the cursor."""

    @property
    def groups(self) -> Sequence[GroupEntry]:
        """All groups that were seen; known before the entries."""

    @property
    def cursor(self) -> str:
        """Where the next pass goes on; known behind the last entry. "" is nowhere: it will be a full one."""

    def entries(self) -> AsyncIterator[Entry]: ...


class DirectorySource(Protocol):
    """One directory with its secrets opened."""

    def read(self, cursor: str) -> AbstractAsyncContextManager[Reading]:
        """From `cursor` if it is one of the directory's and still good, else all."""

    async def verify(self, name: str, external_id: str, password: str) -> bool:
        """Whether that is the password of the one entry with this login and identifier. An empty one never is."""

    async def test(self) -> Sequence[Step]:
        """Runs the real thing step by step, up to the first that fails; never raises for what it finds."""


class Directories(Protocol):
    """Makes sources of rows."""

    def source(self, directory: Directory, secrets: Secrets) -> DirectorySource: ...


class Sealer(Protocol):
    """Keeps a secret so that the rows alone tell nothing. Locked while the key-encryption key is missing."""

    def seal(self, plain: bytes) -> bytes: ...
    def open(self, sealed: bytes) -> bytes: ...


class DirectoryStore(Protocol):
    """Rows of directories, where their runs stand, what they came to, and passwords that were right lately."""

    async def directories(self) -> list[Directory]:
        """By name."""

    async def save_directory(self, directory: Directory) -> Directory:
        """Conflict when the name is taken or somebody else was faster."""

    async def delete_directory(self, name: str) -> None: ...

    async def state(self, directory: UUID) -> RunState: ...
    async def save_state(self, directory: UUID, state: RunState) -> None: ...
    async def lease(self, directory: UUID, worker: str, *, now: float, seconds: float) -> bool:
        """True for one worker until `now` + `seconds`; asking again prolongs the own lease."""

    async def end_lease(self, directory: UUID, worker: str) -> None: ...

    async def record_run(self, run: RunRecord, *, keep: int = 50) -> int:
        """Its number; of older runs so many are kept."""

    async def runs(self, directory: UUID, *, limit: int = 20) -> list[RunRecord]:
        """Newest first."""

    async def remember_proof(self, user: UUID, proof: str, at: float) -> None: ...
    async def proof(self, user: UUID) -> tuple[str, float] | None:
        """The hash of the password that was right last, and when that was."""

    async def forget_proof(self, user: UUID) -> None: ...
