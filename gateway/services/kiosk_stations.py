"""Where release stations may stand, and what each of them asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from gateway.domain.device import Device
from gateway.domain.kiosk import KioskMode, KioskProof, accepted
from gateway.domain.printer import Printer
from gateway.errors import Forbidden, NotFound
from gateway.services.guests import Guests
from gateway.services.printers import Printers
from gateway.settings import Kiosk as KioskSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Station:
    """A place to release at, named after an Output Device or a Printer. `devices`: where paper can come out here."""

    name: str
    title: str
    location: str
    devices: tuple[Device, ...]
    proofs: tuple[KioskProof, ...]

    @property
    def device(self) -> Device | None:
        """The only one, in front of which the station stands."""
        return self.devices[0] if len(self.devices) == 1 else None


class Stations:
    """NotFound for a station that is none, Forbidden from a network where none may stand."""

    def __init__(self, *, printers: Printers, settings: KioskSettings, guests: Guests | None) -> None:
        self._printers = printers
        self._settings = settings
        self._guests = guests
        self._networks = tuple(ip_network(network, strict=False) for network in settings.networks)
        self.modes = tuple(map(KioskMode, settings.modes)) or (KioskMode.OWN,)

    def check_network(self, address: str) -> None:
        try:
            own = ip_address(address.partition("%")[0])
        except ValueError:
            own = None
        own = getattr(own, "ipv4_mapped", None) or own
        if own is None or not any(own in network for network in self._networks):
            raise Forbidden(
                "Release stations open from the networks of this site only. An administrator names them in kiosk.networks."
            )

    def stations(self) -> tuple[Station, ...]:
        """All there are: devices first, then Printers that several of them stand behind."""
        devices = [self._of_device(device) for device in self._printers.devices()]
        taken = {station.name for station in devices}
        printers = [p for p in self._printers.all() if p.holds and p.name not in taken]
        return (*devices, *map(self._of_printer, printers))

    def station(self, name: str) -> Station:
        try:
            return self._of_device(self._printers.device(name))
        except NotFound:
            pass
        try:
            return self._of_printer(self._printers.get(name))
        except NotFound:
            raise NotFound(
                f'There is no printer "{name[:80]}" for a station to stand at. Choose one of the list.'
            ) from None

    def _of_device(self, device: Device) -> Station:
        """Its rule is what all Printers together ask whose jobs can come out there."""
        served = [p for p in self._printers.all() if p.holds and device in self._printers.targets_of(p)]
        return Station(
            name=device.name,
            title=device.info or device.name,
            location=device.location,
            devices=(device,),
            proofs=self._offered(served),
        )

    def _of_printer(self, printer: Printer) -> Station:
        return Station(
            name=printer.name,
            title=printer.info,
            location=printer.location,
            devices=self._printers.targets_of(printer),
            proofs=self._offered([printer]),
        )

    def _offered(self, printers: Sequence[Printer]) -> tuple[KioskProof, ...]:
        """Codes only where somebody may have one."""
        proofs = accepted(printer.kiosk_proofs for printer in printers)
        codes = self._guests is not None and any(printer.guests for printer in printers)
        return tuple(proof for proof in proofs if codes or proof is not KioskProof.CODE)
