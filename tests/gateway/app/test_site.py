import json
from typing import Any

import pytest

from gateway.app.site import Site


class Calls:
    """An application that says its own name."""

    def __init__(self, name: bytes) -> None:
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.name})


async def answer(
    path: str, *, method: str = "GET", kind: bytes = b"", reasons: tuple[str, ...] = ()
) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def health() -> tuple[str, ...]:
        return reasons

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    site = Site(ipp=Calls(b"ipp"), pages=Calls(b"pages"), health=health, metrics=lambda: b"metric 1\n")
    headers = [(b"content-type", kind)] if kind else []
    await site({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize(
    ("path", "method", "kind", "expected"),
    [
        ("/", "GET", b"", b"pages"),
        ("/", "POST", b"application/ipp", b"ipp"),
        ("/ipp/print/find-me", "POST", b"application/ipp", b"ipp"),
        ("/ipp/print", "POST", b"text/plain", b"ipp"),
        ("/jobs/release", "POST", b"application/x-www-form-urlencoded", b"pages"),
        ("/metrics", "GET", b"", b"metric 1\n"),
    ],
)
async def test_each_request_reaches_who_answers_it(path: str, method: str, kind: bytes, expected: bytes) -> None:
    assert (await answer(path, method=method, kind=kind))[1] == expected


async def test_health_is_200_while_work_is_accepted_and_503_with_the_reasons() -> None:
    status, body = await answer("/healthz")
    assert (status, json.loads(body)) == (200, {"accepting": True, "reasons": []})
    status, body = await answer("/healthz", reasons=("storage-low",))
    assert (status, json.loads(body)["reasons"]) == (503, ["storage-low"])


async def opened(path: str, *, origin: bytes | None = None, scheme: str = "wss") -> list[Any]:
    """What a socket is told; b"socket" says that the mounted application got it."""
    sent: list[Any] = []

    async def mounted(scope: Any, _receive: Any, send: Any) -> None:
        await send(scope["type"])

    async def health() -> tuple[str, ...]:
        return ()

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    site = Site(
        ipp=Calls(b"ipp"), pages=Calls(b"pages"), health=health, metrics=bytes, mounted={"/terminals/": mounted}
    )
    headers = [(b"host", b"printing.example:8443"), *([(b"origin", origin)] if origin is not None else [])]
    await site({"type": "websocket", "scheme": scheme, "path": path, "headers": headers}, receive, send)
    return sent


@pytest.mark.parametrize("origin", [None, b"https://printing.example:8443", b"https://PRINTING.example:8443"])
async def test_a_socket_reaches_what_is_mounted_there(origin: bytes | None) -> None:
    assert await opened("/terminals/v1/socket", origin=origin) == ["websocket"]


@pytest.mark.parametrize(
    "origin",
    [b"https://evil.example", b"https://printing.example", b"http://printing.example:8443", b"null", b"", b"\xff"],
)
async def test_a_page_of_another_site_opens_no_socket(origin: bytes) -> None:
    start, body = await opened("/terminals/v1/socket", origin=origin)
    assert start["status"] == 403
    assert body["body"]


async def test_there_are_no_sockets_elsewhere() -> None:
    assert [message.get("status") for message in await opened("/jobs")] == [404, None]
