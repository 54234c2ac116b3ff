"""One job, fifty hands: however many release it at the same moment, it prints once and is charged once."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.domain.job import JobState
from ipp.virtual import Features, VirtualPrinter, count_only
from tests.faults import defective
from tests.faults.whole import PATIENCE, Site, document, release, sign_in, tracebacks, tray, went

pytestmark = pytest.mark.faults

HANDS = 50


@pytest.mark.parametrize("protocol", ["ipp", "raw", "lpd"])
async def test_of_fifty_releases_at_once_one_wins(tmp_path: Path, protocol: str, long: bool) -> None:
    """Fifty connections with ten sessions; each losing page says why."""
    paper = tmp_path / "tray"
    async with (
        VirtualPrinter(paper, features=Features(speed=50), render=count_only) as printer,
        AsyncExitStack() as stack,
    ):
        site = await Site.made(tmp_path / "data", {protocol: printer.uri(protocol)})
        server = await stack.enter_async_context(site.serving())
        people = [await stack.enter_async_context(site.visitor(seconds=60)) for _ in range(10)]
        for person in people:
            await sign_in(person)
        for number in range(20 if long else 1):
            job = await site.accepted(protocol, f"job-{number}", document(number))
            await site.held(job)
            pages = await asyncio.gather(*(release(people[hand % 10], job) for hand in range(HANDS)))
            assert sum(went(page) for page in pages) == 1
            assert sum("only a held job can be released" in page.text for page in pages) == HANDS - 1
            assert {page.status_code for page in pages} == {200}
            done = await site.until(job, JobState.COMPLETED)
            assert [one.release_id for one in await site.ledger() if one.job_id == job] == [done.release_id]
            await _in_the_tray(paper, number + 1)
        made = Counter(sheet.name for sheet in tray(paper) if sheet.impressions)
        assert set(made.values()) == {1}
        assert len(made) == number + 1
    assert tracebacks(server.log) == []


async def test_a_release_that_does_not_look_first_is_noticed(tmp_path: Path) -> None:
    """Nothing delivers here, so that the job stays where the first hand has put it."""
    async with VirtualPrinter(tmp_path / "tray", render=count_only) as printer:
        site = await Site.made(tmp_path / "data", {"raw": printer.uri("raw")})
        site.program = ("tests.faults.defective", defective.RELEASE_TWICE)
        async with site.serving("front,prepare"), site.visitor(seconds=60) as visitor:
            await sign_in(visitor)
            job = await site.accepted("raw", "job-1", document(1))
            await site.held(job)
            pages = [await release(visitor, job) for _ in range(3)]
            assert sum(went(page) for page in pages) > 1


async def _in_the_tray(paper: Path, jobs: int) -> None:
    """LPD says that it has the document, not that it has printed it."""
    async with asyncio.timeout(PATIENCE):
        while sum(sheet.impressions > 0 for sheet in tray(paper)) < jobs:
            await asyncio.sleep(0.02)
