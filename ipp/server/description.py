"""What clients are told of Printers and jobs, encoded once and kept: most requests ask for the same again.

The choice what a phone sees of a held job (HeldView) is made here and nowhere else. Kept octets hang on everything
they were made from, so that nothing has to be thrown away by hand; what changes with every second is put behind them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

from gateway.domain import description as said
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import HeldView, Printer
from gateway.services.ports import Clock
from gateway.services.printers import Printers
from gateway.settings import Settings
from ipp.server.job_attributes import (
    DOCUMENT_ATTRIBUTES,
    DOCUMENT_GROUPS,
    JOB_ATTRIBUTES,
    JOB_GROUPS,
    DocumentView,
    Maker,
    View,
)
from ipp.server.media_attributes import media_col_database
from ipp.server.printer_attributes import (
    PASSING,
    Face,
    description_attributes,
    passing_attributes,
    subscription_attributes,
    up_time,
)
from ipp.server.template_attributes import template_attributes
from ipp.server.where import Where
from ipp.wire import Attribute, GroupTag, build, encode_attributes

Requested = frozenset[str]
ALL: Requested = frozenset({"all"})
JOB_BRIEF: Requested = frozenset({"job-id", "job-uri"})
JOB_ANSWER: Requested = frozenset({"job-id", "job-uri", "job-state", "job-state-reasons", "job-state-message"})
SHORT = 64  # names of requested-attributes, so that what strangers send stays small where it is kept
PRINTER_TAG = bytes([GroupTag.PRINTER])
JOB_TAG = bytes([GroupTag.JOB])
DOCUMENT_TAG = bytes([GroupTag.DOCUMENT])

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A bounded store; the least recently asked goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        try:
            self._values.move_to_end(key)
            return self._values[key]
        except KeyError:
            return self.put(key, make())

    def peek(self, key: K) -> V | None:
        """What is kept under `key`, or None."""
        return self._values.get(key)

    def put(self, key: K, value: V) -> V:
        self._values[key] = value
        if len(self._values) > self._size:
            self._values.popitem(last=False)
        return value


def shown(job: Job, printer: Printer) -> tuple[JobState, tuple[str, ...], float | None]:
    """(job-state, job-state-reasons, time of completion) as clients of this Printer see them.

    Phones that show "Printing..." until the job is completed can be told so once it is safely held; the job says
    `queued-in-device`, as PWG 5100.13 has it, and can still be canceled.
    """
    if printer.held_view is HeldView.COMPLETED and job.prepared and not job.state.ended:
        reasons = (Reason.JOB_COMPLETED_SUCCESSFULLY.value, Reason.QUEUED_IN_DEVICE.value)
        return JobState.COMPLETED, reasons, job.processing_at or job.created_at
    return job.state, tuple(reason.value for reason in job.reasons), job.ended_at


class Descriptions:
    """All answers about Printers and jobs; `operations` are the operation-ids that are answered at all."""

    def __init__(
        self,
        *,
        printers: Printers,
        settings: Settings,
        clock: Clock,
        operations: Iterable[int],
        troubles: Callable[[], tuple[str, ...]],
        dns_sd_name: Callable[[Printer], str] = said.dns_sd_name,
        software: str,
        label_of: Callable[[Job], str] | None = None,
    ) -> None:
        self._printers = printers
        self._settings = settings
        self._clock = clock
        self._operations = tuple(operations)
        self._troubles = troubles
        self._dns_sd_name = dns_sd_name
        self._software = software
        self._label_of = label_of
        self._tables: Kept[tuple[object, ...], Mapping[str, bytes]] = Kept(256)
        self._answers: Kept[tuple[object, ...], bytes] = Kept(1024)
        self._jobs: Kept[tuple[object, ...], bytes] = Kept(4096)
        self._passing: Kept[tuple[str, float, int], Mapping[str, bytes]] = Kept(256)
        self._job_times: Kept[tuple[str, float, int], bytes] = Kept(256)

    # -- Printers

    def printer(self, printer: Printer, where: Where, requested: Requested) -> bytes:
        """The Printer group, tag and all."""
        troubles = self._troubles()
        generations = (printer.version, self._printers.generation, self._printers.status_generation(printer.name))
        face = (printer.name, printer.uuid, generations, where, troubles, self._dns_sd_name(printer))
        answer = self._answers.get((face, requested), lambda: self._answer(face, printer, where, troubles, requested))
        return answer + self._passing_now(printer, requested)

    def up_time(self, printer: Printer) -> int:
        return up_time(printer, self._clock.now())

    def _answer(
        self, key: tuple[object, ...], printer: Printer, where: Where, troubles: tuple[str, ...], requested: Requested
    ) -> bytes:
        table = self._tables.get(key, lambda: self._table(self._face(printer, where, troubles)))
        names = _selected(requested, _printer_groups(printer), table)
        return PRINTER_TAG + b"".join([octets for name, octets in table.items() if name in names])

    def _face(self, printer: Printer, where: Where, troubles: tuple[str, ...]) -> Face:
        return Face(
            printer=printer,
            status=self._printers.status(printer.name),
            where=where,
            settings=self._settings,
            troubles=troubles,
            dns_sd_name=self._dns_sd_name(printer),
            operations=self._operations,
            software=self._software,
        )

    def _table(self, face: Face) -> Mapping[str, bytes]:
        attributes = [
            *description_attributes(face),
            *template_attributes(face.printer),
            *subscription_attributes(),
            media_col_database(face.printer.capabilities),
        ]
        return {attribute.name: encode_attributes([attribute]) for attribute in attributes}

    def _passing_now(self, printer: Printer, requested: Requested) -> bytes:
        now = self._clock.now()
        wanted = _PASSING_ALL if requested & _PASSING_GROUPS else requested & _PASSING_ALL
        if not wanted:
            return b""
        key = (printer.name, printer.created_at, int(now))
        octets = self._passing.get(key, lambda: _encoded(passing_attributes(printer, now)))
        return b"".join([octets[name] for name in PASSING if name in wanted])

    # -- jobs

    def view(self, job: Job, printer: Printer, where: Where) -> View:
        state, reasons, completed_at = shown(job, printer)
        return View(
            job=job,
            printer=printer,
            where=where,
            web_pages=where.web_pages(self._settings),
            state=state,
            reasons=reasons,
            completed_at=completed_at,
            label=self._label(job),
        )

    def _label(self, job: Job) -> str:
        """Only while somebody may have to claim it."""
        wanted = job.owner is None and job.password_hash is None and not job.state.ended
        return self._label_of(job) if wanted and self._label_of is not None else ""

    def job(self, job: Job, printer: Printer, where: Where, requested: Requested) -> bytes:
        """The Job group, tag and all."""
        key = (job.id, job.uuid, job.version, printer.version, where, requested)
        octets = self._jobs.get(key, lambda: self._job(job, printer, where, requested))
        if not requested & _JOB_TIME_GROUPS:
            return octets
        now = int(self._clock.now())
        return octets + self._job_times.get((printer.name, printer.created_at, now), lambda: self._job_time(printer))

    def _job_time(self, printer: Printer) -> bytes:
        return encode_attributes([build.integer("job-printer-up-time", self.up_time(printer))])

    def _job(self, job: Job, printer: Printer, where: Where, requested: Requested) -> bytes:
        view = self.view(job, printer, where)
        makers = _makers(requested) if len(requested) <= SHORT else _makers.__wrapped__(requested)
        made = (make(view) for make in makers)
        return JOB_TAG + encode_attributes(attribute for attribute in made if attribute is not None)

    def document(self, job: Job, number: int, printer: Printer, where: Where, requested: Requested) -> bytes:
        """The Document group of document `number`, which the caller knows to exist."""
        document = next(d for d in job.documents if d.number == number)
        last = number == max(d.number for d in job.documents) and not job.has(Reason.JOB_INCOMING)
        view = DocumentView(view=self.view(job, printer, where), document=document, last=last)
        names = _selected(requested, DOCUMENT_GROUPS, DOCUMENT_ATTRIBUTES)
        made = (make(view) for name, make in DOCUMENT_ATTRIBUTES.items() if name in names)
        return DOCUMENT_TAG + encode_attributes(attribute for attribute in made if attribute is not None)


_PASSING_ALL = frozenset(PASSING)
_PASSING_GROUPS = frozenset({"all", "printer-description"})
_JOB_TIME_GROUPS = frozenset({"all", "job-description", "job-printer-up-time"})
_NOTIFY = tuple(attribute.name for attribute in subscription_attributes())
ONLY_BY_NAME = frozenset({"media-col-database"})


def _printer_groups(printer: Printer) -> Mapping[str, tuple[str, ...]]:
    """Group names of requested-attributes (RFC 8011 section 4.2.5.1); None of the lists is long to make."""
    template = tuple(attribute.name for attribute in template_attributes(printer))
    return {"job-template": template, "subscription-template": _NOTIFY}


def _selected(requested: Requested, groups: Mapping[str, tuple[str, ...]], table: Mapping[str, object]) -> Requested:
    """The names to send. `all` and `printer-description` are what is left of the table by the other groups' names."""
    names = set(requested)
    for group in requested & groups.keys():
        names.update(groups[group])
    if "all" in requested:
        names.update(table.keys() - ONLY_BY_NAME)
    if "printer-description" in requested:
        names.update(table.keys() - ONLY_BY_NAME - set().union(*groups.values()))
    return frozenset(names)


@lru_cache(512)
def _makers(requested: Requested) -> tuple[Maker, ...]:
    """What makes the attributes of a job that were asked for; clients ask for the same ones again and again."""
    names = _selected(requested, JOB_GROUPS, JOB_ATTRIBUTES)
    return tuple(make for name, make in JOB_ATTRIBUTES.items() if name in names)


def _encoded(attributes: Iterable[Attribute]) -> Mapping[str, bytes]:
    return {attribute.name: encode_attributes([attribute]) for attribute in attributes}
