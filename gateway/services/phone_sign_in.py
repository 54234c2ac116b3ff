"""A station shows a code, a phone that is signed in approves it, and the station knows who stands there (rows 80 and 92).

The code rotates, names the screen and is good once (rotating_codes). The screen itself proves that it is the one by a
secret that never leaves it: what is approved can be picked up with that secret alone. What waits is kept in memory for
a minute, in the one process that all stations talk to.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from gateway.domain.user import Actor, is_guest
from gateway.errors import Forbidden, NotAuthenticated
from gateway.services.limits import Kind, Limit, Limits, subscriber
from gateway.services.ports import Clock
from gateway.services.rotating_codes import SHOWN_SECONDS, VALID_SECONDS, RotatingCode, RotatingCodes

PURPOSE = "kiosk"
MOST_SCREENS = 5000
_ID = 24  # hexadecimal digits of a screen's name in the code
_GONE = "The screen does not wait for this any more. Scan the code that it shows now."


@dataclass(frozen=True, kw_only=True, slots=True)
class Approved:
    """Who said yes, and with which device, in words. `days` that a card is lent for, None for good."""

    user: str
    device: str
    card: str | None = None
    replace_oldest: bool = False
    days: int | None = None


@dataclass(kw_only=True, slots=True)
class _Screen:
    """`card`: the hash of the unknown card that shall be added; None where somebody signs in."""

    station: str
    title: str
    card: str | None
    code: RotatingCode
    shown_at: float
    approved: Approved | None = None
    approved_at: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a scanned code asks for. `choices`: two-digit numbers, one of which stands on the screen."""

    title: str
    station: str
    adds_card: bool
    choices: tuple[str, ...]


class PhoneSignIn:
    def __init__(self, *, codes: RotatingCodes, limits: Limits, clock: Clock) -> None:
        self._codes = codes
        self._limits = limits
        self._clock = clock
        self._screens: OrderedDict[str, _Screen] = OrderedDict()

    @staticmethod
    def new_screen() -> str:
        return secrets.token_urlsafe(32)

    def show(self, screen: str, *, station: str, title: str, card: str | None = None) -> RotatingCode:
        """What the screen with that secret shows now; a new code every half minute."""
        name, now = _name(screen), self._clock.monotonic()
        known = self._screens.get(name)
        if known is not None and (known.station, known.card) == (station, card) and known.approved is None:
            if now - known.shown_at >= SHOWN_SECONDS:
                known.code, known.shown_at = self._codes.issue(PURPOSE, name), now
            return known.code
        self._screens[name] = _Screen(
            station=station, title=title, card=card, code=self._codes.issue(PURPOSE, name), shown_at=now
        )
        self._screens.move_to_end(name)
        while len(self._screens) > MOST_SCREENS:
            self._screens.popitem(last=False)
        return self._screens[name].code

    def look(self, code: str, *, address: str) -> Wanted:
        """What the phone is about to approve; NotAuthenticated for a code that is none, or over."""
        limit = Limit(kind=Kind.ANSWER_ADDRESS, key=(subscriber(address),))
        self._limits.take(limit)
        seen = self._codes.look(code, PURPOSE)
        screen = self._waiting(seen.screen)
        self._limits.give_back(limit)
        return Wanted(
            title=screen.title, station=screen.station, adds_card=screen.card is not None, choices=seen.choices
        )

    async def approve(
        self,
        code: str,
        number: str,
        actor: Actor,
        *,
        device: str,
        replace_oldest: bool = False,
        days: int | None = None,
    ) -> Wanted:
        """By somebody who is signed in; `number` is what the person read on the screen."""
        if actor.user is None or is_guest(actor.user):
            raise Forbidden("Sign in on this phone first.")
        limit = Limit(kind=Kind.ANSWER_ADDRESS, key=(subscriber(actor.address),))
        self._limits.take(limit)
        seen = await self._codes.use(code, PURPOSE, number=number)
        screen = self._waiting(seen.screen)
        self._limits.give_back(limit)
        screen.approved = Approved(
            user=actor.user, device=device[:100], card=screen.card, replace_oldest=replace_oldest, days=days
        )
        screen.approved_at = self._clock.monotonic()
        screen.done.set()
        return Wanted(title=screen.title, station=screen.station, adds_card=screen.card is not None, choices=())

    def approved(self, screen: str) -> Approved | None:
        """What `take` would get."""
        found = self._screens.get(_name(screen))
        return found.approved if found is not None and self._fresh(found) else None

    def take(self, screen: str, *, station: str) -> Approved:
        """Picks up what was approved, once; NotAuthenticated when nobody has, or too long ago."""
        found = self._screens.get(_name(screen))
        if found is None or found.station != station or not self._fresh(found):
            raise NotAuthenticated("Nobody has approved it yet. Scan the code with your phone first.")
        del self._screens[_name(screen)]
        assert found.approved is not None
        return found.approved

    async def wait(self, screen: str) -> None:
        """Returns once it was approved; whoever waits is cancelled when nobody cares any more."""
        found = self._screens.get(_name(screen))
        if found is not None:
            await found.done.wait()

    def forget(self, screen: str) -> None:
        self._screens.pop(_name(screen), None)

    def _waiting(self, name: str) -> _Screen:
        screen = self._screens.get(name)
        late = screen is not None and self._clock.monotonic() - screen.shown_at > SHOWN_SECONDS + VALID_SECONDS
        if screen is None or late or screen.approved is not None:
            raise NotAuthenticated(_GONE)
        return screen

    def _fresh(self, screen: _Screen) -> bool:
        return screen.approved is not None and self._clock.monotonic() - screen.approved_at < VALID_SECONDS


def _name(screen: str) -> str:
    return hashlib.sha256(b"kiosk screen\0" + screen.encode("utf-8", "surrogatepass")).hexdigest()[:_ID]
