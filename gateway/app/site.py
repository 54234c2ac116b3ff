"""One ASGI application for every port: IPP by its media type, health and metrics by their paths, else the pages."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

_IPP = b"application/ipp"


class Site:
    """`health` gives the reasons why no work is accepted; `metrics` the Prometheus text."""

    def __init__(
        self,
        *,
        ipp: Callable[[Any, Any, Any], Awaitable[None]],
        pages: ASGIApp,
        health: Callable[[], Awaitable[tuple[str, ...]]],
        metrics: Callable[[], bytes],
    ) -> None:
        self._ipp = ipp
        self._pages = pages
        self._health = health
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if (scope["method"] == "POST" and _is_ipp(scope)) or path.startswith("/ipp/"):
            await self._ipp(scope, receive, send)
        elif path == "/healthz":
            await self._answer_health(send)
        elif path == "/metrics":
            await _answer(send, 200, b"text/plain; version=0.0.4; charset=utf-8", self._metrics())
        else:
            await self._pages(scope, receive, send)

    async def _answer_health(self, send: Send) -> None:
        reasons = await self._health()
        body = json.dumps({"accepting": not reasons, "reasons": list(reasons)}).encode()
        await _answer(send, 503 if reasons else 200, b"application/json", body)


def _is_ipp(scope: Scope) -> bool:
    return any(name == b"content-type" and value.startswith(_IPP) for name, value in scope["headers"])


async def _answer(send: Send, status: int, media_type: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
