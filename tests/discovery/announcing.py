"""Helpers of the discovery tests: Printers that a test changes, and an advertiser on loopback with names of its own.

Every test announces names with a random part: all of them share the one multicast group of the machine.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from discovery.browse import Found, browse
from discovery.mdns import Advertiser
from discovery.records import Ports
from gateway.domain.events import Event, Happening
from gateway.domain.printer import Printer
from gateway.settings import Mdns
from tests.fakes import FakeClock, MemoryEventBus, a_printer

LOOPBACK = ("127.0.0.1",)
SECONDS = 60.0


class SomePrinters:
    """A PrinterSource whose rows the test holds."""

    def __init__(self, *printers: Printer) -> None:
        self.rows = {printer.uuid: printer for printer in printers}
        self.generation = 1

    def all(self) -> tuple[Printer, ...]:
        return tuple(self.rows.values())

    def put(self, printer: Printer) -> None:
        self.rows[printer.uuid] = printer
        self.generation += 1

    def remove(self, printer: Printer) -> None:
        del self.rows[printer.uuid]
        self.generation += 1


def a_named_printer(**fields: Any) -> Printer:
    tag = uuid4().hex[:12]
    return replace(a_printer(f"p-{tag}"), uuid=uuid4(), **{"info": f"Printer {tag}", **fields})


class Running:
    """An advertiser at work."""

    def __init__(self, printers: SomePrinters, *, ports: Ports, host: str) -> None:
        self.printers, self.clock, self.events = printers, FakeClock(), MemoryEventBus()
        self.names: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.advertiser = Advertiser(
            printers=printers,
            events=self.events,
            settings=Mdns(interfaces=LOOPBACK, host_name=host),
            ports=ports,
            base_url="https://print.example:8443",
            clock=self.clock,
            on_name=lambda printer, name: self.names.put_nowait((printer, name)),
        )

    async def name(self) -> str:
        """The next name that was found free."""
        return (await asyncio.wait_for(self.names.get(), SECONDS))[1]

    def tell(self) -> None:
        self.events.publish(Happening(event=Event.PRINTER_CONFIG_CHANGED, at=0.0))


@asynccontextmanager
async def advertising(
    *printers: Printer, ports: Ports | None = None, host: str | None = None
) -> AsyncIterator[Running]:
    running = Running(
        SomePrinters(*printers), ports=ports or Ports(ipp=8631, ipps=8632), host=host or f"h-{uuid4().hex[:12]}"
    )
    task = asyncio.create_task(running.advertiser.run())
    try:
        yield running
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def find(instance: str, type_: str = "_ipp._tcp", *, seconds: float = SECONDS) -> Found | None:
    found = await browse(
        type_, seconds=seconds, wanted=LOOPBACK, enough=lambda all_: any(f.instance == instance for f in all_)
    )
    return next((f for f in found if f.instance == instance), None)
