"""The promises that services ask of the outside world. Adapters keep them, `tests/contracts` holds them to it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from gateway.domain.account import Receipt
from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device, DeviceStatus
from gateway.domain.document import DocumentFacts
from gateway.domain.events import Happening, IntakeAttempt, JobRecord
from gateway.domain.job import Job, JobState
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Session, User
from gateway.errors import PapertapError


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> float:
        """Seconds since the epoch; may jump."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    async def sleep(self, seconds: float) -> None: ...


# --- keys and spool --------------------------------------------------------------------------------------------


class Keyring(Protocol):
    """Data keys, one a job, wrapped by the key-encryption key. Raises Locked while that key is missing."""

    def new_key(self) -> tuple[bytes, bytes]:
        """(plain 32-octet key, wrapped key to keep with the row)."""

    def unwrap(self, wrapped: bytes) -> bytes: ...

    @property
    def locked(self) -> bool: ...


class SpoolWriter(Protocol):
    """One object on its way in. Nothing of it is visible before `commit` has returned."""

    async def write(self, data: bytes) -> None:
        """StorageFull before the disk is full, StorageFailed when the disk said no."""

    async def commit(self) -> tuple[str, int, str]:
        """Sealed and durable (file fsync, rename, directory fsync): (object id, plain octets, SHA-256 hex)."""

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


# --- rows ------------------------------------------------------------------------------------------------------


class Stage(Enum):
    """What a worker may do with a pending job."""

    PREPARE = auto()
    DELIVER = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class JobQuery:
    """All given conditions hold. `after_id` pages upwards; `newest_first` orders by id descending.

    Times are "at or before"; `warn_before` finds jobs that expire by then and were not warned about; people's names
    compare without case. With `states` given, a query costs as little as the rows that it finds.
    """

    printer: str | None = None
    owner: str | None = None
    unclaimed_as: str | None = None
    unclaimed_from: str | None = None
    favourite: bool | None = None
    states: tuple[JobState, ...] = ()
    released: bool | None = None
    output_device: str | None = None
    expires_before: float | None = None
    warn_before: float | None = None
    incoming_before: float | None = None
    ended_before: float | None = None
    with_key: bool | None = None
    claim_lapsed_at: float | None = None
    due_before: float | None = None  # `not_before` is set and has passed
    name_contains: str | None = None
    after_id: int | None = None
    before_id: int | None = None
    newest_first: bool = False
    limit: int | None = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class JobChange:
    """What one transaction writes: the job as it shall be, its records, a ledger row."""

    job: Job
    records: tuple[JobRecord, ...] = ()
    receipt: Receipt | None = None


