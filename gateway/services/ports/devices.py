"""What a driver of Output Devices promises."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device, DeviceStatus
from gateway.domain.ticket import JobTicket


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a driver is to print. `name` carries the release id, so that the device's list shows ours.

    `size`: octets of the document, which LPD must say before it sends them. `copies` are the device's to make.
    """

    release_id: UUID
    job_id: int
    name: str
    user: str
    ticket: JobTicket
    format: str
    size: int
    copies: int
    impressions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where the device is with our job. `done`: it ended; `aborted` with the device's reason; `stopped` waits."""

    device_job: str | None = None
    impressions_completed: int | None = None
    sheets_completed: int | None = None
    stopped: bool = False
    done: bool = False
    aborted: bool = False
    confirmed: bool = True
    reasons: tuple[str, ...] = ()
    message: str = ""


class DeviceError(Exception):
    """`bytes_sent` octets of the document had gone out; 0 means that nothing can have been printed."""

    def __init__(self, message: str, *, bytes_sent: int = 0, busy: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.bytes_sent = bytes_sent
        self.busy = busy


class DeviceDriver(Protocol):
    """One a device-URI scheme. Every wait has a limit; every failure is a DeviceError."""

    async def describe(self, device: Device) -> Capabilities | None:
        """What the device says it can do; None where the protocol cannot tell."""

    async def status(self, device: Device) -> DeviceStatus:
        """Never raises: an unreachable device is a status."""

    async def send(
        self, device: Device, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> str | None:
        """Streams the document; `on_progress(octets sent)` before the first byte (0) and now and then.

        Returns the device's own job id, or None. DeviceError says how many octets had gone out.
        """

    def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        """Ends after a Progress with `done`. RAW and LPD yield one with confirmed=False."""

    async def find(self, device: Device, order: Order) -> Progress | None:
        """After an interruption: our job by its release id; None when the device cannot tell or knows none."""

    async def cancel(self, device: Device, device_job: str | None) -> None: ...


Drivers = Mapping[str, DeviceDriver]
