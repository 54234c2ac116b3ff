"""multipart/form-data as it arrives: fields first, then files one after the other, none of them ever whole in memory.

Starlette's own parser keeps files in a temporary place of its own, unsealed; this one hands octets on (RFC 7578).
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import Message

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.errors import BadRequest, TooLarge

MAX_FIELD = 16 * 1024
MAX_HEADER = 8 * 1024
MAX_PARTS = 200
LONGEST_NAME = 1000  # characters of a file's name that are looked at
NO_FORM = "The form cannot be read. Reload the page and try again."


@dataclass(kw_only=True, slots=True)
class File:
    """A file of the form. `body` must be read to its end before the next one is asked for."""

    name: str
    format: str
    body: AsyncIterator[bytes]


@dataclass(kw_only=True)
class FormReader:
    """`fields()` first: those before the first file; then `files()`. BadRequest and TooLarge say what is wrong.

    `content_type` is the header's value; `chunks` are the body as it comes, and raise what its reader raises.
    """

    content_type: str
    chunks: AsyncIterator[bytes]
    _events: deque[tuple[str, bytes]] = field(default_factory=deque)
    _fields: dict[str, list[str]] = field(default_factory=dict)
    _file: Message | None = None
    _parts: int = 0
    _ended: bool = False

    def __post_init__(self) -> None:
        _, options = parse_options_header(self.content_type)
        boundary = options.get(b"boundary", b"")
        if not boundary or len(boundary) > 200:
            raise BadRequest(NO_FORM)
        names = (
            "part_begin",
            "part_data",
            "part_end",
            "header_field",
            "header_value",
            "header_end",
            "headers_finished",
        )
        callbacks = {f"on_{name}": self._callback(name) for name in (*names, "end")}
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # reason: a mapping of the right functions

    async def fields(self) -> dict[str, list[str]]:
        """Every field that stands before the files."""
        while self._file is None and await self._part():
            pass
        return self._fields

    async def files(self) -> AsyncIterator[File]:
        """A file input that was left empty is no file. Fields after a file are not looked at."""
        await self.fields()
        while self._file is not None:
            disposition = self._file
            body = self._body()
            name = (disposition.get_param("filename", "", "content-disposition") or "")[:LONGEST_NAME]
            begin = await anext(body, b"")
            if begin or name:
                yield File(name=plain_name(str(name)), format=_type(disposition), body=_chained(begin, body))
            async for _ in body:
                pass  # what nobody wanted to read
            self._file = None
            while self._file is None and await self._part():
                pass

    # -- within

    def _callback(self, name: str) -> object:
        if name in {"part_data", "header_field", "header_value"}:
            return lambda data, start, end: self._events.append((name, bytes(data[start:end])))
        return lambda: self._events.append((name, b""))

    async def _next(self) -> tuple[str, bytes] | None:
        while not self._events:
            if self._ended:
                return None
            await self._feed()
        return self._events.popleft()

    async def _feed(self) -> None:
        chunk = await anext(self.chunks, None)
        try:
            if chunk is None:
                self._ended = True
                self._parser.finalize()
            elif chunk:
                self._parser.write(chunk)
        except MultipartParseError as error:
            raise BadRequest(NO_FORM) from error

    async def _part(self) -> bool:
        """Reads the head of the next part, and its value if it is a field; False at the end."""
        header = Message()
        name, value, size = b"", b"", 0
        while (event := await self._next()) is not None:
            kind, data = event
            if kind == "header_field":
                name, size = name + data, size + len(data)
            elif kind == "header_value":
                value, size = value + data, size + len(data)
            elif kind == "header_end":
                header[name.decode("ascii", "replace")] = value.decode("utf-8", "replace")
                name = value = b""
            elif kind == "headers_finished":
                await self._begin(header)
                return True
            if size > MAX_HEADER:
                raise BadRequest(NO_FORM)
        return False

    async def _begin(self, header: Message) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise TooLarge(f"The form has more than {MAX_PARTS} parts. Send fewer files at once.")
        if header.get_param("filename", None, "content-disposition") is not None:
            self._file = header
            return
        value = bytearray()
        async for data in self._body():
            value += data
            if len(value) > MAX_FIELD:
                raise TooLarge("A field of the form is too long.")
        field_name = str(header.get_param("name", "", "content-disposition"))
        self._fields.setdefault(field_name, []).append(value.decode("utf-8", "replace"))

    async def _body(self) -> AsyncIterator[bytes]:
        """The octets of the part that was begun. BadRequest when the form ends in the middle of it."""
        while (event := await self._next()) is not None:
            kind, data = event
            if kind == "part_data":
                yield data
            elif kind == "part_end":
                return
        raise BadRequest("The form ended in the middle of a file. Send it again.")


def plain_name(name: str) -> str:
    """The last part of what may be a path of the sender's; a name is data here and never a place."""
    return name.replace("\\", "/").rpartition("/")[2]


def _type(header: Message) -> str:
    return str(header.get("content-type", "application/octet-stream"))[:200]


async def _chained(begin: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if begin:
        yield begin
    async for data in rest:
        yield data
