"""How people come to have accounts, in memory: rows, and the services over them."""

import asyncio
from dataclasses import dataclass, field, replace
from uuid import UUID

from gateway.domain.registration import Registration, RegistrationState
from gateway.domain.rights import Permission, Role
from gateway.domain.user import User
from gateway.services.addresses import Addresses
from gateway.services.csv_export import export_users
from gateway.services.csv_import import CsvImports
from gateway.services.directories import DirectoryBook
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_schedule import DirectorySchedule
from gateway.services.directory_sync import DirectorySync
from gateway.services.identity import Identity
from gateway.services.people import People
from gateway.services.pins import Pins
from gateway.services.ports import Mailer
from gateway.services.preferences import PreferenceBook
from gateway.services.registration import Registrations
from gateway.settings import Registration as RegistrationSettings
from tests.fake_rows import MemoryUserStore
from tests.fake_spool import FakeHasher, FakeKeyring, MemorySpool
from tests.fake_time import FakeClock
from tests.fakes_directory import FakeMakers, FakeSealer, MemoryDirectoryStore, MemoryUserRows
from tests.fakes_house import MemoryRights

_OPEN = {RegistrationState.ASKED, RegistrationState.WAITING}
BASE = "https://print.example:8443"


class MemoryRegistrationStore:
    """gateway.services.ports.RegistrationStore."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Registration] = {}

    async def ask(self, registration: Registration) -> bool:
        await asyncio.sleep(0)
        same = [row for row in self.rows.values() if row.email.casefold() == registration.email.casefold()]
        for row in same:
            if row.state is RegistrationState.ASKED:
                del self.rows[row.uuid]
        if any(row.state is RegistrationState.WAITING for row in same):
            return False
        self.rows[registration.uuid] = registration
        return True

    async def registration(self, uuid: UUID) -> Registration | None:
        await asyncio.sleep(0)
        return self.rows.get(uuid)

    async def by_token(self, token_hash: str) -> Registration | None:
        await asyncio.sleep(0)
        return next((row for row in self.rows.values() if row.token_hash == token_hash), None)

    async def move(self, registration: Registration, *, was: RegistrationState) -> bool:
        await asyncio.sleep(0)
        known = self.rows.get(registration.uuid)
        if known is None or known.state is not was:
            return False
        self.rows[registration.uuid] = registration
        return True

    async def waiting(self, *, limit: int = 100) -> list[Registration]:
        await asyncio.sleep(0)
        found = [row for row in self.rows.values() if row.state is RegistrationState.WAITING]
        return sorted(found, key=lambda row: (row.confirmed_at or 0.0, str(row.uuid)))[:limit]

    async def waiting_count(self) -> int:
        return len(await self.waiting(limit=10**9))

    async def purge(self, *, before: float) -> int:
        await asyncio.sleep(0)
        gone = [row.uuid for row in self.rows.values() if _over(row, before)]
        for uuid in gone:
            del self.rows[uuid]
        return len(gone)


def _over(row: Registration, before: float) -> bool:
    if row.state in _OPEN:
        return row.expires_at <= before
    return row.decided_at is not None and row.decided_at <= before


@dataclass(kw_only=True)
class FakePeople:
    """The services over ports in memory, and these ports to look at."""

    identity: Identity
    users: MemoryUserStore
    mailer: Mailer
    clock: FakeClock
    preferences: PreferenceBook
    addresses: Addresses
    settings: RegistrationSettings = field(default_factory=lambda: RegistrationSettings(enabled=True))
    store: MemoryRegistrationStore = field(default_factory=MemoryRegistrationStore)
    directories: MemoryDirectoryStore = field(default_factory=MemoryDirectoryStore)
    makers: FakeMakers = field(default_factory=FakeMakers)
    groups: MemoryRights | None = None
    rows: MemoryUserRows = field(init=False)
    book: DirectoryBook = field(init=False)
    people: People = field(init=False)

    def __post_init__(self) -> None:
        self.rows = MemoryUserRows(self.users)
        pins = Pins(
            accounts=self.identity,
            mailer=self.mailer,
            preferences=self.preferences,
            base=lambda: BASE,
            language="en",
        )
        self.book_sync = DirectorySync(rows=self.rows, users=self.users, hasher=FakeHasher(), clock=self.clock)
        self.spool = MemorySpool(self.clock)
        groups = DirectoryGroups(store=self.groups or MemoryRights(self.users), clock=self.clock)
        self.book = DirectoryBook(
            store=self.directories,
            makers=self.makers,
            sync=self.book_sync,
            groups=groups,
            sealer=FakeSealer(),
            clock=self.clock,
            worker="here",
        )
        self.people = People(
            pins=pins,
            directories=self.book,
            schedule=DirectorySchedule(
                book=self.book,
                rows=self.rows,
                pins=pins,
                mailer=self.mailer,
                staff=self._staff,
                clock=self.clock,
                base=lambda: BASE,
            ),
            imports=CsvImports(
                sync=self.book_sync,
                groups=groups,
                spool=self.spool,
                keyring=FakeKeyring(),
                clock=self.clock,
                owned=self.book.owned,
            ),
            export=lambda: export_users(self.users),
            registrations=Registrations(
                store=self.store,
                accounts=self.identity,
                pins=pins,
                mailer=self.mailer,
                limits=self.identity.limits,
                clock=self.clock,
                settings=self.settings,
                is_taken=self.addresses.is_taken,
                staff=self._staff,
                base=lambda: BASE,
            ),
        )

    def with_settings(self, **changes: object) -> "FakePeople":
        return replace(self, settings=self.settings.model_copy(update=changes))

    async def _staff(self, permission: Permission) -> list[User]:
        assert permission in {Permission.USERS, Permission.DIRECTORIES}
        return [user for user in await self.users.staff([Role.ADMINISTRATOR]) if user.email]
