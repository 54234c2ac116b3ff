"""Tells traces what became of jobs: at each event of a job its row and records are read, and what is new is told.

What was told is remembered in memory alone. After a restart it is told again under the same ids, which trace stores take
for the one span that it is; what an event was lost of is told with the job's next one.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence

from gateway.domain.account import Receipt
from gateway.domain.events import Event, JobRecord
from gateway.domain.job import Job
from gateway.domain.trace import TRACED, is_sampled, read_traceparent, spans_of
from gateway.errors import PapertapError
from gateway.services.ports import Clock, EventBus, JobChange, JobStore
from gateway.services.ports.traces import Traces
from gateway.services.ports.why import ReceiptsOf

PROGRAM = "api"
REMEMBERED = 10_000  # jobs

log = logging.getLogger(__name__)


class TraceLinks:
    """Writes down with a job within which trace a program asked for it; its own trace will point there."""

    def __init__(self, *, jobs: JobStore, clock: Clock, enabled: bool) -> None:
        self._jobs = jobs
        self._clock = clock
        self._enabled = enabled

    async def keep(self, job: Job, traceparent: str) -> None:
        """Of what is no traceparent, nothing. The job stands, whatever becomes of this."""
        if not self._enabled or read_traceparent(traceparent) is None:
            return
        record = JobRecord(job_id=job.id, at=self._clock.now(), what=TRACED, by=PROGRAM, text=traceparent)
        try:
            if not any(known.what == TRACED for known in await self._jobs.records(job.id)):  # it may be sent again
                await self._jobs.update(job.id, lambda row: JobChange(job=row, records=(record,)))
        except PapertapError as error:
            log.warning("a trace was not linked: %s", error)


class Tracing:
    """`share` of all jobs are told of, 0 to 1: all of a job or nothing."""

    def __init__(
        self, *, traces: Traces, jobs: JobStore, receipts_of: ReceiptsOf, events: EventBus, share: float
    ) -> None:
        self._traces = traces
        self._jobs = jobs
        self._receipts_of = receipts_of
        self._events = events
        self._share = share
        self._told: OrderedDict[int, set[int]] = OrderedDict()

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as happenings:
            async for happening in happenings:
                if happening.job_id is None or happening.event is Event.JOB_PROGRESS:
                    continue
                try:
                    await self._look(happening.job_id)
                except PapertapError as error:
                    log.warning("a job is traced later: %s", error)

    async def _look(self, job_id: int) -> None:
        job = await self._jobs.get(job_id)
        if job is None or not is_sampled(job.uuid, self._share):
            return
        told = self._told.setdefault(job_id, set())
        self._told.move_to_end(job_id)
        for span in spans_of(job, await self._jobs.records(job_id), await self._receipts(job)):
            if span.id not in told:
                told.add(span.id)
                self._traces.tell(span)
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)

    async def _receipts(self, job: Job) -> Sequence[Receipt]:
        """Of a job that was never released there are none."""
        return () if job.released_at is None and not job.state.ended else await self._receipts_of(job.id)
