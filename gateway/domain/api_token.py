"""Tokens for programs: what one is good for, from where and until when."""

from dataclasses import dataclass
from uuid import UUID

from gateway.domain.rights import Permission
from gateway.domain.site import Network, parse_address

OWN = "jobs:own"
"""The scope for what is the maker's own; the other scopes are the names of permissions."""
SCOPES = (OWN, *(permission.value for permission in Permission))


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiToken:
    """`user` made it and answers for it; `lookup` is the keyed hash of a secret that nobody can show again.

    `scopes` are some of SCOPES; it never may more than its maker may now. `networks` () is from everywhere,
    `expires_at` None never.
    """

    id: UUID
    user: UUID
    name: str
    lookup: str
    scopes: tuple[str, ...]
    networks: tuple[Network, ...] = ()
    created_at: float = 0.0
    expires_at: float | None = None
    used_at: float | None = None
    used_from: str = ""

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset(Permission(scope) for scope in self.scopes if scope != OWN)

    def lives(self, now: float) -> bool:
        return self.expires_at is None or now < self.expires_at

    def good_from(self, address: str) -> bool:
        if not self.networks:
            return True
        own = parse_address(address)
        return own is not None and any(own.version == net.version and own in net for net in self.networks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A creating call under an idempotency key: what was asked (a keyed hash) and, once it is known, answered."""

    caller: str
    key: str
    request: str
    at: float
    status: int | None = None
    body: str = ""
    location: str = ""
