"""One house and one visitor a test."""

from collections.abc import AsyncIterator

import pytest

from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House


@pytest.fixture
async def house() -> House:
    return await House().open()


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app()) as one:
        yield one


@pytest.fixture
async def alice(visitor: Visitor) -> Visitor:
    assert (await visitor.sign_in()).status_code == 303
    return visitor
