"""EventBus: publishing never waits and never fails; a listener hears what comes while it listens."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.adapters.events import LocalEventBus
from gateway.domain.events import Event, Happening
from gateway.services.ports import EventBus
from tests.fakes import MemoryEventBus


def happening(job_id: int, event: Event = Event.JOB_CREATED) -> Happening:
    return Happening(event=event, at=1.0, job_id=job_id)


@pytest.fixture(params=[MemoryEventBus, LocalEventBus])
def bus(request: pytest.FixtureRequest) -> EventBus:
    make: Callable[[], EventBus] = request.param
    return make()


async def test_each_listener_hears_everything_in_order(bus: EventBus) -> None:
    async with bus.subscribe() as one, bus.subscribe() as other:
        for number in range(3):
            bus.publish(happening(number))
        for listener in (one, other):
            assert [await anext(listener) for _ in range(3)] == [happening(number) for number in range(3)]


async def test_a_listener_wakes_when_something_happens(bus: EventBus) -> None:
    async with bus.subscribe() as listener:
        heard = asyncio.ensure_future(anext(listener))
        await asyncio.sleep(0)
        assert not heard.done()
        bus.publish(happening(1))
        assert await heard == happening(1)


async def test_who_names_kinds_hears_no_others(bus: EventBus) -> None:
    async with bus.subscribe(Event.JOB_COMPLETED, Event.JOB_STOPPED) as listener, bus.subscribe() as all_of_them:
        for number, event in enumerate((Event.JOB_CREATED, Event.JOB_COMPLETED, Event.JOB_PROGRESS, Event.JOB_STOPPED)):
            bus.publish(happening(number, event))
        assert [(await anext(listener)).job_id for _ in range(2)] == [1, 3]
        assert [(await anext(all_of_them)).job_id for _ in range(4)] == [0, 1, 2, 3]


async def test_nobody_hears_what_came_before_or_after(bus: EventBus) -> None:
    bus.publish(happening(1))
    async with bus.subscribe() as listener:
        bus.publish(happening(2))
    bus.publish(happening(3))
    assert await anext(listener) == happening(2)
    waiting = asyncio.ensure_future(anext(listener))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_a_slow_listener_loses_the_oldest_and_holds_nobody_up() -> None:
    bus = LocalEventBus(longest=3)
    async with bus.subscribe() as listener:
        for number in range(10):
            bus.publish(happening(number))
        assert [await anext(listener) for _ in range(3)] == [happening(number) for number in (7, 8, 9)]


async def test_another_thread_may_publish() -> None:
    bus = LocalEventBus()
    with ThreadPoolExecutor(1) as thread:
        async with bus.subscribe() as listener:
            thread.submit(bus.publish, happening(1)).result()
            assert await anext(listener) == happening(1)


def test_a_listener_whose_loop_is_gone_harms_nobody() -> None:
    bus = LocalEventBus()
    subscription = bus.subscribe()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(subscription.__aenter__())
    loop.close()
    bus.publish(happening(1))
    asyncio.run(subscription.__aexit__(None, None, None))
