"""Where taps come from: standard input, a keyboard device, a serial line, a reader that is called or that calls."""

import asyncio
import contextlib
import fcntl
import os
import struct
import sys
import termios
import tty
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Protocol
from urllib.parse import parse_qs

from mobile_api.reader.framing import Keys, Lines

OnTap = Callable[[str, "Source"], Awaitable[None]]
QUIET_SECONDS = 0.15  # of a reader that sends no end of line
LONGEST_DELAY = 30.0
MOST_CALLERS = 8
_EVENT = struct.Struct("llHHi")  # struct input_event of linux/input.h
_EV_KEY = 1
_EVIOCGRAB = 0x40044590  # nobody else gets these keys, least of all a log-in prompt
_LOCAL = ("127.0.0.0/8", "::1/128")


class Source(Protocol):
    """One reader, or several behind one port. `tell` shows feedback where the reader can."""

    name: str

    async def run(self, tap: OnTap) -> None: ...
    async def tell(self, line: str) -> None: ...


class Silent:
    """A reader that shows nothing."""

    name = ""

    async def tell(self, line: str) -> None:
        """It has neither light nor sound."""


@dataclass(kw_only=True)
class Stdin(Silent):
    """Lines of standard input: for tests, and for readers that another program reads."""

    name: str = "stdin"

    async def run(self, tap: OnTap) -> None:
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await _read(reader, lambda text: tap(text, self))


