"""What a sticker's page is about, as a phone in front of it sees it: the place, the jobs that come out there, the price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from gateway import i18n
from gateway.domain.device import Device
from gateway.domain.job import Job, JobState
from gateway.domain.ticket import JobTicket
from gateway.errors import NotFound
from gateway.services.phone_services import PhoneServices
from gateway.services.places import Place
from gateway.services.ports import JobQuery
from webprint import words
from webprint.own import OPEN_SHOWN
from webprint.purse import Purse, purse_of
from webprint.quotes import Offer, Prices, Quotes, offers_of, warning_of
from webprint.site import Site, Visit
from webprint.views import DeviceView, JobView, Part, part_of, view_devices, view_job


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What waits for the visitor at a place."""

    jobs: tuple[Job, ...] = ()
    views: tuple[JobView, ...] = ()
    total: str = ""
    sheets: str = ""
    purse: Purse | None = None
    credit: str = ""
    short: bool = False
    warning: str = ""
    offers: tuple[Offer, ...] = ()
    devices: tuple[DeviceView, ...] = ()


def phone_of(site: Site) -> PhoneServices:
    if site.phone is None:
        raise NotFound("There is no page at this address.")
    return site.phone


async def place_of(site: Site, text: str) -> Place:
    """By name, else by the number on the sticker; NotFound."""
    return await phone_of(site).places.find(text)


def state_of(place: Place) -> str:
    """In words, where paper comes out at one device alone."""
    return words.device_state(place.device) if place.device is not None else ""


class Standing:
    """Finds and prices what waits."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._prices = Prices(site=site)
        self.quotes = Quotes(site, self._prices)

    async def held(self, visit: Visit, place: Place, *, device: str = "") -> Held:
        query = JobQuery(owner=visit.actor.user, states=(JobState.PENDING_HELD,), newest_first=True, limit=OPEN_SHOWN)
        mine = {printer.name for printer in place.printers}
        found = [
            job
            for job in await self._site.release.find(query, visit.actor)
            if job.printer in mine and part_of(job) is Part.WAITING and job.owner is not None
        ]
        jobs = tuple(job for job in found if (job.owner or "").casefold() == (visit.actor.user or "").casefold())
        target = place.device or self._named(place, device)
        (total, currency), sheets = self._sums(jobs, target)
        purse = await purse_of(self._site, visit.actor.user)
        advice = self.quotes.advice_for([(job, job.ticket) for job in jobs], target) if jobs and target else None
        return Held(
            jobs=jobs,
            views=tuple(self._view(visit, job) for job in jobs),
            total=i18n.money(total, currency) if currency else "",
            sheets=sheets,
            purse=purse,
            credit=purse.after(total, currency) if purse else "",
            short=purse is not None and purse.lacks(total, currency),
            warning=warning_of(advice) if advice and advice.obstacles else "",
            offers=offers_of(advice) if advice and advice.obstacles else (),
            devices=tuple(view_devices(place.devices, device)) if place.device is None else (),
        )

    def unfit(self, job: Job, ticket: JobTicket, device: Device) -> str:
        """Why this job does not come out there as it should; "" when it does."""
        advice = self.quotes.advice_for([(job, ticket)], device)
        return warning_of(advice) if advice.obstacles else ""

    def _named(self, place: Place, name: str) -> Device | None:
        ready = [device for device in place.devices if device.status.can_print]
        return next((device for device in place.devices if device.name == name), None) or next(iter(ready), None)

    def _view(self, visit: Visit, job: Job) -> JobView:
        view = view_job(job, visit.actor, self._site.printers, now=self._site.clock.now())
        return replace(view, price=self._prices.text(job))

    def _sums(self, jobs: Sequence[Job], device: Device | None) -> tuple[tuple[Decimal, str], str]:
        """(what all of it costs, in a currency, "" where it is free or cannot be told; on how many sheets)."""
        quotes = [self._prices.of(job, device=device) for job in jobs]
        known = [quote for quote in quotes if quote is not None]
        if not known or len(known) < len(quotes):
            return (Decimal(0), ""), ""
        sheets = words.sheets(sum(quote.sheets for quote in known))
        if all(quote.free for quote in known) or len({quote.currency for quote in known}) > 1:
            return (Decimal(0), ""), sheets
        return (sum((quote.amount for quote in known), Decimal(0)), known[0].currency), sheets
