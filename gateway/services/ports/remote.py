"""Keys of browsers that print from outside, and the key by which they know this gateway."""

from typing import Protocol
from uuid import UUID

from gateway.domain.remote import RemoteBrowser


class RemoteBrowserStore(Protocol):
    """A browser goes with its user."""

    async def add_browser(self, browser: RemoteBrowser) -> None: ...
    async def browser(self, browser_id: str) -> RemoteBrowser | None: ...
    async def browsers_of(self, user: UUID) -> list[RemoteBrowser]:
        """The newest first."""

    async def note_browser_seen(self, browser_id: str, at: float) -> None: ...
    async def delete_browser(self, browser_id: str, user: UUID) -> bool:
        """False when that user has no such browser."""


class RemoteKeys(Protocol):
    """Signatures by ECDSA on P-256 with SHA-256, as r and s of 32 octets each (W3C Web Cryptography)."""

    @property
    def public_key(self) -> bytes:
        """The gateway's, as SubjectPublicKeyInfo (DER)."""

    def sign(self, data: bytes) -> bytes: ...
    def verify(self, public_key: bytes, data: bytes, signature: bytes) -> bool:
        """False as well for what is no such key or no signature."""

    def is_key(self, public_key: bytes) -> bool: ...
