"""Users, their sessions, and who is asking."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from gateway.domain.delegation import Delegation


class Role(StrEnum):
    USER = "user"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """`name` is the login and the job's owner, compared without case.

    Hashes are argon2id with the pepper; `cards` are keyed hashes of card numbers; `pin_lookup` is a keyed hash
    that makes a PIN findable and unique.
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
    created_at: float = 0.0
    version: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A server-side web session; `id_hash` is the SHA-256 of the cookie's value, `csrf` its form token.

    `proved_at` is when its user last proved itself, 0 where nothing did; `browser` is for people to recognise it by.
    One that is to `stay` ends at its expiry only, however long it was idle.
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
    stay: bool = False

    @property
    def tag(self) -> str:
        """Names the session to its owner; it opens nothing."""
        return self.id_hash[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who is asking: `user` is None for a stranger; `claimed` is only what the client says of itself.

    `acts_for` is what others delegated to this user; the services fill it in where jobs of others may matter.
    """

    user: str | None = None
    role: Role = Role.USER
    groups: tuple[str, ...] = ()
    address: str = ""
    claimed: str = "anonymous"
    via: str = ""
    rights: frozenset[str] = field(default_factory=frozenset)
    acts_for: tuple[Delegation, ...] = ()

    @property
    def is_operator(self) -> bool:
        return self.user is not None and self.role in {Role.OPERATOR, Role.ADMINISTRATOR}

    @property
    def is_administrator(self) -> bool:
        return self.user is not None and self.role is Role.ADMINISTRATOR


GUEST = "guest:"
"""What the names of guests begin with; no user's name has a colon."""


def is_guest(name: str | None) -> bool:
    return name is not None and name.startswith(GUEST)


SYSTEM = Actor(user="system", role=Role.ADMINISTRATOR, via="system")
