"""Rows of users by the hundred, and directories, in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from gateway.domain.directory import Directory, RunRecord, RunState, Secrets
from gateway.domain.person import Entry, GroupEntry
from gateway.domain.user import User
from gateway.errors import Conflict
from gateway.services.ports import Holder, UserChange
from gateway.services.ports.directories import DirectoryAway, Step
from tests.fake_jobs import MemoryJobStore
from tests.fake_rows import MemoryUserStore
from tests.fakes_personal import MemoryPersonalStore


class MemoryUserRows:
    """gateway.services.ports.UserRows over the rows of a MemoryUserStore."""

    def __init__(
        self, users: MemoryUserStore, jobs: MemoryJobStore | None = None, personal: MemoryPersonalStore | None = None
    ) -> None:
        self._users = users
        self._jobs = jobs or MemoryJobStore()
        self._personal = personal or MemoryPersonalStore()

    async def of_source(self, source: str, *, after: str = "", limit: int = 2000) -> list[User]:
        await asyncio.sleep(0)
        found = [user for user in self._all() if user.source == source != "" and user.external_id > after]
        return sorted(found, key=lambda user: user.external_id)[:limit]

    async def by_names(self, names: Sequence[str]) -> list[User]:
        await asyncio.sleep(0)
        wanted = {name.casefold() for name in names}
        return [user for user in self._all() if user.name.casefold() in wanted]

    async def by_uuids(self, uuids: Sequence[UUID]) -> list[User]:
        await asyncio.sleep(0)
        return [user for user in self._all() if user.uuid in uuids]

    async def holders(self, *, cards: Sequence[str], pins: Sequence[str]) -> dict[str, Holder]:
        await asyncio.sleep(0)
        found = {}
        for user in self._all():
            for secret in (*user.cards, user.pin_lookup):
                if secret is not None and secret in {*cards, *pins}:
                    found[secret] = Holder(uuid=user.uuid, name=user.name)
        return found

    async def save_users(self, changes: Sequence[UserChange]) -> list[UserChange]:
        return [change for change in changes if not await self._saved(change)]

    async def without_pin(self, source: str, *, limit: int = 100) -> list[User]:
        found = await self.of_source(source, limit=10**9)
        return [u for u in found if u.pin_lookup is None and u.email is not None and not u.disabled][:limit]

    def _all(self) -> list[User]:
        return self._users._users

    async def _saved(self, change: UserChange) -> bool:
        before, after = change.before, change.after
        for other in self._all():
            same_entry = (other.source, other.external_id) == (after.source, after.external_id) and after.source != ""
            if other.uuid != after.uuid and (other.name.casefold() == after.name.casefold() or same_entry):
                return False
        if before is not None and before.name != after.name:
            self._rename(before.name, after.name)
            self._users._users = [replace(u, name=after.name) if u.uuid == after.uuid else u for u in self._all()]
        try:
            await self._users.save_user(replace(after, version=before.version if before else 0))
        except Conflict:
            return False
        if after.disabled:
            await self._users.delete_sessions_of(after.name)
        await self._addresses(before, after)
        return True

    def _rename(self, old: str, new: str) -> None:
        for job in list(self._jobs.rows.values()):
            if (job.owner or "").casefold() == old.casefold():
                self._jobs.rows[job.id] = replace(job, owner=new, version=job.version + 1)

    async def _addresses(self, before: User | None, after: User) -> None:
        had = before.given.addresses if before else ()
        for address in had:
            if address not in after.given.addresses:
                await self._personal.remove_address(after.uuid, address)
        for address in after.given.addresses:
            if address not in had and await self._personal.address_holder(address) is None:
                await self._personal.add_address(after.uuid, address, after.created_at)


class MemoryDirectoryStore:
    """gateway.services.ports.directories.DirectoryStore."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Directory] = {}
        self.states: dict[UUID, RunState] = {}
        self.leases: dict[UUID, tuple[str, float]] = {}
        self.records: list[RunRecord] = []
        self.proofs: dict[UUID, tuple[str, float]] = {}

    async def directories(self) -> list[Directory]:
        await asyncio.sleep(0)
        return sorted(self.rows.values(), key=lambda row: row.name)

    async def save_directory(self, directory: Directory) -> Directory:
        await asyncio.sleep(0)
        known = self.rows.get(directory.uuid)
        if any(row.name == directory.name and row.uuid != directory.uuid for row in self.rows.values()):
            raise Conflict("This name is taken.")
        if (known.version if known else 0) != directory.version:
            raise Conflict("Somebody else was faster.")
        self.rows[directory.uuid] = saved = replace(directory, version=directory.version + 1)
        return saved

    async def delete_directory(self, name: str) -> None:
        await asyncio.sleep(0)
        gone = {row.uuid for row in self.rows.values() if row.name == name}
        self.rows = {uuid: row for uuid, row in self.rows.items() if uuid not in gone}
        self.states = {uuid: row for uuid, row in self.states.items() if uuid not in gone}
        self.records = [run for run in self.records if run.directory not in gone]

    async def state(self, directory: UUID) -> RunState:
        await asyncio.sleep(0)
        return self.states.get(directory, RunState())

    async def save_state(self, directory: UUID, state: RunState) -> None:
        await asyncio.sleep(0)
        if directory in self.rows:
            self.states[directory] = state

    async def lease(self, directory: UUID, worker: str, *, now: float, seconds: float) -> bool:
        await asyncio.sleep(0)
        holder, until = self.leases.get(directory, (worker, 0.0))
        if directory not in self.rows or (holder != worker and until > now):
            return False
        self.leases[directory] = (worker, now + seconds)
        return True

    async def end_lease(self, directory: UUID, worker: str) -> None:
        await asyncio.sleep(0)
        if self.leases.get(directory, ("", 0.0))[0] == worker:
            del self.leases[directory]

    async def record_run(self, run: RunRecord, *, keep: int = 50) -> int:
        await asyncio.sleep(0)
        number = max((one.id for one in self.records), default=0) + 1
        self.records.append(replace(run, id=number))
        kept = {one.id for one in [one for one in self.records if one.directory == run.directory][-keep:]}
        self.records = [one for one in self.records if one.directory != run.directory or one.id in kept]
        return number

    async def runs(self, directory: UUID, *, limit: int = 20) -> list[RunRecord]:
        await asyncio.sleep(0)
        return [one for one in reversed(self.records) if one.directory == directory][:limit]

    async def remember_proof(self, user: UUID, proof: str, at: float) -> None:
        self.proofs[user] = (proof, at)

    async def proof(self, user: UUID) -> tuple[str, float] | None:
        return self.proofs.get(user)

    async def forget_proof(self, user: UUID) -> None:
        self.proofs.pop(user, None)


