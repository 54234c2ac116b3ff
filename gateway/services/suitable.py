"""Where a job comes out as it shall, and what to change where it does not (rows 73 and 175): said before it is sent.

Near is what has the same location text, then what shares its beginning ("2nd floor, B-204" and "2nd floor, B-210"),
then the order of the Printer's devices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.device import Device, DeviceState
from gateway.domain.job import Job
from gateway.domain.ticket import JobTicket
from gateway.services.fitness import lacking

_NO_FINISHING = 3


class Change(StrEnum):
    """What a ticket can do without, so that it prints at a device that lacks it."""

    GREY = "grey"
    ONE_SIDED = "one-sided"
    UNFINISHED = "unfinished"
    OTHER_PAPER = "other-paper"

    @property
    def changes(self) -> dict[str, object]:
        """As changes of a ticket."""
        return dict(_CHANGES[self])


_CHANGES: dict[Change, dict[str, object]] = {
    Change.GREY: {"print_color_mode": "monochrome"},
    Change.ONE_SIDED: {"sides": "one-sided"},
    Change.UNFINISHED: {"finishings": ()},
    Change.OTHER_PAPER: {"media": None, "media_col": None, "print_scaling": "fit"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """Why `device` does not do, in words; empty when it does. `stopped`: it cannot print anything now.

    `instead` is the nearest device that can print all of it as it is. `changes` make the jobs fit `device`: empty when
    it is stopped, or when nothing has to change.
    """

    device: Device
    obstacles: tuple[str, ...] = ()
    stopped: bool = False
    instead: Device | None = None
    changes: tuple[Change, ...] = ()


def advise(device: Device, wanted: Sequence[tuple[Job, JobTicket]], others: Sequence[Device]) -> Advice:
    """For jobs with the tickets that they would print with; `others` in the order of preference."""
    stopped = not device.status.can_print
    missing = list(dict.fromkeys(text for job, ticket in wanted for text in missing_of(device, job, ticket)))
    if not stopped and not missing:
        return Advice(device=device)
    obstacles = ((stop_text(device),) if stopped else ()) + tuple(missing)
    fitting = [
        other
        for other in others
        if other.name != device.name and other.status.can_print and not any(missing_of(other, j, t) for j, t in wanted)
    ]
    changes = () if stopped else _needed(device, wanted)
    return Advice(
        device=device, obstacles=obstacles, stopped=stopped, instead=nearest(device, fitting), changes=changes
    )


def missing_of(device: Device, job: Job, ticket: JobTicket) -> list[str]:
    """What the device has not; colour counts where the document has some and nobody asked for black and white."""
    missing = lacking(device, ticket)
    if "colour" not in missing and not device.capabilities.color and _in_color(job, ticket):
        missing.append("colour")
    return missing


def nearest(device: Device | None, several: Sequence[Device]) -> Device | None:
    """The first of the nearest; without a device to be near to, the first."""
    if not several or device is None:
        return next(iter(several), None)
    return min(several, key=lambda other: _distance(device.location, other.location))


def stop_text(device: Device) -> str:
    """Why it cannot print now, as part of a sentence."""
    said = device.status.message.rstrip(".")
    if said:
        return said
    return "it does not answer" if device.status.state is DeviceState.UNREACHABLE else "it is stopped"


def _needed(device: Device, wanted: Sequence[tuple[Job, JobTicket]]) -> tuple[Change, ...]:
    can, needed = device.capabilities, dict[Change, None]()
    for job, ticket in wanted:
        if not can.color and _in_color(job, ticket):
            needed[Change.GREY] = None
        if not can.duplex and ticket.sides not in {None, "one-sided"}:
            needed[Change.ONE_SIDED] = None
        if any(f not in can.finishings for f in ticket.finishings if f != _NO_FINISHING):
            needed[Change.UNFINISHED] = None
        if ticket.media and can.find_media(ticket.media) is None:
            needed[Change.OTHER_PAPER] = None
    return tuple(needed)


def _in_color(job: Job, ticket: JobTicket) -> bool:
    return ticket.print_color_mode == "color" or (bool(job.color) and ticket.print_color_mode in {None, "auto"})


def _distance(one: str, other: str) -> int:
    here, there = (text.casefold().strip() for text in (one, other))
    if here == there:
        return 0
    beginning = here.partition(",")[0].strip()
    return 1 if beginning and beginning == there.partition(",")[0].strip() else 2
