"""The local spool against a real directory: what is committed is there, what is not leaves nothing."""

import asyncio
import errno
import hashlib
import os
import stat
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.adapters.spool import LocalSpool, directory_of, open_spool
from gateway.adapters.spool.sealing import CHUNK_SIZE, HEADER_SIZE
from gateway.adapters.spool.writer import BUFFER_SIZE
from gateway.errors import StartupError, StorageFailed, StorageFull, Unavailable
from gateway.services.ports import Stored
from gateway.settings import Settings

KEY = bytes(range(32))
SIZES = [0, 1, 100 * 1024, BUFFER_SIZE, BUFFER_SIZE + 1, 3 * 1024 * 1024 + 17]


class Time:
    """Monotonic time of a test."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def spool(tmp_path: Path, time: Time) -> Iterator[LocalSpool]:
    made = LocalSpool(tmp_path / "spool", low_percent=0.0, low_bytes=0, monotonic=time)
    yield made
    made.close()


async def store(spool: LocalSpool, plain: bytes, *, piece: int = 65536) -> str:
    writer = await spool.create(KEY)
    for start in range(0, len(plain), piece):
        await writer.write(plain[start : start + piece])
    object_id, size, sha256 = await writer.commit()
    assert size == len(plain)
    assert sha256 == hashlib.sha256(plain).hexdigest()
    return object_id


async def load(spool: LocalSpool, object_id: str, key: bytes = KEY) -> bytes:
    return b"".join([chunk async for chunk in spool.read(object_id, key)])


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def files(tmp_path: Path, where: str = "") -> list[Path]:
    return sorted(path for path in (tmp_path / "spool" / where).rglob("*") if path.is_file())


@pytest.mark.parametrize("size", SIZES)
async def test_a_document_comes_back_octet_by_octet(spool: LocalSpool, size: int) -> None:
    plain = os.urandom(size)
    assert await load(spool, await store(spool, plain)) == plain


async def test_files_are_closed_to_others_and_hold_no_plain_text(spool: LocalSpool, tmp_path: Path) -> None:
    await store(spool, b"confidential " * 1000)
    [path] = files(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert b"confidential" not in path.read_bytes()


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_is_visible_before_the_commit_nor_left_by_an_abort(
    spool: LocalSpool, tmp_path: Path, size: int
) -> None:
    writer = await spool.create(KEY)
    await writer.write(bytes(size))
    assert all(path.name.startswith(".") for path in files(tmp_path))
    await writer.abort()
    await writer.abort()
    assert files(tmp_path) == []


async def test_an_abort_after_the_commit_is_harmless(spool: LocalSpool) -> None:
    writer = await spool.create(KEY)
    await writer.write(b"kept")
    object_id, _, _ = await writer.commit()
    await writer.abort()
    assert await load(spool, object_id) == b"kept"


async def test_a_cancelled_commit_leaves_nothing(spool: LocalSpool, tmp_path: Path) -> None:
    writer = await spool.create(KEY)
    await writer.write(bytes(100_000))
    commit = asyncio.create_task(writer.commit())
    await asyncio.sleep(0)
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    await writer.abort()
    assert files(tmp_path) == []


async def test_what_follows_begins_when_all_is_on_the_disk(
    spool: LocalSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, rename = os.fsync, os.rename

    def synced(descriptor: int) -> None:
        sync(descriptor)
        steps.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    def renamed(source: str, target: str) -> None:
        rename(source, target)
        steps.append("name")

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    writer = await spool.create(KEY)
    await writer.write(b"safe")
    stored = await writer.commit(lambda stored: steps.append(f"then {stored.object_id}"))
    assert steps == ["name", "file", "directory", f"then {stored.object_id}"]


async def test_what_a_row_may_name_by_now_is_not_removed(spool: LocalSpool) -> None:
    """The client goes away while the thread already writes the row."""
    writer = await spool.create(KEY)
    await writer.write(b"kept")
    began, go_on = threading.Event(), threading.Event()
    kept: list[str] = []

    def then(stored: Stored) -> None:
        kept.append(stored.object_id)
        began.set()
        assert go_on.wait(10)

    commit = asyncio.create_task(writer.commit(then))
    await asyncio.to_thread(began.wait, 10)
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    go_on.set()
    await writer.abort()
    assert await load(spool, kept[0]) == b"kept"


async def test_after_a_cancellation_nothing_follows(spool: LocalSpool, tmp_path: Path) -> None:
    writer = await spool.create(KEY)
    await writer.write(b"dropped")
    began, go_on, sync = threading.Event(), threading.Event(), os.fsync
    followed: list[Stored] = []

    def slow(descriptor: int) -> None:
        began.set()
        assert go_on.wait(10)
        sync(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", slow)
        commit = asyncio.create_task(writer.commit(followed.append))
        await asyncio.to_thread(began.wait, 10)
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit
        abort = asyncio.create_task(writer.abort())
        await asyncio.sleep(0)
        go_on.set()
        await abort
    assert (followed, files(tmp_path)) == ([], [])


async def test_many_commits_at_once_are_all_there(spool: LocalSpool) -> None:
    plains = [os.urandom(1000 + n) for n in range(64)]
    ids = await asyncio.gather(*(store(spool, plain) for plain in plains))
    assert len(set(ids)) == 64
    assert [await load(spool, object_id) for object_id in ids] == plains


async def test_destroyed_objects_are_gone_and_unknown_ones_do_not_matter(spool: LocalSpool, tmp_path: Path) -> None:
    one, two = await store(spool, b"1"), await store(spool, b"2")
    await spool.destroy([one, "f" * 32])
    await spool.destroy([one])
    await spool.destroy([])
    assert await load(spool, two) == b"2"
    with pytest.raises(Unavailable, match="not there"):
        await load(spool, one)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 32, "00/" + "0" * 29, "0" * 31, "0" * 33])
async def test_a_name_is_never_a_path(spool: LocalSpool, name: str) -> None:
    with pytest.raises(Unavailable):
        await load(spool, name)
    with pytest.raises(ValueError, match="not the name"):
        await spool.destroy([name])


def damage(tmp_path: Path, how: str) -> None:
    [path] = files(tmp_path, "objects")
    octets = path.read_bytes()
    changed = {
        "bit": octets[:-1] + bytes([octets[-1] ^ 1]),
        "header": b"XXXX" + octets[4:],
        "truncated": octets[:-CHUNK_SIZE],
        "stump": octets[: HEADER_SIZE + 3],
        "empty": b"",
        "longer": octets + bytes(16),
    }
    path.write_bytes(changed[how])


@pytest.mark.parametrize("how", ["bit", "header", "truncated", "stump", "empty", "longer"])
async def test_a_damaged_object_goes_to_quarantine_and_is_never_given_out_whole(
    spool: LocalSpool, tmp_path: Path, how: str
) -> None:
    object_id = await store(spool, os.urandom(3 * CHUNK_SIZE))
    damage(tmp_path, how)
    with pytest.raises(Unavailable, match="damaged"):
        await load(spool, object_id)
    assert [path.name for path in files(tmp_path, "quarantine")] == [object_id]
    assert files(tmp_path, "objects") == []
    await spool.destroy([object_id])
    await spool.sweep(frozenset(), older_than=0.0)
    assert len(files(tmp_path, "quarantine")) == 1
    assert not spool.failed


async def test_one_object_under_another_ones_name_is_noticed(spool: LocalSpool, tmp_path: Path) -> None:
    one, two = await store(spool, b"one"), await store(spool, b"two")
    path_of = {path.name: path for path in files(tmp_path, "objects")}
    path_of[one].replace(path_of[two])
    with pytest.raises(Unavailable, match="damaged"):
        await load(spool, two)


async def test_a_reader_that_stops_early_closes_its_file(spool: LocalSpool) -> None:
    object_id = await store(spool, bytes(20 * CHUNK_SIZE))
    before = open_files()
    chunks = spool.read(object_id, KEY)
    assert await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]  # an async generator, though the port promises less
    spool.close()
    assert open_files() == before


async def test_a_reader_may_end_after_the_spool(spool: LocalSpool) -> None:
    object_id = await store(spool, bytes(20 * CHUNK_SIZE))
    before = open_files()
    chunks = spool.read(object_id, KEY)
    assert await anext(chunks)
    spool.close()
    await chunks.aclose()  # type: ignore[attr-defined]  # an async generator, though the port promises less
    assert open_files() == before


# -- room


def disk(monkeypatch: pytest.MonkeyPatch, *, free: int, total: int = 1000) -> None:
    found = SimpleNamespace(f_bavail=free, f_blocks=total, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: found)


@pytest.mark.parametrize(
    ("free", "marks", "low"),
    [
        (51, (5.0, 0), False),
        (49, (5.0, 0), True),
        (200, (5.0, 201), True),
        (202, (5.0, 201), False),
        (0, (0.0, 0), False),
    ],
)
async def test_low_is_below_either_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, marks: tuple[float, int], low: bool
) -> None:
    spool = LocalSpool(tmp_path, low_percent=marks[0], low_bytes=marks[1])
    disk(monkeypatch, free=free)
    space = await spool.space()
    assert (space.free, space.total, space.low) == (free, 1000, low)
    spool.close()


async def test_room_that_comes_back_is_seen_within_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time: Time
) -> None:
    spool = LocalSpool(tmp_path, low_percent=5.0, low_bytes=0, monotonic=time)
    disk(monkeypatch, free=1)
    assert (await spool.space()).low
    disk(monkeypatch, free=900)
    assert (await spool.space()).low, "asked once a second only"
    time.seconds += 1.1
    assert not (await spool.space()).low
    spool.close()


async def test_a_stream_stops_before_the_disk_is_full_but_uses_the_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time: Time
) -> None:
    spool = LocalSpool(tmp_path / "spool", low_percent=10.0, low_bytes=0, monotonic=time)
    disk(monkeypatch, free=60)
    writer = await spool.create(KEY)
    await writer.write(bytes(BUFFER_SIZE + 1))
    disk(monkeypatch, free=40)
    time.seconds += 2.0

    async def go_on() -> None:
        for _ in range(3):  # a refusal is heard with the next piece
            await writer.write(bytes(BUFFER_SIZE + 1))

    with pytest.raises(StorageFull, match="nearly full"):
        await go_on()
    await writer.abort()
    assert files(tmp_path) == []
    assert not spool.failed
    spool.close()


# -- what the disk says


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, number: int, *, directories: bool | None = None) -> None:
    """The kernel's answer to `call` from now on; for fsync of files or of directories only."""
    real = getattr(os, call)

    def answer(descriptor: int, *rest: object) -> object:
        if directories is None or stat.S_ISDIR(os.fstat(descriptor).st_mode) == directories:
            raise OSError(number, os.strerror(number))
        return real(descriptor, *rest)

    monkeypatch.setattr(os, call, answer)


