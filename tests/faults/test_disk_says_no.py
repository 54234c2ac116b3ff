"""The disk is full, or lies broken: clients are told so, nothing half-written counts, and what was accepted stays."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disks import needs_mounts, small_disk
from tests.faults.harness import Acceptor, History, verdict

pytestmark = pytest.mark.faults

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small", 8 * 1024 * 1024) as path:
        yield path


@needs_mounts
async def test_a_full_spool_refuses_and_takes_again_once_there_is_room(small: Path, tmp_path: Path) -> None:
    history, data, spool = History(), tmp_path / "data", small / "spool"
    filling = small / "something-else"
    filling.write_bytes(bytes(5 * 1024 * 1024))
    async with await Acceptor.started(history, data, spool, "--clients", "4") as acceptor:
        while len(history.refused) < 20:
            await acceptor.tells(1)
        accepted = len(history.accepted)
        filling.unlink()
        while len(history.accepted) < accepted + 5:
            await acceptor.tells(1)
        await acceptor.kill()
    assert set(history.refused) == {"storage-full"}
    found = await verdict(history, data, spool)
    assert found.kept, found


@needs_mounts
async def test_a_full_disk_under_the_database_refuses_and_loses_nothing(small: Path, tmp_path: Path) -> None:
    history, data, spool = History(), small / "data", tmp_path / "spool"
    filling = small / "something-else"
    filling.write_bytes(bytes(6 * 1024 * 1024))
    async with await Acceptor.started(history, data, spool, "--clients", "4") as acceptor:
        while len(history.refused) < 20:
            await acceptor.tells(1)
        accepted = len(history.accepted)
        filling.unlink()
        while len(history.accepted) < accepted + 20:
            await acceptor.tells(1)
        await acceptor.kill()
    assert set(history.refused) == {"storage-full"}
    found = await verdict(history, data, spool)
    assert found.kept, found


@needs_strace
@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
async def test_one_failed_sync_ends_all_acceptance(tmp_path: Path, call: str) -> None:
    """fsync is the spool's, fdatasync the database's. `when` counts for each thread by itself."""
    history, data, spool = History(), tmp_path / "data", tmp_path / "spool"
    inject = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when=25")
    options = ("--count", "300", "--clients", "3")
    async with await Acceptor.started(history, data, spool, *options, prefix=inject) as acceptor:
        while not history.refused:
            await acceptor.tells(1)
        accepted = len(history.accepted)
        await acceptor.quiet()
        await acceptor.kill()
    assert set(history.refused) == {"storage-failed"}
    assert len(history.accepted) <= accepted + 3, "only those that were past it already"
    found = await verdict(history, data, spool)
    assert found.kept, found
    assert found.rows >= accepted
