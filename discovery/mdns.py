"""Keeps what multicast DNS says equal to the Printers: announces new ones, changes, renames and withdraws.

An event only wakes it; then it compares what there is with what is announced. It also looks by itself, since the
command line changes Printers without an event and interfaces come and go.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from uuid import UUID

import structlog

from discovery.interfaces import Chosen, Interface, choose, host_name, interfaces
from discovery.records import Ports, services
from discovery.responder import Announcement, Responder
from gateway.domain import description
from gateway.domain.events import Event
from gateway.domain.printer import Printer
from gateway.services.ports import Clock, EventBus
from gateway.settings import Mdns

LOOK_SECONDS = 2.0  # after an edit by another process
INTERFACE_SECONDS = 30.0
RETRY_SECONDS = 30.0  # without a network that takes multicast

log = structlog.get_logger(__name__)

_OUR_EVENTS = frozenset(
    {Event.PRINTER_CREATED, Event.PRINTER_DELETED, Event.PRINTER_CONFIG_CHANGED, Event.SITES_CHANGED}
)


class PrinterSource(Protocol):
    """The Printers to announce. `generation` is another one whenever `all` may be."""

    @property
    def generation(self) -> object: ...
    def all(self) -> tuple[Printer, ...]: ...


class Advertiser:
    """`run` until cancelled: it says goodbye then.

    `on_name(printer name, DNS-SD name)` tells which name was free: it is the Printer's printer-dns-sd-name.
    """

    def __init__(
        self,
        *,
        printers: PrinterSource,
        events: EventBus,
        settings: Mdns,
        ports: Ports,
        base_url: str,
        clock: Clock,
        on_name: Callable[[str, str], None] = lambda _printer, _name: None,
        machine: Callable[[], tuple[Interface, ...]] = interfaces,
        open_responder: Callable[..., Responder] = Responder,
    ) -> None:
        self._printers, self._events, self._settings, self._ports = printers, events, settings, ports
        self._base_url, self._clock, self._on_name, self._machine = base_url, clock, on_name, machine
        self._open_responder = open_responder
        self._announced: dict[UUID, Announcement] = {}
        self._wished: dict[UUID, str] = {}
        self._conflicts: set[str] = set()
        self._wake = asyncio.Event()
        self._seen: tuple[object, Chosen | None] = (-1, None)

    @property
    def host(self) -> str:
        """Our name on the network, for the certificate."""
        return f"{host_name(self._settings.host_name)}.local"

    @property
    def names(self) -> dict[UUID, str]:
        """The DNS-SD names now announced."""
        return {uuid: announcement.instance for uuid, announcement in self._announced.items()}

    async def run(self) -> None:
        """Never returns by itself; a network that is not there yet is tried again."""
        while True:
            chosen = self._choose()
            try:
                if not chosen.listen:
                    raise OSError("none of the chosen interfaces is there")  # noqa: TRY301 - one way for all of it
                responder = self._open_responder(
                    host=host_name(self._settings.host_name), chosen=chosen, on_conflict=self._note_conflict
                )
            except (OSError, RuntimeError) as error:  # RuntimeError: none of the addresses is there any more
                log.warning("mdns.unavailable", error=str(error), retry_seconds=RETRY_SECONDS)
                await self._clock.sleep(RETRY_SECONDS)
                continue
            await self._serve(responder, chosen)

    async def _serve(self, responder: Responder, chosen: Chosen) -> None:
        self._seen = (-1, chosen)
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._listen()), group.create_task(self._look())]
            try:
                while True:
                    self._wake.clear()
                    await self._reconcile(responder)
                    await self._wake.wait()
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.shield(asyncio.ensure_future(self._say_goodbye(responder)))

    async def _say_goodbye(self, responder: Responder) -> None:
        self._announced.clear()
        self._wished.clear()
        with suppress(OSError):
            await responder.close()

    # --- waking ------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        async with self._events.subscribe(*_OUR_EVENTS) as happenings:
            async for _ in happenings:
                self._wake.set()

    async def _look(self) -> None:
        rounds = 0
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            rounds += 1
            changed = self._printers.generation != self._seen[0]
            if rounds * LOOK_SECONDS >= INTERFACE_SECONDS:
                rounds = 0
                changed = changed or await asyncio.to_thread(self._choose) != self._seen[1]
            if changed:
                self._wake.set()

    def _note_conflict(self, instance: str) -> None:
        self._conflicts.add(instance.casefold())
        self._wake.set()

    # --- comparing ---------------------------------------------------------------------------------------------

    def _choose(self) -> Chosen:
        return choose(self._settings.interfaces, self._machine())

    async def _reconcile(self, responder: Responder) -> None:
        generation, chosen = self._printers.generation, self._choose()
        moved = chosen != self._seen[1]
        if moved:
            await responder.set_addresses(chosen)
        self._drop_conflicts(responder)
        printers = {printer.uuid: printer for printer in self._printers.all()}
        gone = [self._withdraw(responder, uuid) for uuid in list(self._announced) if uuid not in printers]
        kept = [self._keep(responder, printer, moved=moved) for printer in printers.values()]
        results = await asyncio.gather(*gone, *kept, return_exceptions=True)
        failed = [error for error in results if isinstance(error, BaseException)]
        for error in failed:
            log.warning("mdns.failed", error=repr(error))
        # Whatever failed is done again at the next look.
        self._seen = (-1 if failed else generation, chosen)

    def _drop_conflicts(self, responder: Responder) -> None:
        for uuid, announcement in list(self._announced.items()):
            if announcement.instance.casefold() in self._conflicts:
                log.info("mdns.conflict", name=announcement.instance)
                responder.drop(announcement)
                del self._announced[uuid]
        self._conflicts.clear()

    async def _keep(self, responder: Responder, printer: Printer, *, moved: bool) -> None:
        wished = description.dns_sd_name(printer)
        current = self._announced.get(printer.uuid)
        if current is not None and self._wished.get(printer.uuid) != wished:
            await self._withdraw(responder, printer.uuid)
            current = None
        name = current.instance if current else wished
        wanted = services(printer, instance=name, base_url=self._base_url, ports=self._ports)
        if not wanted:
            return
        if current is None:
            announced = await responder.announce(wanted)
            self._wished[printer.uuid] = wished
            self._announced[printer.uuid] = announced
            log.info("mdns.announced", printer=printer.name, name=announced.instance)
            self._on_name(printer.name, announced.instance)
        elif moved or current.services != wanted:
            self._announced[printer.uuid] = await responder.change(current, wanted)

    async def _withdraw(self, responder: Responder, uuid: UUID) -> None:
        announcement = self._announced.pop(uuid)
        self._wished.pop(uuid, None)
        await responder.withdraw(announcement)
