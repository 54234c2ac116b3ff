"""Browsers that may print from outside: each is known by a key of its own, which never leaves it (row 7)."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteBrowser:
    """`public_key` is a P-256 key as SubjectPublicKeyInfo (DER); `id` names it in messages and opens nothing."""

    id: str
    user: UUID
    name: str
    public_key: bytes
    created_at: float
    seen_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IceServer:
    """A STUN or TURN server as browsers write it (W3C WebRTC, RTCIceServer)."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""
