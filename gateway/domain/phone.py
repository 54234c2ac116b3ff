"""What is kept of the phone in somebody's hand: where it stays signed in, its own queue, and where it is told things.

Of every secret here only a hash is kept: who reads the rows can neither sign in nor print.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Presence(StrEnum):
    """What proves that somebody stands in front of a device before a phone may print there.

    NONE: being signed in is enough. CODE: the code on the screen beside it, which changes by itself. PANEL: a touch on
    that screen.
    """

    NONE = "none"
    CODE = "code"
    PANEL = "panel"


_STRICTNESS = (Presence.NONE, Presence.CODE, Presence.PANEL)


def stricter(one: Presence, other: Presence) -> Presence:
    """Of a Printer's and a device's rule the one that asks for more."""
    return max(one, other, key=_STRICTNESS.index)


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """A browser that stays signed in. `token` is the hash of the refresh token that is good now.

    `previous` is the one before it, which may come once more until `grace_until`: two tabs can ask at the same moment.
    `name` is for its owner to recognise it by; `method` how it signed in.
    """

    id: UUID
    user: UUID
    name: str
    method: str
    address: str
    token: str
    previous: str = ""
    grace_until: float = 0.0
    created_at: float
    seen_at: float
    expires_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonalQueue:
    """An address that prints as its user without asking. `lookup` is the keyed hash of the token in it.

    `printer` is the Printer behind it; "" is the default one.
    """

    id: UUID
    user: UUID
    name: str
    lookup: str
    printer: str = ""
    created_at: float
    used_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PushSubscription:
    """Where a browser is told something (RFC 8030), and the keys it is encrypted with (RFC 8291), base64url."""

    id: UUID
    user: UUID
    endpoint: str
    p256dh: str
    auth: str
    name: str = ""
    language: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """A release station's screen that staff lets show codes. `id_hash` is the hash of what its browser keeps."""

    id_hash: str
    station: str
    by: str
    created_at: float
    seen_at: float

    @property
    def tag(self) -> str:
        """Names the screen to staff; it opens nothing."""
        return self.id_hash[:16]
