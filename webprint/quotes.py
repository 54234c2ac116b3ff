"""What a release would cost and whether it would come out, told before it is sent (rows 26, 73 and 175)."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from starlette.responses import Response

from gateway import i18n
from gateway.domain.device import Device
from gateway.domain.job import SHORT_OF_CREDIT, Job
from gateway.domain.price import Quote
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.errors import NotFound, Refusal
from gateway.i18n import N_, Words, said
from gateway.i18n import gettext as _
from gateway.services.pricing import Pricing
from gateway.services.suitable import Advice, Change, advise, nearest
from webprint import words
from webprint.options import read_changes, read_jobs
from webprint.own import own_jobs
from webprint.purse import Purse, purse_of
from webprint.requests import Form, first
from webprint.site import Site, Visit
from webprint.views import Part, devices_for, part_of

KEPT = 5000  # quotes in memory: that of a job in colour reads what was found on all of its pages
ADAPT = Words(
    {
        Change.GREY: N_("in black and white"),
        Change.ONE_SIDED: N_("one-sided"),
        Change.UNFINISHED: N_("without finishing"),
        Change.OTHER_PAPER: N_("on the paper that it has"),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One tap that gets the job printed: a button's name and value, and its text."""

    name: str
    value: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the bar says of a selection."""

    count: str = ""
    price: str = ""
    saving: str = ""
    warning: str = ""
    credit: str = ""
    short: bool = False
    offers: tuple[Offer, ...] = ()


@dataclass(kw_only=True, slots=True)
class Prices:
    """Quotes of jobs, remembered as long as neither the job nor its Printer has changed."""

    site: Site
    _known: OrderedDict[Hashable, Quote] = field(default_factory=OrderedDict)

    def of(self, job: Job, *, ticket: JobTicket | None = None, device: Device | None = None) -> Quote | None:
        """None where it cannot be told: not prepared yet, or its Printer is gone."""
        printer = self._printer(job)
        if printer is None or not job.prepared or job.pages is None:
            return None
        key = (job.id, job.version, ticket, printer.name, printer.version, device and (device.name, device.version))
        found = self._known.get(key)
        if found is None:
            pricing = Pricing(currency=self.site.settings.site.currency)
            found = self._known[key] = pricing.of(job, printer, ticket=ticket, device=device)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def text(self, job: Job) -> str:
        """For a card; empty where printing costs nothing."""
        printer = self._printer(job)
        if printer is None or printer.tariff.free:
            return ""
        quote = self.of(job)
        return "" if quote is None or quote.free else i18n.money(quote.amount, quote.currency)

    def _printer(self, job: Job) -> Printer | None:
        try:
            return self.site.printers.of_job(job.printer)
        except NotFound:
            return None


class Quotes:
    """The release bar's own knowledge, as it follows each tick and option."""

    def __init__(self, site: Site, prices: Prices) -> None:
        self._site = site
        self._prices = prices

    async def show(self, visit: Visit) -> Response:
        """A piece of the list's page, for the options in the address; a wrong option is told in it."""
        query = visit.request.query_params
        form: Form = {name: query.getlist(name) for name in query}
        try:
            purse = await purse_of(self._site, visit.actor.user)
            told = self.tell(await self._jobs(visit, read_jobs(form)), form, purse)
        except Refusal as refusal:
            told = Told(warning=said(refusal.message))
        return self._site.page(visit, "quote.html", told=told)

    def tell(self, jobs: Sequence[Job], form: Form, purse: Purse | None = None) -> Told:
        """For waiting jobs, with the options and the device of a form; `purse` is who pays for its own."""
        changes, wanted = read_changes(form), first(form, "device")
        planned = [(job, self._ruled(job, job.ticket.with_changes(**changes))) for job in jobs]
        device = self._device(wanted)
        told = self._sums(planned, device)
        if purse is not None and told.price:
            told = self._paid(told, planned, device, purse)
        if device is None or not planned:
            return told
        return self._advised(told, advise(device, planned, self.common(jobs)))

    def advice_for(self, planned: Sequence[tuple[Job, JobTicket]], device: Device) -> Advice:
        return advise(device, planned, self.common([job for job, _ticket in planned]))

    def common(self, jobs: Sequence[Job]) -> list[Device]:
        """Where all of these jobs may come out, in the order of the first one's Printer."""
        each = [devices_for(self._site.printers, [job]) for job in jobs]
        return [device for device in (each[0] if each else ()) if all(device in several for several in each)]

    def again(self, job: Job) -> Offer | None:
        """After a device's fault: the nearest one that can print it now, in one tap (row 175)."""
        if part_of(job) is not Part.WAITING or not job.message or job.reasons == SHORT_OF_CREDIT:
            return None
        devices = self.common([job])
        faulty = next((d for d in devices if job.message.startswith(d.info or d.name)), None)
        wanted = [(job, self._ruled(job, job.ticket))]
        ready = [d for d in devices if not advise(d, wanted, ()).obstacles]
        found = nearest(faulty, ready)
        return None if found is None else _there(found)

    # -- within

    def _ruled(self, job: Job, ticket: JobTicket) -> JobTicket:
        """What the house makes grey asks no device for colour."""
        try:
            return self._site.printers.of_job(job.printer).house.greyed(ticket)
        except NotFound:  # deleted since
            return ticket

    async def _jobs(self, visit: Visit, ids: Sequence[int]) -> list[Job]:
        own = {job.id: job for job in (await own_jobs(self._site.release, visit.actor)).jobs}
        found = [own.get(job_id) or await self._site.release.visible(job_id, visit.actor) for job_id in ids]
        return [job for job in found if part_of(job) is Part.WAITING]

    def _device(self, name: str) -> Device | None:
        try:
            return self._site.printers.device(name) if name else None
        except NotFound:
            return None

    def _sums(self, planned: Sequence[tuple[Job, JobTicket]], device: Device | None) -> Told:
        quotes = [self._prices.of(job, ticket=ticket, device=device) for job, ticket in planned]
        known = [quote for quote in quotes if quote is not None]
        if not known or len(known) < len(quotes):
            return Told()
        sheets, amount = sum(quote.sheets for quote in known), sum((q.amount for q in known), Decimal(0))
        saving = sum((quote.saving_two_sided for quote in known), Decimal(0))
        pages = sum(quote.impressions for quote in known)
        count = _("%(pages)s on %(sheets)s", pages=words.pages(pages), sheets=words.sheets(sheets))
        free = all(quote.free for quote in known)
        one_currency = len({quote.currency for quote in known}) == 1
        return Told(
            count=count,
            price=i18n.money(amount, known[0].currency) if one_currency and not free else "",
            saving=_("Two-sided saves %(amount)s", amount=i18n.money(saving, known[0].currency))
            if one_currency and saving
            else "",
        )

    def _advised(self, told: Told, advice: Advice) -> Told:
        if not advice.obstacles:
            return told
        return replace(told, warning=warning_of(advice), offers=offers_of(advice))

    def _paid(self, told: Told, planned: Sequence[tuple[Job, JobTicket]], device: Device | None, purse: Purse) -> Told:
        """With what is left of one's credit; a job of somebody else is paid by them."""
        own = [self._prices.of(job, ticket=ticket, device=device) for job, ticket in planned if purse.is_of(job.owner)]
        amount = sum((quote.amount for quote in own if quote is not None), Decimal(0))
        currency = next((quote.currency for quote in own if quote is not None), "")
        return replace(told, credit=purse.after(amount, currency), short=purse.lacks(amount, currency))


