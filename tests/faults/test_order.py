"""The barrier's order, for any disk: at each acknowledgement nothing of it is still on its way.

A power cut shows what one file system lost; this shows what any could lose.
"""

import shutil
from pathlib import Path

import pytest

from gateway.adapters.db.engines import FILE_NAME
from tests.faults.defects import MISSING_SYNCS, NO_DIRECTORY_FSYNC
from tests.faults.harness import Acceptor, History
from tests.faults.strict import told_too_early, traced

pytestmark = [pytest.mark.faults, pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")]

COUNT = 12


async def _early(tmp_path: Path, *options: str) -> list[str]:
    history, data, spool, log = History(), tmp_path / "data", tmp_path / "spool", tmp_path / "calls"
    options = ("--count", str(COUNT), *options)
    async with await Acceptor.started(history, data, spool, *options, prefix=traced(log)) as acceptor:
        await acceptor.quiet()
        await acceptor.kill()
    assert len(history.accepted) == COUNT
    return told_too_early(log, spool, data / f"{FILE_NAME}-wal")


async def test_octets_name_and_row_are_on_the_disk_before_the_answer(tmp_path: Path) -> None:
    assert await _early(tmp_path) == []


@pytest.mark.parametrize("defect", MISSING_SYNCS)
async def test_a_missing_sync_is_noticed(tmp_path: Path, defect: str) -> None:
    lacks = "the name " if defect == NO_DIRECTORY_FSYNC else "octets of "
    early = await _early(tmp_path, "--defect", defect)
    assert len([one for one in early if one.startswith(lacks)]) >= COUNT
