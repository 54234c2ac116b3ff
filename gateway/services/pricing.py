"""What a job costs, before it is printed and after: by the layout that the device gets, never by the document's pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.domain.price import FREE, NO_BILL, Bill, Quote
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.services.counting import count, page_sides, separate
from gateway.services.effect import GREY, effective


@dataclass(frozen=True, kw_only=True, slots=True)
class Paged:
    """What a price must know of a document: its pages, those in colour (None: all), where documents begin."""

    pages: int
    color_pages: Collection[int] | None = None
    separate: Sequence[int] = ()


class Pricing:
    """`currency` is the site's: what a free job is told in."""

    def __init__(self, *, currency: str) -> None:
        self._currency = currency

    def quote(self, printer: Printer, ticket: JobTicket, paged: Paged, *, device: Device | None = None) -> Quote:
        """At `device`, else at the best of what the Printer promises."""
        can = device.capabilities if device else printer.capabilities
        whole = effective(ticket, printer, can)
        told = _quoted(printer, whole, paged, can)
        saving = FREE
        if can.duplex and whole.sides == "one-sided" and not whole.booklet:
            turned = replace(whole, sides="two-sided-long-edge")
            saving = max(FREE, told.amount - _quoted(printer, turned, paged, can).amount)
        return replace(told, saving_two_sided=saving, currency=told.currency or self._currency)

    def of(self, job: Job, printer: Printer, *, ticket: JobTicket | None = None, device: Device | None = None) -> Quote:
        """Of a prepared job, as it was sent or with the options of `ticket`."""
        chosen = ticket or job.ticket
        return self.quote(printer, chosen, paged_of(job, chosen), device=device)


def paged_of(job: Job, ticket: JobTicket) -> Paged:
    pages = job.pages or 1
    if not job.color:
        color: Collection[int] | None = ()
    else:
        found = job.found.pages
        # Facts end after some thousand pages: what nobody looked at counts as colour, like the job.
        color = {n for n in range(1, pages + 1) if n > len(found) or found[n - 1].color} if found else None
    return Paged(pages=pages, color_pages=color, separate=separate(job.documents, ticket))


def bill_for(printer: Printer, ticket: JobTicket, paged: Paged, can: Capabilities) -> Bill:
    """The bill of a release of `ticket`, the Printer's defaults already in it, on such a device."""
    if printer.tariff.free:
        return NO_BILL
    return Bill(
        tariff=printer.tariff,
        media=media_of(ticket, can),
        colored=_colored(ticket, paged, can),
        covered=ticket.covered,
        collated=ticket.collated,
        copies=ticket.copies,
    )


def media_of(ticket: JobTicket, can: Capabilities) -> str:
    """The PWG name of the paper: as asked by name or by size, else what lies ready."""
    if ticket.media:
        return ticket.media
    if ticket.media_col is not None:
        size = (ticket.media_col.x, ticket.media_col.y)
        return next((media.name for media in can.media if (media.x, media.y) == size), "")
    return next((media.name for media in can.media if media.ready), "")


def _colored(ticket: JobTicket, paged: Paged, can: Capabilities) -> tuple[bool, ...]:
    grey = not can.color or ticket.print_color_mode in GREY
    colored = paged.color_pages
    return tuple(
        not grey and (colored is None or any(page in colored for page in side))
        for side in page_sides(paged.pages, ticket, paged.separate)
    )


def _quoted(printer: Printer, ticket: JobTicket, paged: Paged, can: Capabilities) -> Quote:
    counts = count(paged.pages, ticket, paged.separate)
    bill = bill_for(printer, ticket, paged, can)
    # A free bill keeps no sides: the colour of what comes out is told all the same.
    sides = bill if bill.colored else replace(bill, colored=_colored(ticket, paged, can), covered=ticket.covered)
    return Quote(
        amount=bill.amount(counts.impressions, counts.media_sheets),
        currency=printer.tariff.currency,
        impressions=counts.impressions,
        sheets=counts.media_sheets,
        color_impressions=sides.color_impressions(counts.impressions),
        free=printer.tariff.free,
    )
