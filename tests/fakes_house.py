"""Roles, groups and the audit log in memory, with the promises of tests/contracts."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from uuid import UUID

from gateway.adapters.one_time_codes import Totp
from gateway.domain.audit import AuditEntry, AuditPoint, AuditQuery
from gateway.domain.group import Group
from gateway.domain.rights import EVERYWHERE, GivenRole, Role, Standing
from gateway.domain.second_factor import SecondFactor
from gateway.domain.user import User
from gateway.errors import Conflict
from gateway.services.audit import Audit
from gateway.services.charging import Charging
from gateway.services.groups import Groups
from gateway.services.house import House
from gateway.services.identity import Identity
from gateway.services.kept_files import KeptFiles
from gateway.services.lockouts import Lockouts
from gateway.services.people import People
from gateway.services.personal import Personal
from gateway.services.project_import import ProjectImports
from gateway.services.projects import Projects
from gateway.services.roles import Roles
from gateway.services.second_factor import SecondFactors
from gateway.services.standing import Standings
from gateway.services.user_admin import UserAdmin
from gateway.settings import Identity as IdentitySettings
from tests.fake_rows import MemoryUserStore
from tests.fake_spool import FakeHasher, FakeKeyring, MemorySpool
from tests.fake_time import FakeClock
from tests.fakes_identity import MemoryCredentialStore
from tests.fakes_projects import MemoryProjectStore


class MemoryRights:
    """gateway.services.ports.RoleStore and GroupStore over users in memory."""

    def __init__(self, users: MemoryUserStore) -> None:
        self._users = users
        self._given: dict[int, GivenRole] = {}
        self._groups: dict[str, Group] = {}
        self._ids = count(1)
        self._mark = 0

    async def mark(self) -> int:
        await asyncio.sleep(0)
        return self._mark

    async def standing(self, user: str, groups: Sequence[str]) -> Standing:
        names = {group.casefold(): group for group in reversed(groups)}
        for group in await self.above(groups):
            names.setdefault(group.name.casefold(), group.name)
        given = [*await self.roles_of(user)]
        for name in sorted(names):
            given += await self.roles_of(name, group=True)
        return Standing(groups=tuple(sorted(names.values())), grants=tuple(dict.fromkeys(one.grant for one in given)))

    async def add_role(self, given: GivenRole) -> GivenRole:
        for known in await self.roles_of(given.holder, group=given.group):
            if known.grant == given.grant:
                return known
        self._mark += 1
        stored = replace(given, id=next(self._ids))
        self._given[stored.id] = stored
        return stored

    async def take_role(self, role_id: int) -> bool:
        await asyncio.sleep(0)
        self._mark += 1
        return self._given.pop(role_id, None) is not None

    async def role(self, role_id: int) -> GivenRole | None:
        await asyncio.sleep(0)
        return self._given.get(role_id)

    async def roles_of(self, holder: str, *, group: bool = False) -> list[GivenRole]:
        await asyncio.sleep(0)
        wanted = (holder.casefold(), group)
        return [one for one in self._given.values() if (one.holder.casefold(), one.group) == wanted]

    async def roles(self, *, after: int = 0, limit: int = 100) -> list[GivenRole]:
        await asyncio.sleep(0)
        return [one for one in self._given.values() if one.id > after][:limit]

    async def staff(self, *, after: str = "", limit: int = 100) -> list[User]:
        found = await self._users.users(after=after, limit=100_000)
        return [user for user in found if user.role is not Role.USER][:limit]

    async def administrators(self) -> list[str]:
        users = [user for user in await self._users.users(limit=100_000) if not user.disabled]
        top = [g for g in self._given.values() if (g.role, g.site, g.group) == (Role.ADMINISTRATOR, EVERYWHERE, False)]
        given = {one.holder.casefold() for one in top}
        return sorted(user.name for user in users if user.role is Role.ADMINISTRATOR or user.name.casefold() in given)

    async def group(self, name: str) -> Group | None:
        await asyncio.sleep(0)
        return self._groups.get(name.casefold())

    async def save_group(self, group: Group) -> Group:
        await asyncio.sleep(0)
        known = self._groups.get(group.name.casefold())
        if (known is None) != (group.version == 0) or (known is not None and known.version != group.version):
            raise Conflict(f"{group.name} was changed by somebody else.")
        self._mark += 1
        stored = replace(group, version=group.version + 1)
        self._groups[group.name.casefold()] = stored
        return stored

    async def add_groups(self, groups: Sequence[Group]) -> int:
        new = {group.name.casefold(): group for group in reversed(groups)}
        missing = [name for name in new if name not in self._groups]
        for name in missing:
            await self.save_group(new[name])
        return len(missing)

    async def move_groups(self, parents: Mapping[str, str]) -> int:
        known = [(self._groups[name.casefold()], to) for name, to in parents.items() if name.casefold() in self._groups]
        for group, to in known:
            await self.save_group(replace(group, parent=to))
        return len(known)

    async def delete_group(self, name: str) -> None:
        gone = self._groups.pop(name.casefold(), None)
        if gone is None:
            return
        self._mark += 1
        for child in list(self._groups.values()):
            if child.parent.casefold() == name.casefold():
                moved = replace(child, parent=gone.parent, version=child.version + 1)
                self._groups[child.name.casefold()] = moved
        for user in await self.members(name, limit=100_000):
            left = tuple(group for group in user.groups if group.casefold() != name.casefold())
            await self._users.save_user(replace(user, groups=left))
        for given in await self.roles_of(name, group=True):
            del self._given[given.id]

    async def groups(self, *, contains: str = "", after: str = "", limit: int = 100) -> list[Group]:
        await asyncio.sleep(0)
        wanted = contains.casefold()
        found = [
            g for g in self._groups.values() if any(wanted in t.casefold() for t in (g.name, g.label, g.cost_centre))
        ]
        return self._page(found, after, limit)

    async def children(self, parent: str, *, after: str = "", limit: int = 100) -> list[Group]:
        await asyncio.sleep(0)
        below = [group for group in self._groups.values() if group.parent.casefold() == parent.casefold()]
        return self._page(below, after, limit)

    async def above(self, names: Sequence[str]) -> list[Group]:
        await asyncio.sleep(0)
        found: dict[str, Group] = {}
        wanted = [name.casefold() for name in names]
        while wanted:
            name = wanted.pop()
            group = self._groups.get(name)
            if group is not None and name not in found:
                found[name] = group
                wanted.append(group.parent.casefold())
        return list(found.values())

    async def group_count(self) -> int:
        await asyncio.sleep(0)
        return len(self._groups)

    async def members(self, name: str, *, after: str = "", limit: int = 100) -> list[User]:
        found = await self._users.users(after=after, limit=100_000)
        return [user for user in found if name.casefold() in {group.casefold() for group in user.groups}][:limit]

    async def member_counts(self, names: Sequence[str]) -> dict[str, int]:
        counts = {name.casefold(): len(await self.members(name, limit=100_000)) for name in names}
        return {name: number for name, number in counts.items() if number}

    def _page(self, groups: list[Group], after: str, limit: int) -> list[Group]:
        later = [group for group in groups if group.name.casefold() > after.casefold()]
        return sorted(later, key=lambda group: group.name.casefold())[:limit]


class MemoryAuditStore:
    """gateway.services.ports.AuditStore; `rows` can be tampered with."""

    def __init__(self) -> None:
        self.rows: list[AuditEntry] = []
        self.begin: tuple[AuditPoint, str] | None = None

    async def append(self, make: Callable[[AuditPoint | None], AuditEntry]) -> AuditEntry:
        await asyncio.sleep(0)
        last = AuditPoint(id=self.rows[-1].id, digest=self.rows[-1].digest) if self.rows else None
        entry = make(last)
        self.rows.append(entry)
        return entry

    async def entries(self, *, after_id: int = 0, limit: int = 1000) -> list[AuditEntry]:
        await asyncio.sleep(0)
        return [entry for entry in self.rows if entry.id > after_id][:limit]

    async def find_entries(self, query: AuditQuery) -> list[AuditEntry]:
        await asyncio.sleep(0)
        wanted = query.contains.casefold()
        found = [
            entry
            for entry in reversed(self.rows)
            if (query.before_id is None or entry.id < query.before_id)
            and query.actor.casefold() in {"", entry.actor.casefold()}
            and query.action in {"", entry.action}
            and any(wanted in text.casefold() for text in (entry.actor, entry.subject, entry.text, entry.action))
        ]
        return found[: query.limit]

    async def anchor(self) -> tuple[AuditPoint, str] | None:
        await asyncio.sleep(0)
        return self.begin

    async def purge_entries(self, *, before: float, limit: int, seal: Callable[[AuditPoint], str]) -> int:
        await asyncio.sleep(0)
        young = next((n for n, entry in enumerate(self.rows) if entry.at > before), len(self.rows) - 1)
        gone = self.rows[: max(0, young)][:limit]
        if gone:
            end = AuditPoint(id=gone[-1].id, digest=gone[-1].digest)
            self.begin = (end, seal(end))
            self.rows = self.rows[len(gone) :]
        return len(gone)


class FakeSeal:
    """gateway.services.ports.AuditSeal without files."""

    def __init__(self) -> None:
        self.point: AuditPoint | None = None

    def digest(self, octets: bytes) -> str:
        return hashlib.blake2b(octets, key=b"seal", digest_size=16).hexdigest()

    def head(self) -> AuditPoint | None:
        return self.point

    def keep_head(self, point: AuditPoint) -> None:
        if self.point is None or self.point.id < point.id:
            self.point = point


class MemorySecondFactorStore:
    """gateway.services.ports.SecondFactorStore."""

    def __init__(self) -> None:
        self.factors: dict[UUID, SecondFactor] = {}
        self.codes: dict[UUID, set[str]] = {}

    async def factor(self, user: UUID) -> SecondFactor | None:
        await asyncio.sleep(0)
        return self.factors.get(user)

    async def save_factor(self, factor: SecondFactor) -> None:
        await asyncio.sleep(0)
        self.factors[factor.user] = factor

    async def delete_factor(self, user: UUID) -> bool:
        await asyncio.sleep(0)
        self.codes.pop(user, None)
        return self.factors.pop(user, None) is not None

    async def use_step(self, user: UUID, step: int) -> bool:
        await asyncio.sleep(0)
        factor = self.factors.get(user)
        if factor is None or factor.last_step >= step:
            return False
        self.factors[user] = replace(factor, last_step=step)
        return True

    async def keep_codes(self, user: UUID, hashes: Sequence[str]) -> None:
        await asyncio.sleep(0)
        self.codes[user] = set(hashes)

    async def use_code(self, user: UUID, hashed: str) -> bool:
        await asyncio.sleep(0)
        known = self.codes.get(user, set())
        found = hashed in known
        known.discard(hashed)
        return found

    async def codes_left(self, user: UUID) -> int:
        await asyncio.sleep(0)
        return len(self.codes.get(user, ()))


def an_audit(clock: FakeClock, store: MemoryAuditStore | None = None, seal: FakeSeal | None = None) -> Audit:
    return Audit(store=store or MemoryAuditStore(), seal=seal or FakeSeal(), clock=clock, kept_seconds=400 * 86400)


@dataclass(kw_only=True)
class FakeHouse:
    """The services over `users`, and what they write, to look into."""

    users: MemoryUserStore
    clock: FakeClock
    credentials: MemoryCredentialStore = field(default_factory=MemoryCredentialStore)
    settings: IdentitySettings = field(default_factory=IdentitySettings)
    factors: MemorySecondFactorStore = field(default_factory=MemorySecondFactorStore)
    rights: MemoryRights = field(init=False)
    entries: MemoryAuditStore = field(default_factory=MemoryAuditStore)
    seal: FakeSeal = field(default_factory=FakeSeal)
    audit: Audit = field(init=False)
    standings: Standings = field(init=False)
    roles: Roles = field(init=False)
    groups: Groups = field(init=False)
    second: SecondFactors = field(init=False)
    project_rows: MemoryProjectStore = field(default_factory=MemoryProjectStore)
    project_files: KeptFiles = field(init=False)

    def __post_init__(self) -> None:
        self.rights = MemoryRights(self.users)
        self.project_files = KeptFiles(spool=MemorySpool(self.clock), keyring=FakeKeyring(), clock=self.clock)
        self.audit = an_audit(self.clock, self.entries, self.seal)
        self.standings = Standings(store=self.rights)
        self.roles = Roles(
            store=self.rights,
            users=self.users,
            groups=self.rights,
            standings=self.standings,
            audit=self.audit,
            clock=self.clock,
        )
        self.groups = Groups(store=self.rights, users=self.users, roles=self.roles, audit=self.audit, clock=self.clock)
        self.second = SecondFactors(
            store=self.factors,
            codes=Totp(FakeKeyring()),
            users=self.users,
            credentials=self.credentials,
            hasher=FakeHasher(),
            audit=self.audit,
            clock=self.clock,
            settings=self.settings,
            issuer="Papertap",
        )

    def services(self, *, identity: Identity, personal: Personal, people: People) -> House:
        projects = Projects(store=self.project_rows, audit=self.audit, clock=self.clock)
        return House(
            audit=self.audit,
            roles=self.roles,
            groups=self.groups,
            second=self.second,
            users=UserAdmin(
                users=self.users,
                identity=identity,
                roles=self.roles,
                groups=self.groups,
                second=self.second,
                cards=personal.cards,
                pins=people.pins,
                privacy=personal.privacy,
                audit=self.audit,
            ),
            lockouts=Lockouts(limits=identity.limits, audit=self.audit),
            projects=projects,
            project_imports=ProjectImports(
                projects=projects, store=self.project_rows, files=self.project_files, audit=self.audit
            ),
            charging=Charging(store=self.project_rows, identity=identity, clock=self.clock),
        )

    @property
    def told(self) -> list[tuple[str, str]]:
        """(action, subject) of all that was written down."""
        return [(entry.action, entry.subject) for entry in self.entries.rows]
