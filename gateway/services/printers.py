"""Printers and Output Devices, kept at hand: every front-end asks for them with each request.

The rows are the truth. A snapshot in memory answers without waiting; it is read again when an event says so and
each second besides, so that what another process changed (the command line, a second host) shows up.
"""

import asyncio
import ipaddress
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from gateway.domain.capabilities import Capabilities, union
from gateway.domain.device import Device, DeviceState, DeviceStatus, snmp_port
from gateway.domain.events import Event, Happening
from gateway.domain.job import JobState
from gateway.domain.printer import TEST, Printer, ReleasePolicy, printer_for_tests
from gateway.domain.site import parse_address
from gateway.errors import BadRequest, Conflict, NotFound, NotPossible, PapertapError
from gateway.services.ports import Clock, EventBus, JobQuery, JobStore, PrinterStore

REFRESH_SECONDS = 1.0
STALE = "Somebody else has changed this meanwhile. Look at it again and repeat your change."
SCHEMES = ("socket", "lpd", "ipp", "ipps")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Letters, digits and dashes; the last label begins with a letter, or it could be read as an address.
_HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OPEN = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PrinterStatus:
    """printer-state, printer-state-reasons and queued-job-count of one Printer; `changed_at` is a wall time."""

    state: str = "idle"
    reasons: tuple[str, ...] = ()
    message: str = ""
    queued_jobs: int = 0
    changed_at: float = 0.0


