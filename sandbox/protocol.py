r"""The frames that a worker and the gateway exchange over the worker's stdin and stdout.

    0      1                 5
    +------+-----------------+------------------+
    | kind | length (uint32) | payload (length) |
    +------+-----------------+------------------+

`H` carries one JSON object, `D` bytes of the stream that the header before it announced, `E` (empty) ends that stream.
Gateway to worker: H request, D*, E. Worker to gateway: H ready; then for each document any of H pages, H stream D* E,
and at last H done or H error. Pure: bytes in, frames out; both sides use it and neither trusts the other's lengths.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = ord("H")
DATA = ord("D")
END = ord("E")

MAX_DATA = 256 * 1024
# The facts of 2,000 pages take some 120 KB of JSON.
MAX_HEADER = 2 * 1024 * 1024

_PREFIX = struct.Struct(">BI")
_CAPS = {HEADER: MAX_HEADER, DATA: MAX_DATA, END: 0}


class ProtocolError(Exception):
    """The other side broke the framing. The message ends with the offset in its stream."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    kind: int
    payload: bytes = b""


def encode(frame: Frame) -> bytes:
    """Encode one frame. ProtocolError when the payload passes the cap of its kind."""
    if len(frame.payload) > _CAPS[frame.kind]:
        raise ProtocolError(f"a frame of {len(frame.payload)} bytes is over the cap at offset 0")
    return _PREFIX.pack(frame.kind, len(frame.payload)) + frame.payload


def header(value: dict[str, object]) -> bytes:
    return encode(Frame(kind=HEADER, payload=json.dumps(value, separators=(",", ":")).encode()))


def data(chunk: bytes | memoryview) -> Iterator[bytes]:
    """Encode a chunk of any length as data frames; an empty chunk makes none."""
    view = memoryview(chunk)
    for start in range(0, len(view), MAX_DATA):
        yield encode(Frame(kind=DATA, payload=bytes(view[start : start + MAX_DATA])))


def end() -> bytes:
    return encode(Frame(kind=END))


def parse_header(payload: bytes) -> dict[str, object]:
    """Decode a header's JSON object. ProtocolError for anything else."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a header frame is no JSON at offset 0") from error
    if not isinstance(value, dict):
        raise ProtocolError("a header frame is no JSON object at offset 0")
    return value


class Decoder:
    """Turns the bytes of one direction into frames, holding back at most one incomplete frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes and return the frames they complete. ProtocolError for an unknown kind or a cap passed."""
        self._buffer += chunk
        frames: list[Frame] = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    @property
    def idle(self) -> bool:
        """True between frames: the stream may end here."""
        return not self._buffer

    def _next(self) -> Frame | None:
        if not self._buffer:
            return None
        kind = self._buffer[0]
        if kind not in _CAPS:
            raise ProtocolError(f"unknown frame kind {kind:#04x} at offset {self._offset}")
        if len(self._buffer) < _PREFIX.size:
            return None
        length = _PREFIX.unpack_from(self._buffer)[1]
        if length > _CAPS[kind]:
            raise ProtocolError(f"a frame of {length} bytes is over the cap at offset {self._offset}")
        total = _PREFIX.size + length
        if len(self._buffer) < total:
            return None
        payload = bytes(memoryview(self._buffer)[_PREFIX.size : total])
        del self._buffer[:total]
        self._offset += total
        return Frame(kind=kind, payload=payload)