def warning_of(advice: Advice) -> str:
    """One or two sentences that name the device and what it cannot do."""
    name = advice.device.info or advice.device.name
    missing = advice.obstacles[1:] if advice.stopped else advice.obstacles
    sentences = []
    if advice.stopped:
        # The cards' own words for its state, so that two places do not say two things.
        why = words.device_state(advice.device).rstrip(".")
        sentences.append(_("%(device)s cannot print now: %(why)s.", device=name, why=why[:1].lower() + why[1:]))
    if missing:
        what = ", ".join(said(text) for text in missing)
        sentences.append(_("%(device)s does not have %(what)s.", device=name, what=what))
    return " ".join(sentences)


def offers_of(advice: Advice) -> tuple[Offer, ...]:
    """The nearest device first, then what to change at this one."""
    found = [] if advice.instead is None else [_there(advice.instead)]
    if advice.changes:
        how = ", ".join(ADAPT[change] for change in advice.changes)
        label = _("Print %(how)s here", how=how)
        found.append(Offer(name="adapt", value=",".join(advice.changes), label=label))
    return tuple(found)


def adapted(form: Form) -> dict[str, object]:
    """The changes that a tap on "print in black and white here" asks for; what is not known is nothing."""
    known = {change.value: change for change in Change}
    found: dict[str, object] = {}
    for text in first(form, "adapt").split(","):
        if text in known:
            found |= known[text].changes
    return found


def _there(device: Device) -> Offer:
    name = device.info or device.name
    where = f"{name} ({device.location})" if device.location else name
    return Offer(name="instead", value=device.name, label=_("Print at %(device)s", device=where))
