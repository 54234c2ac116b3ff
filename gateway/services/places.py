"""What a sticker names, and what waits there for somebody: for pages and for programs (rows 89 and 90)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.device import Device
from gateway.domain.job import Job, JobState
from gateway.domain.phone import Presence, stricter
from gateway.domain.printer import Printer
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.services.place_numbers import Named, PlaceNumbers, is_number
from gateway.services.ports import JobQuery
from gateway.services.pricing import Pricing
from gateway.services.printers import Printers
from gateway.services.release import Release

SHOWN = 200  # jobs of one person


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A Printer or an Output Device. `devices` is where paper comes out; `printers` those whose jobs do."""

    named: Named
    title: str
    location: str
    printers: tuple[Printer, ...]
    devices: tuple[Device, ...]

    @property
    def name(self) -> str:
        return self.named.name

    @property
    def device(self) -> Device | None:
        return self.devices[0] if len(self.devices) == 1 else None

    @property
    def ready(self) -> bool:
        return any(device.status.can_print for device in self.devices)

    def presence(self, printers: Sequence[Printer] = ()) -> Presence:
        """What is asked for before jobs of these Printers come out here."""
        asked = Presence.NONE
        for one in (*(device.presence for device in self.devices), *(printer.presence for printer in printers)):
            asked = stricter(asked, one)
        return asked


class Places:
    def __init__(self, *, printers: Printers, numbers: PlaceNumbers, release: Release, currency: str) -> None:
        self._printers = printers
        self._numbers = numbers
        self._release = release
        self._pricing = Pricing(currency=currency)

    async def find(self, text: str) -> Place:
        """By name, else by the number on the sticker; NotFound."""
        name = text
        known = {*(one.name for one in self._printers.devices()), *(one.name for one in self._printers.all())}
        if name not in known and is_number(text):
            name = await self._numbers.name_of(text)
        try:
            return self.of_device(self._printers.device(name))
        except NotFound:
            return self._of_printer(self._printers.get(name))

    def near(self, printers: Iterable[Printer]) -> list[Place]:
        """Where the jobs of these Printers come out."""
        devices = {device.name: device for printer in printers for device in self._printers.targets_of(printer)}
        return [self.of_device(device) for _, device in sorted(devices.items())]

    async def number(self, place: Place) -> str:
        return await self._numbers.of(place.named)

    async def waiting(self, place: Place, actor: Actor) -> list[Job]:
        """The actor's own prepared jobs that come out there, newest first."""
        query = JobQuery(owner=actor.user, states=(JobState.PENDING_HELD,), newest_first=True, limit=SHOWN)
        mine = {printer.name for printer in place.printers}
        return [
            job for job in await self._release.find(query, actor) if job.owner and job.printer in mine and job.prepared
        ]

    def price(self, job: Job, device: Device | None) -> Decimal | None:
        """None where its Printer is free."""
        printer = self._printers.get(job.printer)
        return None if printer.tariff.free else self._pricing.of(job, printer, device=device).amount

    def of_device(self, device: Device) -> Place:
        served = tuple(one for one in self._printers.all() if device in self._printers.targets_of(one))
        return Place(
            named=device,
            title=device.info or device.name,
            location=device.location,
            printers=served,
            devices=(device,),
        )

    def _of_printer(self, printer: Printer) -> Place:
        devices = self._printers.targets_of(printer)
        return Place(
            named=printer,
            title=printer.info,
            location=printer.location or (devices[0].location if len(devices) == 1 else ""),
            printers=(printer,),
            devices=devices,
        )
