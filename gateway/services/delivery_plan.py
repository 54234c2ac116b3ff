"""Who does what of a Job Ticket: the device, as far as its protocol and its abilities go, and we for the rest."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.domain.price import NO_BILL, Bill
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.errors import NotPossible
from gateway.services.counting import Counts, count, separate
from gateway.services.effect import GREY, effective
from gateway.services.ports import Order
from gateway.services.pricing import bill_for, paged_of

PDF = "application/pdf"
MADE = (PDF, "image/pwg-raster", "image/urf", "application/vnd.hp-PCLXL", "application/postscript")
"""Formats that we can make, best first: a PDF may go out as it is."""

_PORTRAIT = 3
_LONGEST_TITLE = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`render`: whether the printable must be made over, with `ours` and `our_copies` applied.

    `device_copies` and `theirs` are what the device is told. `counts` is what all of it makes of paper, and `color`
    whether it carries colour; `bill` is what any part of it costs.
    """

    format: str
    render: bool
    ours: JobTicket
    our_copies: int
    theirs: JobTicket
    device_copies: int
    counts: Counts
    color: bool
    bill: Bill = NO_BILL


def plan_for(job: Job, printer: Printer, device: Device) -> Plan:
    """NotPossible when the device takes no format that we can make, or not the one that is there."""
    can = device.capabilities
    if job.raw_format is not None:
        return _plan_as_it_is(job, printer, device, job.raw_format)
    ticket = effective(job.ticket, printer, can)
    told = urlsplit(device.uri).scheme in {"ipp", "ipps"}
    media_type = next((made for made in MADE if made in can.formats), None)
    if media_type is None:
        raise NotPossible(f"{device.info or device.name} takes no format that can be made here.")
    # A cover comes once: the device would copy it along.
    copied = told and ticket.copies <= can.copies and not ticket.covered
    device_copies = ticket.copies if copied else 1
    our_copies = 1 if device_copies == ticket.copies else ticket.copies
    ours = our_copies > 1 or ticket.laid_out_here or _is_padded(job, ticket)
    render = media_type != PDF or ours or (not told and _is_untold(job, ticket, can))
    # What we have turned or scaled the device must not turn or scale again.
    theirs = replace(ticket, orientation_requested=None, print_scaling=None) if render else ticket
    return Plan(
        format=media_type,
        render=render,
        ours=ticket,
        our_copies=our_copies,
        theirs=theirs,
        device_copies=device_copies,
        counts=count(job.pages or 1, ticket, separate(job.documents, ticket)),
        color=bool(job.color) and can.color and ticket.print_color_mode not in GREY,
        bill=bill_for(printer, ticket, paged_of(job, ticket), can),
    )


def _plan_as_it_is(job: Job, printer: Printer, device: Device, media_type: str) -> Plan:
    """Of a print file: nothing of it is made over, the house's rules included; the device is told the rest."""
    name = device.info or device.name
    if media_type not in device.capabilities.formats:
        raise NotPossible(f"{name} does not take this kind of print file. Choose another device.")
    ticket = job.ticket
    if ticket.laid_out_here:
        raise NotPossible("This print file is printed as it is. Take back the pages, layout or looks that were chosen.")
    return Plan(
        format=media_type,
        render=False,
        ours=ticket,
        our_copies=1,
        theirs=ticket,
        device_copies=ticket.copies,
        counts=count(job.pages or 1, ticket),
        color=bool(job.color) and device.capabilities.color and ticket.print_color_mode not in GREY,
        bill=bill_for(printer, ticket, paged_of(job, ticket), device.capabilities),
    )


def order_for(job: Job, plan: Plan, *, size: int) -> Order:
    """The order of a released job, the same after a restart as before it."""
    if job.release_id is None:
        raise NotPossible(f"Job {job.id} has not been released.")
    return Order(
        release_id=job.release_id,
        job_id=job.id,
        name=f"{_cut(job.name)} {job.release_id}",
        user=job.owner or job.requested_name,
        ticket=plan.theirs,
        format=plan.format,
        size=size,
        copies=plan.device_copies,
        impressions=plan.counts.impressions,
    )


def _is_padded(job: Job, ticket: JobTicket) -> bool:
    """Whether a document would start on the back of the last one's sheet."""
    return ticket.sides != "one-sided" and any(pages % 2 for pages in separate(job.documents, ticket)[:-1])


def _is_untold(job: Job, ticket: JobTicket, can: Capabilities) -> bool:
    """What a device that takes no attributes cannot be told, so that the document itself must have it."""
    grey = ticket.print_color_mode in GREY and bool(job.color) and can.color
    turned = ticket.orientation_requested not in {None, _PORTRAIT}
    return grey or turned or ticket.print_scaling not in {None, "auto", "none"}


def _cut(name: str) -> str:
    """job-name has at most 255 octets (RFC 8011 section 5.3.5), the release id included."""
    clean = "".join(c if c.isprintable() else " " for c in name).strip() or "Document"
    return clean.encode()[:_LONGEST_TITLE].decode("utf-8", "ignore")
