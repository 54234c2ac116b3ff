"""The whole system as `papertap demo` runs it, in a process of its own, for tests that must not know its parts."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Whole:
    """Where it listens; `data` is its data directory."""

    http: int
    https: int
    ipp: int
    data: Path


@asynccontextmanager
async def demo(data: Path) -> AsyncIterator[Whole]:
    """Started, ready to accept work, and stopped again; only on 127.0.0.1 and without announcements."""
    http, https, ipp = _free_ports(3)
    environment = {
        **os.environ,
        "PAPERTAP_DATA": str(data),
        "PAPERTAP_MDNS__ENABLED": "false",
        "PAPERTAP_LISTEN__HOST": "127.0.0.1",
        "PAPERTAP_HTTP__PORT": str(http),
        "PAPERTAP_HTTPS__PORT": str(https),
        "PAPERTAP_IPP__PORT": str(ipp),
    }
    command = [sys.executable, "-m", "gateway", "demo"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _accepting(http, process)
        yield Whole(http=http, https=https, ipp=ipp, data=data)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 30)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _accepting(port: int, process: asyncio.subprocess.Process) -> None:
    """Until GET /healthz answers 200; AssertionError when the process ends or time is up."""
    for _ in range(int(READY_SECONDS / 0.1)):
        assert process.returncode is None, "the demo ended before it was ready"
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await reader.read(64)
            writer.close()
            if answer.startswith(b"HTTP/1.1 200"):
                return
        await asyncio.sleep(0.1)
    raise AssertionError("the demo was not ready in time")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
