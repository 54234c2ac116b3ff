"""Where browsers outside find the gateway: a WebSocket to a relay, or an MQTT broker. Both carry texts, and no secrets."""

import asyncio
import base64
import contextlib
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiomqtt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidURI, WebSocketException

from mobile_api.remote.wire import challenge_text

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
MAX_MESSAGE = 64 * 1024
MQTT_PORTS = {"mqtts": 8883, "mqtt": 1883}

Heard = Callable[[str, str], Awaitable[None]]
"""(who called, the message)"""
Sign = Callable[[str], Awaitable[bytes]]
Status = Callable[[str, str], Awaitable[None]]
"""(connected or away, why)"""

log = logging.getLogger(__name__)


class Meeting(Protocol):
    async def run(self) -> None:
        """For ever; what breaks is begun again after a pause."""

    async def say(self, caller: str, text: str) -> None:
        """Lost when the connection is, as the caller is."""


async def _again(once: Callable[[], Awaitable[None]], status: Status) -> None:
    pause = FIRST_PAUSE
    loop = asyncio.get_running_loop()
    while True:
        began, why = loop.time(), "The connection was closed."
        try:
            await once()
        except (
            OSError,
            WebSocketException,
            InvalidURI,
            aiomqtt.MqttError,
            TimeoutError,
            ValueError,
            KeyError,
        ) as error:
            why = f"{type(error).__name__}: {error}"
        await status("away", why)
        pause = FIRST_PAUSE if loop.time() - began > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)


def _context(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


class RelayMeeting:
    """mobile_api.remote.relay on the other side."""

    def __init__(
        self, url: str, *, ca_file: str | None, public_key: bytes, sign: Sign, heard: Heard, status: Status
    ) -> None:
        self._url = url.rstrip("/") + "/relay/gateway"
        self._host = urlsplit(url).netloc.lower()
        self._secure = url.startswith("wss:")
        self._ca_file = ca_file
        self._public_key = public_key
        self._sign, self._heard, self._status = sign, heard, status
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        await _again(self._once, self._status)

    async def say(self, caller: str, text: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(WebSocketException):
                await self._socket.send(json.dumps({"to": caller, "text": text}))

    async def _once(self) -> None:
        context = _context(self._ca_file) if self._secure else None
        async with connect(self._url, ssl=context, max_size=2 * MAX_MESSAGE, compression=None) as socket:
            challenge = json.loads(await socket.recv())["challenge"]
            signature = await self._sign(challenge_text(self._host, str(challenge)))
            await socket.send(
                json.dumps(
                    {
                        "key": base64.b64encode(self._public_key).decode(),
                        "signature": base64.b64encode(signature).decode(),
                    }
                )
            )
            self._socket = socket
            try:
                async for raw in socket:
                    await self._message(json.loads(raw))
            finally:
                self._socket = None

    async def _message(self, message: dict[str, Any]) -> None:
        if "welcome" in message:
            await self._status("connected", "")
        elif "from" in message:
            await self._heard(str(message["from"]), str(message["text"]))


class BrokerMeeting:
    """An MQTT broker: callers publish to papertap/<gateway>/up/<caller> and listen at .../down/<caller>."""

    def __init__(
        self, url: str, *, ca_file: str | None, user: str, password: str, gateway: str, heard: Heard, status: Status
    ) -> None:
        self._parts = urlsplit(url)
        self._ca_file = ca_file
        self._user, self._password = user, password
        self._topic = f"papertap/{gateway}"
        self._heard, self._status = heard, status
        self._client: aiomqtt.Client | None = None

    async def run(self) -> None:
        await _again(self._once, self._status)

    async def say(self, caller: str, text: str) -> None:
        if self._client is not None:
            with contextlib.suppress(aiomqtt.MqttError):
                await self._client.publish(f"{self._topic}/down/{caller}", text, qos=0)

    async def _once(self) -> None:
        secure = self._parts.scheme == "mqtts"
        async with aiomqtt.Client(
            self._parts.hostname or "",
            self._parts.port or MQTT_PORTS[self._parts.scheme],
            username=self._user or None,
            password=self._password or None,
            tls_context=_context(self._ca_file) if secure else None,
        ) as client:
            await client.subscribe(f"{self._topic}/up/+", qos=0)
            self._client = client
            await self._status("connected", "")
            try:
                async for message in client.messages:
                    await self._received(str(message.topic), message.payload)
            finally:
                self._client = None

    async def _received(self, topic: str, payload: object) -> None:
        caller = topic.rpartition("/")[2]
        if isinstance(payload, bytes | bytearray) and len(payload) <= MAX_MESSAGE and len(caller) <= len(topic):
            await self._heard(caller, payload.decode("utf-8", "replace"))
