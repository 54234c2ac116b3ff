"""What RAW and LPD cannot tell, SNMP can: `?snmp=true` in a device URI has the page counter watched, and `?snmp=PORT`
where the device answers at another UDP port than the rest.

Before a document goes out prtMarkerLifeCount is read, and until it has risen by the document's impressions the job is
followed: with what keeps the device from printing, and with what really came out where it is less. Pages that somebody
else prints meanwhile count, too: the device does not say whose they are.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import UUID

from gateway.adapters.devices.limits import World
from gateway.adapters.snmp import LIFE_COUNT, impressions, text
from gateway.domain.device import Device, DeviceState, DeviceStatus, snmp_port
from gateway.services.ports import DeviceError, Order, Progress

# RFC 2790 of the first device, RFC 3805 of its first marker and console.
OBJECTS = {
    "device": "1.3.6.1.2.1.25.3.2.1.5.1",  # hrDeviceStatus
    "printer": "1.3.6.1.2.1.25.3.5.1.1.1",  # hrPrinterStatus
    "errors": "1.3.6.1.2.1.25.3.5.1.2.1",  # hrPrinterDetectedErrorState
    **LIFE_COUNT,
    "console": "1.3.6.1.2.1.43.16.5.1.2.1.1",  # prtConsoleDisplayBufferText
}
_DOWN = 5
_OTHER, _IDLE, _PRINTING, _WARMING_UP = 1, 3, 4, 5
# hrPrinterDetectedErrorState by bit, the first octet's highest first: printer-state-reasons, and whether it can print on.
_ERRORS = (
    ("media-low", False),
    ("media-empty", True),
    ("toner-low", False),
    ("toner-empty", True),
    ("door-open", True),
    ("media-jam", True),
    ("other", True),  # offline
    ("other", False),  # serviceRequested
    ("input-tray-missing", True),
    ("output-tray-missing", True),
    ("marker-supply-missing", True),
    ("output-area-almost-full", False),
    ("output-area-full", True),
    ("media-empty", False),  # one tray of several
    ("other", False),  # overduePreventMaint
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """`pages`: the counter in impressions, None where the device counts nothing or something else."""

    state: DeviceState
    reasons: tuple[str, ...] = ()
    message: str = ""
    pages: int | None = None


@dataclass(kw_only=True, slots=True)
class _Watch:
    """How far a job has come: `made` of `total` impressions, and when that changed last."""

    start: int
    total: int
    since: float
    made: int = 0
    device_job: str | None = None

    @property
    def progress(self) -> Progress:
        return Progress(device_job=self.device_job, impressions_completed=self.made)


class PageCounters:
    """For drivers whose protocol ends with the last octet."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._begun: dict[str, tuple[UUID, int]] = {}  # by the device's name: it prints one job at a time

    async def begin(self, device: Device, order: Order) -> None:
        """Before the first octet."""
        reading = await self._read(device)
        if reading is not None and reading.pages is not None:
            self._begun[device.name] = (order.release_id, reading.pages)

    async def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        """One Progress each poll; one without confirmation at once where nothing is counted."""
        release_id, start = self._begun.pop(device.name, (None, 0))
        if release_id != order.release_id:
            yield Progress(device_job=device_job, done=True, confirmed=False)
            return
        now = self._world.clock.now()
        watch = _Watch(start=start, total=order.impressions, since=now, device_job=device_job)
        progress = watch.progress
        while not progress.done:
            await self._world.clock.sleep(self._world.limits.poll)
            progress = self._step(watch, await self._read(device))
            yield progress

    async def status(self, device: Device, plain: DeviceStatus) -> DeviceStatus:
        """`plain`, what the driver found, with what SNMP adds to it."""
        if snmp_port(device.uri) is None:
            return plain
        reading = await self._read(device)
        if reading is None:
            return DeviceStatus(message="It does not answer SNMP, so nothing confirms what it prints.", at=plain.at)
        return DeviceStatus(state=reading.state, reasons=reading.reasons, message=reading.message, at=plain.at)

    def _step(self, watch: _Watch, reading: Reading | None) -> Progress:
        now, limits = self._world.clock.now(), self._world.limits
        if reading is None:
            silent = now - watch.since >= limits.close
            return replace(watch.progress, done=silent, confirmed=not silent)
        # A counter below its start was set back: it proves nothing.
        made = min(max((reading.pages or 0) - watch.start, watch.made), watch.total)
        if made > watch.made or reading.state in {DeviceState.PROCESSING, DeviceState.STOPPED}:
            watch.since = now
        watch.made = made
        if made >= watch.total:
            return replace(watch.progress, done=True, reasons=reading.reasons)
        if reading.state is DeviceState.STOPPED:
            return replace(watch.progress, stopped=True, reasons=reading.reasons, message=reading.message)
        settled = now - watch.since >= limits.settle
        return replace(watch.progress, done=settled, confirmed=made > 0 or not settled, reasons=reading.reasons)

    async def _read(self, device: Device) -> Reading | None:
        """None where it is not to be asked, or does not answer."""
        port = snmp_port(device.uri)
        if port is None:
            return None
        try:
            address = await self._world.egress.resolve(urlsplit(device.uri).hostname or "", port or 161)
        except DeviceError:
            return None
        found = await self._world.snmp.read(address, self._world.snmp_access, OBJECTS, port=port)
        if not found:
            return None
        state, reasons = _state(found)
        return Reading(
            state=state,
            reasons=reasons,
            message=text(found.get("console")) if state is DeviceState.STOPPED else "",
            pages=impressions(found),
        )


def _state(found: dict[str, int | bytes]) -> tuple[DeviceState, tuple[str, ...]]:
    errors = found.get("errors")
    bits = errors if isinstance(errors, bytes) else b""
    told = [_ERRORS[n] for n in range(min(8 * len(bits), len(_ERRORS))) if bits[n // 8] & (0x80 >> n % 8)]
    reasons = tuple(dict.fromkeys(f"{name}-{'error' if stops else 'warning'}" for name, stops in told))
    printer = found.get("printer")
    if found.get("device") == _DOWN or (printer == _OTHER and any(stops for _, stops in told)):
        return DeviceState.STOPPED, reasons
    states = {_IDLE: DeviceState.IDLE, _PRINTING: DeviceState.PROCESSING, _WARMING_UP: DeviceState.PROCESSING}
    return states.get(printer, DeviceState.UNKNOWN) if isinstance(printer, int) else DeviceState.UNKNOWN, reasons
