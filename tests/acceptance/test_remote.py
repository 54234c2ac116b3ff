"""Printing from outside: Chromium in a network with no way to the house but through coturn, found by a relay.

The house and the browser live in networks of their own. While a wire joins them the browser becomes known; then the
wire is cut, as when somebody leaves, and what it kept is all that it has.
"""

import asyncio
import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from gateway.domain.job import JobState
from tests.peers.broker import broker
from tests.peers.networks import WIRE, may_make_networks
from tests.peers.ours import Instance, papertap
from tests.peers.outside import (
    SECONDS,
    SETUP,
    World,
    become_known,
    chromium,
    gateway_id,
    leave,
    outside_world,
    send,
)
from tests.sandbox.samples import pdf

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("remote")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not may_make_networks():
        pytest.skip("network namespaces need root")
    with outside_world(tmp_path_factory.mktemp("relay")) as made:
        yield made


async def test_a_browser_that_left_prints_through_relay_and_turn_server(world: World, tmp_path: Path) -> None:
    url = f"https://{WIRE}:{world.ours.https_port}"
    async with chromium(*world.away.inside, folder=tmp_path, ours=world.ours) as context:
        page = await context.new_page()
        await become_known(page, url)
        await leave(page, world)
        await page.goto(f"{url}/jobs")
        await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
        await page.get_by_role("link", name="Print from outside").click()
        document = pdf(3)
        await send(page, "report.pdf", document)
        await expect(page.locator(".upload-row")).to_contain_text("Waiting for you", timeout=SECONDS)
        job = await asyncio.to_thread(world.ours.until, 1, JobState.PENDING_HELD)
        assert (job.owner, job.name, job.source, job.size) == ("ann", "report.pdf", "web", len(document))
        assert await page.evaluate("document.querySelector('#remote-home').hidden"), "the house is out of reach"

        # The process that faces the outside dies in the middle; the document goes on where it was.
        large = pdf(1) + b"\n%" + os.urandom(12_000_000)
        await send(page, "large.pdf", large)
        bar = page.locator(".upload-row").nth(1).locator("progress")
        await expect(bar).to_be_visible()
        while await bar.evaluate("(one) => one.value") < 2e6:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(_kill_peer, world.ours)
        await expect(page.locator(".upload-row").nth(1)).to_contain_text("Waiting for you", timeout=2 * SECONDS)
        job = await asyncio.to_thread(world.ours.until, 2, JobState.PENDING_HELD)
        assert (job.name, job.size) == ("large.pdf", len(large))
        assert len(await asyncio.to_thread(world.ours.jobs)) == 2, "once"


def _kill_peer(ours: Instance) -> None:
    found = subprocess.run(
        ["pgrep", "-f", "-P", str(ours.process.pid), "mobile_api.remote.peer"],
        capture_output=True,
        text=True,
        check=True,
    )
    os.kill(int(found.stdout), signal.SIGKILL)


def test_strangers_at_the_relay_hear_nothing(world: World) -> None:
    """Forged, empty and senseless messages: silence, and the gateway lives on."""
    forged = {"browser": "nobody", "payload": json.dumps({"wish": "offer", "sdp": "v=0"}), "signature": "AAAA"}
    with _at_the_relay(world) as socket:
        for text in ("", "[]", json.dumps(forged), "x" * 1000):
            socket.send(text)
        with pytest.raises(TimeoutError):
            socket.recv(timeout=2)
        socket.send("x" * 60_000)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    assert world.ours.process.poll() is None


@contextmanager
def _at_the_relay(world: World) -> Iterator[ClientConnection]:
    """A browser's socket, once the gateway is there: it comes again after pauses that grow."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    end = time.monotonic() + SECONDS / 1000
    while True:
        with connect(f"{world.relay}/relay/browser/{gateway_id(world.ours)}", ssl=context) as socket:
            try:
                socket.recv(timeout=1)
            except TimeoutError:
                yield socket
                return
            except ConnectionClosed as gone:
                if time.monotonic() > end:
                    raise AssertionError(f"the gateway is not at the relay: {gone}") from gone


async def test_a_broker_introduces_as_well(tmp_path: Path) -> None:
    with (
        broker() as found,
        papertap(
            *SETUP,
            REMOTE__MQTT=found.url,
            REMOTE__MQTT_WEB=found.web,
            REMOTE__RELAY_CA_FILE=str(found.ca_file),
        ) as ours,
    ):
        url = f"http://127.0.0.1:{ours.http_port}"
        async with chromium(folder=tmp_path, ours=ours) as context:
            page = await context.new_page()
            await become_known(page, url)
            await page.goto(f"{url}/remote")
            await send(page, "report.pdf", pdf(1))
            await expect(page.locator(".upload-row")).to_contain_text("Sent, and safe there", timeout=SECONDS)
            await expect(page.locator("#remote-home")).to_be_visible()
        job = await asyncio.to_thread(ours.job, 1)
        assert (job.owner, job.name) == ("ann", "report.pdf")