@dataclass(kw_only=True)
class Evdev(Silent):
    """A keyboard wedge by its device file, which it alone then reads."""

    path: str
    name: str = "evdev"

    async def run(self, tap: OnTap) -> None:
        keys, queue = Keys(), asyncio.Queue[str](maxsize=16)
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        with contextlib.suppress(OSError):  # no device but a pipe, as in tests
            fcntl.ioctl(descriptor, _EVIOCGRAB, 1)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def readable() -> None:
            octets = _octets(descriptor, _EVENT.size * 64)
            if octets == b"":
                loop.remove_reader(descriptor)
                ended.set()
            for _, _, kind, code, value in _EVENT.iter_unpack((octets or b"")[: len(octets or b"") // 24 * 24]):
                text = keys.feed(code, value) if kind == _EV_KEY else None
                if text and not queue.full():
                    queue.put_nowait(text)

        loop.add_reader(descriptor, readable)
        try:
            await _drain(queue, ended, lambda text: tap(text, self))
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


@dataclass(kw_only=True)
class Serial(Silent):
    """A serial line, 8N1."""

    path: str
    baud: int = 9600
    name: str = "serial"

    async def run(self, tap: OnTap) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop, lines, queue, ended = asyncio.get_running_loop(), Lines(), asyncio.Queue[str](maxsize=16), asyncio.Event()
        tty.setraw(descriptor)
        settings = termios.tcgetattr(descriptor)
        settings[4] = settings[5] = getattr(termios, f"B{self.baud}")
        termios.tcsetattr(descriptor, termios.TCSANOW, settings)

        def readable() -> None:
            octets = _octets(descriptor, 4096)
            if octets == b"":
                loop.remove_reader(descriptor)
                ended.set()
            for text in lines.feed(octets or b""):
                if not queue.full():
                    queue.put_nowait(text)

        loop.add_reader(descriptor, readable)
        try:
            await _drain(queue, ended, lambda text: tap(text, self))
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


class _Wired:
    """A reader at the other end of a TCP connection, which can be told something."""

    name = "tcp"

    def __init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()
        self._last: asyncio.StreamWriter | None = None

    async def tell(self, line: str) -> None:
        """To whom the last tap came from."""
        if self._last is not None and not self._last.is_closing():
            self._last.write(line.encode() + b"\r\n")
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._last.drain(), 2.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tap: OnTap, me: Source) -> None:
        async def tapped(text: str) -> None:
            self._last = writer
            await tap(text, me)

        self._writers.add(writer)
        try:
            await _read(reader, tapped)
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            self._last = None if self._last is writer else self._last
            writer.close()


class TcpClient(_Wired):
    """A reader that waits to be called."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self.name = f"tcp:{host}:{port}"
        self._host, self._port = host, port

    async def run(self, tap: OnTap) -> None:
        delay = 0.5
        while True:
            with contextlib.suppress(OSError, TimeoutError):
                reader, writer = await asyncio.wait_for(asyncio.open_connection(self._host, self._port), 10.0)
                delay = 0.5
                await self._serve(reader, writer, tap, self)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)


class TcpServer(_Wired):
    """A port that readers call: on this machine only, unless networks are given."""

    def __init__(self, host: str, port: int, *, allowed: tuple[str, ...] = _LOCAL) -> None:
        super().__init__()
        self.name = f"listen:{host}:{port}"
        self._host, self._wanted = host, port
        self._allowed = tuple(ip_network(network, strict=False) for network in allowed)
        self.port = port

    async def run(self, tap: OnTap) -> None:
        async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            caller = ip_address(str(writer.get_extra_info("peername")[0]).partition("%")[0])
            if len(self._writers) >= MOST_CALLERS or not any(caller in network for network in self._allowed):
                writer.close()
                return
            await self._serve(reader, writer, tap, self)

        server = await asyncio.start_server(called, self._host, self._wanted)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            await server.serve_forever()


def source_of(text: str) -> Source:
    """stdin, evdev:/dev/input/event3, serial:/dev/ttyUSB0?baud=9600, tcp:HOST:PORT, listen:HOST:PORT?allow=NETWORK.

    ValueError for anything else.
    """
    kind, _, rest = text.partition(":")
    where, _, query = rest.partition("?")
    options = parse_qs(query, strict_parsing=bool(query))
    if kind == "stdin" and not rest:
        return Stdin()
    if kind == "evdev" and where:
        return Evdev(path=where, name=text)
    if kind == "serial" and where:
        baud = int(options.get("baud", ["9600"])[0])
        if not hasattr(termios, f"B{baud}"):
            raise ValueError(f"{baud} baud are not to be had")
        return Serial(path=where, baud=baud, name=text)
    if kind in {"tcp", "listen"} and ":" in where:
        host, _, port = where.rpartition(":")
        if kind == "tcp":
            return TcpClient(host.strip("[]"), int(port))
        return TcpServer(host.strip("[]"), int(port), allowed=tuple(options.get("allow", _LOCAL)))
    raise ValueError(f"{text!r} is no reader: write stdin, evdev:FILE, serial:FILE, tcp:HOST:PORT or listen:HOST:PORT")


async def _read(reader: asyncio.StreamReader, tapped: Callable[[str], Awaitable[None]]) -> None:
    """Lines, or what came before a silence."""
    lines = Lines()
    while True:
        try:
            data = await asyncio.wait_for(reader.read(4096), QUIET_SECONDS if lines.pending else None)
        except TimeoutError:
            for text in lines.flush():
                await tapped(text)
            continue
        if not data:
            break
        for text in lines.feed(data):
            await tapped(text)
    for text in lines.flush():
        await tapped(text)


async def _drain(queue: asyncio.Queue[str], ended: asyncio.Event, tapped: Callable[[str], Awaitable[None]]) -> None:
    """Until the device is gone."""
    gone = asyncio.create_task(ended.wait())
    try:
        while True:
            getting = asyncio.create_task(queue.get())
            await asyncio.wait({getting, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                getting.cancel()
                return
            await tapped(getting.result())
    finally:
        gone.cancel()


def _octets(descriptor: int, most: int) -> bytes | None:
    """b"" at the end, also when the device was pulled out; None when there is nothing now."""
    try:
        return os.read(descriptor, most)
    except BlockingIOError:
        return None
    except OSError:
        return b""