class JobStore(Protocol):
    """The job rows: the truth. Every write is one durable transaction with compare-and-set on `version`."""

    async def add(self, jobs: Sequence[Job]) -> list[Job]:
        """Inserts all in one transaction and gives them their ids, ascending in the order given.

        A job whose idempotency key is already in a row is not inserted: that row is returned in its place.
        """

    async def get(self, job_id: int) -> Job | None: ...

    async def find_by_idempotency_key(self, key: str) -> Job | None: ...

    async def find(self, query: JobQuery) -> list[Job]: ...

    async def count(self, query: JobQuery) -> int:
        """Ignores `limit`."""

    async def mark(self) -> Hashable | None:
        """Equal marks say that no row changed in between; different ones say nothing. None: it cannot tell cheaply."""

    async def update(self, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        """Reads the row under its lock, applies `change` (pure) and commits; None leaves it. NotFound if absent.

        Whatever `change` raises rolls back and is raised. The stored version is one higher.
        """

    async def claim(self, stage: Stage, worker: str, *, now: float, lease: float, limit: int = 1) -> list[Job]:
        """Pending jobs of that stage, oldest first, moved to processing for `worker` until now + lease.

        PREPARE: pending, not prepared, all data in. DELIVER: prepared, pending, output device assigned, `not_before`
        passed, and no other job claimed on that device: at most one a device. A stopped job that nobody has claimed
        waits for its owner's word, and the device is free meanwhile.
        """

    async def extend_claim(self, job_id: int, worker: str, until: float) -> bool:
        """Heartbeat; False when the claim is no longer this worker's."""

    async def records(self, job_id: int) -> list[JobRecord]: ...

    async def spool_objects(self) -> frozenset[str]:
        """Ids of every object that some row still needs."""

    async def receipts(self, *, owner: str | None = None, limit: int = 100) -> list[Receipt]: ...

    async def purge_ended(self, *, before: float, limit: int = 500) -> int:
        """Deletes rows of ended jobs without a key that ended before that time; ledger rows stay."""


class PrinterStore(Protocol):
    """Printers and Output Devices. `save_*` inserts version 0 and compares-and-sets otherwise (Conflict)."""

    async def printers(self) -> list[Printer]: ...
    async def printer(self, name: str) -> Printer | None: ...
    async def save_printer(self, printer: Printer) -> Printer: ...
    async def delete_printer(self, name: str) -> None: ...
    async def devices(self) -> list[Device]: ...
    async def device(self, name: str) -> Device | None: ...
    async def save_device(self, device: Device) -> Device: ...
    async def delete_device(self, name: str) -> None: ...


class UserStore(Protocol):
    """Users by any of their proofs, and their web sessions. Names and addresses compare without case."""

    async def user(self, name: str) -> User | None: ...
    async def user_by_pin(self, pin_lookup: str) -> User | None: ...
    async def user_by_card(self, card: str) -> User | None: ...
    async def users(self, *, contains: str = "", limit: int = 100) -> list[User]: ...
    async def save_user(self, user: User) -> User:
        """Conflict when the name, PIN or card is another's."""

    async def delete_user(self, name: str) -> None: ...
    async def user_count(self) -> int: ...
    async def session(self, id_hash: str) -> Session | None: ...
    async def save_session(self, session: Session) -> None: ...
    async def delete_session(self, id_hash: str) -> None: ...
    async def delete_sessions_of(self, user: str) -> int: ...
    async def delete_expired_sessions(self, now: float) -> int: ...


class AttemptStore(Protocol):
    """Intake attempts, also refused ones, and what the audit keeps."""

    async def record_attempts(self, attempts: Sequence[IntakeAttempt]) -> None: ...
    async def attempts(self, *, since: float = 0.0, limit: int = 100) -> list[IntakeAttempt]:
        """Newest first."""

    async def purge_attempts(self, *, before: float, limit: int = 5000) -> int:
        """Deletes the oldest that were made at or before that time; how many there were."""


# --- events ----------------------------------------------------------------------------------------------------


class EventBus(Protocol):
    """Wakes whoever listens. Delivery is at most once: a listener that missed one reads the rows."""

    def publish(self, happening: Happening) -> None:
        """Never blocks and never fails."""

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[Happening]]: ...


# --- documents -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What preparation found and made: the printable PDF and thumbnails were written to the sinks."""

    facts: DocumentFacts
    thumbnails: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A device-ready document: its format, and what it makes of paper (all copies that are in it)."""

    format: str
    impressions: int
    media_sheets: int


Sink = Callable[[bytes], Awaitable[None]]


class ConverterCrashed(PapertapError):
    """The worker ended or misbehaved while it had the document: the document may be the cause, so tries are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Particulars:
    """What the sheets of a job may say of it (names and values of variables), the pages of each of its documents that
    starts on a sheet of its own, and its submitter's key: documents under the same one may share a worker.
    """

    variables: tuple[tuple[str, str], ...] = ()
    documents: tuple[int, ...] = ()
    batch: str | None = None


