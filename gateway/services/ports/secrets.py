"""How secrets are kept so that nobody can read them back."""

from typing import Protocol

from gateway.domain.user import User


class PasswordElsewhere(Protocol):
    """Passwords that somebody else keeps, such as a directory."""

    async def covers(self, user: User) -> bool:
        """Whether this user's password is kept there, and none here counts."""

    async def verify(self, user: User, password: str) -> bool:
        """Unavailable while nobody can tell."""


class Radius(Protocol):
    """Servers that are asked whether a password is right."""

    async def accepts(self, name: str, password: str) -> bool:
        """Unavailable when none answers."""

    async def check(self) -> str:
        """Which one answers, as a sentence; Unavailable when none does."""


class LeakedPasswords(Protocol):
    """A list of passwords that are known to strangers."""

    async def holds(self, password: str, /) -> bool: ...


class Hasher(Protocol):
    """argon2id with a pepper kept outside the database; keyed hashes for what must be found by its value."""

    async def hash(self, secret: str) -> str: ...
    async def verify(self, hashed: str, secret: str) -> bool: ...
    def lookup(self, purpose: str, secret: str) -> str:
        """Keyed hash, hexadecimal; the same secret gives the same text for one purpose."""
