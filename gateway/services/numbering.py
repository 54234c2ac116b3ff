"""Bates numbers: which ones the sides of a printing get, for a Printer whose house rules ask for them."""

from dataclasses import replace

from gateway.domain.house import Bates
from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.services.counting import count, separate
from gateway.services.ports import SideNumbers


async def numbers_for(job: Job, printer: Printer, ticket: JobTicket, numbers: SideNumbers) -> Bates | None:
    """Those of this release, the same however often it is sent; all copies have the same, a cover has none."""
    if printer.house.bates is None or job.release_id is None:
        return None
    once = replace(ticket, copies=1, job_sheets=None)
    sides = count(job.pages or 1, once, separate(job.documents, once)).impressions
    return Bates(prefix=printer.house.bates, first=await numbers.take(printer.name, job.release_id, sides))


async def numbers_shown(printer: Printer, numbers: SideNumbers) -> Bates | None:
    """What a preview shows: the numbers that it would get now."""
    if printer.house.bates is None:
        return None
    return Bates(prefix=printer.house.bates, first=await numbers.upcoming(printer.name))
