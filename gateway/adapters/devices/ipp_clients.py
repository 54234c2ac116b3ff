"""IPP clients that are kept between two requests: a TLS handshake is most of the time until the first octet.

A client belongs to one use at a time. Those left idle are closed after a while; printers have few connections.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.adapters.devices.limits import OnPin, World
from gateway.domain.device import Device
from gateway.services.ports import DeviceError
from ipp.client import HttpRefused, IppClient, IppClientError, Patience, TlsPolicy

IDLE_SECONDS = 30.0
_HTTP_UNAVAILABLE = 503

_Key = tuple[str, str, str | None]


class IppClients:
    """`of(device)` gives a client under the device's pinned certificate; its errors become DeviceErrors."""

    def __init__(self, world: World, on_pin: OnPin) -> None:
        self._world, self._on_pin = world, on_pin
        self._pins: dict[tuple[str, str], str] = {}
        self._idle: dict[_Key, tuple[IppClient, float]] = {}
        self._seen: dict[str, str] = {}

    @asynccontextmanager
    async def of(self, device: Device) -> AsyncIterator[IppClient]:
        await self._close_old(device)
        key = (device.name, device.uri, self._pinned(device))
        kept = self._idle.pop(key, None)
        client = self._made(device, key[2]) if kept is None else kept[0]
        try:
            yield client
        except BaseException as error:
            await client.aclose()
            if isinstance(error, IppClientError):
                raise _device_error(error) from error
            raise
        else:
            await self._keep(key, client)
        finally:
            await self._report(device)

    def _made(self, device: Device, pinned: str | None) -> IppClient:
        limits = self._world.limits

        def seen(sha256: str) -> None:
            self._seen[device.name] = sha256

        return IppClient(
            device.uri,
            tls=TlsPolicy(pinned_sha256=pinned, on_first_use=seen),
            timeout=Patience(connect=limits.connect, answer=limits.answer, stall=limits.stall),
            resolve=self._world.egress.resolve,
        )

    def _pinned(self, device: Device) -> str | None:
        """The row's, or the one just seen that the caller's Device cannot know yet.

        Once the row has it, ours is forgotten: a row that loses it again was told to trust the next certificate.
        """
        own = (device.name, device.uri)
        if device.pinned_certificate is not None:
            self._pins.pop(own, None)
            return device.pinned_certificate
        return self._pins.get(own)

    async def _report(self, device: Device) -> None:
        sha256 = self._seen.pop(device.name, None)
        if sha256 is not None:
            self._pins[device.name, device.uri] = sha256
            await self._on_pin(device.name, sha256)

    async def _keep(self, key: _Key, client: IppClient) -> None:
        if key in self._idle:
            await client.aclose()
        else:
            self._idle[key] = (client, self._world.clock.monotonic())

    async def aclose(self) -> None:
        """Closes those that nobody uses now."""
        idle, self._idle = self._idle, {}
        for client, _ in idle.values():
            await client.aclose()

    async def _close_old(self, device: Device) -> None:
        """Those idle for too long, and those of an earlier address or certificate of this device."""
        now = self._world.clock.monotonic()
        current = (device.uri, self._pinned(device))
        for key, (client, since) in list(self._idle.items()):
            outdated = key[0] == device.name and key[1:] != current
            if outdated or now - since > IDLE_SECONDS:
                del self._idle[key]
                await client.aclose()


def _device_error(error: IppClientError) -> DeviceError:
    text = f"{error}."[:300]
    if isinstance(error, HttpRefused):
        # Refused as a whole: nothing of it is printed, however much had gone out.
        return DeviceError(text, busy=error.status == _HTTP_UNAVAILABLE)
    return DeviceError(text, bytes_sent=error.bytes_sent)
