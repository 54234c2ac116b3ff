"""What five hundred open pages with live updates cost the front, and how soon a change is at its page.

Each page is a session of a user of its own, as it is when five hundred people look at their lists: nothing is shared
between them but the server. A change is a form that its owner sends; its time begins when the form is sent, so that the
writing of the row is in it.
"""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.benchmarks import rows
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, percentile, spread
from tests.benchmarks.resources import cpu_seconds
from tests.peers.ours import Instance, papertap

MEMORY = 150.0  # MB
SECOND = 1000.0  # milliseconds
CHANGES = 200
IDLE_SECONDS = 20.0
PATIENCE = 30.0
SETUP = (("device", "add", "tray", "socket://127.0.0.1:9"), ("printer", "add", "bench", "--device", "tray"))


@dataclass(kw_only=True, slots=True)
class _Page:
    """One stream: `news` is set by each list event."""

    name: str
    cookie: str
    job: int
    lists: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        writer.write(
            b"GET /jobs/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
            b"Cookie: papertap=" + self.cookie.encode() + b"\r\n\r\n"
        )
        try:
            status = await reader.readline()
            if b" 200 " not in status:
                raise RuntimeError(f"The page of {self.name} is not told anything: {status!r}")
            while line := await reader.readline():
                if line.startswith(b"event: list"):
                    self.lists += 1
                    self.news.set()
        finally:
            writer.close()


def live(plan: Plan, report: Report) -> None:
    with papertap(*SETUP, HTTP__MAX_CONNECTIONS="3000") as instance:
        names = [f"user-{number}" for number in range(plan.open_pages)]
        rows.add_people(instance.data, plan.open_pages)
        rows.add_held(instance.data, names)
        cookies = rows.add_sessions(instance.data, names)
        jobs = {name: rows.held_of(instance.data, name)[0] for name in names}
        report.title(f"{plan.open_pages} open pages with live updates")
        opened = [_Page(name=name, cookie=cookies[name], job=jobs[name]) for name in names]
        asyncio.run(_measure(instance, opened, report))


async def _measure(instance: Instance, opened: list[_Page], report: Report) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{instance.http_port}", timeout=60) as client:
        for page in opened[:20]:  # what the pages themselves keep in memory is no cost of the streams
            await _ask(client, page)
        before = _resident(instance)
        streams = [asyncio.create_task(page.read(instance.http_port)) for page in opened]
        await asyncio.wait_for(asyncio.gather(*(page.news.wait() for page in opened)), PATIENCE)
        began = cpu_seconds(instance.process.pid)
        await asyncio.sleep(IDLE_SECONDS)
        idle = (cpu_seconds(instance.process.pid) - began) / IDLE_SECONDS * 100
        taken = [await _change(client, opened[number % len(opened)]) for number in range(CHANGES)]
        grown = (_resident(instance) - before) / 1e6
        for stream in streams:
            stream.cancel()
        for outcome in await asyncio.gather(*streams, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
    middle, late = spread(taken)
    report.line("resident memory before", before / 1e6, "MB")
    report.line(f"more with {len(opened)} pages", grown, "MB", f"{grown * 1000 / len(opened):.0f} KB each")
    report.line("processor while nothing happens", idle, "%", "of one core")
    report.line("from the form to its page, p50", middle, "ms")
    report.line("from the form to its page, p99", late, "ms", f"longest {max(taken):.0f} ms")
    report.at_most(f"Live: memory of {len(opened)} pages", grown, MEMORY, "MB")
    report.at_most("Live: from change to page, p99", percentile(taken, 0.99), SECOND, "ms")


async def _ask(client: httpx2.AsyncClient, page: _Page) -> str:
    answer = await client.get("/jobs", headers={"cookie": f"papertap={page.cookie}"})
    answer.raise_for_status()
    return answer.text


async def _change(client: httpx2.AsyncClient, page: _Page) -> float:
    """Milliseconds until the page was told."""
    text = await _ask(client, page)
    token = text.partition('name="csrf" value="')[2].partition('"')[0]
    page.news.clear()
    began = time.monotonic()
    fields = {"csrf": token, "on": "yes" if 'name="on" value="yes"' in text else "no"}
    sending = asyncio.create_task(
        client.post(f"/jobs/{page.job}/favourite", data=fields, headers={"cookie": f"papertap={page.cookie}"})
    )
    await asyncio.wait_for(page.news.wait(), PATIENCE)
    taken = (time.monotonic() - began) * 1000
    (await sending).raise_for_status()
    return taken


def _resident(instance: Instance) -> int:
    for line in Path(f"/proc/{instance.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the process is gone")
