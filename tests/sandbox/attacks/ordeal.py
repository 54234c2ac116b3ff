"""Puts every attack through jails and says what went wrong: nothing has to. It runs in the gateway's place, as anybody.

After each attack: nobody called the listener; nothing of the host is in the result, the findings or the error; what was
refused was refused by its kind and in time; no process is left where the worker ran; and the next document prints.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2

from sandbox import slots
from sandbox.client import Sandbox
from sandbox.errors import SandboxError, Unavailable
from sandbox.pool import Pool
from sandbox.settings import MIB, Limits, SandboxSettings
from tests.sandbox.attacks import catalogue
from tests.sandbox.attacks.catalogue import Lures, Make
from tests.sandbox.office import documents as d
from tests.sandbox.samples import Collected, page_count, pdf, stream

SECRET = "HOSTSECRET-4711"
WALL_SECONDS = 20.0
SHORT_SECONDS = 2.0
# A killed worker's processes end after its pipes; on a busy machine that takes a moment.
_PATIENCE = 10.0


@dataclass(kw_only=True, slots=True)
class Outcome:
    """`faults` and `endings` by attack: printed, or the kind of error that it was refused with."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, fault: str) -> None:
        self.faults.setdefault(name, []).append(fault)


@dataclass(kw_only=True, slots=True)
class Listener:
    hits: int = 0
    url: str = ""


async def ordeal() -> Outcome:
    """All attacks of the catalogue."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret.txt"
        secret.write_text(SECRET)
        async with _listening() as listener:
            lures = Lures(url=f"{listener.url}/x.png", secret=secret.as_uri())
            for attacks, seconds in (
                (catalogue.light(), WALL_SECONDS),
                (catalogue.endless(), SHORT_SECONDS),
                (catalogue.by_office(), WALL_SECONDS),
            ):
                await _group(attacks, seconds, listener, lures, outcome)
        ran = Path(f"{secret}.ran")
        if ran.exists():
            outcome.add("macros", "one of them ran")
    return outcome


@asynccontextmanager
async def _listening() -> AsyncIterator[Listener]:
    found = Listener()

    async def hit(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.hits += 1
        writer.close()

    server = await asyncio.start_server(hit, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found


async def _group(attacks: dict[str, Make], seconds: float, listener: Listener, lures: Lures, outcome: Outcome) -> None:
    limits = Limits(
        wall_seconds=seconds,
        page_seconds=0,
        tmp_bytes=200 * MIB,
        max_stored_bytes=40 * MIB,
        max_pages=300,
    )
    settings = SandboxSettings(
        workers=1, ready=1, office_workers=1, office_ready=1, reuse_documents=1000, reuse_seconds=600, limits=limits
    )
    sandbox = Sandbox(settings)
    await sandbox.start()
    locks: list[int] = []
    held: list[slots.Slot] = []
    try:
        for name, make in attacks.items():
            await _attack(sandbox, name, make(lures), seconds=seconds, listener=listener, outcome=outcome)
            for pool in _pools(sandbox):
                if not await _empty(pool._free):
                    outcome.add(name, "a process is left where its worker ran")
        held = [slot for pool in _pools(sandbox) for slot in pool.slots]
        # Locked until it has been seen that nobody is in them: another gateway would take them at once.
        locks = [os.dup(slot.lock) for slot in held]
    finally:
        await sandbox.close()
    try:
        if not await _empty(held):
            outcome.add("all", "a process outlived the sandbox")
    finally:
        for lock in locks:
            os.close(lock)


def _pools(sandbox: Sandbox) -> list[Pool]:
    return [pool for pool in (sandbox.pool, sandbox.office.pool) if pool is not None]


async def _attack(
    sandbox: Sandbox, name: str, document: bytes, *, seconds: float, listener: Listener, outcome: Outcome
) -> None:
    sink = Collected()
    said = ""
    began = time.monotonic()
    try:
        prepared = await sandbox.prepare(stream(document), None, sink, batch="ordeal")
    except Unavailable as error:
        outcome.add(name, f"no worker: {error.detail}")
    except SandboxError as error:
        outcome.endings[name] = type(error).__name__
        said = f"{error} {error.detail}"
    except Exception as error:  # noqa: BLE001 - whatever else comes is a finding, and the next attack still has its turn
        outcome.add(name, f"{type(error).__name__}: {error}")
    else:
        outcome.endings[name] = "printed"
        said = f"{_words(sink.data)} {prepared.facts}"
    if time.monotonic() - began > seconds + _PATIENCE:
        outcome.add(name, f"it took {time.monotonic() - began:.1f} s")
    if listener.hits:
        outcome.add(name, "the listener was called")
        listener.hits = 0
    for word in _host_words():
        if word in said or word.encode() in sink.data:
            outcome.add(name, f"{word} is in the result: {said[:300]}")
    await _next(sandbox, name, outcome)


async def _next(sandbox: Sandbox, name: str, outcome: Outcome) -> None:
    """The document after it, through the same worker if that lives; for office documents another one of them."""
    office = sandbox.office.pool is not None
    sink = Collected()
    try:
        after = d.odt("<text:p>next one</text:p>") if office else pdf(2)
        await sandbox.prepare(stream(after), None, sink, batch="ordeal")
        if office and "next one" not in _words(sink.data):
            outcome.add(name, "the next document has other words")
        if page_count(sink.data) != (1 if office else 2):
            outcome.add(name, "the next document has other pages")
    except Exception as error:  # noqa: BLE001 - whatever comes is a finding
        outcome.add(name, f"the next document: {type(error).__name__}: {error}")


async def _empty(where: "list[slots.Slot] | object") -> bool:
    end = time.monotonic() + _PATIENCE
    while slots.occupants(list(where)):  # type: ignore[call-overload]  # slots, in a list or a deque
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


def _host_words() -> list[str]:
    """What only this machine knows: a secret, its name, accounts and folders. A short name could be anything."""
    words = [SECRET, "root:x:0:0", str(Path(__file__).resolve().parent)]
    return words + [name for name in (os.uname().nodename,) if len(name) > 6]


def _words(document: bytes) -> str:
    opened = pypdfium2.PdfDocument(document)
    try:
        found = []
        for index in range(len(opened)):
            page = opened[index]
            text = page.get_textpage()
            found.append(text.get_text_range())
            text.close()
            page.close()
    finally:
        opened.close()
    return " ".join(" ".join(found).split())
