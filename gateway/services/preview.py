"""The truth preview: pictures of the sides that a release with these options would put on paper at this device.

They come from the delivery's own plan and the pipeline that makes the paper, so that no screen promises what no printer
does. One copy is shown, whoever makes the others.
"""

import asyncio
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from gateway.domain.waiting import check_ticket
from gateway.errors import BadRequest, Forbidden, FormatError, NotFound, NotPossible
from gateway.services.counting import Counts
from gateway.services.delivery_plan import Plan, plan_for
from gateway.services.fitness import choose_device, lacking
from gateway.services.numbering import numbers_shown
from gateway.services.particulars import particulars
from gateway.services.ports import (
    Clock,
    Converter,
    ConverterCrashed,
    Keyring,
    Particulars,
    Rendered,
    SideNumbers,
    Spool,
)
from gateway.services.preview_store import Made, Pictures, Turns
from gateway.services.printers import Printers
from gateway.services.release import Release

MOST_SIDES = 20  # of one call
NARROWEST, WIDEST = 200, 1200  # pixels
CRASHED = "This document cannot be laid out this way. Try “Print as image”, or save it as PDF and send it again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Previewed:
    """`copy` and `sides` are of one copy, blank backs counted as sides; `counts` are of all copies.

    `pictures`: (side from 1, PNG octets), in order, of the sides that were asked for and that there are.
    """

    device: Device
    ticket: JobTicket
    copy: Rendered
    counts: Counts
    sides: int
    pictures: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """One job, planned for one device."""

    job: Job
    device: Device
    plan: Plan
    width: int

    @property
    def key(self) -> Hashable:
        """Equal for what looks the same."""
        plan = self.plan
        ours = replace(plan.ours, copies=1)
        return (self.job.id, self.job.version, ours, plan.format, self.device.capabilities, self.width)


