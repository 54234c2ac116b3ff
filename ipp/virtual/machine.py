"""The paper path: takes jobs one after the other and makes impressions of them, in time, with the faults ordered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from ipp.virtual.archive import Folder, StoredDocument
from ipp.virtual.clock import Clock
from ipp.virtual.misbehaviour import Lie, Misbehaviour
from ipp.virtual.supplies import Supplies, Tray, Trouble
from ipp.wire import JobState, PrinterState

log = logging.getLogger(__name__)

PAPER_OUT = ("media-empty-error", "media-needed")
JAM = ("media-jam-error",)
DOOR = ("door-open-error",)
_ENDED = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})


@dataclass(kw_only=True, slots=True, eq=False)
class PaperJob:
    """A job inside the printer. `pages` is known once it was rendered; `asked` are its attributes, for `job.json`."""

    id: int
    protocol: str
    name: str
    user: str
    folder: Folder
    created_at: float
    uuid: UUID = field(default_factory=uuid4)
    asked: dict[str, object] = field(default_factory=dict)
    copies: int = 1
    duplex: bool = False
    state: JobState = JobState.PENDING_HELD
    reasons: tuple[str, ...] = ("job-incoming",)
    documents: list[StoredDocument] = field(default_factory=list)
    pages: int | None = None
    impressions_completed: int = 0
    processing_at: float | None = None
    ended_at: float | None = None

    @property
    def ended(self) -> bool:
        return self.state in _ENDED

    @property
    def impressions(self) -> int | None:
        return None if self.pages is None else self.pages * self.copies

    @property
    def sheets_completed(self) -> int:
        return -(-self.impressions_completed // 2) if self.duplex else self.impressions_completed


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """A trouble that stands, `number` of all that there were; `at`: the machine's up_time when it began."""

    number: int
    trouble: Trouble
    at: float


