"""Somebody outside: a browser in a network with no way to the house but through a relay and a TURN server."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from tests.peers.coturn import turn_server
from tests.peers.manners import ARGUMENTS
from tests.peers.networks import INTERNET, WIRE, Network, apart, cut
from tests.peers.ours import Instance, papertap
from tests.peers.processes import free_port
from tests.peers.relay import relay

PASSWORD = "a good long password"
SETUP = (("printer", "add", "find-me", "--policy", "pull"), ("user", "add", "ann", "--password", PASSWORD))
SECONDS = 60_000
PRIVATE_INTERNET = "--disable-features=LocalNetworkAccessChecks"  # ours has private addresses, the real one has none


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    ours: Instance
    relay: str
    home: Network
    away: Network


def gateway_id(ours: Instance) -> str:
    return str(json.loads(ours.here("remote", "--json"))["id"])


@contextmanager
def outside_world(data: Path, **settings: str) -> Iterator[World]:
    """The house with its gateway, the world with a relay (its data in `data`) and coturn, and a wire to the house."""
    port = free_port()
    address = f"wss://{INTERNET}:{port}"
    with ExitStack() as stack:
        home, away = stack.enter_context(apart())
        turn = stack.enter_context(turn_server(INTERNET, "shared"))
        ours = stack.enter_context(
            papertap(
                *SETUP,
                roles="front,prepare",
                inside=home.inside,
                host=home.address,
                LISTEN__HOST="0.0.0.0",
                REMOTE__RELAY=address,
                REMOTE__RELAY_CA_FILE=str(data / "tls" / "ca.crt"),
                REMOTE__TURN=json.dumps([turn]),
                REMOTE__TURN_SECRET="shared",
                **settings,
            )
        )
        stack.enter_context(relay(port, gateway_id(ours), data=data, host=INTERNET, tls=True))
        yield World(ours=ours, relay=address, home=home, away=away)


@asynccontextmanager
async def chromium(*prefix: str, folder: Path, ours: Instance) -> AsyncIterator[BrowserContext]:
    """Chromium, started by `prefix`, which trusts our certificate as if its authority were installed.

    Errors that are only ignored do not do: a worker comes from a server that is trusted.
    """
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec {" ".join(prefix)} /usr/bin/chromium "$@"\n')
    program.chmod(0o755)
    async with async_playwright() as playwright:
        trusted = f"--ignore-certificate-errors-spki-list={_pin(ours.data / 'tls' / 'ca.crt')}"
        browser = await playwright.chromium.launch(
            executable_path=str(program), args=[*ARGUMENTS, PRIVATE_INTERNET, trusted]
        )
        context = await browser.new_context(ignore_https_errors=True)
        context.set_default_timeout(SECONDS)
        yield context
        await browser.close()


async def become_known(page: Page, url: str) -> None:
    await page.goto(f"{url}/signin?next=/account/remote")
    await page.get_by_label("Name", exact=True).fill("ann")
    await page.locator("input[type=password]").first.fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/account/remote")
    await page.get_by_role("button", name="Let it print from outside").click()
    await page.wait_for_url("**/account/remote?done=added")
    await expect(page.get_by_text("this one")).to_be_visible()
    await expect(page.get_by_role("button", name="Let it print from outside")).to_be_hidden()


async def send(page: Page, name: str, data: bytes) -> None:
    await page.locator("#remote-fields").wait_for()
    files: Any = {"name": name, "mimeType": "application/pdf", "buffer": data}
    await page.locator("#remote-form input[name=file]").set_input_files(files)


async def leave(page: Page, world: World) -> None:
    """With what the app's worker has kept, and nothing else: the wire to the house is cut."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.goto("about:blank")
    cut(world.away)
    await page.goto(f"https://{WIRE}:{world.ours.https_port}/remote")


def _pin(certificate: Path) -> str:
    """As Chromium names a key: the hash of its SubjectPublicKeyInfo."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()
