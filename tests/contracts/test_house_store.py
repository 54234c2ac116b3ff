"""Values of the house: put, replaced, claimed once, removed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.db import open_database
from gateway.services.ports import HouseStore
from tests.fakes_administration import MemoryHouseStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[HouseStore]:
    if request.param == "memory":
        yield MemoryHouseStore()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.house
    await opened.close()


async def test_values_are_kept_replaced_and_removed(house: HouseStore) -> None:
    assert await house.values() == {}
    await house.put({"site.name": "Library", "site.currency": "EUR"})
    await house.put({"site.name": "Bücherei"})
    await house.put({})
    assert await house.values() == {"site.name": "Bücherei", "site.currency": "EUR"}
    await house.remove(["site.currency", "unknown"])
    assert await house.values() == {"site.name": "Bücherei"}


async def test_of_many_who_claim_a_name_one_gets_it(house: HouseStore) -> None:
    got = await asyncio.gather(*(house.claim("closed", f"by {number}") for number in range(8)))
    assert sum(got) == 1
    assert (await house.values())["closed"] == f"by {got.index(True)}"
    assert not await house.claim("closed", "later")
