"""What to do when a device prints nothing yet (rows 71 and 73): wait and try again, go elsewhere, or hold and tell.

Every branch ends: after the last try the job is held again with a message, so that nothing loops in silence.
"""

import logging

from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.domain.job import Job
from gateway.errors import NotFound
from gateway.services.delivery_rows import Tools
from gateway.services.fitness import lacking, refusal_of

PAUSE_SECONDS = 60.0

log = logging.getLogger(__name__)


class Setbacks:
    """The consequences for one job at one device. In each of them nothing has been printed."""

    def __init__(self, tools: Tools, device: Device) -> None:
        self._tools = tools
        self._device = device
        self._turn = tools.turn(device.info or device.name)

    async def paused(self, job: Job) -> None:
        """Somebody paused the Printer (RFC 8011 section 4.2.7); resuming it wakes the job at once."""
        await self._tools.write(job.id, lambda row: self._turn.paused(row, PAUSE_SECONDS, "The printer is paused."))

    async def not_ready(self, job: Job, status: DeviceStatus) -> None:
        """The device was asked first and cannot print now."""
        if status.state is DeviceState.UNREACHABLE:
            await self.unreachable(job, status.message or "It does not answer.")
        else:
            why = status.message or ", ".join(status.reasons) or "it is stopped"
            await self.later(job, f"{self._turn.device} cannot print now: {why}.")

    async def busy(self, job: Job, message: str) -> None:
        """The device asked to come again."""
        await self.later(job, f"{self._turn.device} is busy: {message}")

    async def later(self, job: Job, message: str) -> None:
        """Back-off, doubled up to its longest."""
        settings = self._tools.settings
        if job.attempts >= settings.busy_tries:
            await self._hold(job, message)
            return
        seconds = min(settings.busy_first * 2 ** min(job.attempts, 30), settings.busy_longest)
        await self._tools.write(job.id, lambda row: self._turn.postponed(row, seconds, message))

    async def unreachable(self, job: Job, message: str) -> None:
        """The settings' delays, then the failover device, else hold again."""
        text = f"{self._turn.device} cannot be reached: {message}"
        delays = self._tools.settings.unreachable_delays
        if job.attempts < len(delays):
            seconds = delays[job.attempts]
            await self._tools.write(job.id, lambda row: self._turn.postponed(row, seconds, text))
            return
        other = await self._failover(job)
        if other is None:
            await self._hold(job, text)
            return
        text = f"{text} It prints at {other.info or other.name} instead."
        await self._tools.write(job.id, lambda row: self._turn.failed_over(row, other.name, text))

    async def refused(self, job: Job, message: str) -> None:
        """The document cannot be made for this device, or is gone: no later try can help."""
        await self._tools.write(job.id, lambda row: self._turn.aborted(row, message))

    async def _hold(self, job: Job, message: str) -> None:
        """Held again, with the nearest device that could print it."""
        printers = self._tools.printers
        printer = printers.of_job(job.printer)
        device = printers.device(self._device.name)
        others = [d for d in (self._named_failover(), *printers.devices_of(printer)) if d is not None]
        refusal = refusal_of(device, printer.house.greyed(job.ticket), others=tuple(others))
        text = f"{message} Release it again." if refusal is None else refusal.message
        log.warning("job %d held again: %s", job.id, message)
        await self._tools.write(job.id, lambda row: self._turn.returned(row, text))

    async def _failover(self, job: Job) -> Device | None:
        """Only of jobs that nobody waits for at the device: a held job must not come out where its owner is not."""
        other, printer = self._named_failover(), self._tools.printers.of_job(job.printer)
        if other is None or printer.holds or lacking(other, printer.house.greyed(job.ticket)):
            return None
        driver = self._tools.drivers.get(other.uri.partition(":")[0])
        if driver is None:
            return None
        return other if (await driver.status(other)).can_print else None

    def _named_failover(self) -> Device | None:
        if self._device.failover is None:
            return None
        try:
            return self._tools.printers.device(self._device.failover)
        except NotFound:
            return None
