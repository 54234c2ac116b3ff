"""Whole fakes of what the house's administration asks of the outside."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from gateway.domain.account import Receipt
from gateway.domain.acme import LastTry
from gateway.domain.discovered import Discovered
from gateway.domain.events import IntakeAttempt
from gateway.domain.job import JobState
from gateway.errors import BadRequest, Conflict, NotFound
from gateway.services.health import Check, Finding, Kind
from gateway.services.ports import Clock, JobQuery, SetupLink, SnmpAccess, Trace
from gateway.services.ports.acme import NotIssued
from tests.fake_jobs import MemoryJobStore
from tests.fake_rows import MemoryAttemptStore
from tests.fake_time import NOW


class MemoryHouseStore:
    """gateway.services.ports.HouseStore."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def values(self) -> dict[str, str]:
        return dict(self.kept)

    async def put(self, values: Mapping[str, str]) -> None:
        self.kept |= values

    async def claim(self, name: str, value: str) -> bool:
        return self.kept.setdefault(name, value) is value

    async def remove(self, names: Collection[str]) -> None:
        for name in names:
            self.kept.pop(name, None)


class MemorySetupFiles:
    """gateway.services.ports.SetupFiles."""

    def __init__(self) -> None:
        self.closed = False
        self.kept: SetupLink | None = None

    def close(self) -> None:
        self.closed = True

    def reopen(self) -> None:
        self.closed = False

    def link(self) -> SetupLink | None:
        return self.kept

    def keep_link(self, link: SetupLink) -> None:
        self.kept = link

    def drop_link(self) -> None:
        self.kept = None


class FakeNetwork:
    """Announcements and Prober over what a test puts into it; AddressCheck that refuses `forbidden` hosts.

    `asked` are the addresses that were contacted. With `gate` a probe waits until the gate is set.
    """

    def __init__(self) -> None:
        self.announced: list[Discovered] = []
        self.machines: dict[str, Discovered] = {}
        self.forbidden: set[str] = {"127.0.0.1", "169.254.169.254"}
        self.asked: list[tuple[str, SnmpAccess | None]] = []
        self.gate: asyncio.Event | None = None
        self.closed = 0

    async def heard(self, seconds: float) -> tuple[Discovered, ...]:
        assert seconds > 0
        return tuple(self.announced)

    async def probe(self, address: str, access: SnmpAccess | None) -> Discovered | None:
        self.asked.append((address, access))
        if self.gate is not None:
            await self.gate.wait()
        return self.machines.get(address)

    def close(self) -> None:
        self.closed += 1

    def permits(self, address: str) -> bool:
        return address not in self.forbidden

    async def check(self, uri: str) -> None:
        if urlsplit(uri).hostname in self.forbidden:
            raise BadRequest("This address is the gateway's own machine. Give the address of the device.")


class MemoryWhyStore:
    """gateway.services.ports.WhyStore over the other stores in memory."""

    def __init__(self, jobs: MemoryJobStore, attempts: MemoryAttemptStore) -> None:
        self._jobs, self._attempts = jobs, attempts

    async def traced(self, trace: Trace) -> list[int]:
        found = await self._jobs.find(JobQuery(limit=None, newest_first=True))
        wanted = trace.text.casefold()
        return [
            job.id
            for job in found
            if trace.since <= job.created_at <= trace.until
            and trace.address in {"", job.address}
            and (
                not wanted
                or wanted in {(job.owner or "").casefold(), job.requested_name.casefold()}
                or (not job.private and wanted in job.name.casefold())
            )
        ][: trace.limit]

    async def refused(self, trace: Trace) -> list[IntakeAttempt]:
        wanted = trace.text.casefold()
        return [
            one
            for one in reversed(self._attempts.rows)
            if one.job_id is None
            and trace.since <= one.at <= trace.until
            and trace.address in {"", one.address}
            and any(wanted in name.casefold() for name in (one.requested_name, one.owner or "", one.document_name))
        ][: trace.limit]

    async def states(self, *, since: float) -> dict[int, int]:
        found = await self._jobs.find(JobQuery(limit=None))
        return dict(Counter(int(job.state) for job in found if job.created_at >= since))

    async def aborted(self, *, since: float, limit: int) -> list[int]:
        found = await self._jobs.find(JobQuery(limit=None, newest_first=True, states=(JobState.ABORTED,)))
        return [job.id for job in found if job.created_at >= since][:limit]

    async def attempts_of(self, job_id: int) -> list[IntakeAttempt]:
        return [one for one in self._attempts.rows if one.job_id == job_id]

    async def receipts_of(self, job_id: int) -> list[Receipt]:
        return [one for one in self._jobs.ledger if one.job_id == job_id]


def some_checks() -> tuple[Check, ...]:
    """One of each kind: in order, in need of somebody, and one that takes its time."""

    async def fine() -> Finding:
        return Finding(name="storage", ok=True, text="41.0 of 80.0 GiB free")

    async def bad() -> Finding:
        return Finding(name="backup", ok=False, text="There is no backup yet.", mend="Make one now, or set a schedule.")

    async def broken() -> Finding:
        raise OSError("No route to host.")

    return (
        Check(key="storage", run=fine),
        Check(key="backup", run=bad),
        Check(key="mail", run=broken, kind=Kind.CONNECTION),
        Check(key="ask lobby", run=fine, kind=Kind.DEVICE),
    )


