"""Spool: what goes in whole comes out whole, or not at all."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.adapters.spool import LocalSpool
from gateway.errors import Unavailable
from gateway.services.ports import Spool
from tests.fakes import FakeClock, MemorySpool

KEY, OTHER_KEY = bytes(32), bytes([1]) * 32


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "local"])
def spool(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Spool]:
    if request.param == "memory":
        yield MemorySpool(clock)
        return
    local = LocalSpool(tmp_path / "spool", low_bytes=0, low_percent=0.0, monotonic=clock.monotonic)
    yield local
    local.close()


async def put(spool: Spool, *pieces: bytes, key: bytes = KEY) -> str:
    writer = await spool.create(key)
    for piece in pieces:
        await writer.write(piece)
    object_id, size, digest = await writer.commit()
    assert (size, digest) == (sum(map(len, pieces)), hashlib.sha256(b"".join(pieces)).hexdigest())
    return object_id


async def whole(body: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in body])


@pytest.mark.parametrize(
    "pieces", [(), (b"",), (b"one",), (b"one", b"", b"two" * 50_000), (b"x" * 65536,) * 3], ids=len
)
async def test_a_document_comes_back(spool: Spool, pieces: tuple[bytes, ...]) -> None:
    object_id = await put(spool, *pieces)
    for _ in range(2):
        assert await whole(spool.read(object_id, KEY)) == b"".join(pieces)


async def test_many_side_by_side_have_ids_of_their_own(spool: Spool) -> None:
    ids = await asyncio.gather(*(put(spool, b"%d" % number) for number in range(20)))
    assert len(set(ids)) == 20
    for number, object_id in enumerate(ids):
        assert await whole(spool.read(object_id, KEY)) == b"%d" % number


async def test_an_aborted_document_is_nowhere_and_abort_is_harmless_later(spool: Spool, clock: FakeClock) -> None:
    writer = await spool.create(KEY)
    await writer.write(b"half")
    await writer.abort()
    await writer.abort()
    assert await spool.sweep(frozenset(), older_than=0.0) == 0
    kept = await spool.create(KEY)
    await kept.write(b"whole")
    object_id, _, _ = await kept.commit()
    await kept.abort()
    assert await whole(spool.read(object_id, KEY)) == b"whole"


async def test_another_key_opens_nothing(spool: Spool) -> None:
    object_id = await put(spool, b"secret")
    with pytest.raises(Unavailable):
        await whole(spool.read(object_id, OTHER_KEY))


async def test_destroyed_and_unknown_objects_are_unavailable(spool: Spool) -> None:
    object_id, other = await put(spool, b"one"), await put(spool, b"other")
    unknown = "0" * len(object_id)
    await spool.destroy([object_id, unknown])
    await spool.destroy([])
    for gone in (object_id, unknown):
        with pytest.raises(Unavailable):
            await whole(spool.read(gone, KEY))
    assert await whole(spool.read(other, KEY)) == b"other"


async def test_the_sweep_takes_old_objects_that_no_row_knows(spool: Spool, clock: FakeClock) -> None:
    known, orphan = await put(spool, b"known"), await put(spool, b"orphan")
    rows = frozenset({known})
    assert await spool.sweep(rows, older_than=100.0) == 0
    await clock.advance(99.0)
    assert await spool.sweep(rows, older_than=100.0) == 0
    await clock.advance(1.0)
    assert await spool.sweep(rows, older_than=100.0) == 1
    assert await whole(spool.read(known, KEY)) == b"known"
    with pytest.raises(Unavailable):
        await whole(spool.read(orphan, KEY))


async def test_space_is_told_and_a_sound_spool_has_not_failed(spool: Spool) -> None:
    space = await spool.space()
    assert 0 < space.free <= space.total
    assert not space.low
    assert not spool.failed
