"""Wires what printer drivers send: LPR at one port, and a raw port for each Printer that names one."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from gateway.adapters.http.sockets import listen
from gateway.app.build import Gateway
from gateway.services.driver_names import DriverNames
from ipp.driver import LpdServer, RawServer
from ipp.driver.desk import Desk
from ipp.driver.listing import Listing


class DriverFront:
    """The listeners as a part of the program's life."""

    def __init__(self, gateway: Gateway) -> None:
        settings, printers = gateway.settings, gateway.printers
        self._settings = settings
        names = DriverNames(
            users=gateway.database.users, owner_of=gateway.personal.addresses.owner_of, identity=gateway.identity
        )
        desk = partial(Desk, intake=gateway.intake, printers=printers, names=names)
        lpd = desk(source="lpd")
        listing = Listing(desk=lpd, printers=printers, release=gateway.release, label_of=gateway.phone.claims.label)
        self.lpd = LpdServer(desk=lpd, listing=listing, settings=settings.lpd, largest=settings.ipp.max_document)
        self.raw = RawServer(
            desk=desk(source="raw"),
            printers=printers,
            settings=settings.raw,
            clock=gateway.clock,
            listen=lambda port: asyncio.to_thread(listen, settings.listen.host, port),
        )

    async def start(self) -> None:
        """A raw port that another program has is no reason to take nothing at all: health tells."""
        if self._settings.lpd.enabled:
            host, port = self._settings.listen.host, self._settings.lpd.port
            await self.lpd.start(await asyncio.to_thread(listen, host, port))
        await self.raw.follow()

    def ports(self) -> dict[str, int]:
        """Those that are really listened on, by name."""
        found = {f"raw-{port}": port for port, fault in self.raw.ports.items() if not fault}
        return found if self.lpd.port is None else {"lpd": self.lpd.port} | found

    def background(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {"raw-ports": self.raw.run}

    async def stop(self, grace: float) -> None:
        await asyncio.gather(self.lpd.stop(grace), self.raw.stop(grace))
