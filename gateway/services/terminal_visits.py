"""Who is at each terminal, and what is known of that visit: one person at a time, under a session that ends by itself."""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from gateway.domain.terminal import Terminal
from gateway.domain.user import Actor, is_guest
from gateway.errors import NotAuthenticated
from gateway.services.kiosk_sessions import KioskSessions
from gateway.services.phone_sign_in import PhoneSignIn
from gateway.services.ports import Clock

HELD_SECONDS = 60.0  # between a card and the PIN after it, or the sign-in that an unknown one may be kept by
MOST_VISITS = 5000


@dataclass(kw_only=True, slots=True)
class Visit:
    """`cookie` of a station's session; `held` the card's hash that waits for its second proof; `screen` the phone's.

    `card` is the hash of an unknown card that a phone may add, or, within a minute of `card_at`, whoever signs in next.
    """

    cookie: str = ""
    held: str = ""
    held_at: float = 0.0
    screen: str = ""
    card: str | None = None
    card_at: float = 0.0
    offered: bool = False


class TerminalVisits:
    def __init__(self, *, sessions: KioskSessions, phones: PhoneSignIn, clock: Clock) -> None:
        self._sessions = sessions
        self._phones = phones
        self._clock = clock
        self._visits: OrderedDict[UUID, Visit] = OrderedDict()

    def at(self, terminal: Terminal) -> Visit:
        """The visit that goes on there; a new one where there is none."""
        visit = self._visits.setdefault(terminal.uuid, Visit())
        self._visits.move_to_end(terminal.uuid)
        while len(self._visits) > MOST_VISITS:
            self._visits.popitem(last=False)
        return visit

    async def begin(self, terminal: Terminal, name: str, *, address: str, card: str | None, card_at: float) -> Visit:
        """For this person, after whoever was there; `card` see `to_keep`."""
        await self.end(terminal)
        cookie, _ = await self._sessions.open(name, address=address)
        visit = self.at(terminal)
        visit.cookie, visit.card, visit.card_at, visit.offered = cookie, card, card_at, card is not None
        return visit

    async def end(self, terminal: Terminal) -> None:
        visit = self._visits.pop(terminal.uuid, None)
        if visit is not None and visit.cookie:
            await self._sessions.close(visit.cookie)
        if visit is not None and visit.screen:
            self._phones.forget(visit.screen)

    async def actor(self, terminal: Terminal, *, address: str) -> Actor:
        """Whoever acts there now, which is a sign of life; NotAuthenticated where nobody is signed in."""
        visit = self._visits.get(terminal.uuid)
        found = await self._sessions.find(visit.cookie, address=address) if visit and visit.cookie else None
        if found is None:
            raise NotAuthenticated("Nobody is signed in here any more. Hold your card to the reader.")
        return found[1]

    async def present(self, terminal: Terminal, *, address: str) -> Actor | None:
        """Whoever is signed in; asking is no sign of life."""
        visit = self._visits.get(terminal.uuid)
        if visit is None or not visit.cookie:
            return None
        found = await self._sessions.find(visit.cookie, address=address, touch=False)
        if found is None:
            visit.cookie = ""
            return None
        return found[1]

    # -- cards that wait for something

    def hold(self, terminal: Terminal, card: str) -> None:
        """The hash of a card that wants its PIN or password next."""
        visit = self.at(terminal)
        visit.held, visit.held_at = card, self._clock.monotonic()

    def take_held(self, terminal: Terminal) -> str:
        """That card, once; "" when there is none or it has waited too long."""
        visit = self.at(terminal)
        held, visit.held = visit.held, ""
        return held if held and self._clock.monotonic() - visit.held_at <= HELD_SECONDS else ""

    def to_keep(self, terminal: Terminal, name: str) -> tuple[str | None, float]:
        """(the unknown card that was held here a moment ago and may become this person's, when that was)."""
        visit = self._visits.get(terminal.uuid)
        if visit is None or is_guest(name) or self._clock.monotonic() - visit.card_at > HELD_SECONDS:
            return None, 0.0
        return visit.card, visit.card_at
