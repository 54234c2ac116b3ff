"""Terminals: from the badge to the list and to the first octet at the device, and what five hundred of them cost.

All of it over TLS, as terminals connect, with ten thousand held jobs of others in the rows.
"""

import asyncio
import json
import ssl
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from gateway.adapters.db import open_database
from gateway.domain.terminal import Terminal
from gateway.services.terminals import _digest
from gateway.settings import load
from ipp.virtual import Features
from tests.benchmarks import messages, rows
from tests.benchmarks.client import PASSWORD, Client, job_id
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.benchmarks.resources import cpu_seconds
from tests.benchmarks.tap import Tap
from tests.benchmarks.targets import bench_uri
from tests.peers.ours import Instance, papertap
from tests.peers.paper import virtual_printer
from tests.peers.scratch import scratch

CARD = "04A2197F"
BADGES = 50
PAUSE = 3.6  # seconds: less than twenty cards a minute
OCTETS = 100_000
IDLE_SECONDS = 10.0
LIST, FIRST, MEMORY = 300.0, 1000.0, 200.0  # ms, ms, MB
PATIENCE = 60.0


def terminals(plan: Plan, report: Report) -> None:
    with (
        tempfile.TemporaryDirectory(dir=scratch()) as tray,
        virtual_printer(Path(tray), Features(speed=0)) as paper,
        Tap(paper.ports["raw"], tls=False) as tap,
    ):
        setup = (
            ("device", "add", "tray", f"socket://127.0.0.1:{tap.port}"),
            ("printer", "add", "bench", "--device", "tray"),
            ("user", "add", "bench", "--password", PASSWORD, "--card", CARD),
        )
        limits = {"HTTP__MAX_CONNECTIONS": "3000", "DELIVERY__POLL_SECONDS": "0.1"}
        with papertap(*setup, roles="front,prepare,deliver", **limits) as ours:
            rows.add(ours.data, mine=0, held=plan.jobs, ended=0)
            mine = _prepared(ours, min(plan.releases, 20))
            asyncio.run(_measure(ours, tap, mine, plan, report))


async def _measure(ours: Instance, tap: Tap, mine: int, plan: Plan, report: Report) -> None:
    report.title(f"Terminals over TLS, {plan.jobs} held jobs of others")
    keys = await _enrolled(ours.data, plan.open_pages)
    async with _connected(ours, keys[0]) as box:
        lists = [await _badge(box) for _ in range(min(BADGES, plan.releases))]
        middle, late = spread(lists)
        report.line("badge to list, p50", middle, "ms", f"p99 {late:.1f} ms, {mine} jobs in it")
        report.at_most("Badge to list, p99", late, LIST, "ms")
        firsts = [await _print(box, tap) for _ in range(mine)]
        middle, late = spread(firsts)
        report.line("badge to first octet, p50", middle, "ms", f"p99 {late:.1f} ms")
        report.at_most("Badge to first octet, p99", late, FIRST, "ms")
    before = _resident(ours)
    boxes = [await connect(**_where(ours, key)) for key in keys]
    for number, box in enumerate(boxes):
        await _ask(box, number, "hello", "state", version=1)
    began = cpu_seconds(ours.process.pid)
    await asyncio.sleep(IDLE_SECONDS)
    idle = (cpu_seconds(ours.process.pid) - began) / IDLE_SECONDS * 100
    grown, whole = (_resident(ours) - before) / 1e6, _resident(ours) / 1e6
    report.line(f"more with {len(boxes)} terminals", grown, "MB", f"{grown * 1000 / len(boxes):.0f} KB each")
    report.line("processor while nothing happens", idle, "%", "of one core")
    report.at_most(f"{len(boxes)} terminals, resident in all", whole, MEMORY, "MB")
    await asyncio.gather(*(box.close() for box in boxes))


async def _badge(box: ClientConnection) -> float:
    began = time.monotonic()
    await _ask(box, uuid4().hex, "card", "list", raw=CARD)
    taken = (time.monotonic() - began) * 1000
    await _ask(box, uuid4().hex, "sign-out", "signed-out")
    await asyncio.sleep(PAUSE)
    return taken


async def _print(box: ClientConnection, tap: Tap) -> float:
    """One job: the badge, its release, and the document's first octets at the device."""
    tap.forget()
    await asyncio.sleep(PAUSE)
    began = time.monotonic()
    found = await _ask(box, uuid4().hex, "card", "list", raw=CARD)
    await _ask(box, uuid4().hex, "release", "queue", jobs=[found["jobs"][0]["id"]])
    return (await asyncio.to_thread(tap.begun, seconds=PATIENCE) - began) * 1000


async def _ask(box: ClientConnection, name: object, kind: str, wanted: str, **fields: Any) -> dict[str, Any]:
    await box.send(json.dumps({"type": kind, "id": str(name), **fields}))
    while True:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(box.recv(), PATIENCE))
        if message["type"] == wanted:
            return message
        if message["type"] == "error":
            raise RuntimeError(message["text"])


@asynccontextmanager
async def _connected(ours: Instance, key: str) -> AsyncIterator[ClientConnection]:
    async with connect(**_where(ours, key)) as box:
        yield box


def _where(ours: Instance, key: str) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = f"wss://127.0.0.1:{ours.https_port}/terminals/v1/socket"
    headers = {"Authorization": f"Bearer {key}"}
    return {"uri": url, "ssl": context, "additional_headers": headers, "compression": None, "open_timeout": PATIENCE}


async def _enrolled(data: Path, count: int) -> list[str]:
    database = await open_database(load(data=data))
    keys = [uuid4().hex for _ in range(count)]
    try:
        for number, key in enumerate(keys):
            await database.terminals.save_terminal(
                Terminal(name=f"box-{number}", uuid=uuid4(), station="tray", key_hash=_digest("key", key))
            )
    finally:
        await database.close()
    return keys


def _prepared(ours: Instance, count: int) -> int:
    client = Client(ours.port, "/ipp/print/bench", user="bench")
    try:
        sent = [job_id(client.post(messages.print_job(bench_uri(), OCTETS))) for _ in range(count)]
    finally:
        client.close()
    end = time.monotonic() + PATIENCE
    while len(rows.held_of(ours.data, "bench")) < len(sent):
        if time.monotonic() > end:
            raise RuntimeError("the jobs were not prepared")
        time.sleep(0.1)
    return len(sent)


def _resident(ours: Instance) -> int:
    for line in Path(f"/proc/{ours.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the process is gone")


__all__ = ["terminals"]
