"""The agent's connection: a WebSocket that comes back by itself, or long polling where a network lets none through.

What was not answered is sent again after a reconnect, under the same id: the gateway answers it once. What has become
old meanwhile is not: whoever held the card is gone.
"""

import asyncio
import contextlib
import itertools
import json
import random
import secrets
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final
from urllib.error import HTTPError, URLError

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from mobile_api.reader.keyfile import Account

Message = dict[str, Any]
SUBPROTOCOL: Final = "papertap.terminal.v1"
ANSWER_SECONDS = 15.0  # a message without an answer is given up then
HEARTBEAT_SECONDS = 25.0
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
POLL_SECONDS = 25
REVOKED = frozenset({401, 403})
_GONE = 4401
_NO_SOCKETS = frozenset({400, 404, 405, 426, 501, 502})


class Revoked(Exception):
    """The key is void: only an administrator can help."""


class Link:
    """`heard` gets every message of the gateway. `online` is set while it answers."""

    def __init__(self, account: Account, heard: Callable[[Message], None], *, polling: bool = False) -> None:
        self._account = account
        self._heard = heard
        self._polling = polling
        self._pending: OrderedDict[str, tuple[float, Message]] = OrderedDict()
        self._numbers = itertools.count(1)
        self._prefix = secrets.token_hex(4)
        self._socket: ClientConnection | None = None
        self._stirred = asyncio.Event()
        self.online = asyncio.Event()

    def send(self, kind: str, **fields: object) -> str:
        """Sends now, or as soon as there is a connection; the id of the message."""
        name = f"{self._prefix}-{next(self._numbers)}"
        self._pending[name] = (time.monotonic(), {"type": kind, "id": name, **fields})
        self._stirred.set()
        return name

    def forget(self, name: str) -> None:
        """Its answer is not wanted any more."""
        self._pending.pop(name, None)

    async def run(self) -> None:
        """Until cancelled; Revoked when the gateway does not know us any more."""
        delay, refusals = FIRST_DELAY, 0
        while True:
            began = time.monotonic()
            try:
                await (self._poll() if self._polling else self._talk())
            except InvalidStatus as error:
                if error.response.status_code in REVOKED:
                    raise Revoked(_said(error.response.body)) from error
                refusals += error.response.status_code in _NO_SOCKETS
                self._polling = refusals > 1
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError):
                pass
            finally:
                self.online.clear()
                self._socket = None
            delay = FIRST_DELAY if time.monotonic() - began > LONGEST_DELAY else min(delay * 2, LONGEST_DELAY)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - so that not all boxes come at once

    # -- by socket

    async def _talk(self) -> None:
        url = "ws" + self._account.url.removeprefix("http") + "/terminals/v1/socket"
        async with connect(
            url,
            additional_headers={"Authorization": f"Bearer {self._account.key}"},
            ssl=self._account.context(),
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a plain text is one
            open_timeout=10.0,
            ping_interval=HEARTBEAT_SECONDS,
            ping_timeout=ANSWER_SECONDS,
            compression=None,
        ) as self._socket:
            self._begin()
            sending = asyncio.create_task(self._send_all(self._socket))
            beating = asyncio.create_task(self._beat())
            try:
                async for text in self._socket:
                    self._take(json.loads(text))
            finally:
                for task in (sending, beating):
                    task.cancel()
                await asyncio.gather(sending, beating, return_exceptions=True)
            if self._socket.close_code == _GONE:
                raise Revoked(self._socket.close_reason or "")

    async def _send_all(self, socket: ClientConnection) -> None:
        sent: set[str] = set()
        while True:
            self._stirred.clear()
            for name, message in self._due():
                if name not in sent:
                    await socket.send(json.dumps(message))
                    sent.add(name)
            await self._stirred.wait()

    async def _beat(self) -> None:
        """A key that was taken back is noticed at the next beat, however quiet it is."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            self.send("ping")

    # -- by polling

    async def _poll(self) -> None:
        self._begin()
        waiting = asyncio.create_task(self._wait_for_news())
        try:
            while not waiting.done():
                self._stirred.clear()
                due = [message for _, message in self._due()]
                if due:
                    await self._post(due, 0)
                stirred = asyncio.create_task(self._stirred.wait())
                await asyncio.wait({stirred, waiting}, return_when=asyncio.FIRST_COMPLETED)
                stirred.cancel()
            await waiting
        finally:
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError, Revoked):
                await waiting

    async def _wait_for_news(self) -> None:
        while True:
            began = time.monotonic()
            await self._post([], POLL_SECONDS)
            if time.monotonic() - began < 0.2:  # a message of ours came in between
                await asyncio.sleep(0.2)

    async def _post(self, messages: list[Message], wait: int) -> None:
        for message in await asyncio.to_thread(self._request, messages, wait):
            self._take(message)

    def _request(self, messages: list[Message], wait: int) -> list[Message]:
        body = json.dumps({"messages": messages, "wait": wait}).encode()
        headers = {"Authorization": f"Bearer {self._account.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - the account's address is http or https
            f"{self._account.url}/terminals/v1/messages", data=body, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=wait + 15, context=self._account.context()) as answer:  # noqa: S310
                found: list[Message] = json.load(answer)["messages"]
                return found
        except HTTPError as error:
            if error.code in REVOKED:
                raise Revoked(_said(error.read())) from error
            raise OSError(str(error)) from error
        except (URLError, ValueError) as error:
            raise OSError(str(error)) from error

    # -- both

    def _begin(self) -> None:
        self.send("hello", version=1, agent="papertap-reader")

    def _due(self) -> list[tuple[str, Message]]:
        now = time.monotonic()
        for name, (at, _) in list(self._pending.items()):
            if now - at > ANSWER_SECONDS:
                del self._pending[name]
        return [(name, message) for name, (_, message) in self._pending.items()]

    def _take(self, message: Message) -> None:
        self._pending.pop(message.get("re", ""), None)
        self.online.set()
        self._heard(message)


def _said(body: bytes | bytearray | None) -> str:
    try:
        return str(json.loads(body or b"").get("detail", ""))
    except (ValueError, AttributeError):
        return ""
