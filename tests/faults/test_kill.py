"""kill -9 at any moment: no acknowledged job is lost, and no row is without its document."""

import random
from pathlib import Path

import pytest

from tests.faults import defects
from tests.faults.harness import Acceptor, History, verdict

pytestmark = pytest.mark.faults


@pytest.mark.timeout(1800)  # sixty kills in the long form, on a machine that may have other work
async def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path, long: bool) -> None:
    """The same data again and again: each start finds what the last kill left."""
    history, data, spool = History(), tmp_path / "data", tmp_path / "spool"
    for _ in range(60 if long else 2):
        clients = str(random.choice((1, 4, 16)))
        async with await Acceptor.started(history, data, spool, "--clients", clients) as acceptor:
            await acceptor.tells(random.randint(1, 120))
            await acceptor.kill()
        found = await verdict(history, data, spool)
        assert found.kept, found
        assert found.rows >= len(history.accepted)
    assert not history.refused


async def test_a_reply_before_the_commit_is_noticed(tmp_path: Path) -> None:
    history, data, spool = History(), tmp_path / "data", tmp_path / "spool"
    """Once all is sent: a kill before could come between the row of one and the reply to the next."""
    options = ("--count", "5", "--defect", defects.EARLY_REPLY)
    async with await Acceptor.started(history, data, spool, *options) as acceptor:
        await acceptor.quiet()
        await acceptor.kill()
    assert (await verdict(history, data, spool)).lost
