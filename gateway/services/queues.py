"""Which queues somebody should have, and how they are reached from there: for the set-up page, scripts and the API.

One answer for all: the zone of the address and the groups of the person say which Printers, the name by which the
gateway was asked for says where they are.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.domain.description import resource_path
from gateway.domain.printer import Printer
from gateway.domain.queue import Destination, Queue
from gateway.domain.site import parse_address
from gateway.domain.user import Actor, is_guest
from gateway.errors import NotAuthenticated, NotPossible
from gateway.services.host_names import HostNames, fits
from gateway.services.sites import Sites
from gateway.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """What is listened on; None where there is no such listener. The IPP one takes TLS, too."""

    ipp: int | None
    https: int | None


class Queues:
    """`hosts` are the names that the certificate has; `own_host` is told to who came by a name that is not ours."""

    def __init__(
        self,
        *,
        sites: Sites,
        host_names: HostNames,
        settings: Settings,
        reach: Callable[[], Reach],
        hosts: Callable[[], Collection[str]],
        own_host: Callable[[], str],
    ) -> None:
        self._sites, self._host_names, self._settings = sites, host_names, settings
        self._reach, self._hosts, self._own_host = reach, hosts, own_host

    def check(self, actor: Actor) -> None:
        """NotAuthenticated where the house wants to know who sets a computer up."""
        if self._settings.queues.sign_in and (actor.user is None or is_guest(actor.user)):
            raise NotAuthenticated("Sign in to see which printers you may use.")

    def host(self, asked: str) -> str:
        """`asked` if it is ours and others reach it, else a name of ours: a link must not repeat somebody's lie."""
        wanted = asked.strip("[]").rstrip(".").lower()
        address = parse_address(wanted)
        local = wanted == "localhost" or (address is not None and address.is_loopback)
        if local or not any(fits(known.lower(), wanted) for known in self._hosts()):
            wanted = self._own_host()
        return f"[{wanted}]" if ":" in wanted else wanted

    def of(self, actor: Actor, asked: str) -> tuple[Queue, ...]:
        """For `actor`, who asked for the host `asked`; the first that is the default of its zone, else of the house."""
        self.check(actor)
        return self.to(self._sites.printers_at(actor.address, actor), asked, first=self._first(actor.address))

    def to(self, printers: Collection[Printer], asked: str, *, first: bool = False) -> tuple[Queue, ...]:
        """`first`: the first of them is the default, else the one that is marked."""
        host = self.host(asked)
        chosen = next((p.name for p in printers if first or p.is_default), "")
        return tuple(
            Queue(
                printer=printer,
                destination=self._destination(host, f"/{resource_path(printer)}"),
                host_name=self._host_names.of(printer),
                default=printer.name == chosen,
            )
            for printer in printers
        )

    def destination_of(self, queue: Queue) -> Destination:
        """By its own host name, where it has one, at the path that every client tries."""
        return self._destination(queue.host_name, "/ipp/print") if queue.host_name else queue.destination

    def personal(self, token: str, asked: str) -> Destination:
        """The address that prints as whoever made that token."""
        return self._destination(self.host(asked), f"/ipp/u/{token}/print")

    def base_url(self, asked: str) -> str:
        """Where pages are, by TLS if there is any."""
        configured, reach = self._settings.site.base_url.rstrip("/"), self._reach()
        if configured:
            return configured
        port = reach.https or reach.ipp
        return f"https://{self.host(asked)}:{port}" if port else f"http://{self.host(asked)}:{self._settings.http.port}"

    def _first(self, address: str) -> bool:
        place = self._sites.place_of(address)
        return place is not None and bool(place.zone.printers)

    def _destination(self, host: str, path: str) -> Destination:
        reach = self._reach()
        port = reach.ipp or reach.https
        if port is None:
            raise NotPossible("Neither IPP nor HTTPS is listened on: no computer could print. Enable one of them.")
        return Destination(host=host, port=port, path=path, secure=True)
