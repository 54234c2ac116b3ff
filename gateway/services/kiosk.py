"""The release station (row 76): who stands there, what they must show, and what became of what they printed."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.job import Job, JobState
from gateway.domain.kiosk import SECOND, KioskProof, suffices
from gateway.domain.user import Actor, User, is_guest
from gateway.errors import BadRequest, NotAuthenticated, NotFound, NotPossible
from gateway.services.guests import Guests
from gateway.services.identity import Identity
from gateway.services.kiosk_sessions import KioskSessions
from gateway.services.kiosk_stations import Station, Stations
from gateway.services.ports import Clock, JobQuery, JobStore, UserStore
from gateway.services.printers import Printers
from gateway.services.release import Outcome, Release
from gateway.services.suitable import Change, advise
from gateway.settings import Settings

MOST_SHOWN = 200  # jobs of one person at a station
STATIONS_KEPT = 1000
NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Who is in: `name`, a user's or a guest's. Else what to ask next: `second` after a card, or another way.

    `card` is the keyed hash of a card that is not known, or that waits for its second proof.
    """

    name: str | None = None
    second: KioskProof | None = None
    card: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How many jobs of a station's last release are printed, on their way, and in need of somebody."""

    printed: int
    going: int
    stuck: int


class Kiosk(Stations):
    """Throttled and NotAuthenticated as Identity and Guests have them, counted for the station too."""

    def __init__(
        self,
        *,
        sessions: KioskSessions,
        identity: Identity,
        users: UserStore,
        printers: Printers,
        release: Release,
        jobs: JobStore,
        clock: Clock,
        settings: Settings,
        guests: Guests | None = None,
    ) -> None:
        super().__init__(printers=printers, settings=settings.kiosk, guests=guests)
        self.sessions = sessions
        self._identity = identity
        self._users = users
        self._release = release
        self._jobs = jobs
        self._clock = clock
        self._last: OrderedDict[str, tuple[float, tuple[int, ...]]] = OrderedDict()

    # -- coming in

    async def by_card(self, station: Station, card: str, *, address: str) -> Entry:
        """An unknown card is an Entry that can be added to whoever signs in next; a card may also be half of a proof."""
        if not any(proof.with_card for proof in station.proofs):
            raise NotAuthenticated("No card is taken here. Sign in another way.")
        try:
            user = await self._identity.sign_in_card(card, address=address, terminal=station.name)
        except NotAuthenticated:
            return await self._unknown(station, card)
        second = self._lacking(station, user)
        if second is None:
            return Entry(name=user.name)
        return Entry(second=second, card=self._identity.card_hash(card))

    async def by_second(self, station: Station, hashed: str, secret: str, *, address: str) -> Entry:
        """What was typed after the card of that hash."""
        user = await self._users.user_by_card(hashed)
        if user is None or user.disabled:
            raise NotAuthenticated("This card is not known any more. Hold it to the reader again.")
        second = self._lacking(station, user)
        if second is KioskProof.PIN:
            await self._identity.sign_in_pin(secret, name=user.name, address=address, terminal=station.name)
        elif second is KioskProof.PASSWORD:
            await self._identity.sign_in_password(user.name, secret, address=address, terminal=station.name)
        return Entry(name=user.name)

    async def by_pin(self, station: Station, pin: str, *, address: str) -> Entry:
        self._check_offered(station, KioskProof.PIN)
        user = await self._identity.sign_in_pin(pin, address=address, terminal=station.name)
        return self._enough(user, KioskProof.PIN)

    async def by_password(self, station: Station, name: str, password: str, *, address: str) -> Entry:
        self._check_offered(station, KioskProof.PASSWORD)
        user = await self._identity.sign_in_password(name, password, address=address, terminal=station.name)
        return self._enough(user, KioskProof.PASSWORD)

    async def by_code(self, station: Station, code: str, *, address: str) -> Entry:
        self._check_offered(station, KioskProof.CODE)
        if self._guests is None:
            raise NotPossible("No codes are given out here.")
        actor = await self._guests.by_code(code, address=address, terminal=station.name)
        return Entry(name=actor.user)

    async def by_phone(self, station: Station, name: str) -> Entry:
        """Approved on a phone where that user is signed in: as good as the name and password that it took there."""
        if not self._settings.phone or KioskProof.PASSWORD not in station.proofs:
            raise NotAuthenticated("No phone is taken here. Sign in another way.")
        user = await self._users.user(name)
        if user is None or user.disabled:
            raise NotAuthenticated("This account is not known any more.")
        return self._enough(user, KioskProof.PASSWORD)

    def lets_in(self, station: Station, user: User, proof: KioskProof) -> bool:
        """Whether that is enough here, and for each of the user's groups."""
        return all(suffices(proof, rule) for rule in self._rules(station, user))

    def takes_phones(self, station: Station) -> bool:
        return self._settings.phone and KioskProof.PASSWORD in station.proofs

    async def names(self, station: Station) -> tuple[str, ...]:
        """To choose from instead of typing, where the site allows it (row 83)."""
        if not self._settings.user_list or KioskProof.PASSWORD not in station.proofs:
            return ()
        return tuple(user.name for user in await self._identity.users(limit=500) if not user.disabled)

    # -- cards

    def may_enrol(self, station: Station) -> bool:
        """Only where a card alone is enough: what was one proof of two must not become both."""
        return self._settings.enrol and KioskProof.CARD in station.proofs

    async def card_to_add(self, station: Station, ticket: str, actor: Actor) -> str | None:
        """The hash of the card that was held to the reader before; None unless it is still nobody's."""
        if not self.may_enrol(station) or actor.user is None or is_guest(actor.user):
            return None
        hashed = await self.sessions.card(ticket, address=actor.address)
        known = hashed is None or await self._users.user_by_card(hashed) is not None
        return None if known else hashed

    async def cards_of(self, name: str) -> int:
        return len((await self._identity.get(name)).cards)

    # -- jobs

    async def waiting(self, actor: Actor) -> list[Job]:
        """Newest first; what is being prepared too."""
        held = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED)
        query = JobQuery(owner=actor.user, states=held, newest_first=True, limit=MOST_SHOWN)
        return await self._release.find(query, actor)

    async def release(
        self,
        station: Station,
        ids: Sequence[int],
        actor: Actor,
        *,
        device: str | None = None,
        adapt: Collection[Change] = (),
        charge: Mapping[str, object] = NOTHING,
    ) -> list[Outcome]:
        """To `device`, else to the station's own. Returns at once; the sending goes on behind.

        `adapt`: what a job may do without where the device has not what it asks for; `charge`: the project of all of
        them, as changes of a ticket.
        """
        if not ids:
            raise BadRequest("Choose at least one job first.")
        target = device or (station.device.name if station.device is not None else None)
        outcomes: list[Outcome] = []
        for job_id in ids:
            changes = await self._adapted(job_id, actor, target, adapt) if adapt and target else {}
            changes = {**changes, **charge}
            outcomes += await self._release.release([job_id], actor, device=target, changes=changes)
        self.sent(station, outcomes)
        return outcomes

    async def _adapted(self, job_id: int, actor: Actor, target: str, adapt: Collection[Change]) -> dict[str, object]:
        """Changes of the ticket that this job needs at that device, of those that were agreed to."""
        try:
            job, device = await self._release.visible(job_id, actor), self._printers.device(target)
        except NotFound:  # the release says so
            return {}
        needed = [change for change in advise(device, [(job, job.ticket)], ()).changes if change in adapt]
        return {name: value for change in needed for name, value in change.changes.items()}

    def sent(self, station: Station, outcomes: Sequence[Outcome]) -> None:
        """What the idle screen shall tell of."""
        sent = tuple(outcome.job_id for outcome in outcomes if outcome.job is not None)
        if sent:
            self._last[station.name] = (self._clock.monotonic(), sent)
            self._last.move_to_end(station.name)
        while len(self._last) > STATIONS_KEPT:
            self._last.popitem(last=False)

    async def result(self, station: Station) -> Result | None:
        """What became of the last release; None where there was none for a while. It names nobody."""
        at, ids = self._last.get(station.name, (0.0, ()))
        if not ids or self._clock.monotonic() - at > self._settings.result_seconds:
            return None
        jobs = [job for job_id in ids if (job := await self._jobs.get(job_id)) is not None]
        printed = sum(job.state is JobState.COMPLETED for job in jobs)
        going = sum(job.state in {JobState.PENDING, JobState.PROCESSING} for job in jobs)
        gone = sum(job.state is JobState.CANCELED for job in jobs)
        return Result(printed=printed, going=going, stuck=len(jobs) - printed - going - gone)

    # -- within

    async def _unknown(self, station: Station, card: str) -> Entry:
        try:
            hashed = self._identity.card_hash(card)
        except BadRequest:
            raise NotAuthenticated(
                "The reader sent something that is no card number. Hold the card to it again."
            ) from None
        anonymous = await self._users.user(self._settings.unknown_card) if self._settings.unknown_card else None
        if anonymous is not None and not anonymous.disabled and KioskProof.CARD in station.proofs:
            return self._enough(anonymous, KioskProof.CARD)
        return Entry(card=hashed)

    def _rules(self, station: Station, user: User) -> list[tuple[KioskProof, ...]]:
        groups = self._settings.group_proofs
        return [station.proofs, *(tuple(map(KioskProof, groups[g])) for g in user.groups if g in groups)]

    def _lacking(self, station: Station, user: User) -> KioskProof | None:
        """What this user must show besides the card: None where the card is enough."""
        rules = self._rules(station, user)
        if all(suffices(KioskProof.CARD, rule) for rule in rules):
            return None
        fitting = [SECOND[p] for p in (KioskProof.CARD_PIN, KioskProof.CARD_PASSWORD) if _fits(p, rules)]
        if not fitting:
            raise NotAuthenticated("A card is not enough for you here. Sign in another way.")
        if fitting == [KioskProof.PIN] and user.pin_hash is None:
            raise NotAuthenticated(
                "You have no PIN yet, which is asked for here after the card. Set one in your account."
            )
        return KioskProof.PIN if KioskProof.PIN in fitting and user.pin_hash is not None else fitting[-1]

    def _enough(self, user: User, proof: KioskProof) -> Entry:
        groups = self._settings.group_proofs
        for group in user.groups:
            if group in groups and not suffices(proof, tuple(map(KioskProof, groups[group]))):
                raise NotAuthenticated("That is not enough for your group. Hold your card to the reader first.")
        return Entry(name=user.name)

    def _check_offered(self, station: Station, proof: KioskProof) -> None:
        if proof not in station.proofs:
            raise NotAuthenticated("This way to sign in is not taken here. Use one that the page offers.")


def _fits(proof: KioskProof, rules: list[tuple[KioskProof, ...]]) -> bool:
    return all(suffices(proof, rule) for rule in rules)
