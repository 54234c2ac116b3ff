"""A driver and a virtual printer across a table from each other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from gateway.adapters.devices import Limits, drivers
from gateway.domain.device import Device
from gateway.domain.ticket import JobTicket
from gateway.services.ports import DeviceDriver, Order, Progress
from ipp.virtual import Features, VirtualPrinter, count_only
from tests.ipp.virtual.samples import QuickClock, in_pieces

QUICK = Limits(connect=2.0, answer=2.0, stall=0.3, close=0.3, poll=1.0, lost=1.0)
PATIENT = Limits(connect=5.0, answer=5.0, stall=10.0, close=10.0)


@dataclass
class Bench:
    """`device` leads to the sink `protocol` of `printer`; `progress` is what sending told, `pins` what was pinned."""

    printer: VirtualPrinter
    protocol: str
    device: Device
    limits: Limits = PATIENT
    pins: list[tuple[str, str]] = field(default_factory=list)
    progress: list[int] = field(default_factory=list)

    @property
    def driver(self) -> DeviceDriver:
        async def on_pin(name: str, sha256: str) -> None:
            self.pins.append((name, sha256))

        scheme = self.device.uri.partition(":")[0]
        return drivers(clock=QuickClock(), on_pin=on_pin, limits=self.limits)[scheme]

    async def note(self, octets: int) -> None:
        self.progress.append(octets)

    async def send(self, order: Order, octets: bytes) -> str | None:
        return await self.driver.send(self.device, order, in_pieces(octets, 16_384), self.note)

    async def followed(self, order: Order, device_job: str | None) -> list[Progress]:
        return [progress async for progress in self.driver.follow(self.device, order, device_job)]


@asynccontextmanager
async def a_bench(directory: Path, protocol: str, *, tls: Any = None, **features: Any) -> AsyncIterator[Bench]:
    printer = VirtualPrinter(directory, features=Features(speed=0, **features), render=count_only, tls=tls)
    async with printer:
        device = Device(name="laser", uuid=uuid4(), uri=printer.uri(protocol), info="Laser")
        yield Bench(printer=printer, protocol=protocol, device=device)


def an_order(octets: bytes, **fields: Any) -> Order:
    release_id = fields.pop("release_id", uuid4())
    plain: dict[str, Any] = {
        "release_id": release_id,
        "job_id": 1007,
        "name": f"Tax return {release_id}",
        "user": "alice",
        "ticket": JobTicket(),
        "format": "application/pdf",
        "size": len(octets),
        "copies": 1,
        "impressions": 1,
    }
    return Order(**plain | fields)
