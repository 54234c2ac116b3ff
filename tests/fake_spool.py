"""A spool in memory, keys that are only wrapped in words, and hashes that cost nothing."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

from gateway.errors import Locked, StorageFailed, StorageFull, Unavailable
from gateway.services.ports import Clock, Space, Stored
from tests.fake_time import FakeClock

PREFIX = b"wrapped:"


class FakeKeyring:
    """Set `locked` to take the key-encryption key away."""

    def __init__(self) -> None:
        self.locked = False
        self._numbers = count(1)

    def new_key(self) -> tuple[bytes, bytes]:
        self._check()
        plain = hashlib.sha256(b"key %d" % next(self._numbers)).digest()
        return plain, PREFIX + plain

    def unwrap(self, wrapped: bytes) -> bytes:
        self._check()
        if not wrapped.startswith(PREFIX):
            raise Locked("This data key was not made by this keyring.")
        return wrapped.removeprefix(PREFIX)

    def _check(self) -> None:
        if self.locked:
            raise Locked("The key-encryption key is missing.")


class FakeHasher:
    """Deterministic and fast; still nothing that holds the secret itself."""

    async def hash(self, secret: str) -> str:
        return "fake$" + hashlib.sha256(secret.encode()).hexdigest()

    async def verify(self, hashed: str, secret: str) -> bool:
        return hmac.compare_digest(hashed, await self.hash(secret))

    def lookup(self, purpose: str, secret: str) -> str:
        return hmac.new(b"pepper", f"{purpose}\0{secret}".encode(), "sha256").hexdigest()


@dataclass
class _Object:
    key: bytes
    data: bytes
    made_at: float


class MemorySpoolWriter:
    def __init__(self, spool: "MemorySpool", key: bytes) -> None:
        self._spool = spool
        self._key = key
        self._data = bytearray()
        spool.unfinished.add(self)

    async def write(self, data: bytes) -> None:
        if self._spool.failed:
            raise StorageFailed("A write did not reach the disk.")
        if self._spool.full:
            raise StorageFull("The spool is full.")
        self._data += data

    async def commit(self, then: Callable[[Stored], None] | None = None) -> Stored:
        spool = self._spool
        if spool.failing:
            spool.failed = True
        if spool.failed:
            raise StorageFailed("A write did not reach the disk.")
        object_id = uuid4().hex
        spool.objects[object_id] = _Object(self._key, bytes(self._data), spool.clock.now())
        self._close()
        return Stored(object_id, len(self._data), hashlib.sha256(self._data).hexdigest())

    async def abort(self) -> None:
        self._close()

    def _close(self) -> None:
        self._spool.unfinished.discard(self)


class MemorySpool:
    """`low`: space() says so. `full`: writes are refused. `failing`: the next commit's fsync fails, for good.

    `objects` holds what is committed; `unfinished` the writers that were neither committed nor aborted.
    """

    def __init__(self, clock: Clock | None = None, *, chunk: int = 65536) -> None:
        self.clock: Clock = clock or FakeClock()
        self.chunk = chunk
        self.low = False
        self.full = False
        self.failing = False
        self.failed = False
        self.objects: dict[str, _Object] = {}
        self.unfinished: set[MemorySpoolWriter] = set()

    async def create(self, key: bytes) -> MemorySpoolWriter:
        if self.failed:
            raise StorageFailed("A write did not reach the disk.")
        if self.full:
            raise StorageFull("The spool is full.")
        return MemorySpoolWriter(self, key)

    async def read(self, object_id: str, key: bytes) -> AsyncIterator[bytes]:
        found = self.objects.get(object_id)
        if found is None or found.key != key:
            raise Unavailable("The object is missing or damaged.")
        for start in range(0, len(found.data), self.chunk):
            yield found.data[start : start + self.chunk]

    async def destroy(self, object_ids: Sequence[str]) -> None:
        for object_id in object_ids:
            self.objects.pop(object_id, None)

    async def sweep(self, known: frozenset[str], *, older_than: float) -> int:
        latest = self.clock.now() - older_than
        orphans = [key for key, found in self.objects.items() if key not in known and found.made_at <= latest]
        await self.destroy(orphans)
        return len(orphans)

    async def space(self) -> Space:
        total = 1 << 40
        return Space(free=0 if self.full else total // 2, total=total, low=self.low or self.full)
