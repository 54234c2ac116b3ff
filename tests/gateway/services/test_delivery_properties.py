"""Any run of bad luck, release after release: nothing prints twice, nothing is charged twice or without paper."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.job import Job, JobState, Reason
from gateway.services.ports import Progress
from tests.fakes import FakeDevice
from tests.gateway.services.delivery_house import DeliveryHouse
from tests.gateway.services.house import ALICE

PAGES = 3


@dataclass(frozen=True, slots=True)
class Luck:
    """How the device is while one release is under way, and whether the gateway is killed in the middle of it."""

    unreachable: bool
    stopped: bool
    busy: int
    break_after: int | None
    aborted_after: int | None
    killed_after: int | None

    def befall(self, device: FakeDevice) -> None:
        device.unreachable = self.unreachable
        device.status = DeviceStatus(state=DeviceState.STOPPED if self.stopped else DeviceState.IDLE)
        device.busy, device.break_after = self.busy, self.break_after
        made = PAGES if self.aborted_after is None else self.aborted_after
        device.script = [Progress(done=True, aborted=self.aborted_after is not None, impressions_completed=made)]


# Mostly a device that takes the document: what goes wrong later is what can go wrong badly.
LUCK = st.builds(
    Luck,
    unreachable=st.sampled_from([False, False, False, False, True]),
    stopped=st.sampled_from([False, False, False, False, True]),
    busy=st.sampled_from([0, 0, 0, 1, 3]),
    break_after=st.none() | st.integers(0, 80),
    aborted_after=st.none() | st.integers(0, PAGES),
    killed_after=st.none() | st.integers(8, 30),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lucks=st.lists(LUCK, min_size=1, max_size=4), knows_jobs=st.booleans())
def test_no_release_prints_or_costs_twice(lucks: list[Luck], knows_jobs: bool) -> None:
    asyncio.run(_run(lucks, knows_jobs))


async def _run(lucks: list[Luck], knows_jobs: bool) -> None:
    house = await DeliveryHouse.at_work()
    house.spool.chunk = 16
    house.device().knows_jobs = knows_jobs
    job = await house.released()
    for number, luck in enumerate(lucks):
        luck.befall(house.device())
        await _under_way(house, luck, number)
        row = await _owner_acts(house, house.row(job))
        _check(house, row, knows_jobs)
        if row.state.ended:
            return


async def _under_way(house: DeliveryHouse, luck: Luck, number: int) -> None:
    """Some minutes of one worker; before it, perhaps, another that is killed."""
    if luck.killed_after is not None:
        first = asyncio.create_task(house.worker(f"first-{number}").run())
        for _ in range(luck.killed_after):
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait({first})
    worker = house.worker(f"second-{number}")
    await worker.recover(alone=True)
    async with house.delivering(worker):
        await house.pass_(150.0)


async def _owner_acts(house: DeliveryHouse, row: Job) -> Job:
    """Tells the truth about what came out, and releases again what is held."""
    if row.has(Reason.OUTCOME_UNKNOWN):
        row = await house.release.resolve(row.id, ALICE, came_out=row.release_id in house.prints())
    if row.state is JobState.PENDING_HELD:
        await house.printers.set_device_status("laser", DeviceStatus(state=DeviceState.IDLE))
        row = await house.release_again(row)
    return row


def _check(house: DeliveryHouse, row: Job, knows_jobs: bool) -> None:
    begun, printed = Counter(house.driver.begun), Counter(house.prints())
    charged = Counter(receipt.release_id for receipt in house.jobs.ledger)
    assert max(begun.values(), default=0) <= 1, "the document went out twice for one release"
    assert max(printed.values(), default=0) <= 1
    assert max(charged.values(), default=0) <= 1
    assert set(charged) <= set(printed), "charged without paper"
    assert row.state in {JobState.PENDING, JobState.COMPLETED, JobState.PENDING_HELD}
    if row.state is JobState.COMPLETED:
        assert row.release_id in charged
        assert row.release_id in printed
    if not knows_jobs:
        assert all(not receipt.confirmed for receipt in house.jobs.ledger)
