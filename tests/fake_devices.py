"""An Output Device in memory that prints, refuses, stops half-way or vanishes, as the test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.services.ports import DeviceError, Order, Progress


@dataclass
class FakeDevice:
    """What one machine does. `break_after`: the connection ends after that many octets of the document.

    `script` is what `follow` tells; `knows_jobs` False makes `find` answer None, as RAW and LPD do. `printed` holds
    each order with all octets that arrived, `partly` those whose connection broke.
    """

    capabilities: Capabilities | None = field(default_factory=Capabilities)
    status: DeviceStatus = field(default_factory=lambda: DeviceStatus(state=DeviceState.IDLE))
    unreachable: bool = False
    busy: int = 0
    break_after: int | None = None
    script: list[Progress] = field(default_factory=lambda: [Progress(done=True)])
    knows_jobs: bool = True
    printed: list[tuple[Order, bytes]] = field(default_factory=list)
    partly: list[tuple[Order, bytes]] = field(default_factory=list)
    cancelled: list[str | None] = field(default_factory=list)


class FakeDriver:
    """Drives any number of FakeDevices by the Device's name; an unknown name gets a device that just prints."""

    def __init__(self, **devices: FakeDevice) -> None:
        self.devices: dict[str, FakeDevice] = dict(devices)

    def at(self, name: str) -> FakeDevice:
        return self.devices.setdefault(name, FakeDevice())

    async def describe(self, device: Device) -> Capabilities | None:
        machine = self.at(device.name)
        if machine.unreachable:
            raise DeviceError(f"{device.name} does not answer.")
        return machine.capabilities

    async def status(self, device: Device) -> DeviceStatus:
        machine = self.at(device.name)
        return DeviceStatus(state=DeviceState.UNREACHABLE) if machine.unreachable else machine.status

    async def send(
        self, device: Device, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> str | None:
        machine = self.at(device.name)
        if machine.unreachable:
            raise DeviceError(f"{device.name} does not answer.")
        if machine.busy:
            machine.busy -= 1
            raise DeviceError(f"{device.name} is busy.", busy=True)
        await on_progress(0)
        data = await self._take(machine, order, body, on_progress)
        machine.printed.append((order, data))
        return f"{device.name}-{len(machine.printed)}" if machine.knows_jobs else None

    async def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        machine = self.at(device.name)
        for progress in list(machine.script) if machine.knows_jobs else [Progress(done=True, confirmed=False)]:
            yield progress

    async def find(self, device: Device, order: Order) -> Progress | None:
        machine = self.at(device.name)
        known = any(printed.release_id == order.release_id for printed, _ in machine.printed)
        return machine.script[-1] if machine.knows_jobs and known else None

    async def cancel(self, device: Device, device_job: str | None) -> None:
        self.at(device.name).cancelled.append(device_job)

    @staticmethod
    async def _take(
        machine: FakeDevice, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> bytes:
        data = b""
        async for chunk in body:
            data += chunk
            if machine.break_after is not None and len(data) >= machine.break_after:
                data = data[: machine.break_after]
                machine.partly.append((order, data))
                raise DeviceError("The connection broke.", bytes_sent=len(data))
            await on_progress(len(data))
        return data
