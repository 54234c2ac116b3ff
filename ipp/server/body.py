"""The request's body as one stream: the IPP message first, the document after it, never all of it in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from gateway.errors import TooLarge
from ipp.wire import DecodeError, Decoder, Header, Message

Receive = Callable[[], Awaitable[dict[str, Any]]]


class ClientGone(Exception):
    """The client closed the connection before all of its request had come; nothing can be answered."""


class Body:
    """Reads `receive` as needed. `declared` is Content-Length, None when chunked; `limit` octets of document."""

    def __init__(self, receive: Receive, *, declared: int | None, limit: int) -> None:
        self._receive = receive
        self._declared = declared
        self._limit = limit
        self._first = b""
        self._octets = 0
        self.ended = False
        self.header: Header | None = None

    async def next(self) -> bytes:
        """Some octets; b"" at the end. ClientGone when the connection ended before the body did."""
        while not self.ended:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ClientGone
            data: bytes = event.get("body", b"")
            self._octets += len(data)
            self.ended = not event.get("more_body", False)
            if self.ended and self._declared is not None and self._octets < self._declared:
                raise ClientGone
            if data:
                return data
        return b""

    async def message(self, first: bytes = b"") -> Message:
        """The IPP message; what follows it stays for `document`. DecodeError when there is none."""
        decoder = Decoder()
        data = first
        try:
            while True:
                message = decoder.feed(data) if data else None
                if message is not None:
                    self._first = decoder.trailing
                    return message
                data = await self.next()
                if not data:
                    decoder.eof()
                    raise DecodeError(0, "there is no message")
        finally:
            self.header = decoder.header

    @property
    def surely_empty(self) -> bool:
        """Whether it is known by now that no document follows; never waits."""
        return self.ended and not self._first

    async def has_document(self) -> bool:
        """Whether at least one octet follows the message; waits for it or for the end."""
        if not self._first:
            self._first = await self.next()
        return bool(self._first)

    async def document(self) -> AsyncIterator[bytes]:
        """The document's octets as they were sent; TooLarge above the limit, ClientGone when it was cut short."""
        octets = 0
        data, self._first = self._first, b""
        while data or not self.ended:
            octets += len(data)
            if octets > self._limit:
                raise TooLarge(f"The document has more than {self._limit} octets, which is the most that is taken.")
            if data:
                yield data
            data = await self.next()

    @property
    def left(self) -> int | None:
        """Octets that have not come yet; None when nobody knows."""
        if self.ended:
            return 0
        return None if self._declared is None else self._declared - self._octets
