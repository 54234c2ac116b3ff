"""Clock: the machine's and the one that a test owns."""

import asyncio

import pytest

from gateway.adapters.clock import SystemClock
from gateway.services.ports import Clock
from tests.fakes import FakeClock


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


async def test_time_never_runs_backwards(clock: Clock) -> None:
    before, monotonic = clock.now(), clock.monotonic()
    await clock.sleep(0)
    assert clock.now() >= before > 1_700_000_000
    assert clock.monotonic() >= monotonic


async def test_a_sleep_of_no_or_negative_length_lets_others_run(clock: Clock) -> None:
    ran = asyncio.create_task(asyncio.sleep(0, "ran"))
    await clock.sleep(0)
    await clock.sleep(-1)
    assert ran.done()


async def test_sleepers_wake_in_the_order_of_their_time() -> None:
    clock, woken = FakeClock(), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (3.0, 1.0, 2.0, 9.0)]
    await clock.until_sleeping(4)
    began = clock.monotonic()
    await clock.advance(5.0)
    assert woken == [(seconds, began + seconds) for seconds in (1.0, 2.0, 3.0)]
    assert clock.sleepers == 1
    clock.tick(4.0)
    await asyncio.gather(*tasks)
    assert clock.monotonic() == began + 9.0


async def test_a_loop_that_sleeps_again_gets_each_of_its_turns() -> None:
    clock, turns = FakeClock(), 0

    async def loop() -> None:
        nonlocal turns
        while True:
            await clock.sleep(1.0)
            turns += 1

    task = asyncio.create_task(loop())
    await clock.advance(10.0)
    assert turns == 10
    task.cancel()
    await clock.advance(10.0)
    assert turns == 10


async def test_the_wall_clock_may_jump_alone() -> None:
    clock = FakeClock()
    now, monotonic = clock.now(), clock.monotonic()
    clock.jump(-3600.0)
    assert (clock.now(), clock.monotonic()) == (now - 3600.0, monotonic)