class Preview:
    """`together`: how many previews may be made at the same time; documents that wait for preparation need jails too."""

    def __init__(
        self,
        *,
        release: Release,
        printers: Printers,
        spool: Spool,
        keyring: Keyring,
        converter: Converter,
        clock: Clock,
        numbers: SideNumbers,
        together: int = 1,
    ) -> None:
        self._release = release
        self._printers = printers
        self._spool = spool
        self._keyring = keyring
        self._converter = converter
        self._clock = clock
        self._numbers = numbers
        self._pictures = Pictures(clock)
        self._turns = Turns()
        self._jails = asyncio.Semaphore(together)

    async def sides(
        self,
        job_id: int,
        actor: Actor,
        changes: Mapping[str, Any],
        *,
        device: str | None = None,
        sides: Sequence[int],
        width: int = 480,
    ) -> Previewed:
        """What comes out of the job with `changes` at `device`, or at the one that suits it best.

        At most 20 `sides`, `width` 200 to 1200 pixels. NotFound unless the job is the actor's own: operators see facts,
        not pages. Other refusals say what to choose instead.
        """
        _check(sides, width)
        job = await self._release.visible(job_id, actor)
        if not await self._release.sees_pages(job, actor):
            raise NotFound("There is no picture of that page.")
        _permit(job)
        wanted = self._planned(job, changes, device, width)
        found = self._pictures.find(wanted.key, sides)
        if found is None:
            async with self._turns.of(actor.user or actor.address):
                found = self._pictures.find(wanted.key, sides) or await self._make(wanted, sides)
        made, pictures = found
        ours = wanted.plan.ours
        return Previewed(
            device=wanted.device,
            ticket=ours,
            copy=made.copy,
            counts=_all_copies(made.copy, ours),
            sides=made.sides,
            pictures=tuple(pictures),
        )

    async def run(self) -> None:
        """Lets go of pictures that nobody looks at any more."""
        while True:
            await self._clock.sleep(60.0)
            self._pictures.forget_old()

    def _planned(self, job: Job, changes: Mapping[str, Any], name: str | None, width: int) -> _Wanted:
        """As a release checks and a delivery plans, but for a device that need not be ready yet."""
        printer = self._printers.of_job(job.printer)
        ticket = job.ticket.with_changes(**changes)
        check_ticket(job, ticket, printer.capabilities.copies)
        device = self._device(printer, name, ticket)
        missing = lacking(device, printer.house.greyed(ticket))
        if missing:
            label = device.info or device.name
            raise NotPossible(f"{label} does not have {', '.join(missing)}. Choose another device or another option.")
        return _Wanted(job=job, device=device, plan=plan_for(replace(job, ticket=ticket), printer, device), width=width)

    def _device(self, printer: Printer, name: str | None, ticket: JobTicket) -> Device:
        allowed = self._printers.targets_of(printer)
        if name is None:
            return choose_device(allowed, printer.house.greyed(ticket))
        found = next((device for device in allowed if device.name == name), None)
        if found is None:
            raise NotFound(f'Jobs of "{printer.info}" cannot be released at "{name}".')
        return found

    async def _make(self, wanted: _Wanted, sides: Sequence[int]) -> tuple[Made, list[tuple[int, bytes]]]:
        bates = await numbers_shown(self._printers.of_job(wanted.job.printer), self._numbers)
        said = particulars(wanted.job, at=self._clock.now(), bates=bates)
        async with self._jails:
            with_blanks = bool(said.documents) and wanted.plan.ours.sides != "one-sided"
            copy, pictures = await self._converted(wanted, said, sides)
            places = copy.impressions + (wanted.plan.ours.sides != "one-sided" and wanted.plan.ours.covered)
            if with_blanks:
                # Only the last back tells whether the last sheet's is blank: blank ones before it count too.
                _, last = await self._converted(wanted, said, [2 * copy.media_sheets])
                places = 2 * copy.media_sheets - (not last)
        made = Made(copy=copy, sides=places)
        self._pictures.keep(wanted.key, made, pictures)
        return made, pictures

    async def _converted(
        self, wanted: _Wanted, said: Particulars, sides: Sequence[int]
    ) -> tuple[Rendered, list[tuple[int, bytes]]]:
        job, pictures = wanted.job, list[tuple[int, bytes]]()
        if job.key is None or job.printable is None:
            raise NotPossible(_gone(job))

        async def picture(side: int, octets: bytes) -> None:
            pictures.append((side, octets))

        with _in_words():
            copy = await self._converter.preview(
                self._spool.read(job.printable.id, self._keyring.unwrap(job.key)),
                picture,
                ticket=wanted.plan.ours,
                capabilities=wanted.device.capabilities,
                format=wanted.plan.format,
                copies=1,
                sides=sides,
                width=wanted.width,
                particulars=said,
            )
        return copy, pictures


def _check(sides: Sequence[int], width: int) -> None:
    if not 1 <= len(sides) <= MOST_SIDES or min(sides) < 1:
        raise BadRequest(f"Ask for 1 to {MOST_SIDES} sides at once, counted from 1.")
    if not NARROWEST <= width <= WIDEST:
        raise BadRequest(f"Pictures are {NARROWEST} to {WIDEST} pixels wide.")


def _permit(job: Job) -> None:
    if job.password_hash is not None and job.owner is None:
        raise Forbidden("This job has a PIN: its pages are shown to nobody before it is released.")
    if job.key is None or job.printable is None:
        raise NotPossible(_gone(job))
    if job.raw_format is not None:
        raise NotPossible("This print file is printed as it is, and cannot be shown.")


def _gone(job: Job) -> str:
    if job.key is not None and not job.state.ended:
        return "This job is still being prepared. Try again in a moment."
    return "The document has been destroyed. Send it again to print it again."


def _all_copies(copy: Rendered, ticket: JobTicket) -> Counts:
    """A cover comes once, whatever the copies."""
    cover = 1 if ticket.covered else 0
    return Counts(
        impressions=(copy.impressions - cover) * ticket.copies + cover,
        media_sheets=(copy.media_sheets - cover) * ticket.copies + cover,
    )


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ConverterCrashed as error:
        raise FormatError(CRASHED) from error
