"""Users, their sessions, and who is asking."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from gateway.domain.delegation import Delegation
from gateway.domain.rights import PERMISSIONS, Grant, Permission, Role, gives_somewhere

RECENT_SECONDS = 600.0  # a proof is that long good for what would let a thief of the session in for ever


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What of a user's cards, groups and addresses a directory gave, so that it may take just these away again.

    `disabled`: it was the directory that disabled the user, and it may enable it again.
    """

    cards: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    disabled: bool = False


NOTHING_GIVEN = Given()


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """`name` is the login and the job's owner, compared without case.

    Hashes are argon2id with the pepper; `cards` are keyed hashes of card numbers; `pin_lookup` is a keyed hash
    that makes a PIN findable and unique. `source` is the directory that the user comes from, "" for one of our own,
    and `external_id` what it knows the user by for ever; `language` is what it says, not what the user chose here.
    """

    name: str
    uuid: UUID
    full_name: str = ""
    email: str | None = None
    role: Role = Role.USER
    disabled: bool = False
    password_hash: str | None = None
    pin_hash: str | None = None
    pin_lookup: str | None = None
    cards: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    department: str = ""
    cost_centre: str = ""
    language: str = ""
    source: str = ""
    external_id: str = ""
    given: Given = NOTHING_GIVEN
    created_at: float = 0.0
    version: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A server-side web session; `id_hash` is the SHA-256 of the cookie's value, `csrf` its form token.

    `proved_at` is when its user last proved itself, 0 where nothing did; `browser` is for people to recognise it by.
    `phone` is the row of the browser that opens the next one by itself when this one is over, "" for none.
    `second` tells of the second step, see gateway.domain.second_factor.
    """

    id_hash: str
    user: str
    csrf: str
    method: str
    address: str
    created_at: float
    seen_at: float
    expires_at: float
    proved_at: float = 0.0
    browser: str = ""
    phone: str = ""
    second: str = ""

    def is_recent(self, now: float) -> bool:
        """A proof from the future, after the clock was set back, counts for nothing."""
        return self.proved_at <= now < self.proved_at + RECENT_SECONDS

    @property
    def tag(self) -> str:
        """Names the session to its owner; it opens nothing."""
        return self.id_hash[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who is asking: `user` is None for a stranger; `claimed` is only what the client says of itself.

    `role` holds everywhere; `grants` are further roles, at sites, given to the user or to one of its groups.
    `present_at` is the Output Device that it has proved to stand in front of.
    `acts_for` is what others delegated to this user; the services fill it in where jobs of others may matter.
    `scopes` are the only permissions that count where a token speaks for the user; None: all that the user has.
    """

    user: str | None = None
    role: Role = Role.USER
    groups: tuple[str, ...] = ()
    address: str = ""
    claimed: str = "anonymous"
    via: str = ""
    grants: tuple[Grant, ...] = ()
    present_at: str = ""
    acts_for: tuple[Delegation, ...] = ()
    scopes: frozenset[Permission] | None = None

    def may(self, permission: Permission, site: str | None = None) -> bool:
        """At `site`; None asks whether it may everywhere."""
        return self._in_scope(permission) and any(grant.gives(permission, site) for grant in self._all_grants)

    def may_somewhere(self, permission: Permission) -> bool:
        """At one site at least: good for showing a page that then lists what is in reach."""
        return self._in_scope(permission) and gives_somewhere(self._all_grants, permission)

    def _in_scope(self, permission: Permission) -> bool:
        return self.user is not None and (self.scopes is None or permission in self.scopes)

    @property
    def _all_grants(self) -> tuple[Grant, ...]:
        return (Grant(role=self.role), *self.grants)

    @property
    def is_staff(self) -> bool:
        """Has any permission anywhere."""
        return any(self.may_somewhere(permission) for permission in Permission)

    def covers(self, grant: Grant) -> bool:
        """Has all that the grant gives: only then it is theirs to give, or to touch who has it."""
        site = grant.site or None
        return all(self.may(permission, site) for permission in PERMISSIONS[grant.role])


def in_one_of(groups: Iterable[str], actor: Actor) -> bool:
    """Whether the actor is in one of these groups, also by one below it; names compare without case."""
    return bool({group.casefold() for group in groups} & {group.casefold() for group in actor.groups})


GUEST = "guest:"
"""What the names of guests begin with; no user's name has a colon."""


def is_guest(name: str | None) -> bool:
    return name is not None and name.startswith(GUEST)


SYSTEM = Actor(user="system", role=Role.ADMINISTRATOR, via="system")
