"""socket://host[:9100][?waiteof=false][&pjl=false]: RAW. There is no acknowledgement but the closing of the connection.

`waiteof=false` is for devices that never close by themselves: then it is enough that their TCP has taken every octet.
`pjl=false` is for devices that would print PJL as text. `snmp=true` has what came out confirmed: see page_counter.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qs, urlsplit

from gateway.adapters.devices.limits import World
from gateway.adapters.devices.page_counter import PageCounters
from gateway.adapters.devices.pjl import frame
from gateway.adapters.devices.stream import DeviceStream
from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.services.ports import DeviceError, Order, Progress

_PORT = 9100


class SocketDriver:
    """DeviceDriver for RAW."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._counters = PageCounters(world)

    async def describe(self, device: Device) -> Capabilities | None:  # noqa: ARG002 - the port's signature
        return None

    async def status(self, device: Device) -> DeviceStatus:
        """Only whether it can be reached: the protocol says nothing else, but SNMP may."""
        now = self._world.clock.now()
        try:
            async with self._connected(device):
                plain = DeviceStatus(at=now)
        except DeviceError as error:
            return DeviceStatus(state=DeviceState.UNREACHABLE, message=error.message, at=now)
        return await self._counters.status(device, plain)

    async def send(
        self, device: Device, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> str | None:
        options = parse_qs(urlsplit(device.uri).query)
        head, tail = (b"", b"") if options.get("pjl") == ["false"] else frame(order)
        await self._counters.begin(device, order)
        async with self._connected(device) as stream:
            await on_progress(0)
            if head:
                await stream.write(head)
            await stream.send(body, on_progress)
            if tail:
                await stream.write(tail)
            await stream.end(wait=options.get("waiteof") != ["false"])
        return None

    def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        return self._counters.follow(device, order, device_job)

    async def find(self, device: Device, order: Order) -> Progress | None:  # noqa: ARG002 - the port's signature
        return None

    async def cancel(self, device: Device, device_job: str | None) -> None:
        """Nothing to tell the device: leaving `send` resets the connection."""

    def _connected(self, device: Device) -> AbstractAsyncContextManager[DeviceStream]:
        parts = urlsplit(device.uri)
        return DeviceStream.connected(self._world, parts.hostname or "", parts.port or _PORT)
