"""One job on its way to its device, from the claim to an end that can be vouched for.

Three rules hold everywhere here. The row says that sending has begun before the first octet goes out. After that the
document is never sent again unless the device itself has said that it printed nothing. What the device cannot tell,
the owner is asked.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.domain.job import Job, JobState
from gateway.errors import NotFound, PapertapError, Refusal, Unavailable
from gateway.services.delivery_document import DeviceDocument, device_document
from gateway.services.delivery_outcomes import Turn
from gateway.services.delivery_plan import Plan, order_for, plan_for
from gateway.services.delivery_rows import IN_WORK, ClaimLost, Tools
from gateway.services.delivery_setbacks import Setbacks
from gateway.services.ports import ConverterCrashed, DeviceDriver, DeviceError, JobChange, Order, Progress

PROGRESS_SECONDS = 2.0
MAY_HAVE_PRINTED = "It may have printed: look in the tray and say whether it came out."

log = logging.getLogger(__name__)


class Attempt:
    """Delivers `job`, which this worker has claimed. `nudge` when somebody else may have changed the row."""

    def __init__(self, tools: Tools, job: Job) -> None:
        self.job = job
        self.sending = False
        self._tools = tools
        self._nudged = asyncio.Event()
        self._device: Device
        self._driver: DeviceDriver
        self._setbacks: Setbacks
        self._plan: Plan | None = None
        self._order: Order | None = None
        self._octets = 0
        self._told_at = 0.0

    def nudge(self) -> None:
        self._nudged.set()

    async def run(self, *, resume: bool = False) -> None:
        """Until the job has left this worker's hands. With `resume`, of a job whose sending had begun before."""
        self._tools.publish(self.job)
        work = asyncio.create_task(self._guarded(resume))
        guard = asyncio.create_task(self._hold_claim())
        try:
            await asyncio.wait({work, guard}, return_when=asyncio.FIRST_COMPLETED)
            taken = not work.done()
        finally:
            await _cancelled(work, guard)
        if taken:
            await self._let_go()

    # -- the claim

    async def _hold_claim(self) -> None:
        """Extend the claim at intervals; ends when the job is not ours any more."""
        tools, lease = self._tools, self._tools.settings.lease_seconds
        ours = True
        while ours:
            sleep = asyncio.create_task(tools.clock.sleep(lease / 3))
            wake = asyncio.create_task(self._nudged.wait())
            try:
                await asyncio.wait({sleep, wake}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _cancelled(sleep, wake)
            nudged = self._nudged.is_set()
            self._nudged.clear()
            ours = await self._still_ours(nudged)

    async def _still_ours(self, nudged: bool) -> bool:
        """After a nudge a look is enough; else the claim is extended."""
        tools = self._tools
        try:
            if nudged:
                row = await tools.jobs.get(self.job.id)
                return row is not None and row.claimed_by == tools.worker and row.state in IN_WORK
            until = tools.clock.now() + tools.settings.lease_seconds
            return await tools.jobs.extend_claim(self.job.id, tools.worker, until)
        except PapertapError as error:  # the database is away: the device prints on, and so do we
            log.warning("claim of job %d not extended: %s", self.job.id, error)
            return True

    async def _let_go(self) -> None:
        """The row was taken from us: stop the device if the job was canceled, and count what came out."""
        try:
            row = await self._tools.jobs.get(self.job.id)
            if row is not None and row.state is JobState.CANCELED and self._order is not None:
                await self._stop_device(row, self._order)
        except (DeviceError, PapertapError) as error:
            log.warning("job %d could not be stopped at its device: %s", self.job.id, error)

    async def _stop_device(self, row: Job, order: Order) -> None:
        progress = None
        device_job = row.device_job or self.job.device_job
        if device_job is None:
            progress = await self._driver.find(self._device, order)
            device_job = None if progress is None else progress.device_job
        await self._driver.cancel(self._device, device_job)
        progress = await self._driver.find(self._device, order) or progress
        if progress is not None and self._plan is not None:
            plan, last = self._plan, progress
            await self._tools.jobs.update(row.id, lambda job: self._turn().counted_after_cancel(job, plan, last))

    # -- the way there

    async def _guarded(self, resume: bool) -> None:
        try:
            if not self._prepare_route():
                await self._no_device()
            elif resume:
                await self._resume()
            else:
                await self._deliver()
        except ClaimLost:
            # The guard sees the same and lets go.
            self._nudged.set()
            await asyncio.Event().wait()
        except (PapertapError, OSError) as error:
            # The row could not be written: the claim lapses and recovery finds the job as it is.
            log.warning("delivery of job %d interrupted: %s", self.job.id, error)

    def _prepare_route(self) -> bool:
        try:
            self._device = self._tools.printers.device(self.job.output_device or "")
        except NotFound:
            return False
        driver = self._tools.drivers.get(urlsplit(self._device.uri).scheme)
        if driver is None:
            return False
        self._driver = driver
        self._setbacks = Setbacks(self._tools, self._device)
        return True

    async def _no_device(self) -> None:
        name = self.job.output_device or ""
        turn, gone = self._tools.turn(name), f"The output device {name} is no longer set up."
        if self.job.bytes_sent:
            await self._write(lambda job: turn.uncertain(job, f"{gone} {MAY_HAVE_PRINTED}", asking=False))
        else:
            await self._write(lambda job: turn.returned(job, f"{gone} Release it again."))

    async def _deliver(self) -> None:
        if self._tools.printers.of_job(self.job.printer).paused:
            await self._setbacks.paused(self.job)
            return
        status = await self._driver.status(self._device)
        if not status.can_print:
            await self._note_status(status)
            await self._setbacks.not_ready(self.job, status)
            return
        async with contextlib.AsyncExitStack() as until_sent:
            try:
                plan = plan_for(self.job, self._tools.printers.of_job(self.job.printer), self._device)
                made = device_document(self._tools, self.job, self._device, plan)
                document = await until_sent.enter_async_context(made)
            except (Unavailable, ConverterCrashed) as error:
                await self._setbacks.later(self.job, str(error))
                return
            except Refusal as refusal:
                await self._setbacks.refused(self.job, refusal.message)
                return
            sent = await self._send(document)
        # Only now: whoever stands at the device waits for paper, not for our books.
        await self._note_status(status)
        if sent:
            await self._follow(self.job.device_job)

    async def _send(self, document: DeviceDocument) -> bool:
        """Whether the device took it all; if not, what follows from that has been done."""
        self._plan = document.plan
        order = self._order = order_for(self.job, document.plan, size=document.size)
        self.sending = True
        try:
            device_job = await self._driver.send(self._device, order, document.body, self._on_progress)
        except DeviceError as error:
            await self._broken(error)
            return False
        except Refusal as refusal:
            # The spool failed under the document, or the row before it. The driver has cut the connection.
            await self._broken(DeviceError(refusal.message, bytes_sent=self._octets, busy=True))
            return False
        finally:
            self.sending = False
        await self._write(lambda job: self._turn().sent(job, order.size, device_job))
        return True

    async def _on_progress(self, octets: int) -> None:
        """At 0 the row must say it before anything goes out; later on a look at it now and then is enough."""
        now = self._tools.clock.monotonic()
        if octets == 0:
            assert self._plan is not None
            counts = self._plan.counts
            await self._write(lambda job: self._turn().sending(job, counts))
            self._told_at = now
        elif now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            with contextlib.suppress(Unavailable):
                await self._write(lambda job: JobChange(job=replace(job, bytes_sent=octets)))
        self._octets = octets

    async def _broken(self, error: DeviceError) -> None:
        if error.bytes_sent:
            await self._learn(error.message)
        elif error.busy:
            await self._setbacks.busy(self.job, error.message)
        else:
            await self._setbacks.unreachable(self.job, error.message)

    # -- on the device

    async def _resume(self) -> None:
        """After a restart, or a worker's death, in the middle of sending or printing."""
        try:
            self._plan = plan_for(self.job, self._tools.printers.of_job(self.job.printer), self._device)
            self._order = order_for(self.job, self._plan, size=max(self.job.bytes_sent, 1))
        except Refusal as refusal:
            await self._ask_owner(refusal.message, asking=False)
            return
        await self._learn("The gateway was interrupted while it sent the document.")

    async def _learn(self, why: str) -> None:
        """Octets went out and nobody knows more: ask the device, as long as it takes, then ask the owner."""
        assert self._order is not None
        delays = self._tools.settings.unreachable_delays or (10.0,)
        tries = 0
        while True:
            try:
                progress = await self._driver.find(self._device, self._order)
            except DeviceError as error:
                await self._ask_owner(f"{why} {error.message}", asking=True)
                await self._tools.clock.sleep(delays[min(tries, len(delays) - 1)])
                tries += 1
                continue
            break
        if progress is None:
            await self._ask_owner(why, asking=False)
        elif progress.done:
            await self._settle(progress)
        else:
            await self._advance(progress)
            await self._follow(progress.device_job)

    async def _follow(self, device_job: str | None) -> None:
        assert self._order is not None
        progress = Progress(done=True, confirmed=False)
        try:
            async for progress in self._driver.follow(self._device, self._order, device_job):
                if not progress.done:
                    await self._advance(progress)
        except DeviceError as error:
            await self._ask_owner(error.message, asking=False)
            return
        await self._settle(progress)

    async def _ask_owner(self, why: str, *, asking: bool) -> None:
        message = f"{why} {MAY_HAVE_PRINTED}"
        await self._write(lambda job: self._turn().uncertain(job, message, asking=asking))

    async def _advance(self, progress: Progress) -> None:
        """Write what has changed, and only that."""
        before = self.job
        if self._turn().moving(before, progress).job == before:
            return
        await self._write(lambda job: self._turn().moving(job, progress))
        if before.state is not self.job.state:
            state = DeviceState.STOPPED if progress.stopped else DeviceState.PROCESSING
            reasons = progress.reasons if progress.stopped else ()
            message = progress.message if progress.stopped else ""
            await self._note_status(DeviceStatus(state=state, reasons=reasons, message=message, at=self._turn().now))

    async def _settle(self, progress: Progress) -> None:
        assert self._plan is not None
        plan, had_stopped = self._plan, self.job.state is JobState.PROCESSING_STOPPED
        if progress.aborted:
            await self._write(lambda job: self._turn().given_up(job, plan, progress))
        else:
            await self._write(lambda job: self._turn().completed(job, plan, progress))
        if had_stopped:
            # It went on and ended between two looks: whoever releases next must not be told that it is stopped.
            await self._note_status(await self._driver.status(self._device))

    # -- small things

    async def _write(self, change: Callable[[Job], JobChange | None]) -> None:
        self.job = await self._tools.write(self.job.id, change)

    async def _note_status(self, status: DeviceStatus) -> None:
        """Idle or printing is no news: only what keeps the device from printing, or no longer does, goes to its row."""
        known = self._device.status
        same = (known.can_print, known.reasons, known.message) == (status.can_print, status.reasons, status.message)
        if same and known.state is not DeviceState.UNKNOWN:
            return
        with contextlib.suppress(PapertapError):
            await self._tools.printers.set_device_status(self._device.name, status)
            self._device = self._tools.printers.device(self._device.name)

    def _turn(self) -> Turn:
        return self._tools.turn(self._device.info or self._device.name)


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """End the tasks and wait for them; what one of them raised by itself is raised.

    `asyncio.wait` and not `await task`: a cancellation of the caller must not be taken for that of the task.
    """
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
