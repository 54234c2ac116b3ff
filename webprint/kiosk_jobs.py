"""One's jobs at a release station: big, all of them at one touch, and quickly gone for the next person."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal

from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.domain.job import Job
from gateway.domain.user import is_guest
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import money, ngettext, said
from gateway.services.cards import LENT_DAYS
from gateway.services.kiosk_stations import Station
from gateway.services.pricing import Pricing
from gateway.services.release import Outcome
from gateway.services.suitable import Change
from webprint.answers import status_of
from webprint.charge import PickedView, picker_for, printers_of, read_charge
from webprint.joblist import Note, fingerprint
from webprint.kiosk_door import CARD, FORM, KIOSK, READER, forget_person, home_of, kiosk_of, look_of
from webprint.kiosk_views import KioskJob, advice_for, choices, instead, view_kiosk_job, view_station
from webprint.options import read_jobs
from webprint.projects import found_json
from webprint.purse import purse_of
from webprint.quotes import ADAPT
from webprint.requests import cookie_of, first, form_token
from webprint.site import Site, Visit
from webprint.views import Part, part_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The jobs of a person at a station, as rows and as cards, and what the waiting ones cost together."""

    jobs: list[Job]
    cards: list[KioskJob]
    total: Decimal = Decimal(0)
    currency: str = ""

    @property
    def ready(self) -> list[int]:
        """What can be printed here now."""
        return [card.job.id for card in self.cards if card.here]


@dataclass(frozen=True, kw_only=True, slots=True)
class Say:
    """What the last action did: notes, and the choices that shall stay."""

    notes: list[Note] = field(default_factory=list)
    status: int = 200
    selected: frozenset[int] | None = None
    device: str = ""


