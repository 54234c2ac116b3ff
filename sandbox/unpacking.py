"""The parts of a mail as they cross the border of the jail: first the list of all, then the octets of each.

The list is parsed field by field, the lengths in it are not believed, and a part that nobody wants is poured away.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from sandbox.errors import TooLarge
from sandbox.passing import Pipe
from sandbox.protocol import ProtocolError
from sandbox.worker import Header, Sink

MAX_PARTS = 500
MAX_NAME = 200
MAX_OPTIONS = 500
_MAX_LISTING = 1024 * 1024
_KINDS = frozenset({"body", "file"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """`kind`: "body" for the text as a page of its own, "file" for what is attached; `depth` counts the mails around it.

    `options`: the words of the line of options that was taken off the text.
    """

    kind: str
    name: str
    format: str
    size: int
    inline: bool = False
    depth: int = 0
    options: str = ""


Listed = Callable[[Sequence[Part]], Awaitable[frozenset[int]]]
Take = Callable[[Part, AsyncIterator[bytes]], Awaitable[None]]


class Parts:
    """gateway side of one mail. What `take` raises ends the exchange."""

    def __init__(self, listed: Listed, take: Take, *, cap: int) -> None:
        self._listed = listed
        self._take = take
        self._cap = cap
        self._size = 0
        self._listing: bytearray | None = bytearray()
        self._parts: tuple[Part, ...] = ()
        self._wanted: frozenset[int] = frozenset()
        self._next = 0
        self._pipe: Pipe | None = None
        self._taking: asyncio.Task[None] | None = None

    def open(self, header: Header) -> Sink:
        if header.get("name") == "listing" and self._listing is not None:
            return self._list
        number = header.get("number")
        if header.get("name") != "part" or self._listing is not None or number != self._next:
            raise ProtocolError("a stream that nobody asked for at offset 0")
        if self._next >= len(self._parts):
            raise ProtocolError("a part that is not in the list at offset 0")
        part, wanted = self._parts[self._next], self._next in self._wanted
        self._next += 1
        if wanted:
            pipe = self._pipe = Pipe()
            self._taking = asyncio.create_task(self._taken(part, pipe))
        return self._pour

    async def close(self) -> None:
        if self._listing is not None:
            self._parts, self._listing = _parts(bytes(self._listing)), None
            self._wanted = await self._listed(self._parts)
        elif self._pipe is not None and self._taking is not None:
            pipe, taking, self._pipe, self._taking = self._pipe, self._taking, None, None
            await pipe.end()
            await taking

    def next(self) -> None:
        raise ProtocolError("a document was asked for that nobody has at offset 0")

    async def abandon(self) -> None:
        """After the exchange: a part that was under way when it broke off is not taken."""
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.gather(self._taking, return_exceptions=True)

    async def _taken(self, part: Part, pipe: Pipe) -> None:
        try:
            await self._take(part, aiter(pipe))
        except BaseException as error:
            await pipe.end(error)  # whoever pours must not wait for room
            raise
        async for _ in pipe:
            """What was left of it."""

    async def _list(self, chunk: bytes) -> None:
        assert self._listing is not None
        self._listing += chunk
        if len(self._listing) > _MAX_LISTING:
            raise TooLarge("the list of a mail's parts", limit="output", allowed=_MAX_LISTING)

    async def _pour(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._cap:
            raise TooLarge("the parts of a mail", limit="output", allowed=self._cap)
        if self._pipe is not None:
            await self._pipe.write(chunk)


def _parts(listing: bytes) -> tuple[Part, ...]:
    try:
        found = json.loads(listing)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the list of parts is no JSON at offset 0") from error
    if not isinstance(found, list) or len(found) > MAX_PARTS:
        raise ProtocolError("the list of parts is out of shape at offset 0")
    return tuple(map(_part, found))


def _part(value: object) -> Part:
    if not isinstance(value, dict) or value.get("kind") not in _KINDS:
        raise ProtocolError("a part is out of shape at offset 0")
    size, depth = value.get("size"), value.get("depth")
    if not isinstance(size, int) or not isinstance(depth, int) or not 0 <= size < 2**40 or not 0 <= depth < 100:
        raise ProtocolError("a number of a part is out of range at offset 0")
    return Part(
        kind=str(value["kind"]),
        name=_text(value.get("name"), MAX_NAME) or "unnamed",
        format=_text(value.get("format"), 100),
        size=size,
        inline=value.get("inline") is True,
        depth=depth,
        options=_text(value.get("options", ""), MAX_OPTIONS),
    )


def _text(value: object, length: int) -> str:
    if not isinstance(value, str):
        raise ProtocolError("a text of a part is out of shape at offset 0")
    return "".join(one if one.isprintable() else " " for one in value[:length]).strip()
