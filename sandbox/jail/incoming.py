"""The document as it arrives: looked at, then read on as a stream or stored, but never held."""

from collections.abc import Iterator
from pathlib import Path

from sandbox.errors import TooLarge


class Incoming:
    """A readable stream over the chunks of a document."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""

    def peek(self, size: int) -> bytes:
        """The first `size` bytes of what is still to be read, or all of it when there are fewer."""
        while len(self._held) < size and (chunk := next(self._chunks, b"")):
            self._held += chunk
        return self._held[:size]

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; empty at the end only."""
        if not self._held:
            self._held = next(self._chunks, b"")
        data, self._held = self._held[:size], self._held[size:]
        return data

    def store(self, path: Path, limit: int) -> None:
        """Write the rest to a file. TooLarge over `limit` bytes: it lies in memory."""
        written = 0
        with path.open("wb") as file:
            while chunk := self.read(2**20):
                written += len(chunk)
                if written > limit:
                    raise TooLarge("the stored source", limit="bytes", allowed=limit)
                file.write(chunk)
