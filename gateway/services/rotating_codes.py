"""Codes that a screen shows for half a minute: signed, bound to that screen, good once, with a number to compare.

Whoever photographs one, sends it to somebody else or shows it elsewhere gets nothing: it ends within a minute, its use
is written down, what it opens is opened at the screen that it names, and the person has to tell the two digits that
stand on that very screen. Time is the clock's; a clock that jumps makes codes void, never valid.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass

from gateway.errors import NotAuthenticated
from gateway.services.ports import Clock, Hasher, UsedCodes

SHOWN_SECONDS = 30.0
"""How long a screen shows one code before the next."""
VALID_SECONDS = 60.0
LONGEST_SCREEN = 48
"""Octets of a screen's name, so that the code stays small enough for a camera."""
CHOICES = 3
_SLACK = 5.0  # seconds by which two hosts' clocks may differ
_KEPT = 86400.0  # seconds that a use is remembered, since a clock may run ahead and be set back
_NONCE, _TIME, _MAC = 9, 5, 12
_OVER = "This code is over. Scan the one that the screen shows now."


@dataclass(frozen=True, kw_only=True, slots=True)
class RotatingCode:
    """`text` goes into a link, `number` stands beside the picture."""

    text: str
    number: str
    expires_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenCode:
    """What a code says. `choices`: the screen's number among others, always in the same order, to pick it from."""

    screen: str
    number: str
    choices: tuple[str, ...]
    nonce: str
    expires_at: float


class RotatingCodes:
    """`purpose` keeps kinds of codes apart: one that proves presence signs nobody in."""

    def __init__(self, *, hasher: Hasher, used: UsedCodes, clock: Clock) -> None:
        self._hasher = hasher
        self._used = used
        self._clock = clock

    def issue(self, purpose: str, screen: str) -> RotatingCode:
        name, now = screen.encode(), self._clock.now()
        if not 0 < len(name) <= LONGEST_SCREEN:
            raise ValueError(f"a screen's name has 1 to {LONGEST_SCREEN} octets")
        body = secrets.token_bytes(_NONCE) + int(now).to_bytes(_TIME) + name
        text = base64.urlsafe_b64encode(body + self._mac(purpose, body)).decode().rstrip("=")
        return RotatingCode(text=text, number=self._number(purpose, body, 0), expires_at=int(now) + VALID_SECONDS)

    def look(self, text: str, purpose: str) -> SeenCode:
        """Without using it up; NotAuthenticated unless it is ours, for that purpose and of this minute."""
        body = self._verified(text, purpose)
        issued = int.from_bytes(body[_NONCE : _NONCE + _TIME])
        if not issued - _SLACK <= self._clock.now() < issued + VALID_SECONDS:
            raise NotAuthenticated(_OVER)
        number = self._number(purpose, body, 0)
        return SeenCode(
            screen=body[_NONCE + _TIME :].decode(),
            number=number,
            choices=self._choices(purpose, body, number),
            nonce=body[:_NONCE].hex(),
            expires_at=issued + VALID_SECONDS,
        )

    async def use(self, text: str, purpose: str, *, number: str) -> SeenCode:
        """Uses it up, also when the number is another than the screen's: a guess is not given a second try."""
        seen = self.look(text, purpose)
        kept_until = seen.expires_at + _KEPT
        if not await self._used.use(f"{purpose}/{seen.nonce}", expires_at=kept_until, now=self._clock.now()):
            raise NotAuthenticated("This code was used already. Scan the one that the screen shows now.")
        if not hmac.compare_digest(number.encode(), seen.number.encode()):
            raise NotAuthenticated(
                "The screen shows another number. Scan its code again, and only what you see in front of you."
            )
        return seen

    def _verified(self, text: str, purpose: str) -> bytes:
        try:
            octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            octets = b""
        body, mac = octets[:-_MAC], octets[-_MAC:]
        if len(body) <= _NONCE + _TIME or not hmac.compare_digest(mac, self._mac(purpose, body)):
            raise NotAuthenticated("This is no code of ours. Scan the one that the screen shows now.")
        return body

    def _choices(self, purpose: str, body: bytes, number: str) -> tuple[str, ...]:
        found = {number}
        for turn in range(1, 100):
            if len(found) == CHOICES:
                break
            found.add(self._number(purpose, body, turn))
        return tuple(sorted(found))

    def _number(self, purpose: str, body: bytes, turn: int) -> str:
        return str(int(self._hasher.lookup(f"rotating-number/{purpose}/{turn}", body.hex())[:12], 16) % 90 + 10)

    def _mac(self, purpose: str, body: bytes) -> bytes:
        return bytes.fromhex(self._hasher.lookup(f"rotating-code/{purpose}", body.hex()))[:_MAC]
