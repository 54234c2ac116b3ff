"""Telling a browser something while no page of ours is open (RFC 8030)."""

from enum import Enum, auto
from typing import Protocol

from gateway.domain.phone import PushSubscription


class PushAnswer(Enum):
    """GONE: the browser does not want it any more. REFUSED: this one will never be taken. LATER: try again."""

    TAKEN = auto()
    GONE = auto()
    REFUSED = auto()
    LATER = auto()


class PushSender(Protocol):
    """`public_key` is what browsers subscribe with (RFC 8292 section 3.2), base64url."""

    @property
    def public_key(self) -> str: ...

    async def send(self, subscription: PushSubscription, payload: bytes, *, topic: str, seconds: float) -> PushAnswer:
        """Encrypted for that browser alone; `seconds` is how long the message is worth keeping. Never raises."""
