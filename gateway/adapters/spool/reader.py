"""One object on its way out of the local spool, a few chunks at a time."""

import os
import threading
from pathlib import Path

from gateway.adapters.spool.sealing import HEADER_SIZE, SEALED_SIZE, TAG_SIZE, DamagedError, Opener

CHUNKS_AT_ONCE = 4  # a call into a thread costs as much as decrypting several


class ObjectReader:
    """Opens the file at the first `next`. Called from threads; `close` waits for a `next` in work."""

    def __init__(self, path: Path, key: bytes, object_id: str) -> None:
        self._path = path
        self._key = key
        self._id = object_id
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._opener: Opener | None = None
        self._left = 0

    @property
    def ended(self) -> bool:
        """True once the last chunk was read."""
        return self._opener is not None and self._left <= 0

    def next(self) -> bytes:
        """The next chunks' plain octets; not after `ended`. FileNotFoundError, OSError, DamagedError."""
        with self._lock:
            opener = self._opener or self._open()
            chunks: list[bytes] = []
            while not chunks or (len(chunks) < CHUNKS_AT_ONCE and not self.ended):
                size = min(SEALED_SIZE, self._left)
                self._left -= size
                chunks.append(opener.open(self._read(size), last=self.ended))
            return b"".join(chunks)

    def close(self) -> None:
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _open(self) -> Opener:
        self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        self._left = os.fstat(self._descriptor).st_size - HEADER_SIZE
        if self._left < TAG_SIZE:
            raise DamagedError("the file is too short")
        self._opener = Opener(self._key, self._id, self._read(HEADER_SIZE))
        return self._opener

    def _read(self, size: int) -> bytes:
        assert self._descriptor is not None, "opened by the first call"
        data = os.read(self._descriptor, size)
        while len(data) < size:
            more = os.read(self._descriptor, size - len(data))
            if not more:
                raise DamagedError("the file became shorter")
            data += more
        return data
