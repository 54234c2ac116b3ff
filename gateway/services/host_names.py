"""Host names that mean one Printer at /ipp/print: Android asks a host for that path and nothing else (row 11).

A Printer has those that are given to it, and `<name>.<zone>` where there is a print zone.
"""

from gateway.domain.printer import Printer
from gateway.services.printers import Printers


def fits(known: str, wanted: str) -> bool:
    """A certificate's name; "*." stands for one label (RFC 9525 section 6.3)."""
    if known.startswith("*."):
        return wanted.partition(".")[2] == known[2:]
    return known.rstrip(".") == wanted


class HostNames:
    """`zone` is that of unicast DNS-SD, "" where there is none."""

    def __init__(self, printers: Printers, *, zone: str) -> None:
        self._printers = printers
        self._zone = zone.strip().strip(".").lower()
        self._generation = -1
        self._by_name: dict[str, str] = {}

    def printer_of(self, host: str) -> str | None:
        """The name of the Printer that a request for this host means; None: the default one."""
        if self._generation != self._printers.generation:
            self._generation = self._printers.generation
            printers = self._printers.all()
            derived = {f"{p.name}.{self._zone}": p.name for p in printers} if self._zone else {}
            self._by_name = derived | {name: p.name for p in printers for name in p.host_names}
        return self._by_name.get(host.rstrip(".").lower())

    def of(self, printer: Printer) -> str:
        """The one to tell people; "" where there is none."""
        return next(iter(printer.host_names), f"{printer.name}.{self._zone}" if self._zone else "")

    def all(self) -> tuple[str, ...]:
        """For the certificate: one wildcard stands for the zone, so that a new Printer needs no new certificate."""
        zone = (self._zone, f"*.{self._zone}") if self._zone else ()
        given = (name for printer in self._printers.all() for name in printer.host_names)
        return (*zone, *(name for name in given if not self._zone or name.partition(".")[2] != self._zone))