class Printers:
    """The snapshot of all Printers and devices, and the only way to change them."""

    def __init__(self, *, store: PrinterStore, jobs: JobStore, events: EventBus, clock: Clock) -> None:
        self._store = store
        self._jobs = jobs
        self._events = events
        self._clock = clock
        self._printers: dict[str, Printer] = {}
        self._devices: dict[str, Device] = {}
        self._status: dict[str, PrinterStatus] = {}
        self._generations: dict[str, int] = {}
        self._busy: frozenset[str] = frozenset()
        self.generation = 0

    # -- reading, from the snapshot

    def get(self, name: str) -> Printer:
        printer = self._printers.get(name)
        if printer is None:
            raise NotFound(f'There is no printer "{name}" here.')
        return printer

    def site_of(self, name: str) -> str:
        """Whose staff looks after the jobs of a Printer; "" also for one that is gone."""
        printer = self._printers.get(name)
        return "" if printer is None else printer.site

    def of_job(self, name: str) -> Printer:
        """The Printer that a job names: one of those above, or that of a device's test pages."""
        device = self._devices.get(name.removeprefix(TEST)) if name.startswith(TEST) else None
        return self.get(name) if device is None else printer_for_tests(device)

    def default(self) -> Printer:
        """The Printer behind /ipp/print: the one marked, else the first pull Printer, else the first."""
        several = self._printers.values()
        for wanted in (lambda p: p.is_default, lambda p: p.policy is ReleasePolicy.PULL, lambda _: True):
            found = next(filter(wanted, several), None)
            if found is not None:
                return found
        raise NotFound("No printer has been set up yet.")

    def all(self, address: str | None = None) -> tuple[Printer, ...]:
        """In the order of their names; with an address only those that its subnet may see."""
        return tuple(p for p in self._printers.values() if address is None or sees(address, p.subnets))

    def device(self, name: str) -> Device:
        device = self._devices.get(name)
        if device is None:
            raise NotFound(f'There is no output device "{name}".')
        return device

    def devices(self) -> tuple[Device, ...]:
        return tuple(self._devices.values())

    def devices_of(self, printer: Printer) -> tuple[Device, ...]:
        return tuple(self._devices[name] for name in printer.devices if name in self._devices)

    def targets_of(self, printer: Printer) -> tuple[Device, ...]:
        """Where its jobs may come out; a Printer without named devices uses any, unless it is bound to one."""
        if printer.devices or printer.policy is ReleasePolicy.SECURE:
            return self.devices_of(printer)
        return self.devices()

    def status(self, name: str) -> PrinterStatus:
        return self._status.get(name, PrinterStatus())

    def status_generation(self, name: str) -> int:
        """Grows whenever `status(name)` may differ."""
        return self._generations.get(name, 0)

    # -- keeping the snapshot

    async def refresh(self) -> None:
        """Read all rows; generations grow only where something differs."""
        printers = {p.name: p for p in await self._store.printers()}
        devices = {d.name: d for d in await self._store.devices()}
        if printers != self._printers or _configured(devices) != _configured(self._devices):
            self.generation += 1
        self._printers, self._devices = printers, devices
        for name in printers:
            await self._refresh_status(name)

    async def _refresh_status(self, name: str) -> None:
        queued = await self._jobs.count(JobQuery(printer=name, states=_OPEN, limit=None))
        active = await self._jobs.count(JobQuery(printer=name, states=(JobState.PROCESSING,), limit=None))
        printer = self._printers.get(name)
        if printer is not None:
            self._keep_status(name, _status_of(printer, self.devices_of(printer), queued=queued, active=active))

    def _keep_status(self, name: str, status: PrinterStatus) -> None:
        before = self._status.get(name)
        if before is not None and replace(before, changed_at=0.0) == status:
            return
        now = self._clock.now()
        moved = before is None or (before.state, before.reasons) != (status.state, status.reasons)
        self._status[name] = replace(status, changed_at=now if before is None or moved else before.changed_at)
        self._generations[name] = self._generations.get(name, 0) + 1
        if moved and before is not None:
            self._tell(Event.PRINTER_STATE_CHANGED, name, text=status.message)

    async def run(self) -> None:
        """Refresh each second for as long as the process serves."""
        while True:
            await self._clock.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except PapertapError as error:  # the database is away: the snapshot stays, the next second tries again
                log.warning("printers not refreshed: %s", error)

    # -- changing

    async def add_printer(
        self,
        name: str,
        *,
        policy: ReleasePolicy = ReleasePolicy.PULL,
        devices: tuple[str, ...] = (),
        **fields: Any,
    ) -> Printer:
        """BadRequest for a bad name or an unknown device, Conflict when the name is taken."""
        check_name(name)
        self._check_devices(policy, devices)
        fields["host_names"] = self._host_names(name, fields.get("host_names", ()))
        self._check_raw_port(name, fields.get("raw_port"))
        now = self._clock.now()
        printer = Printer(
            **{"info": name, **fields},
            name=name,
            uuid=uuid4(),
            policy=policy,
            devices=devices,
            capabilities=self._union(devices),
            created_at=now,
            config_changed_at=now,
        )
        if await self._store.printer(name) is not None:
            raise Conflict(f'A printer "{name}" exists already.')
        saved = await self._store.save_printer(printer)
        await self.refresh()
        self._tell(Event.PRINTER_CREATED, name)
        return saved

    async def change_printer(self, name: str, *, read: int | None = None, **changes: Any) -> Printer:
        """Fields of `Printer`; capabilities follow the devices. `read`: NotPossible unless that is still its version."""
        printer = await self._store.printer(name) or self.get(name)
        if read is not None and read != printer.version:
            raise NotPossible(STALE)
        devices = changes.get("devices", printer.devices)
        self._check_devices(changes.get("policy", printer.policy), devices)
        if "host_names" in changes:
            changes["host_names"] = self._host_names(name, changes["host_names"])
        self._check_raw_port(name, changes.get("raw_port"))
        changed = replace(
            printer,
            **{
                "capabilities": self._union(devices),
                **changes,
                "config_changed_at": self._clock.now(),
            },
        )
        saved = await self._store.save_printer(changed)
        await self.refresh()
        self._tell(Event.PRINTER_CONFIG_CHANGED, name)
        return saved

    async def delete_printer(self, name: str) -> None:
        self.get(name)
        if await self._jobs.count(JobQuery(printer=name, states=_OPEN, limit=None)):
            raise Conflict(f'Jobs wait on "{name}". Release or cancel them first.')
        await self._store.delete_printer(name)
        await self.refresh()
        self._tell(Event.PRINTER_DELETED, name)

    async def add_device(self, name: str, uri: str, **fields: Any) -> Device:
        """BadRequest for a URI that no driver takes, Conflict when the name is taken."""
        check_name(name)
        check_device_uri(uri)
        if await self._store.device(name) is not None:
            raise Conflict(f'An output device "{name}" exists already.')
        device = Device(**{"info": name, **fields}, name=name, uuid=uuid4(), uri=uri, created_at=self._clock.now())
        saved = await self._store.save_device(device)
        await self.refresh()
        return saved

    async def change_device(self, name: str, *, read: str | None = None, **changes: Any) -> Device:
        """Fields of `Device`; the Printers in front of it learn its capabilities. A new URI may show a new certificate.

        `read`: NotPossible unless that is still its mark.
        """
        if "uri" in changes:
            check_device_uri(changes["uri"])
            changes = {"pinned_certificate": None} | changes

        def changed(device: Device) -> Device:
            if read is not None and read != device.mark:
                raise NotPossible(STALE)
            return replace(device, **changes)

        saved = await self._change_device(name, changed)
        if "capabilities" in changes:
            await self.refresh()
            for printer in self.all():
                if name in printer.devices:
                    await self.change_printer(printer.name)
        return saved

    async def delete_device(self, name: str) -> None:
        used = [p.name for p in self.all() if name in p.devices]
        if used:
            raise Conflict(f'"{name}" is used by {", ".join(used)}. Give them another device first.')
        self.device(name)
        await self._store.delete_device(name)
        await self.refresh()

    async def set_device_status(self, name: str, status: DeviceStatus) -> None:
        """What a driver found; told to listeners when it differs from what was known."""
        before = self.device(name).status
        if (before.state, before.reasons, before.message) == (status.state, status.reasons, status.message):
            self._devices[name] = replace(self._devices[name], status=status)
            return
        await self._change_device(name, lambda device: replace(device, status=status))
        self._events.publish(
            Happening(event=Event.DEVICE_STATE_CHANGED, at=self._clock.now(), device=name, text=status.message)
        )

    async def pin_certificate(self, name: str, sha256: str) -> None:
        await self._change_device(name, lambda device: replace(device, pinned_certificate=sha256))

    async def pause(self, name: str) -> None:
        await self.change_printer(name, paused=True)

    async def resume(self, name: str) -> None:
        await self.change_printer(name, paused=False)

    async def enable(self, name: str) -> None:
        await self.change_printer(name, is_accepting_jobs=True)

    async def disable(self, name: str) -> None:
        await self.change_printer(name, is_accepting_jobs=False)

    async def hold_new_jobs(self, name: str, on: bool) -> None:
        await self.change_printer(name, holding_new_jobs=on)

    async def _change_device(self, name: str, change: Callable[[Device], Device]) -> Device:
        """Compare-and-set, again when another process was faster."""
        for _ in range(5):
            device = await self._store.device(name)
            if device is None:
                raise NotFound(f'There is no output device "{name}".')
            try:
                saved = await self._store.save_device(change(device))
            except Conflict:
                await asyncio.sleep(0)
                continue
            self._devices[name] = saved
            await self.refresh()
            return saved
        raise Conflict(f'"{name}" is being changed by somebody else. Try again.')

    def _check_devices(self, policy: ReleasePolicy, devices: tuple[str, ...]) -> None:
        for device in devices:
            self.device(device)
        if policy is ReleasePolicy.SECURE and len(devices) != 1:
            raise BadRequest("A secure printer releases at exactly one output device: name it.")

    def _host_names(self, printer: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """In lower case. BadRequest for what is no host name, Conflict for another Printer's."""
        names = tuple(dict.fromkeys(name.rstrip(".").lower() for name in wanted))
        for name in names:
            if not _HOST_NAME.fullmatch(name) or len(name) > 253:
                raise BadRequest(f'"{name[:80]}" cannot be a host name. Write for example hall.print.example.org.')
            other = next((p for p in self._printers.values() if name in p.host_names and p.name != printer), None)
            if other is not None:
                raise Conflict(f"{name} is the host name of {other.name} already. Take it away there first.")
        return names

    def _check_raw_port(self, printer: str, port: int | None) -> None:
        """BadRequest for what is no port, Conflict for another Printer's."""
        if port is None:
            return
        if not 0 < port < 65536:
            raise BadRequest("A raw port is a number from 1 to 65535, such as 9101.")
        other = next((p for p in self._printers.values() if p.raw_port == port and p.name != printer), None)
        if other is not None:
            raise Conflict(
                f"{port} is the raw port of {other.name} already. Choose another, or take it away there first."
            )

    def _union(self, devices: tuple[str, ...]) -> Capabilities:
        """With no device named, a pull Printer stands for every device there is."""
        named = [self._devices[name] for name in devices] or list(self._devices.values())
        return union(tuple(device.capabilities for device in named))

    def _tell(self, event: Event, name: str, *, text: str = "") -> None:
        self._events.publish(Happening(event=event, at=self._clock.now(), printer=name, text=text))


def check_device_uri(uri: str) -> None:
    """BadRequest unless `uri` names a scheme that a driver takes, a host and sane ports."""
    parts = urlsplit(uri)
    try:
        port_ok = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        port_ok = False
    if parts.scheme not in SCHEMES or not parts.hostname or not port_ok:
        raise BadRequest(
            f'"{uri[:80]}" is not a device URI. Write for example ipp://printer.example/ipp/print, '
            "socket://192.0.2.7:9100 or lpd://printer.example/queue."
        )
    said = parse_qs(parts.query).get("snmp", ["false"])
    if said != ["false"] and snmp_port(uri) is None:
        raise BadRequest(
            "What follows snmp= in a device URI is true, or the UDP port at which the device answers, such as snmp=1161."
        )


def check_name(name: str) -> None:
    """BadRequest unless it can stand in a URI and in a host name."""
    if not _NAME.fullmatch(name):
        raise BadRequest(f'"{name[:80]}" cannot be a name here: use lower-case letters, digits and dashes.')


def _configured(devices: dict[str, Device]) -> dict[str, Device]:
    """Devices without their momentary status."""
    return {name: replace(device, status=DeviceStatus(), version=0) for name, device in devices.items()}


def sees(address: str, subnets: tuple[str, ...]) -> bool:
    """Whether `address` lies in one of the networks, or none is named."""
    if not subnets:
        return True
    own = parse_address(address)
    return own is not None and any(own in ipaddress.ip_network(subnet, strict=False) for subnet in subnets)


def _status_of(printer: Printer, devices: tuple[Device, ...], *, queued: int, active: int) -> PrinterStatus:
    """A Printer is stopped when it is paused or when none of its named devices can print."""
    broken = [device for device in devices if not device.status.can_print]
    all_broken = bool(devices) and len(broken) == len(devices)
    reasons: list[str] = ["paused"] if printer.paused else []
    if printer.holding_new_jobs:
        reasons.append("hold-new-jobs")
    if broken:
        reasons.extend(dict.fromkeys(r for d in broken for r in (d.status.reasons or _unreachable(d.status))))
    state = "stopped" if printer.paused or all_broken else "processing" if active else "idle"
    message = next((f"{d.info or d.name}: {d.status.message}" for d in broken if d.status.message), "")
    return PrinterStatus(state=state, reasons=tuple(reasons), message=message, queued_jobs=queued)


def _unreachable(status: DeviceStatus) -> tuple[str, ...]:
    return ("connecting-to-device",) if status.state is DeviceState.UNREACHABLE else ("other-error",)
