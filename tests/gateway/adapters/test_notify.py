"""Wake-ups that cross from one process to another through PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from gateway.adapters.notify import CHANNEL, RECONNECT_SECONDS, PostgresqlEventBus
from gateway.domain.events import Event, Happening
from tests.databases import postgresql_url
from tests.fakes import FakeClock

__all__ = ["postgresql_url"]


def happening(job_id: int, **fields: str) -> Happening:
    return Happening(event=Event.JOB_STATE_CHANGED, at=1.5, job_id=job_id, **fields)


@asynccontextmanager
async def running(url: str, clock: FakeClock) -> AsyncIterator[PostgresqlEventBus]:
    bus = PostgresqlEventBus(url, clock=clock)
    task = asyncio.create_task(bus.run())
    await asyncio.wait_for(bus.listening.wait(), 60)
    yield bus
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def heard(listener: AsyncIterator[Happening]) -> Happening:
    return await asyncio.wait_for(anext(listener), 60)


async def test_all_processes_hear_all_and_each_once(postgresql_url: str) -> None:
    clock = FakeClock()
    async with (
        running(postgresql_url, clock) as one,
        running(postgresql_url, clock) as other,
        one.subscribe() as here,
        other.subscribe() as there,
    ):
        said = [happening(1, owner="Jürgen", text="it's \N{PRINTER}"), happening(2), happening(3)]
        for each in said:
            one.publish(each)
        assert [await heard(there) for _ in said] == said
        other.publish(happening(4))
        assert [await heard(here) for _ in range(4)] == [*said, happening(4)]
        assert await heard(there) == happening(4)


async def test_what_was_said_before_the_connection_was_there_arrives(postgresql_url: str) -> None:
    clock = FakeClock()
    early = PostgresqlEventBus(postgresql_url, clock=clock)
    early.publish(happening(1))
    async with running(postgresql_url, clock) as other, other.subscribe() as there:
        task = asyncio.create_task(early.run())
        assert await heard(there) == happening(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_long_texts_are_cut_and_the_wake_up_arrives(postgresql_url: str) -> None:
    clock = FakeClock()
    async with (
        running(postgresql_url, clock) as one,
        running(postgresql_url, clock) as other,
        other.subscribe() as there,
    ):
        one.publish(happening(1, text="\N{PRINTER}" * 5000))
        one.publish(happening(2, text="x" * 499, owner="y" * 7600))
        one.publish(happening(3, owner="\N{PRINTER}" * 5000))
        assert await heard(there) == happening(1, text="\N{PRINTER}" * 500)
        assert await heard(there) == happening(2, owner="y" * 7600)
        assert await heard(there) == happening(3)


@pytest.mark.parametrize(
    "payload", ["", "{}", "[]", "7", '{"origin": "x", "event": "unheard-of"}', '{"origin": 1, "a": 2}']
)
async def test_nonsense_on_the_channel_harms_nobody(postgresql_url: str, payload: str) -> None:
    clock = FakeClock()
    async with running(postgresql_url, clock) as one, running(postgresql_url, clock) as other, one.subscribe() as here:
        url = postgresql_url.replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as outsider:
            await outsider.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
        other.publish(happening(1))
        assert await heard(here) == happening(1)


CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'papertap-events'"
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'papertap-events'"


async def until_connected(outsider: psycopg.AsyncConnection[Any], connections: int) -> None:
    async with asyncio.timeout(60):
        while await (await outsider.execute(CONNECTED)).fetchone() != (connections,):
            await asyncio.sleep(0)


async def test_a_lost_connection_is_made_again(postgresql_url: str) -> None:
    clock = FakeClock()
    async with (
        running(postgresql_url, clock) as one,
        running(postgresql_url, clock) as other,
        other.subscribe() as there,
    ):
        url = postgresql_url.replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as outsider:
            await until_connected(outsider, 4)  # to listen and to send
            await outsider.execute(TERMINATE)
            await until_connected(outsider, 0)  # it is asked for, not done
        one.publish(happening(1))
        # Both listeners see the end of their connection; a sender sees it when it has something to send.
        async with asyncio.timeout(60):
            while clock.sleepers < 3:
                await asyncio.sleep(0)
        await clock.advance(RECONNECT_SECONDS)
        await asyncio.wait_for(other.listening.wait(), 60)
        one.publish(happening(2))
        assert (await heard(there)).job_id in {1, 2}
