"""The power goes: what was acknowledged is on the disk, not on its way there.

Spool and database lie on disks of their own, so that a sync of the one cannot hide a missing sync of the other.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.defects import POWER_CUT_DEFECTS
from tests.faults.disks import Disk, disk, needs_power_cuts
from tests.faults.harness import Acceptor, History, Verdict, verdict

pytestmark = [pytest.mark.faults, needs_power_cuts]


class Machine:
    """Two disks and the history of a process that uses them."""

    def __init__(self, database: Disk, spool: Disk) -> None:
        self.disks = (spool, database)
        self.data = database.path / "data"
        self.spool = spool.path / "spool"
        self.history = History()

    async def runs(self, *options: str) -> Acceptor:
        return await Acceptor.started(self.history, self.data, self.spool, *options)

    async def power_cut(self, acceptor: Acceptor) -> Verdict:
        for one in self.disks:
            one.cut_power()
        await acceptor.kill()
        for one in self.disks:
            one.restart()
        return await verdict(self.history, self.data, self.spool)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(*(stack.enter_context(disk(tmp_path, name)) for name in ("database", "spool")))


async def test_nothing_acknowledged_is_lost_when_the_last_reply_was_just_sent(machine: Machine) -> None:
    async with await machine.runs("--count", "12") as acceptor:
        await acceptor.quiet()
        found = await machine.power_cut(acceptor)
    assert found.kept, found
    assert found.rows == len(machine.history.accepted) == 12


async def test_nothing_acknowledged_is_lost_under_load(machine: Machine, long: bool) -> None:
    for _ in range(15 if long else 1):
        async with await machine.runs("--clients", "8") as acceptor:
            await acceptor.tells(random.randint(8, 40))
            found = await machine.power_cut(acceptor)
        assert found.kept, found


@pytest.mark.parametrize("defect", POWER_CUT_DEFECTS)
async def test_a_missing_sync_is_noticed(machine: Machine, defect: str) -> None:
    async with await machine.runs("--count", "12", "--defect", defect) as acceptor:
        await acceptor.quiet()
        found = await machine.power_cut(acceptor)
    assert not found.kept
