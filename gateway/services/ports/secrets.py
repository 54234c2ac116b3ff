"""How secrets are kept so that nobody can read them back."""

from typing import Protocol


class Hasher(Protocol):
    """argon2id with a pepper kept outside the database; keyed hashes for what must be found by its value."""

    async def hash(self, secret: str) -> str: ...
    async def verify(self, hashed: str, secret: str) -> bool: ...
    def lookup(self, purpose: str, secret: str) -> str:
        """Keyed hash, hexadecimal; the same secret gives the same text for one purpose."""
