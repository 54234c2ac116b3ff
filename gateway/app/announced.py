"""Which Printers mDNS tells of: those that are shown in the zones that this machine itself stands in.

One responder answers on all interfaces, and one for each would not keep them apart (both hear the same groups). So a
Printer of a zone at one interface is heard at the others, too; what belongs to networks elsewhere is not announced at
all. Unicast DNS-SD and the set-up page, which know the asker's address, tell exactly what its zone has.
"""

from discovery.interfaces import choose, interfaces
from gateway.domain.printer import Printer
from gateway.services.printers import Printers
from gateway.services.sites import Sites
from gateway.settings import Mdns


class Announced:
    """discovery.mdns.PrinterSource."""

    def __init__(self, printers: Printers, sites: Sites, settings: Mdns) -> None:
        self._printers, self._sites, self._settings = printers, sites, settings

    @property
    def generation(self) -> object:
        return self._sites.generation

    def all(self) -> tuple[Printer, ...]:
        if not self._sites.all():
            return self._printers.all()
        own = choose(self._settings.interfaces, interfaces()).tell
        shown = {printer.name: printer for address in own for printer in self._sites.printers_at(address)}
        return tuple(shown[name] for name in sorted(shown))
