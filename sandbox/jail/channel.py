"""The worker's end of the frames: a request and its document in, headers and streams out. Blocking; one at a time."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from sandbox import protocol
from sandbox.protocol import DATA, END, HEADER, Decoder, Frame, ProtocolError

_READ = 256 * 1024


class Channel:
    """Frames over two file descriptors."""

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._target = target
        self._decoder = Decoder()
        self._frames: list[Frame] = []

    def request(self) -> dict[str, object] | None:
        """The next request; None when the gateway has hung up."""
        frame = self._next()
        if frame is None:
            return None
        if frame.kind != HEADER:
            raise ProtocolError("bytes where a request was due at offset 0")
        return protocol.parse_header(frame.payload)

    def document(self) -> Iterator[bytes]:
        """The document that follows a request, to its end."""
        while (frame := self._next()) is not None:
            if frame.kind == END:
                return
            if frame.kind != DATA:
                raise ProtocolError("a header inside a document at offset 0")
            yield frame.payload
        raise ProtocolError("the gateway hung up in the middle of a document at offset 0")

    def send(self, header: dict[str, object]) -> None:
        self._write(protocol.header(header))

    def stream(self, header: dict[str, object], chunks: Iterable[bytes]) -> None:
        """Announce a stream by its header and send it."""
        self.send({"event": "stream", **header})
        for chunk in chunks:
            for frame in protocol.data(chunk):
                self._write(frame)
        self._write(protocol.end())

    def _next(self) -> Frame | None:
        while not self._frames:
            chunk = os.read(self._source, _READ)
            if not chunk:
                return None
            self._frames = self._decoder.feed(chunk)
        return self._frames.pop(0)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._target, view) :]


def file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from read_chunks(file)


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(protocol.MAX_DATA):
        yield chunk
