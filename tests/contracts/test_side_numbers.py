"""SideNumbers: each number once, the same release the same ones."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.services.ports import SideNumbers
from tests.fakes_numbers import MemorySideNumbers


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def numbers(request: pytest.FixtureRequest) -> AsyncIterator[SideNumbers]:
    if request.param == "memory":
        yield MemorySideNumbers()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.numbers
    await opened.close()


async def test_numbers_run_on(numbers: SideNumbers) -> None:
    assert await numbers.upcoming("files") == 1
    assert await numbers.take("files", uuid4(), 3) == 1
    assert await numbers.upcoming("files") == 4
    assert await numbers.take("files", uuid4(), 1) == 4
    assert await numbers.take("files", uuid4(), 10_000) == 5
    assert await numbers.upcoming("files") == 10_005


async def test_each_printer_counts_for_itself(numbers: SideNumbers) -> None:
    await numbers.take("one", uuid4(), 7)
    assert await numbers.take("other", uuid4(), 2) == 1


async def test_a_release_that_is_sent_again_keeps_its_numbers(numbers: SideNumbers) -> None:
    release = uuid4()
    assert await numbers.take("again", release, 2) == 1
    await numbers.take("again", uuid4(), 5)
    assert await numbers.take("again", release, 2) == 1
    assert await numbers.upcoming("again") == 8


async def test_those_who_take_at_once_get_different_ones(numbers: SideNumbers) -> None:
    firsts = await asyncio.gather(*[numbers.take("many", uuid4(), 10) for _ in range(20)])
    assert sorted(firsts) == list(range(1, 201, 10))
