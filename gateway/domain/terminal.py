"""Terminals: a reader, or a screen with one, that an administrator has let in and put at a release station (row 86)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class OnTap(StrEnum):
    """What a known card does: sign in and show the list, or print all that waits (a box without a screen)."""

    SIGN_IN = "sign-in"
    RELEASE = "release"


class CodeFor(StrEnum):
    """What a one-time code lets in: a program with a key of its own, or the browser that shows the station's page."""

    KEY = "key"
    SCREEN = "screen"


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminal:
    """`name` is its key (lower-case letters, digits, dash), `station` the Output Device or Printer where it stands.

    Keys, screens and codes are kept as hashes. `transform` is a line of gateway.domain.card_numbers. `locked_at` is
    when something at it looked like guessing, and `alert` says what; then only cards that it knew before are taken.
    """

    name: str
    uuid: UUID
    station: str
    info: str = ""
    on_tap: OnTap = OnTap.SIGN_IN
    transform: str = ""
    key_hash: str | None = None
    screen_hash: str | None = None
    code_hash: str | None = None
    code_for: CodeFor = CodeFor.KEY
    code_expires_at: float = 0.0
    locked_at: float | None = None
    alert: str = ""
    created_at: float = 0.0
    seen_at: float | None = None
    seen_address: str = ""
    version: int = 0
