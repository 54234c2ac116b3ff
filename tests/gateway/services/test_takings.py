"""What came out and what it cost, counted from the receipts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

import pytest

from gateway.domain.account import Receipt
from gateway.domain.events import Event, Happening
from gateway.errors import Unavailable
from gateway.services.takings import Takings
from tests.fake_time import FakeClock
from tests.fakes import MemoryEventBus


@dataclass
class Till:
    clock: FakeClock = field(default_factory=FakeClock)
    events: MemoryEventBus = field(default_factory=MemoryEventBus)
    ledger: list[Receipt] = field(default_factory=list)
    closed: bool = False

    def __post_init__(self) -> None:
        self.takings = Takings(receipts_of=self.receipts_of, events=self.events, clock=self.clock)

    async def receipts_of(self, job_id: int) -> list[Receipt]:
        if self.closed:
            raise Unavailable("The database does not answer.")
        return [one for one in self.ledger if one.job_id == job_id]

    def prints(self, job_id: int, amount: str = "0.10", currency: str = "EUR", at: float = 1.0) -> None:
        receipt = Receipt(
            release_id=uuid4(),
            job_id=job_id,
            owner="alice",
            printer="find-me",
            device="laser",
            impressions=4,
            media_sheets=2,
            color=False,
            confirmed=True,
            at=self.clock.now() + at,
            amount=Decimal(amount),
            currency=currency,
        )
        self.ledger.append(receipt)

    async def tells(self, job_id: int, event: Event = Event.JOB_COMPLETED) -> None:
        self.events.publish(Happening(event=event, at=self.clock.now(), job_id=job_id))
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def figures(self) -> tuple[int, int, dict[str, Decimal]]:
        return self.takings.impressions, self.takings.media_sheets, self.takings.charged


@pytest.fixture
async def till() -> AsyncIterator[Till]:
    made = Till()
    running = asyncio.create_task(made.takings.run())
    await asyncio.sleep(0)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_each_receipt_counts_once_in_its_currency(till: Till) -> None:
    till.prints(1)
    till.prints(1, "0.25")
    till.prints(2, "3", "CHF")
    await till.tells(1)
    await till.tells(1)
    await till.tells(2)
    assert till.figures == (12, 6, {"EUR": Decimal("0.35"), "CHF": Decimal(3)})


async def test_what_is_free_counts_as_paper_alone(till: Till) -> None:
    till.prints(1, "0", "")
    await till.tells(1)
    assert till.figures == (4, 2, {})


async def test_only_ends_are_looked_at_and_nothing_from_before_the_start(till: Till) -> None:
    till.prints(1)
    await till.tells(1, Event.JOB_PROGRESS)
    till.prints(2, at=-1.0)
    await till.tells(2)
    assert till.figures == (0, 0, {})


async def test_it_goes_on_after_a_database_that_was_away(till: Till) -> None:
    till.prints(1)
    till.prints(2)
    till.closed = True
    await till.tells(1)
    till.closed = False
    await till.tells(2)
    assert till.figures == (4, 2, {"EUR": Decimal("0.10")})