class Converter(Protocol):
    """The only way to look inside a document: every method works in the sandbox.

    A Refusal is about the document; Unavailable is about the machine, and says nothing of the document.
    """

    async def prepare(
        self,
        source: AsyncIterator[bytes],
        declared_format: str,
        *,
        printable: Sink,
        thumbnail: Callable[[int, bytes], Awaitable[None]],
        password: str | None = None,
        batch: str | None = None,
    ) -> Prepared:
        """Inspect, repair and make the printable PDF; `thumbnail(page number, PNG octets)`.

        `batch`: one submitter's documents may share a worker under one key; nobody else's may have it.
        """

    async def render(
        self,
        source: AsyncIterator[bytes],
        sink: Sink,
        *,
        ticket: JobTicket,
        capabilities: Capabilities,
        format: str,  # noqa: A002 - the standard's word
        copies: int,
        particulars: Particulars | None = None,
    ) -> Rendered:
        """The printable PDF as `format`, with all of `ticket` applied except what the device does itself."""

    async def preview(
        self,
        source: AsyncIterator[bytes],
        picture: Callable[[int, bytes], Awaitable[None]],
        *,
        ticket: JobTicket,
        capabilities: Capabilities,
        format: str,  # noqa: A002 - the standard's word
        copies: int,
        sides: Sequence[int],
        width: int = 800,
        particulars: Particulars | None = None,
    ) -> Rendered:
        """Pictures of what `render` makes of the same: `picture(side, PNG octets)`, `width` pixels wide, in order.

        `sides` count from 1 over all that comes out, blank backs and all; those beyond the last are left out. At most
        200 at once. The counts are of the whole.
        """

    async def merge(
        self, sources: Sequence[AsyncIterator[bytes]], sink: Sink, *, batch: str | None = None
    ) -> DocumentFacts:
        """Several printable PDFs as one, in order."""


# --- Output Devices --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a driver is to print. `name` carries the release id, so that the device's list shows ours.

    `size`: octets of the document, which LPD must say before it sends them. `copies` are the device's to make.
    """

    release_id: UUID
    job_id: int
    name: str
    user: str
    ticket: JobTicket
    format: str
    size: int
    copies: int
    impressions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where the device is with our job. `done`: it ended; `aborted` with the device's reason; `stopped` waits."""

    device_job: str | None = None
    impressions_completed: int | None = None
    sheets_completed: int | None = None
    stopped: bool = False
    done: bool = False
    aborted: bool = False
    confirmed: bool = True
    reasons: tuple[str, ...] = ()
    message: str = ""


class DeviceError(Exception):
    """`bytes_sent` octets of the document had gone out; 0 means that nothing can have been printed."""

    def __init__(self, message: str, *, bytes_sent: int = 0, busy: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.bytes_sent = bytes_sent
        self.busy = busy


class DeviceDriver(Protocol):
    """One a device-URI scheme. Every wait has a limit; every failure is a DeviceError."""

    async def describe(self, device: Device) -> Capabilities | None:
        """What the device says it can do; None where the protocol cannot tell."""

    async def status(self, device: Device) -> DeviceStatus:
        """Never raises: an unreachable device is a status."""

    async def send(
        self, device: Device, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> str | None:
        """Streams the document; `on_progress(octets sent)` before the first byte (0) and now and then.

        Returns the device's own job id, or None. DeviceError says how many octets had gone out.
        """

    def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        """Ends after a Progress with `done`. RAW and LPD yield one with confirmed=False."""

    async def find(self, device: Device, order: Order) -> Progress | None:
        """After an interruption: our job by its release id; None when the device cannot tell or knows none."""

    async def cancel(self, device: Device, device_job: str | None) -> None: ...


Drivers = Mapping[str, DeviceDriver]


# --- secrets ---------------------------------------------------------------------------------------------------


class Hasher(Protocol):
    """argon2id with a pepper kept outside the database; keyed hashes for what must be found by its value."""

    async def hash(self, secret: str) -> str: ...
    async def verify(self, hashed: str, secret: str) -> bool: ...
    def lookup(self, purpose: str, secret: str) -> str:
        """Keyed hash, hexadecimal; the same secret gives the same text for one purpose."""
