"""Stations and their jobs as the pages of a release station show them: pure, from values to words."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.domain.kiosk import KioskMode, KioskProof
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.i18n import gettext as _
from gateway.i18n import ngettext
from gateway.services.kiosk import Result
from gateway.services.kiosk_stations import Station
from gateway.services.printers import Printers
from gateway.services.suitable import Advice, advise, missing_of, nearest
from webprint import words
from webprint.views import DeviceView, JobView, Part, part_of, view_devices, view_job


class Way(StrEnum):
    """A tab of the station's front. The card has none: it is held to the reader on any page."""

    PIN = "pin"
    PASSWORD = "password"  # noqa: S105 - a way to sign in, no secret
    CODE = "code"
    CARD = "card"


@dataclass(frozen=True, kw_only=True, slots=True)
class StationView:
    """`tone`: good, or warn where nothing comes out at the moment; `state` says why."""

    name: str
    title: str
    location: str
    state: str
    tone: str
    proofs: tuple[KioskProof, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class KioskJob:
    """One job's card: `here` is False where it cannot come out at this station, and `why` says so."""

    job: JobView
    here: bool
    why: str
    price: str = ""


def view_station(station: Station) -> StationView:
    ready = [device for device in station.devices if device.status.can_print]
    device = station.device
    if device is not None:
        state = words.device_state(device)
    elif not station.devices:
        state = _("No output device is set up for it yet")
    elif ready:
        state = ngettext("%(count)s device is ready", "%(count)s devices are ready", len(ready))
    else:
        state = _("None of its devices can print now")
    return StationView(
        name=station.name,
        title=station.title,
        location=station.location,
        state=state,
        tone="good" if ready else "warn",
        proofs=station.proofs,
    )


def ways_of(station: Station, mode: KioskMode, *, card_held: bool = False) -> tuple[Way, ...]:
    """The tabs: what identifies by itself. A held card is added by a name or PIN, never by a guest's code."""
    if mode is KioskMode.CODE:
        return (Way.CODE,) if KioskProof.CODE in station.proofs else ()
    known = {KioskProof.PIN: Way.PIN, KioskProof.PASSWORD: Way.PASSWORD, KioskProof.CODE: Way.CODE}
    ways = tuple(way for proof, way in known.items() if proof in station.proofs)
    return tuple(way for way in ways if way is not Way.CODE or (mode is KioskMode.OWN and not card_held))


def result_text(result: Result | None) -> str:
    """What became of the last release, naming nobody."""
    if result is None:
        return ""
    parts = []
    if result.printed:
        parts.append(ngettext("%(count)s job printed", "%(count)s jobs printed", result.printed))
    if result.going:
        parts.append(ngettext("%(count)s job on its way", "%(count)s jobs on their way", result.going))
    if result.stuck:
        parts.append(
            ngettext(
                "%(count)s job needs help: sign in to see", "%(count)s jobs need help: sign in to see", result.stuck
            )
        )
    return _("Last release: %(what)s", what=", ".join(parts)) if parts else ""


def view_kiosk_job(job: Job, actor: Actor, station: Station, printers: Printers, *, now: float) -> KioskJob:
    view = view_job(job, actor, printers, now=now)
    if not view.can_release:
        return KioskJob(job=view, here=False, why="")
    targets = _targets(job, printers)
    if any(device in targets for device in station.devices):
        return KioskJob(job=view, here=True, why="")
    where = ", ".join(device.info or device.name for device in targets[:3]) or _("no device")
    return KioskJob(job=view, here=False, why=_("Comes out at %(where)s, not here.", where=where))


def choices(station: Station, jobs: list[Job], printers: Printers, wanted: str = "") -> list[DeviceView]:
    """The devices to choose from where several stand behind the station; none where there is no choice."""
    if station.device is not None:
        return []
    fitting = tuple(d for d in station.devices if any(d in _targets(job, printers) for job in _waiting(jobs)))
    return view_devices(fitting, wanted)


def instead(station: Station, jobs: list[Job], printers: Printers) -> Device | None:
    """The nearest device where most of the waiting jobs can come out while the station's own device cannot print."""
    own, waiting = station.device, _waiting(jobs)
    if own is None or own.status.can_print or not waiting:
        return None
    counts: dict[str, int] = {}
    for job in waiting:
        for device in _targets(job, printers):
            if device.name != own.name and device.status.can_print and not missing_of(device, job, job.ticket):
                counts[device.name] = counts.get(device.name, 0) + 1
    most = max(counts.values(), default=0)
    return nearest(own, [device for device in printers.devices() if most and counts.get(device.name) == most])


def advice_for(station: Station, jobs: list[Job], printers: Printers) -> Advice | None:
    """What the station's device has not of what waits here; None where it has all, or cannot print at all."""
    own = station.device
    wanted = [(job, job.ticket) for job in _waiting(jobs) if own in _targets(job, printers)]
    if own is None or not own.status.can_print or not wanted:
        return None
    others = [device for device in printers.devices() if all(device in _targets(job, printers) for job, _t in wanted)]
    advice = advise(own, wanted, others)
    return advice if advice.obstacles else None


def _waiting(jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if part_of(job) is Part.WAITING]


def _targets(job: Job, printers: Printers) -> tuple[Device, ...]:
    try:
        return printers.targets_of(printers.of_job(job.printer))
    except NotFound:  # deleted since
        return ()
