"""lpd://host[:515]/queue: the client side of RFC 1179. The device acknowledges having taken the job, not printing it.

The control file goes first, as most printers expect; the source port is any (section 3.1 wants 721 to 731, which needs
privilege, and devices have long stopped asking). `?snmp=true` has what came out confirmed: see page_counter.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import unquote, urlsplit

from gateway.adapters.devices.limits import World
from gateway.adapters.devices.page_counter import PageCounters
from gateway.adapters.devices.stream import DeviceStream
from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.services.ports import DeviceError, Order, Progress

_PORT = 515
_HOST = "papertap"
_LONGEST_ANSWER = 4096


class LpdDriver:
    """DeviceDriver for LPD."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._counters = PageCounters(world)

    async def describe(self, device: Device) -> Capabilities | None:  # noqa: ARG002 - the port's signature
        return None

    async def status(self, device: Device) -> DeviceStatus:
        """Section 5.3: the answer is for people and becomes the message; a state cannot be read from it."""
        now = self._world.clock.now()
        try:
            async with self._connected(device) as stream:
                await stream.write(b"\x03%b\n" % _queue(device))
                answer = await stream.read_all(_LONGEST_ANSWER, self._world.limits.answer)
        except DeviceError as error:
            return DeviceStatus(state=DeviceState.UNREACHABLE, message=error.message, at=now)
        return await self._counters.status(device, DeviceStatus(message=_first_line(answer), at=now))

    async def send(
        self, device: Device, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> str | None:
        number = f"{order.job_id % 1000:03d}"
        control = _control_file(order, number)
        await self._counters.begin(device, order)
        async with self._connected(device) as stream:
            await on_progress(0)
            await self._command(stream, b"\x02%b\n" % _queue(device))
            await self._command(stream, b"\x02%d cfA%b%b\n" % (len(control), number.encode(), _HOST.encode()))
            await self._command(stream, control + b"\0")
            await self._command(stream, b"\x03%d dfA%b%b\n" % (order.size, number.encode(), _HOST.encode()))
            await stream.send(body, on_progress)
            if stream.sent != order.size:
                raise DeviceError("The document was not as long as announced.", bytes_sent=stream.sent)
            await self._command(stream, b"\0", self._world.limits.close)
        return number

    def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        return self._counters.follow(device, order, device_job)

    async def find(self, device: Device, order: Order) -> Progress | None:  # noqa: ARG002 - the port's signature
        return None

    async def cancel(self, device: Device, device_job: str | None) -> None:
        """Section 5.5, remove jobs: there is no answer."""
        if device_job is None:
            return
        async with self._connected(device) as stream:
            await stream.write(b"\x05%b %b %b\n" % (_queue(device), _HOST.encode(), device_job.encode()))
            await stream.read(1, self._world.limits.answer)

    async def _command(self, stream: DeviceStream, octets: bytes, seconds: float | None = None) -> None:
        """Write and wait for the octet 0; anything else is a refusal, before the document a temporary one."""
        await stream.write(octets)
        answer = await stream.read(1, seconds or self._world.limits.answer)
        if answer == b"\0":
            return
        text = "closed the connection" if not answer else f"refused (code {answer[0]})"
        raise DeviceError(f"The device {text}.", bytes_sent=stream.sent, busy=stream.sent == 0)

    def _connected(self, device: Device) -> AbstractAsyncContextManager[DeviceStream]:
        parts = urlsplit(device.uri)
        return DeviceStream.connected(self._world, parts.hostname or "", parts.port or _PORT)


def _queue(device: Device) -> bytes:
    return _word(unquote(urlsplit(device.uri).path.lstrip("/")) or "lp", 64)


def _control_file(order: Order, number: str) -> bytes:
    """Section 7: host, user, job name, one print command a copy, the data file to unlink, its name."""
    data_file = f"dfA{number}{_HOST}".encode()
    name = _line(order.name, 99)
    lines = [b"H" + _HOST.encode(), b"P" + _word(order.user, 31), b"J" + name]
    lines += [b"l" + data_file] * order.copies
    lines += [b"U" + data_file, b"N" + name]
    return b"".join(line + b"\n" for line in lines)


def _line(text: str, longest: int) -> bytes:
    """One line of printable ASCII: no control character can start another line."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:longest].encode("ascii")


def _word(text: str, longest: int) -> bytes:
    return _line(text, longest).replace(b" ", b"_") or b"anonymous"


def _first_line(answer: bytes) -> str:
    text = answer.decode("utf-8", "replace").partition("\n")[0]
    return "".join(c for c in text if c.isprintable())[:200]
