"""Output Devices as people keep them: added by address, asked what they can, tried with a page, trusted anew."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.domain.printer import printer_for_tests
from gateway.domain.user import Actor
from gateway.errors import Conflict, NotPossible
from gateway.services.intake import Incoming, Intake, Submission
from gateway.services.ports import AddressCheck, DeviceError, Drivers
from gateway.services.printers import Printers, check_device_uri
from gateway.services.submission import TEST_PAGE
from gateway.services.test_page import test_page

LONGEST_NAME = 63


class DeviceBook:
    """What pages and the API do with devices; every address is checked before it is kept, and at each connect again."""

    def __init__(self, *, printers: Printers, drivers: Drivers, addresses: AddressCheck, intake: Intake) -> None:
        self._printers, self._drivers, self._addresses, self._intake = printers, drivers, addresses, intake

    async def add(self, name: str, uri: str, *, info: str = "", location: str = "", failover: str = "") -> Device:
        """BadRequest for an address that no device may have; one that does not answer is kept all the same."""
        check_device_uri(uri)
        await self._addresses.check(uri)
        self._check_failover(name, failover)
        await self._printers.add_device(name, uri, info=info or name, location=location, failover=failover or None)
        return await self.learn(name)

    async def change(self, name: str, *, read: str | None = None, **changes: Any) -> Device:
        """uri, info, location, failover. NotPossible when it is no longer as it was `read`."""
        device = self._printers.device(name)
        if changes.get("uri", device.uri) == device.uri:
            changes.pop("uri", None)
        else:
            check_device_uri(changes["uri"])
            await self._addresses.check(changes["uri"])
        if "failover" in changes:
            self._check_failover(name, changes["failover"] or "")
            changes["failover"] = changes["failover"] or None
        await self._printers.change_device(name, read=read, **changes)
        return await self.learn(name) if "uri" in changes else self._printers.device(name)

    async def learn(self, name: str) -> Device:
        """Asks the device what it can do and how it is, and keeps the answer."""
        return await learn(self._printers, self._drivers, name)

    async def trust_anew(self, name: str) -> Device:
        """The next certificate that the device shows is pinned in place of the old one."""
        await self._printers.change_device(name, pinned_certificate=None)
        return await self.learn(name)

    async def print_test_page(self, name: str, actor: Actor, *, title: str, lines: Sequence[str]) -> Job:
        """A real page through intake, preparation and delivery. NotPossible while the device cannot print."""
        device = await self.learn(name)
        if not device.status.can_print:
            why = device.status.message or "It is stopped."
            raise NotPossible(f"{device.info or name} cannot print now: {why}")
        printer = printer_for_tests(device)
        submission = Submission(printer=printer.name, name=title, actor=actor, source=TEST_PAGE)
        incoming = Incoming(body=_pieces(test_page(title, lines)), format="application/pdf", name=title)
        return await self._intake.submit(submission, incoming)

    def free_name(self, wanted: str) -> str:
        """A name for a device that none has, made of what people call it."""
        stem = re.sub(r"[^a-z0-9]+", "-", wanted.casefold()).strip("-")[: LONGEST_NAME - 4].strip("-") or "printer"
        taken = {device.name for device in self._printers.devices()}
        names = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
        return next(name for name in names if name not in taken)

    def route_of(self, device: Device) -> str:
        """Scheme, host and port, for people; no path."""
        parts = urlsplit(device.uri)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _check_failover(self, name: str, failover: str) -> None:
        if failover and self._printers.device(failover).name == name:
            raise Conflict("A device cannot take over from itself. Choose another, or none.")


async def learn(printers: Printers, drivers: Drivers, name: str) -> Device:
    device = printers.device(name)
    driver = drivers[device.uri.partition(":")[0]]
    status = await driver.status(device)
    await printers.set_device_status(name, status)
    try:
        capabilities = await driver.describe(printers.device(name)) if status.can_print else None
    except DeviceError:  # it answered a moment ago: its state will tell at the next look
        capabilities = None
    if capabilities is not None:
        await printers.change_device(name, capabilities=capabilities)
    return printers.device(name)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data
