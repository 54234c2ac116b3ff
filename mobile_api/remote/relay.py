"""The meeting place: gateways wait here for browsers that are outside. It passes texts on and keeps nothing.

A gateway is who it says by signing a challenge with the key that its id is made of; only ids that the settings name are
let in. What browsers and gateways tell each other is signed by both, so that a relay that is not honest can be silent,
but neither read a document nor be mistaken for either of them.
"""

import asyncio
import base64
import contextlib
import json
import logging
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.services.ports import Clock
from gateway.services.remote_messages import LONGEST, gateway_id
from mobile_api.remote.wire import challenge_text

HANDSHAKE_SECONDS = 10.0
NOT_HERE = 4404  # the gateway is away, or none of ours
NOT_LET_IN = 4403
TOO_MUCH = 4429
REPLACED = 4409  # the same gateway came again: the older connection is dead, or will notice

log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class _Gateway:
    socket: WebSocket
    browsers: dict[str, WebSocket] = field(default_factory=dict)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, message: dict[str, str]) -> None:
        async with self.sending:
            await self.socket.send_text(json.dumps(message))


class Relay:
    """`verify` checks a gateway's signature; `browsers` at once and `per_minute` messages of each are what it carries."""

    def __init__(
        self,
        *,
        gateways: Collection[str],
        browsers: int,
        per_minute: int,
        verify: Callable[[bytes, bytes, bytes], bool],
        clock: Clock,
    ) -> None:
        self._allowed = frozenset(gateways)
        self._most = browsers
        self._per_minute = per_minute
        self._verify = verify
        self._clock = clock
        self._present: dict[str, _Gateway] = {}

    @property
    def present(self) -> frozenset[str]:
        return frozenset(self._present)

    # -- gateways

    async def gateway(self, socket: WebSocket) -> None:
        await socket.accept()
        name = await self._known(socket)
        if name is None:
            await _close(socket, NOT_LET_IN, "This gateway is not let in here.")
            return
        before, mine = self._present.get(name), _Gateway(socket=socket)
        self._present[name] = mine
        if before is not None:
            await _close(before.socket, REPLACED, "This gateway has come again.")
        log.info("gateway %s is here", name)
        try:
            await mine.send({"welcome": name})
            while True:
                await self._from_gateway(mine, await socket.receive_text())
        except (WebSocketDisconnect, ValueError, KeyError, TypeError, RuntimeError):
            pass  # gone, or no gateway of ours after all
        finally:
            if self._present.get(name) is mine:
                del self._present[name]
            for browser in list(mine.browsers.values()):
                await _close(browser, NOT_HERE, "The gateway is away.")
            await _close(socket, 1000, "")

    async def _known(self, socket: WebSocket) -> str | None:
        challenge = secrets.token_urlsafe(32)
        host = socket.headers.get("host", "").lower()
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await socket.send_text(json.dumps({"challenge": challenge}))
                told = json.loads(await socket.receive_text())
            key, signature = base64.b64decode(told["key"]), base64.b64decode(told["signature"])
        except (TimeoutError, WebSocketDisconnect, ValueError, KeyError, TypeError, RuntimeError):
            return None
        name = gateway_id(key)
        if name not in self._allowed or not self._verify(key, challenge_text(host, challenge).encode(), signature):
            return None
        return name

    async def _from_gateway(self, gateway: _Gateway, raw: str) -> None:
        message: dict[str, Any] = json.loads(raw)
        browser = gateway.browsers.get(str(message["to"]))
        if browser is not None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await browser.send_text(str(message["text"]))

    # -- browsers

    async def browser(self, socket: WebSocket) -> None:
        await socket.accept()
        gateway = self._present.get(socket.path_params["gateway"])
        if gateway is None:
            await _close(socket, NOT_HERE, "The gateway is away.")
            return
        if len(gateway.browsers) >= self._most:
            await _close(socket, TOO_MUCH, "Too many browsers are here. Try again later.")
            return
        name = secrets.token_urlsafe(9)
        gateway.browsers[name] = socket
        try:
            await self._carry(name, socket, gateway)
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # one of the two is gone
        finally:
            gateway.browsers.pop(name, None)

    async def _carry(self, name: str, socket: WebSocket, gateway: _Gateway) -> None:
        minute, count = self._clock.monotonic(), 0
        while True:
            text = await socket.receive_text()
            now = self._clock.monotonic()
            if now - minute >= 60:
                minute, count = now, 0
            count += 1
            if count > self._per_minute or len(text) > LONGEST:
                await _close(socket, TOO_MUCH, "Too much was sent. Try again in a minute.")
                return
            await gateway.send({"from": name, "text": text})


def create_relay(relay: Relay) -> Starlette:
    """ASGI; nothing of it needs a database."""

    async def health(_request: object) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/healthz", health),
            WebSocketRoute("/relay/gateway", relay.gateway),
            WebSocketRoute("/relay/browser/{gateway}", relay.browser),
        ]
    )


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code, reason)
