"""The choice of a project inside of a form that prints: what stands there, and what it says when it comes back (rows 24, 94, 117).

A tap on a favourite or on what was charged lately; else a code, or words that mean one project alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.domain.project import NO_PROJECT, Project, ProjectPolicy
from gateway.errors import BadRequest, NotFound
from gateway.services.charging import Charging
from gateway.services.printers import Printers
from webprint.requests import Form, first
from webprint.site import Site, Visit

NONE = "-"
"""The value of the chip for outright no project; no code is it."""
NAMED = 3  # projects that a refusal names when several are meant
NO_FORM: Form = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class PickedView:
    """`chosen` is the value of the chip that is on; `asks`: nothing prints without a project; `free`: none may be chosen.

    `keeps`: some job has a project already, which stays unless another is chosen.
    """

    favourites: tuple[Project, ...]
    recent: tuple[Project, ...]
    chosen: str
    asks: bool
    free: bool
    keeps: bool
    other: str = ""
    comment: str = ""


async def picker_for(
    site: Site, visit: Visit, printers: Iterable[Printer], jobs: Sequence[Job] = (), form: Form = NO_FORM
) -> PickedView | None:
    """For the waiting `jobs`, or a new one, on these Printers; None where none of them takes projects."""
    taking = [printer for printer in printers if printer.takes_projects]
    if not taking or site.house is None or not visit.signed_in:
        return None
    picker = await site.house.charging.picker(visit.actor)
    keeps = any(job.project for job in jobs)
    typed = first(form, "project")
    known = {project.code for project in picker.all} | {NONE, ""}
    return PickedView(
        favourites=picker.favourites,
        recent=picker.recent,
        chosen=typed if typed in known and "project" in form else "" if keeps else picker.preset,
        asks=any(printer.projects is ProjectPolicy.REQUIRED for printer in taking),
        free=any(printer.projects is ProjectPolicy.OPTIONAL for printer in taking),
        keeps=keeps,
        other=first(form, "project_other")[:100],
        comment=first(form, "comment")[:200] or next((job.ticket.account_comment for job in jobs), ""),
    )


def printers_of(printers: Printers, jobs: Iterable[Job]) -> list[Printer]:
    """Those of the jobs that are still there, each once."""
    found: dict[str, Printer] = {}
    for name in dict.fromkeys(job.printer for job in jobs):
        try:
            found[name] = printers.of_job(name)
        except NotFound:  # deleted since
            continue
    return list(found.values())


async def read_charge(site: Site, visit: Visit, form: Form) -> dict[str, Any]:
    """Changes of a ticket; only what was filled in. BadRequest where words mean no project, or several."""
    changes: dict[str, Any] = {}
    other, chip = first(form, "project_other").strip()[:100], first(form, "project").strip()[:100]
    if other and site.house is not None:
        changes["job_account_id"] = await _meant(site.house.charging, visit, other)
    elif chip:
        changes["job_account_id"] = NO_PROJECT if chip == NONE else chip
    if comment := first(form, "comment").strip():
        changes["account_comment"] = comment
    return changes


async def _meant(charging: Charging, visit: Visit, text: str) -> str:
    try:
        return (await charging.choose(visit.actor, text)).code
    except NotFound:
        found = await charging.search(visit.actor, text, limit=NAMED + 1)
    if len(found) == 1:
        return found[0].code
    if not found:
        raise BadRequest(f'No project of yours begins like "{text[:40]}". Write its code, or a word of its title.')
    named = ", ".join(project.label for project in found[:NAMED])
    raise BadRequest(f'Several projects begin like "{text[:40]}": {named}. Write the code of the one you mean.')
