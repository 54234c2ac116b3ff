"""The second step of signing in: a code that an app on a phone shows, or one of the codes kept for its loss (row 159)."""

from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

ASKED, DONE = "asked", "done"
"""What `Session.second` holds besides "": the step is still to come, or was made."""


class Step(Enum):
    """What a session still needs before it opens anything. SET_UP: the house asks for one, and there is none yet."""

    NONE = auto()
    ASK = auto()
    SET_UP = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondFactor:
    """`sealed` opens only with the key-encryption key; `last_step` is the time step whose code was used last."""

    user: UUID
    sealed: bytes
    confirmed: bool
    created_at: float
    last_step: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSecret:
    """Shown while it is set up: `text` to type, `uri` for a QR code."""

    text: str
    uri: str