class Machine:
    """printer-state, the list of jobs, and the loop that prints them. `render(job)` counts the pages.

    `impressions` were made since the start, whatever became of their jobs.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        speed: float,
        supplies: Supplies,
        orders: Callable[[], Misbehaviour],
        spend: Callable[[str], None],
        render: Callable[[PaperJob], Awaitable[int]],
        ended: Callable[[PaperJob], Awaitable[None]],
    ) -> None:
        self.state = PrinterState.IDLE
        self.stopped_by: tuple[Trouble, ...] = ()
        self.supplies = supplies
        self.impressions = 0
        self.alerts: tuple[Alert, ...] = ()
        self.jobs: dict[int, PaperJob] = {}
        self._clock, self._speed, self._orders, self._spend = clock, speed, orders, spend
        self._render, self._on_end = render, ended
        self._last_id = self._last_alert = 0
        self._made_at = clock.monotonic()
        self._queue: asyncio.Queue[PaperJob] = asyncio.Queue()
        self._moved = asyncio.Event()

    @property
    def up_time(self) -> float:
        """Seconds."""
        return self._clock.monotonic() - self._made_at

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What stops it, and what it warns of; a tray that stops it is not warned of as well."""
        empty = {t.unit for t in self.stopped_by if t.reason == PAPER_OUT[0]}
        warned = (t for t in self.supplies.warnings() if not (t.reason.startswith("media-") and t.unit in empty))
        return (*self.stopped_by, *warned)

    @property
    def reasons(self) -> tuple[str, ...]:
        """printer-state-reasons."""
        return tuple(dict.fromkeys(trouble.reason for trouble in self.troubles)) or ("none",)

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def submit(self, job: PaperJob) -> None:
        """All data is in: print when it is its turn."""
        job.state, job.reasons = JobState.PENDING, ("none",)
        self._queue.put_nowait(job)

    def refill(self) -> None:
        """Paper in, new toner, jam cleared, door closed: go on."""
        self.supplies.renew()
        if self.state is PrinterState.STOPPED:
            self.state = PrinterState.PROCESSING
            self._moved.set()
        self._settle()

    def cancel(self, job: PaperJob) -> bool:
        """False when the job has ended already."""
        if job.ended:
            return False
        self._end(job, JobState.CANCELED, "job-canceled-by-user")
        self._moved.set()
        return True

    def abort(self, job: PaperJob) -> None:
        """Its data broke off."""
        if not job.ended:
            self._end(job, JobState.ABORTED, "aborted-by-system")

    def reboot(self) -> None:
        """Forget all jobs; their numbers start again, as many real printers do."""
        for job in self.jobs.values():
            self.abort(job)
        self.jobs.clear()
        self._last_id = 0
        self.state = PrinterState.IDLE
        self._settle()
        self._moved.set()

    async def run(self) -> None:
        """Print for ever."""
        while True:
            job = await self._queue.get()
            try:
                if not job.ended:
                    await self._print(job)
            finally:
                # Also of a printer that is switched off in mid-job: what it printed counts.
                await self._noted(job)
            self.state = PrinterState.IDLE
            self._settle()

    async def _noted(self, job: PaperJob) -> None:
        try:
            await self._on_end(job)
        except OSError:
            log.exception("job %d is not noted", job.id)

    async def _print(self, job: PaperJob) -> None:
        self.state = PrinterState.PROCESSING
        job.state, job.reasons, job.processing_at = JobState.PROCESSING, ("job-printing",), self._clock.now()
        if self._orders().lie is Lie.COMPLETED:
            self._end(job, JobState.COMPLETED, "job-completed-successfully")
            return
        try:
            job.pages = await self._render(job)
        except Exception:
            # A document that cannot be drawn is that job's misfortune, not the printer's.
            log.exception("job %d cannot be drawn", job.id)
            self._end(job, JobState.ABORTED, "document-format-error")
            return
        while not job.ended and job.impressions_completed < (job.impressions or 0):
            await self._impression(job)
        if not job.ended:
            lies = self._orders().lie is Lie.ABORTED
            state = JobState.ABORTED if lies else JobState.COMPLETED
            self._end(job, state, "aborted-by-system" if lies else "job-completed-successfully")

    async def _impression(self, job: PaperJob) -> None:
        if self._orders().reboot == job.impressions_completed:
            self._spend("reboot")
            self.reboot()
            return
        tray = self.supplies.tray_for(_first(job, "media"))
        unit = self.supplies.trays.index(tray) + 1
        for order, reasons in (("paper_out", PAPER_OUT), ("jam", JAM), ("door", DOOR)):
            if getattr(self._orders(), order) == job.impressions_completed:
                self._spend(order)
                await self._stop(job, reasons, unit)
        new_sheet = not (job.duplex and job.impressions_completed % 2)
        while new_sheet and tray.empty and not job.ended:
            await self._stop(job, PAPER_OUT, unit)
        await self._clock.sleep(1 / self._speed if self._speed else 0)
        if not job.ended:
            self._mark(job, tray, new_sheet)

    def _mark(self, job: PaperJob, tray: Tray, new_sheet: bool) -> None:
        monochrome = _first(job, "print-color-mode") in {"monochrome", "bi-level"}
        self.supplies.mark(tray, new_sheet=new_sheet, monochrome=monochrome)
        job.impressions_completed += 1
        self.impressions += 1
        self._note_alerts()

    async def _stop(self, job: PaperJob, reasons: tuple[str, ...], unit: int) -> None:
        self.state = PrinterState.STOPPED
        self.stopped_by = tuple(Trouble(reason=reason, unit=unit) for reason in reasons)
        job.state, job.reasons = JobState.PROCESSING_STOPPED, ("printer-stopped",)
        self._note_alerts()
        self._moved.clear()
        await self._moved.wait()
        if not job.ended:
            job.state, job.reasons = JobState.PROCESSING, ("job-printing",)

    def _settle(self) -> None:
        """Nothing stops it any more."""
        self.stopped_by = ()
        self._note_alerts()

    def _note_alerts(self) -> None:
        """Those that stand keep their number and time; what is new gets the next ones."""
        troubles = self.troubles
        standing = [alert for alert in self.alerts if alert.trouble in troubles]
        known = {alert.trouble for alert in standing}
        for trouble in troubles:
            if trouble not in known:
                self._last_alert += 1
                standing.append(Alert(number=self._last_alert, trouble=trouble, at=self.up_time))
        self.alerts = tuple(standing)

    def _end(self, job: PaperJob, state: JobState, reason: str) -> None:
        job.state, job.reasons, job.ended_at = state, (reason,), self._clock.now()


def _first(job: PaperJob, name: str) -> object:
    """The value of a job attribute as IPP clients ask for it; None when it was not given, as with RAW and LPD."""
    values = job.asked.get(name)
    return values[0] if isinstance(values, list) and values else None