@dataclass(frozen=True, kw_only=True)
class ServedCertificate:
    names: tuple[str, ...] = ("print.example", "192.0.2.10")
    issuer: str = "Papertap local authority 01234567"
    begins: float = NOW - 86400
    ends: float = NOW + 400 * 86400
    fingerprint: str = "AB:" * 31 + "AB"
    own: bool = False
    fixed: bool = False
    pending: bool = True


class FakeCertificates:
    """gateway.services.ports.CertificateKeeper: takes what says that it fits."""

    def __init__(self) -> None:
        self.served = ServedCertificate()

    def in_use(self) -> ServedCertificate:
        return self.served

    def bring(self, chain: str, key: str) -> None:
        if "fits" not in chain or not key:
            raise BadRequest("The key does not belong to the first certificate. Bring the pair that belongs together.")

    def request(self, names: Iterable[str]) -> str:
        return f"-----BEGIN CERTIFICATE REQUEST-----\n{','.join(names)}\n-----END CERTIFICATE REQUEST-----\n"

    def answer(self, chain: str) -> None:
        self.bring(chain, "key")

    def use_own(self) -> None:
        self.served = replace(self.served, own=True)


@dataclass(frozen=True, kw_only=True)
class PublicCertificate:
    names: tuple[str, ...]
    issuer: str = "Example Public CA"
    begins: float = NOW
    ends: float = NOW + 90 * 86400
    late: bool = False


class MemoryPublicShelf:
    """gateway.services.ports.acme.PublicShelf."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.certificate: PublicCertificate | None = None
        self.noted: LastTry | None = None

    def kept(self) -> PublicCertificate | None:
        one = self.certificate
        return one and replace(one, late=self._clock.now() > one.begins + (one.ends - one.begins) * 2 / 3)

    def last(self) -> LastTry | None:
        return self.noted

    def note(self, last: LastTry) -> None:
        self.noted = last


class FakeIssuer:
    """gateway.services.ports.acme.Issuer that signs until `refusal` is set; with `gate` it takes its time."""

    def __init__(self, shelf: MemoryPublicShelf, clock: Clock) -> None:
        self.shelf, self._clock = shelf, clock
        self.refusal: NotIssued | None = None
        self.gate: asyncio.Event | None = None
        self.asked: list[tuple[str, ...]] = []

    async def issue(self, names: Sequence[str]) -> None:
        self.asked.append(tuple(names))
        if self.gate is not None:
            await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        now = self._clock.now()
        self.shelf.certificate = PublicCertificate(names=tuple(names), begins=now, ends=now + 90 * 86400)


@dataclass(frozen=True, kw_only=True)
class KeptBackup:
    name: str
    size: int = 4_200_000
    made_at: float = NOW


class FakeBackups:
    """gateway.services.ports.BackupKeeper over names alone; `path` leads to this file."""

    def __init__(self) -> None:
        self.kept = [KeptBackup(name="papertap-20261130-020000.tar")]

    def list(self) -> Sequence[KeptBackup]:
        return self.kept

    def make(self, now: float) -> KeptBackup:
        self.kept.insert(0, KeptBackup(name="papertap-20261130-120000.tar", made_at=now))
        return self.kept[0]

    def path(self, name: str) -> Path:
        if name not in {one.name for one in self.kept}:
            raise NotFound("There is no such backup.")
        return Path(__file__)

    def delete(self, name: str) -> None:
        self.path(name)
        self.kept = [one for one in self.kept if one.name != name]


@dataclass(frozen=True, kw_only=True)
class BroughtBackup:
    files: int = 7
    size: int = 3_000_000
    made_at: float = NOW - 86400
    users: int = 12
    printers: int = 2
    devices: int = 3
    jobs: int = 40
    waiting: int = 5


class FakeRestores:
    """gateway.services.ports.RestoreKeeper that takes any file but an empty one."""

    def __init__(self) -> None:
        self.brought: BroughtBackup | None = None
        self.prepared_at: float | None = None
        self.folders: list[str] = []

    async def take(self, chunks: AsyncIterator[bytes]) -> BroughtBackup:
        if self.ready():
            raise Conflict("A backup waits for the next start already. Drop it first.")
        octets = b"".join([chunk async for chunk in chunks])
        if not octets.startswith(b"backup"):
            raise BadRequest(
                "This is no backup of Papertap, or it is damaged. Choose a file that `papertap backup` or this page has made."
            )
        self.brought = BroughtBackup()
        return self.brought

    def content(self) -> BroughtBackup | None:
        return self.brought

    def ready(self) -> bool:
        return self.prepared_at is not None

    def prepare(self, now: float) -> None:
        if self.brought is None:
            raise NotFound("There is no backup to restore. Choose one.")
        self.prepared_at = now

    def drop(self) -> None:
        self.brought = self.prepared_at = None

    def before(self) -> Sequence[str]:
        return self.folders

    def forget(self, name: str) -> None:
        if name not in self.folders:
            raise NotFound("There is no such folder.")
        self.folders.remove(name)
