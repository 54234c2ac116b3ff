"""Operations on a Printer: what it says of itself, its settings (RFC 3380), and an operator's work (RFC 8011, RFC 3998)."""

from collections.abc import Iterable
from typing import Any

from gateway.domain.job import Job, JobState, Reason
from gateway.errors import NotPossible
from gateway.services.ports import JobQuery
from ipp.server import template_attributes as offered
from ipp.server.description import PRINTER_TAG, Descriptions
from ipp.server.job_settables import PRINTER_DEFAULTS, PRINTER_SETTABLE, PRINTER_TEXTS
from ipp.server.operation import Services
from ipp.server.request import Reply, Request
from ipp.server.status import Refused, bad_request
from ipp.server.ticket import word
from ipp.wire import Attribute, GroupTag, Status, ValueTag, build, encode_attributes

IDENTIFY_ACTIONS = ("display",)
TEXT_MAX = 127
_OPEN = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED)


class PrinterOperations:
    """Reads requests, calls printers and release."""

    def __init__(self, services: Services, descriptions: Descriptions) -> None:
        self._services = services
        self._printers = services.printers
        self._descriptions = descriptions

    # -- everybody

    async def get_printer_attributes(self, request: Request) -> Reply:
        return Reply(groups=(self._descriptions.printer(request.printer, request.where, request.requested),))

    async def identify_printer(self, request: Request) -> Reply:
        actions = request.words("identify-actions") or IDENTIFY_ACTIONS
        unknown = [action for action in actions if action not in IDENTIFY_ACTIONS]
        if len(unknown) == len(actions):
            raise Refused(
                Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
                "This printer can only show a message.",
                unsupported=(request.attributes["identify-actions"],),
            )
        known = tuple(action for action in actions if action in IDENTIFY_ACTIONS)
        await self._services.identify(request.printer, known, request.word("message") or "")
        if unknown:
            return Reply(
                status=Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES,
                unsupported=(build.keyword("identify-actions", *unknown),),
            )
        return Reply()

    # -- settings

    async def get_printer_supported_values(self, request: Request) -> Reply:
        """What Set-Printer-Attributes would take (RFC 3380 section 4.3); free texts answer admin-define."""
        asked = request.requested
        names = PRINTER_SETTABLE if asked & {"all", "printer-description"} else tuple(asked)
        values = _supported_values(request)
        attributes = [values[name] for name in names if name in values]
        return Reply(groups=(PRINTER_TAG + encode_attributes(attributes),))

    async def set_printer_attributes(self, request: Request) -> Reply:
        """All or none (RFC 3380 section 4.1)."""
        given = request.group(GroupTag.PRINTER).attributes
        if not given:
            raise bad_request("There is nothing to change: the group of printer attributes is empty.")
        _check_settable(given)
        changes: dict[str, Any] = {}
        defaults = dict(request.printer.defaults)
        wrong: list[Attribute] = []
        for attribute in given:
            value = _new_value(attribute, request)
            if value is None:
                wrong.append(attribute)
            elif attribute.name in PRINTER_TEXTS:
                changes[PRINTER_TEXTS[attribute.name]] = value
            else:
                defaults[PRINTER_DEFAULTS[attribute.name]] = value
        if wrong:
            raise Refused(
                Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
                f"{wrong[0].name} cannot have this value.",
                unsupported=tuple(wrong),
            )
        await self._printers.change_printer(request.printer.name, **changes, defaults=defaults)
        return Reply()

    # -- operators

    async def pause_printer(self, request: Request) -> Reply:
        """Pause-Printer and Pause-Printer-After-Current-Job: a job on its way to a device ends there."""
        await self._printers.pause(request.printer.name)
        return Reply()

    async def resume_printer(self, request: Request) -> Reply:
        await self._printers.resume(request.printer.name)
        return Reply()

    async def enable_printer(self, request: Request) -> Reply:
        await self._printers.enable(request.printer.name)
        return Reply()

    async def disable_printer(self, request: Request) -> Reply:
        await self._printers.disable(request.printer.name)
        return Reply()

    async def hold_new_jobs(self, request: Request) -> Reply:
        await self._printers.hold_new_jobs(request.printer.name, True)
        return Reply()

    async def release_held_new_jobs(self, request: Request) -> Reply:
        """Those that Hold-New-Jobs held go on; a job that its own ticket holds stays (RFC 3998 section 3.3.2)."""
        await self._printers.hold_new_jobs(request.printer.name, False)
        query = JobQuery(printer=request.printer.name, states=(JobState.PENDING_HELD,), limit=None)
        for job in await self._services.release.find(query, request.actor):
            if _held_by_operator(job):
                await self._services.release.unhold(job.id, request.actor)
        return Reply()

    async def startup_printer(self, request: Request) -> Reply:
        """Startup-Printer and Restart-Printer (RFC 3998 sections 3.5 and 3.6): it accepts and prints again."""
        name = request.printer.name
        await self._printers.change_printer(name, paused=False, is_accepting_jobs=True, holding_new_jobs=False)
        return Reply()

    async def shutdown_printer(self, request: Request) -> Reply:
        """The Printer, not the gateway: it takes and prints nothing until Startup-Printer."""
        await self._printers.change_printer(request.printer.name, paused=True, is_accepting_jobs=False)
        return Reply()

    async def purge_jobs(self, request: Request) -> Reply:
        """Cancels every open job; what has ended stays in the history, which is the proof of what was printed."""
        query = JobQuery(printer=request.printer.name, states=_OPEN, limit=None)
        for job in await self._services.release.find(query, request.actor):
            try:
                await self._services.release.cancel(job.id, request.actor, message="Purged by an operator.")
            except NotPossible:  # it ended in between, which is as good
                continue
        return Reply()


def _held_by_operator(job: Job) -> bool:
    own = job.ticket.job_hold_until is not None or job.ticket.job_hold_until_time is not None
    return job.has(Reason.JOB_HOLD_UNTIL_SPECIFIED) and not own


def _supported_values(request: Request) -> dict[str, Attribute]:
    texts = {name: Attribute(name, ValueTag.ADMIN_DEFINE, (None,)) for name in PRINTER_TEXTS}
    return texts | {name: build.keyword(name, *values) for name, values in _allowed(request).items()}


def _allowed(request: Request) -> dict[str, tuple[str, ...]]:
    able = offered.choices(request.printer)
    return {
        "media-default": tuple(dict.fromkeys(media.name for media in request.printer.capabilities.media)),
        "output-bin-default": able.output_bins,
        "print-color-mode-default": able.color_modes,
        "print-scaling-default": offered.SCALINGS,
        "sides-default": able.sides,
    }


def _new_value(attribute: Attribute, request: Request) -> str | None:
    value = word(attribute)
    if value is None or (attribute.name in PRINTER_TEXTS and len(value.encode()) > TEXT_MAX):
        return None
    if attribute.name == "printer-geo-location" and not value.startswith("geo:"):
        return None
    allowed = _allowed(request).get(attribute.name)
    return value if allowed is None or value in allowed else None


def _check_settable(given: Iterable[Attribute]) -> None:
    bad = [attribute for attribute in given if attribute.name not in PRINTER_SETTABLE]
    if bad:
        raise Refused(
            Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE,
            f"{bad[0].name[:80]} cannot be set.",
            unsupported=tuple(Attribute(a.name, ValueTag.NOT_SETTABLE, (None,)) for a in bad),
        )
