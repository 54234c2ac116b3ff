"""A document from a browser outside, through a TURN server and the data channel, until it is behind the barrier."""

import asyncio
import os
import subprocess
import tempfile
import time
from pathlib import Path

from playwright.async_api import expect

from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.peers.networks import WIRE, may_make_networks
from tests.peers.ours import Instance
from tests.peers.outside import World, become_known, chromium, leave, outside_world
from tests.peers.scratch import scratch
from tests.sandbox.samples import pdf

RATE = 8.0  # MB/s
MEMORY = 150.0  # MiB
PATIENCE = 600_000  # ms


def remote(plan: Plan, report: Report) -> None:
    """Chromium in a network of its own; host candidates lead nowhere."""
    report.title(f"Print from outside: {plan.megabytes} MB through relay and coturn")
    if not may_make_networks():
        report.line("left out", 0, "", "network namespaces need root")
        return
    with tempfile.TemporaryDirectory(dir=scratch()) as name:
        folder = Path(name)
        with outside_world(folder / "relay", UPLOADS__MAX_FILE=str(1 << 33)) as world:
            seconds = asyncio.run(_sent(world, folder, plan.megabytes))
            front, peer = world.ours.memory() / 1024**2, _peer_memory(world.ours)
    rate = plan.megabytes / seconds
    report.line("until it is behind the barrier", rate, "MB/s", f"{seconds:.1f} s")
    report.line("memory of the front while it comes", front, "MiB", f"of the process outside {peer:.0f} MiB")
    report.at_least("Print from outside, through a TURN server", rate, floor=RATE, goal=RATE, unit="MB/s")
    report.at_most("Print from outside, memory of the front", front, MEMORY, "MiB")
    report.at_most("Print from outside, memory of the peer", peer, MEMORY, "MiB")


async def _sent(world: World, folder: Path, megabytes: int) -> float:
    url, document = f"https://{WIRE}:{world.ours.https_port}", folder / "large.pdf"
    with document.open("wb") as file:
        file.write(pdf(1) + b"\n%")
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    async with chromium(*world.away.inside, folder=folder, ours=world.ours) as context:
        page = await context.new_page()
        await become_known(page, url)
        await leave(page, world)
        await page.locator("#remote-fields").wait_for()
        world.ours.forget_peak()
        began = time.monotonic()
        await page.locator("#remote-form input[name=file]").set_input_files(document)
        await expect(page.locator(".upload-row.good")).to_be_visible(timeout=PATIENCE)
        return time.monotonic() - began


def _peer_memory(ours: Instance) -> float:
    """MiB at its peak."""
    found = subprocess.run(
        ["pgrep", "-f", "-P", str(ours.process.pid), "mobile_api.remote.peer"],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in Path(f"/proc/{int(found.stdout)}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the process is gone")
