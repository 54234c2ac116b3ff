"""Jobs and devices as the pages show them: pure, from rows to words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.domain.delegation import Right
from gateway.domain.device import Device
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import Printer, ReleasePolicy
from gateway.domain.project import NEEDED
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.i18n import N_, ngettext, said
from gateway.i18n import gettext as _
from gateway.services.ownership import is_own, looks_after, may, rights_on, sees_pages
from gateway.services.printers import Printers
from gateway.services.suitable import advise
from webprint import words

THUMBNAILS_SHOWN = 20


class Part(Enum):
    """The sections of the list, in the order of what a person must do about them: name, heading."""

    ASK = ("ask", N_("Please answer"))
    WAITING = ("waiting", N_("Waiting for you"))
    ARRIVING = ("arriving", N_("Being prepared"))
    PRINTING = ("printing", N_("At the printer"))
    DONE = ("done", N_("Earlier"))

    def __init__(self, key: str, heading: str) -> None:
        self.key = key
        self.heading = heading


def part_of(job: Job) -> Part:
    if job.state.ended:
        return Part.DONE
    if job.has(Reason.OUTCOME_UNKNOWN) or asks_password(job):
        return Part.ASK
    if job.state is JobState.PENDING_HELD and job.prepared:
        return Part.WAITING
    if job.output_device is not None or job.state is JobState.PROCESSING_STOPPED:
        return Part.PRINTING
    return Part.ARRIVING


def asks_password(job: Job) -> bool:
    """Whether the document is protected and waits for its password."""
    return job.state is JobState.PENDING_HELD and job.has(Reason.DOCUMENT_PASSWORD_ERROR)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """One job's card. `tone` is good, warn, bad or plain; `facts` are short texts in the order of their weight."""

    id: int
    name: str
    part: Part
    state: str
    tone: str
    message: str
    facts: tuple[str, ...]
    origin: str
    owner: str
    printer: str
    device: str
    expires: str
    expires_soon: bool
    favourite: bool
    thumbnails: tuple[int, ...]
    progress: tuple[int, int] | None
    notes: tuple[str, ...]
    asks_password: bool
    can_release: bool
    can_delete: bool
    can_extend: bool
    can_take: bool
    can_keep: bool
    can_reprint: bool
    can_share: bool
    can_hide: bool
    private: bool
    copies: int
    delegated: bool
    expires_at: str
    price: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceView:
    """One Output Device to choose. `ready` is False where it cannot print now; `state` says why."""

    name: str
    label: str
    location: str
    state: str
    ready: bool
    features: str
    chosen: bool = False


def submitter(job: Job) -> str:
    """Its owner, or the name that somebody who has not signed in gave."""
    return job.owner or _("%(name)s (not signed in)", name=job.requested_name)


def view_job(job: Job, actor: Actor, printers: Printers, *, now: float, extend_times: int = 3) -> JobView:
    site = printers.site_of(job.printer)
    own, part, releases = is_own(job, actor), part_of(job), may(job, actor, Right.RELEASE, site)
    kept, delegated = job.key is not None, bool(rights_on(job, actor)) and not looks_after(job, actor, site)
    return JobView(
        id=job.id,
        name=job.name or _("Job %(number)s", number=job.id),
        part=part,
        state=_state(job, printers),
        tone=_tone(job, part),
        message=_message(job) or _lacking(job, printers, part),
        facts=_facts(job),
        origin=f"{words.source(job)}, {words.ago(now - job.created_at)}",
        owner="" if own else _("For %(name)s", name=job.owner) if delegated else submitter(job),
        printer=_printer_name(printers, job.printer),
        device=_device_name(printers, job.output_device),
        expires=_expiry(job, now),
        expires_soon=job.expires_at is not None and job.expires_at - now < 2 * 3600,
        favourite=job.favourite,
        thumbnails=tuple(t.number for t in job.thumbnails[:THUMBNAILS_SHOWN])
        if kept and sees_pages(job, actor)
        else (),
        progress=_progress(job, part),
        notes=tuple(said(note) for note in job.notes),
        asks_password=asks_password(job),
        can_release=part is Part.WAITING and releases,
        can_delete=not job.state.ended and may(job, actor, Right.DELETE, site),
        can_take=job.cut_short and releases,
        can_extend=releases
        and job.state is JobState.PENDING_HELD
        and job.expires_at is not None
        and not job.favourite
        and job.extensions < extend_times,
        can_keep=own and kept and job.prepared and not job.private,
        can_reprint=own and kept and job.prepared and job.state.ended and not job.private,
        can_share=own and part is Part.WAITING,
        can_hide=own and not job.private and not job.favourite and not job.state.ended,
        private=job.private,
        copies=job.ticket.copies,
        delegated=delegated,
        expires_at=""
        if job.favourite or job.expires_at is None or job.state is not JobState.PENDING_HELD
        else words.moment(job.expires_at),
    )


