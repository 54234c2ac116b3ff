"""Delivery on whole fakes, with devices that do as the test says and a clock that it owns."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from gateway.domain.device import Device
from gateway.domain.job import Job, JobState
from gateway.services.delivery import Delivery
from gateway.services.ports import Drivers, Order, Progress
from gateway.settings import Delivery as DeliverySettings
from tests.fakes import FakeDevice, FakeDriver, a_released_job, fake_pdf
from tests.fakes_numbers import MemorySideNumbers
from tests.gateway.services.house import House

DOCUMENT = fake_pdf(3, color=True)


class StageDriver(FakeDriver):
    """FakeDriver with curtains: `sending` and `following` wait while theirs is closed. `seen` are rows as of the
    moment before the first octet, `begun` the releases of which any octet reached the device.
    """

    def __init__(self, house: "DeliveryHouse", **devices: FakeDevice) -> None:
        super().__init__(**devices)
        self.house = house
        self.sending, self.following = asyncio.Event(), asyncio.Event()
        self.sending.set()
        self.following.set()
        self.seen: list[Job] = []
        self.begun: list[UUID] = []
        self.status_asked: list[str] = []
        self._octets = 0

    async def status(self, device: Device) -> Any:
        self.status_asked.append(device.name)
        return await super().status(device)

    async def send(
        self, device: Device, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> str | None:
        async def told(octets: int) -> None:
            await on_progress(octets)
            if octets == 0:
                self.seen.append(self.house.jobs.rows[order.job_id])
                await self.sending.wait()
            elif not self.begun or self.begun[-1] != order.release_id or octets <= self._octets:
                self.begun.append(order.release_id)
            self._octets = octets
            await asyncio.sleep(0)

        return await super().send(device, order, body, told)

    async def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        async for progress in super().follow(device, order, device_job):
            yield progress
            await self.following.wait()


class DeliveryHouse(House):
    """`built()`, `released(...)`, then `async with house.delivering()`."""

    def __init__(self) -> None:
        super().__init__()
        self.driver = StageDriver(self)
        self.settings = DeliverySettings()
        self.numbers = MemorySideNumbers()
        self.delivery = self.worker("worker-1")

    def worker(self, name: str, drivers: Drivers | None = None) -> Delivery:
        return Delivery(
            jobs=self.jobs,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            converter=self.converter,
            drivers=drivers or dict.fromkeys(("ipp", "socket"), self.driver),
            events=self.events,
            clock=self.clock,
            numbers=self.numbers,
            settings=self.settings,
            name=name,
        )

    @classmethod
    async def at_work(cls) -> "DeliveryHouse":
        house = await cls.built()
        assert isinstance(house, DeliveryHouse)
        await house.printers.refresh()
        return house

    def device(self, name: str = "laser") -> FakeDevice:
        return self.driver.at(name)

    async def released(self, device: str = "laser", **fields: Any) -> Job:
        """A job that was prepared and released: three colour pages."""
        plain, wrapped = self.keyring.new_key()
        printable = await self.sealed(fields.pop("octets", DOCUMENT), plain)
        made: dict[str, Any] = {
            "printable": printable,
            "key": wrapped,
            "pages": 3,
            "color": True,
            "impressions": 3,
            "media_sheets": 3,
        }
        return await self.added(a_released_job(device, **made | fields))

    async def release_again(self, job: Job, device: str = "laser") -> Job:
        from tests.gateway.services.house import OPERATOR

        (outcome,) = await self.release.release([job.id], OPERATOR, device=device)
        assert outcome.job is not None, outcome.refusal
        return outcome.job

    def row(self, job: Job) -> Job:
        return self.jobs.rows[job.id]

    def prints(self, name: str = "laser") -> list[UUID]:
        """The releases that came out whole, in order."""
        return [order.release_id for order, _ in self.device(name).printed]

    @asynccontextmanager
    async def delivering(self, delivery: Delivery | None = None) -> AsyncIterator[None]:
        task = asyncio.create_task((delivery or self.delivery).run())
        await self.settle()
        try:
            yield
            if task.done():
                await task
        finally:
            await ended(task)

    async def settle(self) -> None:
        for _ in range(8):
            await self.clock.settle()

    async def pass_(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.settle()


async def ended(task: "asyncio.Task[None]") -> None:
    """Cancel it; a task that swallows its cancellation fails the test in place of hanging it."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=60)
    assert done, "it does not end when it is canceled"


async def finished(house: DeliveryHouse, job: Job, state: JobState) -> Job:
    await house.settle()
    row = house.row(job)
    assert row.state is state, (row.state, row.message)
    return row
