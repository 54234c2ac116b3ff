"""One ASGI application for every port: IPP by its media type, health and metrics by their paths, else the pages.

WebSockets reach only what is mounted by its path, and never from the page of another site: a browser sends cookies
along wherever a socket was asked for, and asks nobody first (RFC 6455 section 10.2).
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

_IPP = b"application/ipp"


class Site:
    """`health` gives the reasons why no work is accepted; `metrics` the Prometheus text.

    `mounted` are applications with all below a path such as "/terminals/": requests and WebSockets.
    """

    def __init__(
        self,
        *,
        ipp: Callable[[Any, Any, Any], Awaitable[None]],
        pages: ASGIApp,
        health: Callable[[], Awaitable[tuple[str, ...]]],
        metrics: Callable[[], bytes],
        mounted: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        self._ipp = ipp
        self._pages = pages
        self._health = health
        self._metrics = metrics
        self._mounted = dict(mounted or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if (scope["method"] == "POST" and _is_ipp(scope)) or path.startswith("/ipp/"):
            await self._ipp(scope, receive, send)
        elif path == "/healthz":
            await self._answer_health(send)
        elif path == "/metrics":
            await _answer(send, 200, b"text/plain; version=0.0.4; charset=utf-8", self._metrics())
        else:
            await (self._application(path) or self._pages)(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self._application(scope["path"])
        if not _same_origin(scope):
            await _refuse_socket(receive, send, 403, b"Another site opened this socket.\n")
        elif application is None:
            await _refuse_socket(receive, send, 404, b"There is no socket at this address.\n")
        else:
            await application(scope, receive, send)

    def _application(self, path: str) -> ASGIApp | None:
        return next((app for prefix, app in self._mounted.items() if path.startswith(prefix)), None)

    async def _answer_health(self, send: Send) -> None:
        reasons = await self._health()
        body = json.dumps({"accepting": not reasons, "reasons": list(reasons)}).encode()
        await _answer(send, 503 if reasons else 200, b"application/json", body)


def _is_ipp(scope: Scope) -> bool:
    return any(name == b"content-type" and value.startswith(_IPP) for name, value in scope["headers"])


def _same_origin(scope: Scope) -> bool:
    """Programs send no Origin; a browser's page has to come from the very host and port that it connects to."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    if origin is None:
        return True
    told = urlsplit(origin.decode("latin-1"))
    own = "https" if scope["scheme"] == "wss" else "http"
    return (told.scheme, told.netloc.lower()) == (own, headers.get(b"host", b"").decode("latin-1").lower())


async def _refuse_socket(receive: Receive, send: Send, status: int, text: bytes) -> None:
    await receive()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": text})


async def _answer(send: Send, status: int, media_type: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