def devices_for(printers: Printers, jobs: list[Job]) -> tuple[Device, ...]:
    """Where at least one of the waiting `jobs` may be released; a pull Printer without devices means all."""
    found: dict[str, Device] = {}
    for name in dict.fromkeys(job.printer for job in jobs if part_of(job) is Part.WAITING):
        printer = _printer(printers, name)
        if printer is not None:
            found.update({device.name: device for device in printers.targets_of(printer)})
    return tuple(found.values())


def best_device(devices: Sequence[Device], jobs: Sequence[Job]) -> str:
    """The name of the first that can print all of these now and lacks nothing; "" when there is none."""
    wanted = [(job, job.ticket) for job in jobs if part_of(job) is Part.WAITING]
    return next((device.name for device in devices if not advise(device, wanted, ()).obstacles), "")


def view_devices(devices: tuple[Device, ...], wanted: str = "") -> list[DeviceView]:
    """Those that can print first; `wanted`, else the first that can print, is chosen."""
    ordered = sorted(devices, key=lambda device: (not device.status.can_print, (device.info or device.name).lower()))
    ready = [device.name for device in ordered if device.status.can_print]
    chosen = wanted if wanted in ready else next(iter(ready), "")
    return [
        DeviceView(
            name=device.name,
            label=device.info or device.name,
            location=device.location,
            state=words.device_state(device),
            ready=device.status.can_print,
            features=_features(device),
            chosen=device.name == chosen,
        )
        for device in ordered
    ]


def _features(device: Device) -> str:
    can = device.capabilities
    return (
        f"{_('Colour') if can.color else _('Black and white')}, {_('two-sided') if can.duplex else _('one-sided only')}"
    )


def _tone(job: Job, part: Part) -> str:
    if part is Part.ASK or job.state is JobState.PROCESSING_STOPPED or job.has(Reason.DESTINATION_URI_FAILED):
        return "warn"
    if job.state is JobState.ABORTED or job.has(Reason.JOB_COMPLETED_WITH_ERRORS):
        return "bad"
    return "good" if job.state is JobState.COMPLETED else "plain"


def _state(job: Job, printers: Printers) -> str:
    text = words.state(job)
    if job.state.ended or job.output_device is None:
        printer = _printer(printers, job.printer)
        if printer is not None and printer.policy is ReleasePolicy.SECURE and job.has(Reason.JOB_RELEASE_WAIT):
            return _("Waiting for you: release at %(device)s", device=_device_name(printers, printer.devices[0]))
    return text


def _message(job: Job) -> str:
    """The row's own sentence, unless it only says again what the state says."""
    known = {"canceled.", "completed.", words.state(job).lower()}
    again = job.message.lower() in known or (job.has(Reason.JOB_PRINTING) and job.message.startswith("Printing at "))
    return "" if again else said(job.message)


def _lacking(job: Job, printers: Printers, part: Part) -> str:
    """That it needs a project, where its Printer has asked for one only since it came."""
    printer = _printer(printers, job.printer) if part is Part.WAITING else None
    return said(NEEDED) if printer is not None and printer.lacks_project(job) else ""


def _facts(job: Job) -> tuple[str, ...]:
    ticket, facts = job.ticket, []
    if job.project:
        facts.append(_("Project %(code)s", code=job.project))
    if job.pages is not None:
        facts.append(words.pages(job.pages))
    if ticket.copies > 1:
        facts.append(ngettext("%(count)s copy", "%(count)s copies", ticket.copies))
    if job.media_sheets is not None:
        facts.append(words.sheets(job.media_sheets))
    if job.color is not None:
        facts.append(_("Colour") if job.color and ticket.print_color_mode != "monochrome" else _("Black and white"))
    if ticket.sides not in {None, "one-sided"}:
        facts.append(_("Two-sided"))
    if ticket.page_ranges or ticket.page_words:
        facts.append(_("Pages %(ranges)s", ranges=words.ranges(ticket.page_ranges, ticket.page_words)))
    if ticket.number_up > 1:
        facts.append(ngettext("%(count)s page on a side", "%(count)s pages on a side", ticket.number_up))
    facts.append(words.size(job.size))
    return tuple(facts)


def _expiry(job: Job, now: float) -> str:
    if job.state is not JobState.PENDING_HELD:
        return ""
    if job.favourite:
        return _("Kept as favourite")
    if job.expires_at is None:
        return ""
    left = job.expires_at - now
    return _("Expires now") if left <= 0 else _("Expires in %(time)s", time=words.duration(left))


def _progress(job: Job, part: Part) -> tuple[int, int] | None:
    """(sides printed, sides in all) once the device has counted one."""
    if part is not Part.PRINTING or not job.impressions or not job.impressions_completed:
        return None
    return min(job.impressions_completed, job.impressions), job.impressions


def _printer(printers: Printers, name: str) -> Printer | None:
    try:
        return printers.of_job(name)
    except NotFound:  # deleted since
        return None


def _printer_name(printers: Printers, name: str) -> str:
    printer = _printer(printers, name)
    return printer.info if printer else name


def _device_name(printers: Printers, name: str | None) -> str:
    try:
        device = printers.device(name or "")
    except NotFound:
        return name or ""
    return device.info or device.name