@pytest.mark.parametrize("directories", [False, True])
async def test_a_failed_fsync_is_final(
    spool: LocalSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directories: bool
) -> None:
    kept = await store(spool, b"before")
    refuse(monkeypatch, "fsync", errno.EIO, directories=directories)
    writer = await spool.create(KEY)
    await writer.write(b"lost")
    with pytest.raises(StorageFailed):
        await writer.commit()
    await writer.abort()
    monkeypatch.undo()
    assert spool.failed
    assert len(files(tmp_path)) == 1
    with pytest.raises(StorageFailed, match="start"):
        await spool.create(KEY)
    assert await load(spool, kept) == b"before"


async def test_after_a_failure_writers_that_were_open_cannot_commit(
    spool: LocalSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = await spool.create(KEY)
    await early.write(b"early")
    refuse(monkeypatch, "fsync", errno.EIO)
    with pytest.raises(StorageFailed):
        await store(spool, b"x")
    monkeypatch.undo()
    with pytest.raises(StorageFailed):
        await early.write(b"more")
    with pytest.raises(StorageFailed):
        await early.commit()


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_is_not_a_failed_disk(
    spool: LocalSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    refuse(monkeypatch, call, number, directories=False)
    writer = await spool.create(KEY)
    await writer.write(b"too much")
    with pytest.raises(StorageFull):
        await writer.commit()
    await writer.abort()
    monkeypatch.undo()
    assert not spool.failed
    assert files(tmp_path) == []
    assert await load(spool, await store(spool, b"again")) == b"again"


async def test_too_many_open_files_is_overload_not_failure(
    spool: LocalSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptor(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", no_descriptor)
    with pytest.raises(Unavailable, match="overloaded"):
        await store(spool, b"x")
    monkeypatch.undo()
    assert not spool.failed


async def test_short_writes_are_continued(spool: LocalSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:1000]))
    object_id = await store(spool, bytes(10_000))
    monkeypatch.undo()
    assert await load(spool, object_id) == bytes(10_000)


async def test_the_name_is_given_before_both_are_on_the_disk(
    spool: LocalSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With concurrent writers the directory's fsync may be shared, but it never comes before the name."""
    steps: list[str] = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        real_fsync(descriptor)
        steps.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    def rename(*paths: object) -> None:
        real_rename(*paths)  # type: ignore[arg-type]  # passed on as they came
        steps.append("name")

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    await store(spool, b"x")
    assert steps == ["name", "file", "directory"]


async def test_memory_stays_flat_whatever_the_size(spool: LocalSpool) -> None:
    piece = bytes(65536)
    tracemalloc.start()
    writer = await spool.create(KEY)
    for _ in range(640):
        await writer.write(piece)
    object_id, size, _ = await writer.commit()
    read = 0
    async for chunk in spool.read(object_id, KEY):
        read += len(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == read == 640 * 65536
    assert peak < 8 * BUFFER_SIZE


async def test_many_slow_writers_hold_back_little_each(spool: LocalSpool) -> None:
    tracemalloc.start()
    writers = [await spool.create(KEY) for _ in range(400)]
    for writer in writers:
        for _ in range(8):
            await writer.write(bytes(65536))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    for writer in writers:
        await writer.abort()
    assert held < 400 * 200 * 1024


# -- orphans


async def test_orphans_go_once_they_were_seen_for_that_long(spool: LocalSpool, tmp_path: Path, time: Time) -> None:
    known, orphan = await store(spool, b"known"), await store(spool, b"orphan")
    assert await spool.sweep(frozenset({known}), older_than=3600.0) == 0
    time.seconds += 3599.0
    assert await spool.sweep(frozenset({known}), older_than=3600.0) == 0
    time.seconds += 2.0
    assert await spool.sweep(frozenset({known}), older_than=3600.0) == 1
    assert await load(spool, known) == b"known"
    with pytest.raises(Unavailable):
        await load(spool, orphan)


async def test_a_file_time_in_the_past_does_not_make_an_orphan(spool: LocalSpool, tmp_path: Path) -> None:
    await store(spool, b"its row is being written")
    os.utime(files(tmp_path)[0], (0, 0))
    assert await spool.sweep(frozenset(), older_than=3600.0) == 0


async def test_an_object_that_got_its_row_is_no_orphan_any_more(spool: LocalSpool, time: Time) -> None:
    object_id = await store(spool, b"x")
    await spool.sweep(frozenset(), older_than=3600.0)
    time.seconds += 1800.0
    await spool.sweep(frozenset({object_id}), older_than=3600.0)
    time.seconds += 1801.0
    assert await spool.sweep(frozenset(), older_than=3600.0) == 0, "the waiting begins anew"


async def test_a_slow_upload_is_not_swept_while_octets_arrive(spool: LocalSpool, tmp_path: Path, time: Time) -> None:
    writer = await spool.create(KEY)
    for _ in range(3):
        await writer.write(bytes(BUFFER_SIZE + 1))
        await writer.write(bytes(BUFFER_SIZE + 1))  # waits for the first to be written
        assert await spool.sweep(frozenset(), older_than=3600.0) == 0
        time.seconds += 3601.0
    object_id, size, _ = await writer.commit()
    assert len(await load(spool, object_id)) == size


async def test_what_a_crash_left_half_written_is_swept(spool: LocalSpool, tmp_path: Path) -> None:
    (tmp_path / "spool" / "objects" / "aa" / f".{'a' * 32}").write_bytes(b"half")
    assert await spool.sweep(frozenset(), older_than=0.0) == 1
    assert files(tmp_path) == []


# -- settings


def test_the_url_names_a_local_directory(tmp_path: Path) -> None:
    assert directory_of(Settings(data=tmp_path)) == tmp_path / "spool"
    given = Settings(data=tmp_path, spool={"url": "file:///var/lib/my%20spool"})
    assert directory_of(given) == Path("/var/lib/my spool")


@pytest.mark.parametrize("url", ["s3://bucket/x", "file://host/x", "/var/spool", "file:relative"])
def test_another_kind_of_spool_stops_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(StartupError, match="file:///path"):
        open_spool(Settings(data=tmp_path, spool={"url": url}))


def test_an_unusable_directory_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(StartupError, match="cannot be used"):
        open_spool(Settings(data=tmp_path))