class KioskJobs:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def page(
        self,
        visit: Visit,
        station: Station,
        *,
        say: Say | None = None,
        text: str = "",
        bad: bool = False,
        card: bool = True,
    ) -> Response:
        """`card` False: the card that was held before is not asked about again."""
        told = say or Say(notes=[Note(tone="bad" if bad else "good", title="", text=text)] if text else [])
        shown = await self._shown(visit, station)
        views = choices(station, shown.jobs, self._site.printers, told.device)
        other = instead(station, shown.jobs, self._site.printers)
        advice = advice_for(station, shown.jobs, self._site.printers)
        where = view_station(station)
        purse = await purse_of(self._site, visit.actor.user)
        state = fingerprint(shown.cards, views, where, other, advice, purse)
        if not told.notes and visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        kiosk, settings = kiosk_of(self._site), self._site.settings
        name = visit.actor.user or ""
        response = self._site.page(
            visit,
            "kiosk_jobs.html",
            status=told.status,
            at=home_of(visit),
            look=look_of(visit.request),
            station=where,
            state=state,
            cards=shown.cards,
            ready=shown.ready,
            selected=self._selected(shown, told),
            devices=views,
            instead=other,
            advice=advice,
            lacks=", ".join(advice.obstacles) if advice else "",
            adapted=", ".join(ADAPT[change] for change in advice.changes) if advice else "",
            picker=await self._picker(visit, shown),
            notes=told.notes,
            who=_("Guest") if is_guest(name) else name,
            device=visit.session.browser if visit.session is not None else "",
            reader=READER[visit.request.url.scheme == "https"] in visit.request.cookies,
            price=money(shown.total, shown.currency) if shown.total else "",
            purse=purse,
            credit=purse.after(shown.total, shown.currency) if purse else "",
            short=purse is not None and purse.lacks(shown.total, shown.currency),
            seconds=int(kiosk.sessions.idle_seconds),
            tap_csrf=form_token(visit.new_form_cookie or cookie_of(visit.request, *FORM) or ""),
            card_held=await self._card_to_add(visit, station) if card else False,
            card_full=bool(card and name) and await self._cards_full(name),
            most_cards=settings.kiosk.cards,
            lent_days=LENT_DAYS,
        )
        response.headers["ETag"] = state
        return response

    # --- actions -----------------------------------------------------------------------------------------------

    async def release(self, visit: Visit) -> Response:
        station = self._station(visit)
        try:
            ids = (await self._shown(visit, station)).ready if first(visit.form, "all") else read_jobs(visit.form)
            response, stays = await self._release(visit, station, ids, first(visit.form, "device"))
        except Refusal as refusal:
            note = Note(tone="bad", title=_("Nothing was printed."), text=said(refusal.message))
            return await self.page(visit, station, say=Say(notes=[note], status=status_of(refusal)))
        if not stays:
            await self._gone(visit, response)
        return response

    async def release_all(self, visit: Visit, station: Station) -> tuple[Response, bool]:
        """Without a touch, right after a card. False: nothing else is to do, and nobody stays signed in."""
        ready = (await self._shown(visit, station)).ready
        if not ready or station.device is None or not station.device.status.can_print:
            return RedirectResponse(home_of(visit), status_code=303), True
        return await self._release(visit, station, ready, "")

    async def delete(self, visit: Visit) -> Response:
        """Asks once, since a deleted job cannot be brought back."""
        station = self._station(visit)
        try:
            ids = read_jobs(visit.form)
            jobs = [await self._site.release.visible(job_id, visit.actor) for job_id in ids]
        except Refusal as refusal:
            note = Note(tone="bad", title=_("Nothing was deleted."), text=said(refusal.message))
            return await self.page(visit, station, say=Say(notes=[note], status=status_of(refusal)))
        if not first(visit.form, "sure"):
            return self._sure(visit, station, jobs)
        notes = [await self._deleted(visit, job) for job in jobs]
        return await self.page(visit, station, say=Say(notes=notes))

    async def answer(self, visit: Visit) -> Response:
        """Whether all pages came out, which the device could not tell; who stands in front of it can."""
        station, came_out = self._station(visit), first(visit.form, "out") == "yes"
        job_id = int(visit.request.path_params["id"])
        text = _("is done. Thank you.") if came_out else _("is waiting again.")
        try:
            job = await self._site.release.resolve(job_id, visit.actor, came_out=came_out)
        except NotFound:
            raise
        except Refusal as refusal:
            note = Note(tone="bad", title=_("That did not work."), text=said(refusal.message))
            return await self.page(visit, station, say=Say(notes=[note], status=status_of(refusal)))
        return await self.page(visit, station, say=Say(notes=[Note(tone="good", title=job.name, text=text)]))

    async def projects(self, visit: Visit) -> Response:
        """For the list below the field, of whoever stands there."""
        self._station(visit)
        return await found_json(self._site, visit)

    async def thumbnail(self, visit: Visit) -> Response:
        """Kept by no cache: the next person uses the same browser."""
        self._station(visit)
        job_id, number = int(visit.request.path_params["id"]), visit.request.path_params["number"]
        body = await self._site.release.thumbnail(job_id, visit.actor, number)
        begin = await anext(body, b"")  # what cannot be read is refused before the answer has begun
        return StreamingResponse(_chained(begin, body), media_type="image/png", headers={"Cache-Control": "no-store"})

    # --- within ------------------------------------------------------------------------------------------------

    def _station(self, visit: Visit) -> Station:
        return kiosk_of(self._site).station(visit.request.path_params["station"])

    async def _shown(self, visit: Visit, station: Station) -> Shown:
        jobs = await kiosk_of(self._site).waiting(visit.actor)
        now = self._site.clock.now()
        cards, total, currency = [], Decimal(0), self._site.settings.site.currency
        for job in jobs:
            card = view_kiosk_job(job, visit.actor, station, self._site.printers, now=now)
            amount, currency = self._price(job, station, currency)
            if card.here and amount is not None:
                total += amount
            cards.append(card if amount is None else _priced(card, amount, currency))
        order = {Part.WAITING: 0, Part.ASK: 1}
        cards.sort(key=lambda card: (not card.here, order.get(card.job.part, 2)))
        return Shown(jobs=jobs, cards=cards, total=total, currency=currency)

    def _price(self, job: Job, station: Station, currency: str) -> tuple[Decimal | None, str]:
        """None where nothing is paid, or nothing is known yet."""
        if part_of(job) is not Part.WAITING:
            return None, currency
        try:
            printer = self._site.printers.of_job(job.printer)
        except NotFound:  # deleted since
            return None, currency
        if printer.tariff.free:
            return None, currency
        quote = Pricing(currency=self._site.settings.site.currency).of(job, printer, device=station.device)
        return quote.amount, quote.currency

    async def _picker(self, visit: Visit, shown: Shown) -> PickedView | None:
        jobs = [job for job in shown.jobs if job.id in shown.ready]
        return await picker_for(self._site, visit, printers_of(self._site.printers, jobs), jobs, visit.form)

    def _selected(self, shown: Shown, told: Say) -> frozenset[int]:
        """All, if the station is set so; what a refusal left over; and the only one, which spares a touch."""
        ready = shown.ready
        if told.selected is not None:
            return told.selected & frozenset(ready)
        return frozenset(ready) if self._site.settings.kiosk.select_all or len(ready) == 1 else frozenset()

    async def _release(self, visit: Visit, station: Station, ids: list[int], device: str) -> tuple[Response, bool]:
        """Sends, and signs out when everything went and nothing else waits here: the next person need not."""
        adapt = _agreed(first(visit.form, "adapt"))
        charge = await read_charge(self._site, visit, visit.form)
        outcomes = await kiosk_of(self._site).release(
            station, ids, visit.actor, device=device or None, adapt=adapt, charge=charge
        )
        refused = [outcome for outcome in outcomes if outcome.refusal is not None]
        if not refused and not (await self._shown(visit, station)).ready:
            return RedirectResponse(home_of(visit), status_code=303), False
        notes = [await self._refusal(visit, outcome) for outcome in refused]
        sent = [outcome.job for outcome in outcomes if outcome.job is not None]
        if sent:
            text = ngettext("%(count)s job is on its way", "%(count)s jobs are on their way", len(sent))
            notes.insert(0, Note(tone="good", title=text, text=_("to %(device)s.", device=self._device(sent[0]))))
        kept = frozenset(outcome.job_id for outcome in refused)
        say = Say(notes=notes, selected=kept if refused else None, device=device)
        return await self.page(visit, station, say=say), True

    async def _refusal(self, visit: Visit, outcome: Outcome) -> Note:
        assert outcome.refusal is not None
        try:
            name = (await self._site.release.visible(outcome.job_id, visit.actor)).name
        except NotFound:
            name = _("Job %(number)s", number=outcome.job_id)
        return Note(tone="bad", title=name, text=said(outcome.refusal.message))

    def _sure(self, visit: Visit, station: Station, jobs: list[Job]) -> Response:
        now, printers = self._site.clock.now(), self._site.printers
        return self._site.page(
            visit,
            "kiosk_sure.html",
            at=home_of(visit),
            look=look_of(visit.request),
            station=view_station(station),
            cards=[view_kiosk_job(job, visit.actor, station, printers, now=now) for job in jobs],
            seconds=int(kiosk_of(self._site).sessions.idle_seconds),
            tap_csrf=form_token(visit.new_form_cookie or cookie_of(visit.request, *FORM) or ""),
        )

    async def _deleted(self, visit: Visit, job: Job) -> Note:
        try:
            await self._site.release.cancel(job.id, visit.actor, message="Deleted at the release station.")
        except Refusal as refusal:
            return Note(tone="bad", title=job.name, text=said(refusal.message))
        return Note(tone="good", title=job.name, text=_("is deleted."))

    def _device(self, job: Job) -> str:
        try:
            device = self._site.printers.device(job.output_device or "")
        except NotFound:
            return job.output_device or ""
        return device.info or device.name

    async def _gone(self, visit: Visit, response: Response) -> None:
        cookie = cookie_of(visit.request, *KIOSK)
        if cookie:
            await kiosk_of(self._site).sessions.close(cookie)
        forget_person(visit.request, response)

    async def _card_to_add(self, visit: Visit, station: Station) -> bool:
        """Whether a card was held to the reader before that is still nobody's."""
        ticket = cookie_of(visit.request, *CARD)
        if not ticket or visit.actor.user is None:
            return False
        return await kiosk_of(self._site).card_to_add(station, ticket, visit.actor) is not None

    async def _cards_full(self, name: str) -> bool:
        try:
            return await kiosk_of(self._site).cards_of(name) >= self._site.settings.kiosk.cards
        except NotFound:  # a guest has no cards
            return False


def _agreed(text: str) -> list[Change]:
    try:
        return [Change(word) for word in text.split(" ") if word]
    except ValueError:
        raise BadRequest("This print option is not known here. Reload the page and try again.") from None


def _priced(card: KioskJob, amount: Decimal, currency: str) -> KioskJob:
    return KioskJob(job=card.job, here=card.here, why=card.why, price=money(amount, currency))


async def _chained(begin: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begin
    async for chunk in rest:
        yield chunk
