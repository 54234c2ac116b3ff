"""What somebody does at a terminal: come in by card, PIN, password or phone, see, choose, release, and go (row 86).

The release station's own rules decide (kiosk): which proofs, what a group must show, who is locked out. What is
known of a visit is in terminal_visits, what a person sees of the own jobs in terminal_jobs.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from uuid import UUID

from gateway.domain.copier import CopierSession
from gateway.domain.device import Device
from gateway.domain.job import JobState
from gateway.domain.terminal import OnTap, Terminal
from gateway.domain.user import Actor, User, is_guest
from gateway.errors import Forbidden, NotFound, NotPossible, Refusal
from gateway.services.card_guard import CardGuard
from gateway.services.cards import Cards
from gateway.services.charging import Charging
from gateway.services.copiers import Copiers, Reading
from gateway.services.credit import Credit
from gateway.services.identity import Identity
from gateway.services.kiosk import NOTHING, Entry, Kiosk
from gateway.services.kiosk_stations import Station
from gateway.services.offline_logins import OfflineLogins
from gateway.services.phone_sign_in import PhoneSignIn
from gateway.services.ports import Clock, JobQuery, JobStore, UsedCodes
from gateway.services.printers import Printers
from gateway.services.proofs import normal_card
from gateway.services.release import Outcome, Release
from gateway.services.rotating_codes import VALID_SECONDS
from gateway.services.screens import Screens
from gateway.services.tap_probe import TapProbe
from gateway.services.terminal_answers import (
    Answer,
    Asked,
    CopierTold,
    Feedback,
    Projects,
    Queued,
    Refused,
    Result,
    Shown,
    SignedIn,
    SignedOut,
    Told,
    Wished,
    WishState,
    told,
)
from gateway.services.terminal_jobs import TerminalJobs
from gateway.services.terminal_visits import HELD_SECONDS, TerminalVisits
from gateway.services.terminals import Terminals
from gateway.services.wishes import Wish, Wishes

COUNTED = "Cards were held to this reader whose numbers follow each other, as somebody who guesses does."


class TerminalDesk:
    """`base` gives what links begin with; `tell` the administrators that a terminal locked itself."""

    def __init__(
        self,
        *,
        terminals: Terminals,
        kiosk: Kiosk,
        identity: Identity,
        cards: Cards,
        printers: Printers,
        release: Release,
        jobs: JobStore,
        screens: Screens,
        phones: PhoneSignIn,
        offline: OfflineLogins,
        copiers: Copiers,
        charging: Charging,
        used: UsedCodes,
        clock: Clock,
        currency: str,
        credit: Credit,
        base: Callable[[], str],
        tell: Callable[[Terminal], Awaitable[None]],
    ) -> None:
        self.terminals = terminals
        self.kiosk = kiosk
        self.screens = screens
        self.phones = phones
        self.offline = offline
        self.copiers = copiers
        self._charging = charging
        self._wishes = Wishes(offline=offline, kiosk=kiosk, used=used, clock=clock)
        self.probe = TapProbe(clock=clock)
        self.present: set[UUID] = set()
        self._identity = identity
        self._cards = cards
        self._release = release
        self._jobs = jobs
        self._clock = clock
        self._base = base
        self._tell = tell
        self._guard = CardGuard()
        self._visits = TerminalVisits(sessions=kiosk.sessions, phones=phones, clock=clock)
        self._waiting = TerminalJobs(kiosk=kiosk, printers=printers, credit=credit, currency=currency)

    # -- coming in

    async def tap(self, terminal: Terminal, raw: str, *, address: str) -> list[Answer]:
        """`raw`: as the reader sent it. Where the page of this station is open, it goes on there."""
        await self._visits.end(terminal)
        if self.probe.caught(terminal.uuid, raw):
            return [Told(feedback=Feedback.LOOK_AT_SCREEN, text="Test card read.")]
        try:
            number = normal_card(self.terminals.number(terminal, raw))
            if self.screens.tap(terminal.uuid, number):
                return [Told(feedback=Feedback.LOOK_AT_SCREEN, text="Card read. Go on at the screen.")]
            station = self.kiosk.station(terminal.station)
            entry = await self.entry(terminal, station, number, address=address)
        except Refusal as refusal:
            return [told(refusal)]
        if entry.name is not None:
            return await self._in(terminal, station, entry.name, address, by_card=True)
        return self._unknown(terminal, station, entry) if entry.second is None else self._second(terminal, entry)

    def _second(self, terminal: Terminal, entry: Entry) -> list[Answer]:
        assert entry.second is not None
        self._visits.hold(terminal, entry.card or "")
        text = "Card read. Now your PIN." if entry.second == "pin" else "Card read. Now your password."
        return [Told(feedback=Feedback.SECOND_PROOF, text=text), Asked(second=entry.second)]

    async def entry(self, terminal: Terminal, station: Station, number: str, *, address: str) -> Entry:
        """Of a card's number, at a box as at a screen: what looks like counting locks the terminal's unknown cards."""
        hashed = self._identity.card_hash(number)
        if terminal.locked_at is not None and not self._guard.knows(terminal.name, hashed):
            raise Forbidden("This reader takes no further cards until an administrator has looked at it.")
        entry = await self.kiosk.by_card(station, number, address=address)
        if entry.name is not None or entry.second is not None:
            self._guard.note_known(terminal.name, hashed)
            self._guard.forget(terminal.name)
        elif self._guard.note_unknown(terminal.name, number):
            locked = await self.terminals.lock(terminal, COUNTED)
            self._guard.forget(terminal.name)
            await self._tell(locked)
        return entry

    async def pin(self, terminal: Terminal, pin: str, *, address: str) -> list[Answer]:
        """Alone, or after a card that asks for it."""
        station, held = self.kiosk.station(terminal.station), self._visits.take_held(terminal)
        if held:
            entry = await self.kiosk.by_second(station, held, pin, address=address)
        else:
            entry = await self.kiosk.by_pin(station, pin, address=address)
        return await self._entered(terminal, station, entry, address, by_card=bool(held))

    async def password(self, terminal: Terminal, name: str, password: str, *, address: str) -> list[Answer]:
        """Alone, or after a card that asks for it; then the name is the card's."""
        station, held = self.kiosk.station(terminal.station), self._visits.take_held(terminal)
        if held and not name:
            entry = await self.kiosk.by_second(station, held, password, address=address)
        else:
            entry = await self.kiosk.by_password(station, name, password, address=address)
        return await self._entered(terminal, station, entry, address, by_card=bool(held))

    async def code(self, terminal: Terminal, code: str, *, address: str) -> list[Answer]:
        """A guest's six digits."""
        station = self.kiosk.station(terminal.station)
        entry = await self.kiosk.by_code(station, code, address=address)
        return await self._entered(terminal, station, entry, address, by_card=False)

    def show(self, terminal: Terminal, *, card: str | None = None) -> Shown:
        """A code for a phone, to sign in here, or to add the unknown card of that hash."""
        station, visit = self.kiosk.station(terminal.station), self._visits.at(terminal)
        visit.screen = visit.screen or self.phones.new_screen()
        if card is not None:
            visit.card, visit.card_at = card, self._clock.monotonic()
        code = self.phones.show(visit.screen, station=station.name, title=station.title, card=visit.card)
        link = f"{self._base()}/approve/{code.text}"
        what = "sign-in" if visit.card is None else "card"
        return Shown(what=what, link=link, number=code.number, seconds=VALID_SECONDS / 2)

    async def phone(self, terminal: Terminal, *, address: str) -> list[Answer]:
        """Waits until a phone approved what is shown, and lets that person in."""
        visit = self._visits.at(terminal)
        await self.phones.wait(visit.screen)
        station = self.kiosk.station(terminal.station)
        approved = self.phones.take(visit.screen, station=station.name)
        answers: list[Answer] = []
        if approved.card is not None:
            await self._cards.add_hash(
                approved.user, approved.card, replace_oldest=approved.replace_oldest, days=approved.days
            )
            answers.append(Told(feedback=Feedback.CARD_ADDED, text="The card is yours now: next time it signs you in."))
        entry = await self.kiosk.by_phone(station, approved.user)
        return answers + await self._entered(terminal, station, entry, address, by_card=approved.card is not None)

    async def keep_card(
        self, terminal: Terminal, *, days: int | None, replace_oldest: bool, address: str
    ) -> list[Answer]:
        """The unknown card that was held here before becomes that of whoever signed in next, lent or for good."""
        actor, visit = await self._visits.actor(terminal, address=address), self._visits.at(terminal)
        if not visit.offered or visit.card is None or self._clock.monotonic() - visit.card_at > 2 * HELD_SECONDS:
            raise NotPossible("No new card was held to the reader before. Hold it there first, then sign in.")
        await self._cards.add_hash(actor.user or "", visit.card, replace_oldest=replace_oldest, days=days)
        visit.card, visit.offered = None, False
        text = "The card is yours now: next time it signs you in."
        if days is not None:
            text = "The card is yours for 1 day." if days == 1 else f"The card is yours for {days} days."
        return [Told(feedback=Feedback.CARD_ADDED, text=text)]

    async def sign_out(self, terminal: Terminal) -> list[Answer]:
        await self._visits.end(terminal)
        return [Told(feedback=Feedback.SIGNED_OUT, text="Signed out."), SignedOut()]

    async def who(self, terminal: Terminal, *, address: str) -> str | None:
        """Whoever is signed in; asking is no sign of life."""
        actor = await self._visits.present(terminal, address=address)
        return None if actor is None else actor.user

    def connected(self, terminal: UUID) -> bool:
        return terminal in self.present

    # -- jobs

    async def listed(self, terminal: Terminal, *, address: str) -> list[Answer]:
        actor = await self._visits.actor(terminal, address=address)
        return [await self._waiting.listed(self.kiosk.station(terminal.station), actor)]

    async def jobs_of(self, terminal: Terminal, *, address: str) -> list[Answer]:
        """The list of whoever is there, unasked: no sign of life."""
        actor = await self._visits.present(terminal, address=address)
        return [] if actor is None else [await self._waiting.listed(self.kiosk.station(terminal.station), actor)]

    async def select(self, terminal: Terminal, ids: Sequence[int], *, address: str) -> list[Answer]:
        """What these jobs are together; NotFound for another's."""
        actor, station = await self._visits.actor(terminal, address=address), self.kiosk.station(terminal.station)
        jobs = [await self._release.visible(job_id, actor) for job_id in ids]
        return [await self._waiting.chosen(station, actor, jobs)]

    async def projects(self, terminal: Terminal, text: str, *, address: str) -> list[Answer]:
        """What whoever is there may charge jobs to: without a text favourites, the last used, and then all."""
        actor = await self._visits.actor(terminal, address=address)
        picker = await self._charging.picker(actor)
        found = await self._charging.search(actor, text)
        near = () if text else picker.all
        return [
            Projects(
                projects=tuple(dict.fromkeys((*near, *found))),
                favourites=frozenset(project.code for project in picker.favourites),
                preset=picker.preset,
            )
        ]

    async def release(
        self, terminal: Terminal, ids: Sequence[int] | None, *, address: str, charge: Mapping[str, object] = NOTHING
    ) -> list[Answer]:
        """None: all that can come out here. Answered at once; the sending goes on behind. `charge`: see Kiosk.release."""
        actor, station = await self._visits.actor(terminal, address=address), self.kiosk.station(terminal.station)
        if ids is None:
            ids = [row.id for row in (await self._waiting.listed(station, actor)).jobs if row.here]
        if not ids:
            return [Told(feedback=Feedback.NOTHING_TO_PRINT, text="Nothing waits for you here.")]
        return await self._sent(station, await self.kiosk.release(station, ids, actor, charge=charge))

    async def cancel(self, terminal: Terminal, ids: Sequence[int], *, address: str) -> list[Answer]:
        actor = await self._visits.actor(terminal, address=address)
        done: list[int] = []
        refused: list[Refused] = []
        for job_id in ids:
            try:
                await self._release.cancel(job_id, actor, message="Deleted at the release station.")
                done.append(job_id)
            except Refusal as refusal:
                refused.append(Refused(job=job_id, refusal=refusal))
        return [Result(sent=(), refused=tuple(refused), canceled=tuple(done))]

    async def wish(self, terminal: Terminal, wish: Wish, *, address: str) -> list[Answer]:
        """What waited when the card was held to the box goes to its station's device; whoever is there now stays so."""
        found = await self._wishes.take(terminal, wish)
        if not isinstance(found, User):
            return [*found]
        station = self.kiosk.station(terminal.station)
        cookie, _ = await self.kiosk.sessions.open(found.name, address=address)
        try:
            inside = await self.kiosk.sessions.find(cookie, address=address)
            if inside is None:  # disabled in this moment
                return [Wished(key=wish.key, state=WishState.REFUSED)]
            answers = await self._all(station, inside[1], before=wish.at)
        finally:
            await self.kiosk.sessions.close(cookie)
        return [*answers, Wished(key=wish.key, state=WishState.DONE)]

    # -- copying and scanning at the device's own panel

    async def begin_copying(
        self, terminal: Terminal, key: str, reading: Reading | None, *, address: str
    ) -> list[Answer]:
        """Whoever is signed in may copy at the station's device."""
        actor = await self._visits.actor(terminal, address=address)
        session = await self.copiers.begin(terminal, self._copier(terminal), actor, key, reading)
        return [CopierTold(session=session)]

    async def end_copying(self, terminal: Terminal, key: str, reading: Reading | None) -> list[Answer]:
        return [CopierTold(session=await self.copiers.end(terminal, key, reading))]

    async def settle_copiers(self) -> None:
        """Those that were left without an end."""
        await self.copiers.settle_left(self._still_copies)

    async def _still_copies(self, session: CopierSession) -> bool:
        try:
            terminal = await self.terminals.get(session.terminal)
        except NotFound:  # it was removed since
            return False
        return await self.who(terminal, address=terminal.seen_address) == session.owner

    def _copier(self, terminal: Terminal) -> Device:
        device = self.kiosk.station(terminal.station).device
        if device is None:
            raise NotPossible("This terminal stands at several devices. Put it at the one that it shall unlock.")
        return device

    # -- within

    async def _entered(
        self, terminal: Terminal, station: Station, entry: Entry, address: str, *, by_card: bool
    ) -> list[Answer]:
        assert entry.name is not None
        return await self._in(terminal, station, entry.name, address, by_card=by_card)

    async def _in(
        self, terminal: Terminal, station: Station, name: str, address: str, *, by_card: bool
    ) -> list[Answer]:
        card, card_at = None, 0.0
        if not by_card and self.kiosk.may_enrol(station) and terminal.locked_at is None:
            card, card_at = self._visits.to_keep(terminal, name)
        visit = await self._visits.begin(terminal, name, address=address, card=card, card_at=card_at)
        actor = await self._visits.actor(terminal, address=address)
        if by_card and terminal.on_tap is OnTap.RELEASE:
            first, *rest = await self._all(station, actor)
            await self._visits.end(terminal)
            full, remember = await self._known(name)
            return [replace(first, name=full, remember=remember) if isinstance(first, Told) else first, *rest]
        full, remember = await self._known(name)
        signed_in = SignedIn(
            user=name,
            name=full,
            seconds=self.kiosk.sessions.idle_seconds,
            remember=remember,
            new_card=visit.offered,
        )
        text = f"Hello, {full}."
        return [Told(feedback=Feedback.SIGNED_IN, text=text), signed_in, await self._waiting.listed(station, actor)]

    async def _known(self, name: str) -> tuple[str, str]:
        """(the name to greet with, what an offline cache may keep)."""
        if is_guest(name):
            return "Guest", ""
        user = await self._identity.get(name)
        return user.full_name or user.name, self.offline.stamp(user)

    async def _all(self, station: Station, actor: Actor, *, before: float = inf) -> list[Answer]:
        """A box without a screen: everything, at once."""
        rows = (await self._waiting.listed(station, actor)).jobs
        ready = [row.id for row in rows if row.here and row.created_at <= before]
        if not ready:
            return [Told(feedback=Feedback.NOTHING_TO_PRINT, text="Nothing waits for you here.")]
        device = station.device
        if device is not None and not device.status.can_print:
            text = f"{device.info or device.name} cannot print now. Your jobs go on waiting."
            return [Told(feedback=Feedback.NOT_SENT, text=text)]
        return await self._sent(station, await self.kiosk.release(station, ready, actor))

    async def _sent(self, station: Station, outcomes: Sequence[Outcome]) -> list[Answer]:
        sent = [outcome.job for outcome in outcomes if outcome.job is not None]
        refused = [Refused(job=o.job_id, refusal=o.refusal) for o in outcomes if o.refusal is not None]
        result = Result(sent=tuple(job.id for job in sent), refused=tuple(refused))
        if not sent:
            return [told(refused[0].refusal, otherwise=Feedback.NOT_SENT), result]
        text = "1 job is on its way." if len(sent) == 1 else f"{len(sent)} jobs are on their way."
        answers: list[Answer] = [Told(feedback=Feedback.SENT, text=text), result]
        device = sent[-1].output_device or ""
        before = await self._jobs.count(
            JobQuery(output_device=device, states=(JobState.PENDING, JobState.PROCESSING), limit=None)
        )
        return [*answers, Queued(position=max(1, before - len(sent) + 1), device=station.title)]

    def _unknown(self, terminal: Terminal, station: Station, entry: Entry) -> list[Answer]:
        if not self.kiosk.may_enrol(station) or terminal.locked_at is not None:
            text = "This card is not known here. Sign in another way."
            return [Told(feedback=Feedback.UNKNOWN_CARD, text=text)]
        text = "This card is not known here. Scan the code with your phone to make it yours."
        return [Told(feedback=Feedback.UNKNOWN_CARD, text=text), self.show(terminal, card=entry.card)]
