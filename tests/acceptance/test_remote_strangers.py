"""Who may open a channel from outside, tried by a peer that does everything right but one thing (aiortc, a real relay)."""

import asyncio
import base64
import hashlib
import json
import re
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.peers.ours import Instance, papertap
from tests.peers.outside import PASSWORD, SETUP, gateway_id
from tests.peers.processes import free_port
from tests.peers.relay import relay

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("remote")]
SECONDS = 60.0
SILENCE = 2.0
LABEL = "papertap"


def text64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@dataclass(kw_only=True)
class Browser:
    """As remote.js keeps it: its id, its key, and the gateway's id."""

    id: str
    gateway: str
    relay: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def says(self, wish: str, *, key: ec.EllipticCurvePrivateKey | None = None, **values: str) -> str:
        payload = {"wish": wish, "gateway": self.gateway, "at": time.time(), "nonce": secrets.token_urlsafe(16)}
        text = json.dumps(payload | values)
        pair = decode_dss_signature((key or self.key).sign(text.encode(), ec.ECDSA(SHA256())))
        signature = b"".join(number.to_bytes(32, "big") for number in pair)
        return json.dumps({"browser": self.id, "payload": text, "signature": text64(signature)})

    @asynccontextmanager
    async def at_the_relay(self) -> AsyncIterator[ClientConnection]:
        """Once the gateway is there: it comes again after pauses that grow."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        end = time.monotonic() + 2 * SECONDS
        while True:
            async with connect(f"{self.relay}/relay/browser/{self.gateway}", ssl=context) as socket:
                try:
                    await asyncio.wait_for(socket.recv(), 0.5)
                except TimeoutError:
                    yield socket
                    return
                except ConnectionClosed as gone:
                    if time.monotonic() > end:
                        raise AssertionError(f"the gateway is not at the relay: {gone}") from gone

    async def asks(self, socket: ClientConnection, envelope: str) -> dict[str, Any]:
        """The answer; TimeoutError where there is none."""
        await socket.send(envelope)
        name = text64(hashlib.sha256(json.loads(envelope)["payload"].encode()).digest())
        async with asyncio.timeout(SECONDS):
            while True:
                payload: dict[str, Any] = json.loads(json.loads(await socket.recv())["payload"])
                if payload["to"] == name:
                    return payload


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    ours: Instance
    browser: Browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data, port = tmp_path_factory.mktemp("relay"), free_port()
    address = f"wss://127.0.0.1:{port}"
    settings = {"REMOTE__RELAY": address, "REMOTE__RELAY_CA_FILE": str(data / "tls" / "ca.crt")}
    with papertap(*SETUP, **settings) as ours:
        gateway = gateway_id(ours)
        with relay(port, gateway, data=data, tls=True):
            yield World(ours=ours, browser=known_browser(ours, address, gateway))


def known_browser(ours: Instance, address: str, gateway: str) -> Browser:
    """Ann lets it print from outside while it is at home."""
    browser = Browser(id="", gateway=gateway, relay=address)
    public = browser.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with httpx2.Client(base_url=f"http://127.0.0.1:{ours.http_port}") as client:
        form = {"with": "password", "name": "ann", "password": PASSWORD, "csrf": token(client, "/signin")}
        assert client.post("/signin", data=form).status_code == 303
        told = client.post("/account/remote", data={"csrf": token(client, "/account/remote"), "key": text64(public)})
    browser.id = told.json()["browser"]
    return browser


def token(client: httpx2.Client, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


class Caller:
    """One end of a connection, with what it heard on its channel."""

    def __init__(self, label: str = LABEL) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.connection.createDataChannel(label)
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.opened, self.closed = asyncio.Event(), asyncio.Event()
        self.watch(self.channel)

    def watch(self, channel: RTCDataChannel) -> None:
        channel.on("open", self.opened.set)
        channel.on("close", self.closed.set)
        channel.on("message", self.heard.put_nowait)

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def answered(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    async def asks(self, **values: Any) -> dict[str, Any]:
        self.channel.send(json.dumps({"id": 1, **values}))
        told: dict[str, Any] = json.loads(await asyncio.wait_for(self.heard.get(), SECONDS))
        return told


@asynccontextmanager
async def caller(label: str = LABEL) -> AsyncIterator[Caller]:
    made = Caller(label)
    try:
        yield made
    finally:
        await made.connection.close()


async def until(happened: asyncio.Event) -> None:
    await asyncio.wait_for(happened.wait(), SECONDS)


async def test_an_offer_that_is_sent_again_opens_nothing_and_ends_nothing(world: World) -> None:
    browser = world.browser
    async with caller() as one, browser.at_the_relay() as socket:
        envelope = browser.says("offer", sdp=await one.offer())
        await one.answered((await browser.asks(socket, envelope))["sdp"])
        await until(one.opened)
        assert [row["name"] for row in (await one.asks(do="printers"))["printers"]] == ["find-me"]
        async with browser.at_the_relay() as thief:
            await thief.send(envelope)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(thief.recv(), SILENCE)
        assert (await one.asks(do="printers"))["printers"], "a second offer of the same browser would have ended it"


async def test_an_offer_by_another_key_is_met_with_silence(world: World) -> None:
    async with caller() as one, world.browser.at_the_relay() as socket:
        await socket.send(
            world.browser.says("offer", key=ec.generate_private_key(ec.SECP256R1()), sdp=await one.offer())
        )
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), SILENCE)


async def test_a_channel_by_another_key_than_the_signed_one_never_opens(world: World) -> None:
    """Whoever reads an offer on its way has its passwords for ICE, and connects first: its certificate is another."""
    async with caller() as thief, caller() as owner, world.browser.at_the_relay() as socket:
        prints = [re.findall(r"a=fingerprint:(\S+ \S+)", sdp) for sdp in (await thief.offer(), await owner.offer())]
        sdp = thief.connection.localDescription.sdp
        for theirs, signed in zip(*prints, strict=True):
            sdp = sdp.replace(theirs, signed)
        answer = await world.browser.asks(socket, world.browser.says("offer", sdp=sdp))
        await thief.answered(answer["sdp"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(thief.opened.wait(), 3 * SILENCE)
    assert await asyncio.to_thread(world.ours.jobs) == []


@pytest.mark.parametrize("label", ["", "other"])
async def test_a_channel_of_another_name_is_closed(world: World, label: str) -> None:
    async with caller(label) as one, world.browser.at_the_relay() as socket:
        answer = await world.browser.asks(socket, world.browser.says("offer", sdp=await one.offer()))
        await one.answered(answer["sdp"])
        await until(one.closed)
    assert one.heard.empty()


async def test_a_second_channel_ends_the_first(world: World) -> None:
    async with caller() as one, world.browser.at_the_relay() as socket:
        answer = await world.browser.asks(socket, world.browser.says("offer", sdp=await one.offer()))
        await one.answered(answer["sdp"])
        await until(one.opened)
        one.connection.createDataChannel(LABEL)
        await until(one.closed)


async def test_octets_that_nobody_asked_for_close_the_channel_and_become_nothing(world: World) -> None:
    async with caller() as one, world.browser.at_the_relay() as socket:
        answer = await world.browser.asks(socket, world.browser.says("offer", sdp=await one.offer()))
        await one.answered(answer["sdp"])
        await until(one.opened)
        one.channel.send(b"%PDF-1.7 unasked")
        await until(one.closed)
    assert await asyncio.to_thread(world.ours.jobs) == []
