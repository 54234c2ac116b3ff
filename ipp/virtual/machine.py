"""The paper path: takes jobs one after the other and makes impressions of them, in time, with the faults ordered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from ipp.virtual.archive import Folder, StoredDocument
from ipp.virtual.clock import Clock
from ipp.virtual.misbehaviour import Lie, Misbehaviour
from ipp.wire import JobState, PrinterState

log = logging.getLogger(__name__)

PAPER_OUT = ("media-empty-error", "media-needed")
JAM = ("media-jam-error",)
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


class Machine:
    """printer-state, the list of jobs, and the loop that prints them. `render(job)` counts the pages."""

    def __init__(
        self,
        *,
        clock: Clock,
        speed: float,
        orders: Callable[[], Misbehaviour],
        spend: Callable[[str], None],
        render: Callable[[PaperJob], Awaitable[int]],
        ended: Callable[[PaperJob], Awaitable[None]],
    ) -> None:
        self.state = PrinterState.IDLE
        self.reasons: tuple[str, ...] = ("none",)
        self.jobs: dict[int, PaperJob] = {}
        self._clock, self._speed, self._orders, self._spend = clock, speed, orders, spend
        self._render, self._on_end = render, ended
        self._last_id = 0
        self._queue: asyncio.Queue[PaperJob] = asyncio.Queue()
        self._moved = asyncio.Event()

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def submit(self, job: PaperJob) -> None:
        """All data is in: print when it is its turn."""
        job.state, job.reasons = JobState.PENDING, ("none",)
        self._queue.put_nowait(job)

    def refill(self) -> None:
        """Paper in, jam cleared: go on."""
        if self.state is PrinterState.STOPPED:
            self.state, self.reasons = PrinterState.PROCESSING, ("none",)
            self._moved.set()

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
        self.state, self.reasons = PrinterState.IDLE, ("none",)
        self._moved.set()

    async def run(self) -> None:
        """Print for ever."""
        while True:
            job = await self._queue.get()
            if not job.ended:
                await self._print(job)
            try:
                await self._on_end(job)
            except OSError:
                log.exception("job %d is not noted", job.id)
            self.state, self.reasons = PrinterState.IDLE, ("none",)

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
        for order, reasons in (("paper_out", PAPER_OUT), ("jam", JAM)):
            if getattr(self._orders(), order) == job.impressions_completed:
                self._spend(order)
                await self._stop(job, reasons)
        await self._clock.sleep(1 / self._speed if self._speed else 0)
        if not job.ended:
            job.impressions_completed += 1

    async def _stop(self, job: PaperJob, reasons: tuple[str, ...]) -> None:
        self.state, self.reasons = PrinterState.STOPPED, reasons
        job.state, job.reasons = JobState.PROCESSING_STOPPED, ("printer-stopped",)
        self._moved.clear()
        await self._moved.wait()
        if not job.ended:
            job.state, job.reasons = JobState.PROCESSING, ("job-printing",)

    def _end(self, job: PaperJob, state: JobState, reason: str) -> None:
        job.state, job.reasons, job.ended_at = state, (reason,), self._clock.now()
