"""A worker that nobody waits for is started while no document is in work, and no later than the patience says."""

import asyncio

from sandbox.lull import Lull

LONG = 60.0


async def test_a_start_waits_for_the_document_in_work() -> None:
    lull = Lull()
    with lull.working():
        start = asyncio.create_task(lull.wait(LONG))
        await asyncio.sleep(0)
        assert not start.done()
    async with asyncio.timeout(60):
        await start


async def test_every_document_counts() -> None:
    lull = Lull()
    with lull.working():
        with lull.working():
            start = asyncio.create_task(lull.wait(LONG))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not start.done()
    async with asyncio.timeout(60):
        await start


async def test_who_waits_for_a_worker_gets_it_at_once() -> None:
    lull = Lull()
    async with asyncio.timeout(60):
        with lull.working():
            start = asyncio.create_task(lull.wait(LONG))
            await asyncio.sleep(0)
            with lull.waiting():
                await start
                await lull.wait(LONG)


async def test_no_start_is_put_off_for_long() -> None:
    lull = Lull()
    with lull.working():
        async with asyncio.timeout(60):
            await lull.wait(0.01)


async def test_without_work_nothing_is_put_off() -> None:
    async with asyncio.timeout(60):
        await Lull().wait(LONG)
