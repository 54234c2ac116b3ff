"""Months of the site's own calendar."""

from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from gateway.domain.account import Receipt
from gateway.domain.statistics import Usage
from gateway.services.statistics import Statistics
from tests.fakes import FakeClock, MemoryJobStore
from tests.fakes_jobs import MemoryHistoryStore


class At(FakeClock):
    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> float:
        return self.moment.timestamp()


def statistics(moment: datetime, *receipts: Receipt, zone: str = "") -> Statistics:
    jobs = MemoryJobStore()
    jobs.ledger.extend(receipts)
    return Statistics(history=MemoryHistoryStore(jobs), clock=At(moment), time_zone=zone)


def a_receipt(moment: datetime) -> Receipt:
    counts = {"impressions": 4, "media_sheets": 3, "color": True, "confirmed": True}
    return Receipt(
        release_id=uuid4(), job_id=1, owner="alice", printer="p", device="d", at=moment.timestamp(), **counts
    )


async def test_this_month_is_the_last_and_empty_ones_are_there() -> None:
    now = datetime(2026, 2, 10, tzinfo=UTC)
    months = await statistics(now, a_receipt(datetime(2025, 12, 31, 23, 59, tzinfo=UTC))).months("alice", 4)
    assert [(month.year, month.month) for month in months] == [(2025, 11), (2025, 12), (2026, 1), (2026, 2)]
    assert [month.usage.impressions for month in months] == [0, 4, 0, 0]


async def test_months_begin_at_midnight_of_the_site() -> None:
    moment = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # already April in Berlin
    now = datetime(2026, 4, 10, tzinfo=UTC)
    here = await statistics(now, a_receipt(moment), zone="Europe/Berlin").months("alice", 2)
    assert [month.usage.impressions for month in here] == [0, 4]
    assert here[1].begins_at == datetime(2026, 4, 1, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    there = await statistics(now, a_receipt(moment)).months("alice", 2)
    assert [month.usage.impressions for month in there] == [4, 0]


def test_shares_of_nothing_are_nothing() -> None:
    assert (Usage().color_share, Usage().two_sided_share) == (0.0, 0.0)
    usage = Usage(impressions=4, media_sheets=3, color_impressions=1, two_sided_sheets=1)
    assert (usage.color_share, usage.two_sided_share) == (0.25, 1 / 3)
    assert (usage + usage).impressions == 8
