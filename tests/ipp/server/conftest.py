"""A gateway in memory and a client of it, as most tests here need them."""

from collections.abc import AsyncIterator

import pytest

from tests.ipp.server.house import Client, House, a_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with a_house().running() as running:
        yield running


@pytest.fixture
def client(house: House) -> Client:
    return Client(house)


@pytest.fixture
def operator(house: House) -> Client:
    """At the address that is trusted with an operator's work."""
    return Client(house, address="127.0.0.1", user="root")
