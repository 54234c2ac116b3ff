"""The virtual printer as a whole: three sinks, an SNMP agent, one paper path, one directory, the order to misbehave."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from ipp.virtual.agent import Agent, SnmpAccess
from ipp.virtual.archive import Archive
from ipp.virtual.clock import Clock, SystemClock
from ipp.virtual.features import Features
from ipp.virtual.http import Request, Response, serve
from ipp.virtual.listener import Listener
from ipp.virtual.lpd import serve_lpd
from ipp.virtual.machine import Machine, PaperJob
from ipp.virtual.mib import Oid, Told, objects
from ipp.virtual.misbehaviour import Misbehaviour, hindered
from ipp.virtual.operations import Operations
from ipp.virtual.raw import serve_raw
from ipp.virtual.reception import Reception, Render
from ipp.virtual.render import render_with_tools
from ipp.virtual.supplies import Supplies

_LOST = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError)


class VirtualPrinter:
    """A printer that writes what it receives under `directory`.

    Ports: 0 is any free one, None is none; after `start` the properties tell. `tls` opens a second, encrypted IPP
    port. `snmp_port` is UDP, for whom `snmp` lets read. `render` makes the pictures and counts the pages.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        ipp_port: int | None = 0,
        ipps_port: int | None = 0,
        raw_port: int | None = 0,
        lpd_port: int | None = 0,
        snmp_port: int | None = None,
        snmp: SnmpAccess | None = None,
        tls: ssl.SSLContext | None = None,
        features: Features | None = None,
        clock: Clock | None = None,
        render: Render = render_with_tools,
        raw_idle: float = 30.0,
    ) -> None:
        self.features = features or Features()
        self.orders = Misbehaviour()
        self._host, self._raw_idle = host, raw_idle
        self._clock = clock or SystemClock()
        self._archive = Archive(directory)
        self._earlier = 0
        self._reception = Reception(self._archive, render, self._clock)
        self.machine = self._reception.machine = Machine(
            clock=self._clock,
            speed=self.features.speed,
            supplies=Supplies(self.features),
            orders=lambda: self.orders,
            spend=self._spend,
            render=self._reception.render,
            ended=self._reception.note,
        )
        serving: dict[str, tuple[int | None, ssl.SSLContext | None, Callable[..., Awaitable[None]]]] = {
            "ipp": (ipp_port, None, self._serve_ipp),
            "ipps": (ipps_port if tls else None, tls, self._serve_ipp),
            "raw": (raw_port, None, self._serve_raw),
            "lpd": (lpd_port, None, self._serve_lpd),
        }
        self._listeners: dict[str, Listener | Agent] = {
            name: Listener(host, port, self._guarded(serve_one), context)
            for name, (port, context, serve_one) in serving.items()
            if port is not None
        }
        if snmp_port is not None:
            identity = self.features.uuid.bytes
            self._listeners["snmp"] = Agent(host, snmp_port, snmp or SnmpAccess(), identity, self._objects)
        self._printing: asyncio.Task[None] | None = None
        self.operations: Operations

    async def start(self) -> None:
        """OSError when a port is taken."""
        if "snmp" in self._listeners:
            self._earlier = await asyncio.to_thread(self._archive.impressions)
        for listener in self._listeners.values():
            await listener.open()
        uri = self.uri("ipps") if "ipp" not in self._listeners and "ipps" in self._listeners else self.uri("ipp")
        self.operations = Operations(self.features, self._reception, self._clock, self._busy, uri)
        self._printing = asyncio.create_task(self.machine.run())

    async def stop(self) -> None:
        for listener in self._listeners.values():
            await listener.close()
        if self._printing is not None:
            self._printing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._printing

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    def port(self, protocol: str) -> int:
        """The port of "ipp", "ipps", "raw", "lpd" or "snmp"; KeyError when it is not served."""
        return self._listeners[protocol].port

    def uri(self, protocol: str) -> str:
        """The device URI of that sink; of the agent the URI after RFC 4088."""
        if protocol not in self._listeners:
            return f"{protocol}://{self._host}/"
        scheme = {"raw": "socket"}.get(protocol, protocol)
        path = {"raw": "", "lpd": "/virtual", "snmp": ""}.get(protocol, "/ipp/print")
        return f"{scheme}://{self._host}:{self.port(protocol)}{path}"

    @property
    def protocols(self) -> tuple[str, ...]:
        return tuple(self._listeners)

    @property
    def jobs(self) -> tuple[PaperJob, ...]:
        return tuple(self.machine.jobs.values())

    async def misbehave(self, orders: Misbehaviour) -> None:
        """These faults from now on, and no others."""
        self.orders = orders
        for listener in self._listeners.values():
            await (listener.refuse() if orders.refuse else listener.open())

    async def behave(self) -> None:
        """All well again, with paper and toner in."""
        await self.misbehave(Misbehaviour())
        self.machine.refill()

    def refill(self) -> None:
        self.machine.refill()

    def reboot(self) -> None:
        """Forget all jobs, at once."""
        self.machine.reboot()

    def _objects(self) -> dict[Oid, Told]:
        return objects(self.features, self.machine, earlier=self._earlier)

    def _spend(self, order: str) -> None:
        spent: dict[str, Any] = {order: None}
        self.orders = replace(self.orders, **spent)

    def _busy(self) -> bool:
        if self.orders.busy:
            self.orders = replace(self.orders, busy=self.orders.busy - 1)
            return True
        return False

    def _guarded(
        self, serve_one: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(*_LOST):
                await serve_one(reader, writer)
            writer.close()
            with contextlib.suppress(*_LOST):
                await writer.wait_closed()

        return guarded

    def _hinder(self, writer: asyncio.StreamWriter) -> Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]:
        return lambda chunks: hindered(chunks, lambda: self.orders, self._clock, lambda: _reset(writer))

    async def _serve_ipp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def handler(request: Request) -> Response:
            if request.method != "POST" or request.headers.get("content-type") != "application/ipp":
                note = f"{self.features.name}. Print to {self.operations.uri}\n"
                return Response(body=note.encode(), content_type="text/plain; charset=utf-8")
            return Response(body=await self.operations.answer(request.body, self._hinder(request.writer)))

        await serve(reader, writer, handler)

    async def _serve_raw(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str(writer.get_extra_info("peername", ("?",))[0])
        await serve_raw(reader, self._hinder(writer), self._reception, address=address, idle=self._raw_idle)

    async def _serve_lpd(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve_lpd(reader, writer, self._hinder(writer), self._reception)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: no linger."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
