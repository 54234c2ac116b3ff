"""Prints that somebody asked for at a box while it could not reach us (row 86): done at contact, once, or not at all.

The box says when the card was held to it, and gives the stamp of whom it took it to be. Its clock is believed within a
minute. Who was disabled or changed a proof meanwhile prints nothing, and neither does a wish that is too old: nobody
stands there any more. A wish is used up before it is done; if we fall over in between, the jobs are still held.
"""

from dataclasses import dataclass

from gateway.domain.kiosk import KioskProof
from gateway.domain.terminal import Terminal
from gateway.domain.user import User
from gateway.services.kiosk import Kiosk
from gateway.services.offline_logins import OfflineLogins
from gateway.services.ports import Clock, UsedCodes
from gateway.services.terminal_answers import Feedback, Told, Wished, WishState

CLOCK_SLACK = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """`key` is the terminal's own name for it, `at` when the card was held there, `proof` what was shown."""

    key: str
    stamp: str
    at: float
    proof: KioskProof


class Wishes:
    def __init__(self, *, offline: OfflineLogins, kiosk: Kiosk, used: UsedCodes, clock: Clock) -> None:
        self._offline = offline
        self._kiosk = kiosk
        self._used = used
        self._clock = clock

    async def take(self, terminal: Terminal, wish: Wish) -> User | list[Told | Wished]:
        """Whose jobs are to be released, for the one caller that is first with this key; else what to tell."""
        now, kept = self._clock.now(), self._offline.wish_seconds(terminal)
        if not -CLOCK_SLACK <= now - wish.at < kept:
            return _over(wish, WishState.TOO_LATE, Feedback.TOO_LATE, "That was too long ago. Hold your card again.")
        user = await self._offline.user_of(wish.stamp)
        if user is None or not self._kiosk.lets_in(self._kiosk.station(terminal.station), user, wish.proof):
            return _over(wish, WishState.REFUSED, Feedback.WRONG, "This card or PIN is not taken here any more.")
        until = wish.at + kept + CLOCK_SLACK
        if not await self._used.use(f"wish {terminal.uuid.hex} {wish.key}", expires_at=until, now=now):
            return [Wished(key=wish.key, state=WishState.BEFORE)]
        return user


def _over(wish: Wish, state: WishState, feedback: Feedback, text: str) -> list[Told | Wished]:
    return [Told(feedback=feedback, text=text), Wished(key=wish.key, state=state)]
