"""HTTP responses: IPP, a line of text for what is no IPP, a challenge, and the icons."""

from collections.abc import Awaitable, Callable
from typing import Any

from ipp.server.icons import icon
from ipp.server.printer_attributes import ICON_SIZES

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]

IPP = b"application/ipp"
_NOT_FOUND = "There is nothing here. Printers are at /ipp/print."


class Answer:
    """Sends one response."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def ipp(self, octets: bytes, *, close: bool = False) -> None:
        await self._whole(200, octets, [(b"content-type", IPP)], close=close)

    async def text(self, status: int, text: str, *, close: bool = False) -> None:
        await self._whole(status, f"{text}\n".encode(), [(b"content-type", b"text/plain; charset=utf-8")], close=close)

    async def challenge(self, text: str, realm: str, *, close: bool) -> None:
        header = f'Basic realm="{realm}", charset="UTF-8"'.encode("ascii", "replace")
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"www-authenticate", header)]
        await self._whole(401, f"{text}\n".encode(), headers, close=close)

    async def png(self, octets: bytes) -> None:
        headers = [(b"content-type", b"image/png"), (b"cache-control", b"public, max-age=86400")]
        await self._whole(200, octets, headers, close=False)

    async def _whole(self, status: int, octets: bytes, headers: list[tuple[bytes, bytes]], *, close: bool) -> None:
        headers.append((b"content-length", str(len(octets)).encode()))
        if close:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": octets})


_ICONS = {f"/ipp/icons/{size}.png": size for size in ICON_SIZES}


async def picture(scope: Scope, answer: Answer) -> None:
    """Answer a GET: an icon, or that there is nothing to be read here."""
    size = _ICONS.get(scope["path"])
    if size is None:
        await answer.text(405 if scope["path"].startswith("/ipp/print") else 404, _NOT_FOUND)
    elif scope["method"] in {"GET", "HEAD"}:
        await answer.png(icon(size))
    else:
        await answer.text(405, "An icon can only be read.")