class FakeSealer:
    """Turns octets around."""

    def seal(self, plain: bytes) -> bytes:
        return b"sealed:" + plain[::-1]

    def open(self, sealed: bytes) -> bytes:
        return sealed.removeprefix(b"sealed:")[::-1]


@dataclass(kw_only=True)
class FakeReading:
    full: bool
    listed: list[Entry]
    cursor: str
    groups: Sequence[GroupEntry] = ()

    async def entries(self) -> AsyncIterator[Entry]:
        for entry in self.listed:
            yield entry


@dataclass(kw_only=True)
class FakeSource:
    """A directory that a test fills: `people`, `groups`, what `changed` since, right passwords; or `away` with a reason."""

    people: list[Entry] = field(default_factory=list)
    groups: list[GroupEntry] = field(default_factory=list)
    changed: list[Entry] | None = None
    passwords: dict[str, str] = field(default_factory=dict)
    away: str = ""
    cursors: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def read(self, cursor: str) -> AsyncIterator[FakeReading]:
        self.cursors.append(cursor)
        if self.away:
            raise DirectoryAway(self.away)
        part = cursor != "" and self.changed is not None
        listed = self.changed if part and self.changed is not None else self.people
        yield FakeReading(full=not part, listed=listed, cursor=f"c{len(self.cursors)}", groups=self.groups)

    async def verify(self, name: str, external_id: str, password: str) -> bool:
        self.asked.append((name, external_id))
        if self.away:
            raise DirectoryAway(self.away)
        return self.passwords.get(name) == password

    async def test(self) -> Sequence[Step]:
        return [Step(what="Server", ok=not self.away, text=self.away or "It answers.")]


@dataclass(kw_only=True)
class FakeMakers:
    """One source for all directories; `secrets` is what the last one was opened with."""

    one: FakeSource = field(default_factory=FakeSource)
    secrets: Secrets = field(default_factory=Secrets)

    def source(self, directory: Directory, secrets: Secrets) -> FakeSource:
        self.secrets = secrets
        return self.one
