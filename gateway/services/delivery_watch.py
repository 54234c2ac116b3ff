"""Looks after devices that jobs wait for, and those known to be out of order, so that a repair is noticed by itself."""

import asyncio
import logging
from dataclasses import replace
from urllib.parse import urlsplit

from gateway.domain.device import Device
from gateway.domain.job import Job, JobState
from gateway.errors import NotFound, PapertapError
from gateway.services.delivery_rows import Tools
from gateway.services.ports import JobChange, JobQuery

WATCH_SECONDS = 5.0

log = logging.getLogger(__name__)


class DeviceWatch:
    """`run` for as long as deliveries do."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def run(self) -> None:
        while True:
            await self._tools.clock.sleep(WATCH_SECONDS)
            try:
                await self.look()
            except PapertapError as error:
                log.warning("devices not watched: %s", error)

    async def look(self) -> None:
        """One round. A device that can print again gets its postponed jobs at once."""
        waiting = await self._tools.jobs.find(JobQuery(states=(JobState.PENDING,), released=True, limit=500))
        awaited = {job.output_device for job in waiting if job.attempts}
        watched = [d for d in self._tools.printers.devices() if d.name in awaited or not d.status.can_print]
        # Side by side: one dead device takes as long to answer as its time-out.
        for device, repaired in zip(watched, await asyncio.gather(*map(self._look_at, watched)), strict=True):
            if repaired:
                await self._hurry([job for job in waiting if job.output_device == device.name])

    async def hurry(self, printer: str) -> None:
        """A Printer was changed, perhaps resumed: its jobs need not wait out their time."""
        query = JobQuery(states=(JobState.PENDING,), released=True, printer=printer, limit=500)
        try:
            await self._hurry(await self._tools.jobs.find(query))
        except PapertapError as error:
            log.warning("jobs of %s not woken: %s", printer, error)

    async def _look_at(self, device: Device) -> bool:
        driver = self._tools.drivers.get(urlsplit(device.uri).scheme)
        if driver is None:
            return False
        status = await driver.status(device)
        try:
            await self._tools.printers.set_device_status(device.name, status)
        except NotFound:
            return False
        return status.can_print and not device.status.can_print

    async def _hurry(self, waiting: list[Job]) -> None:
        for job in waiting:
            if job.not_before is not None:
                self._tools.publish(await self._tools.jobs.update(job.id, _at_once))


def _at_once(job: Job) -> JobChange | None:
    if job.state is not JobState.PENDING or job.not_before is None:
        return None
    return JobChange(job=replace(job, not_before=None))
