"""A house with somebody for each role, and a visitor signed in as administrator."""

from collections.abc import AsyncIterator

import pytest

from gateway.domain.rights import Role
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House


@pytest.fixture
async def staffed(house: House) -> House:
    """Everybody is called as their role."""
    for role in Role:
        await house.identity.add_user(role.value, password=PASSWORD, role=role)
    return house


@pytest.fixture
async def ada(house: House) -> AsyncIterator[Visitor]:
    await house.identity.add_user("ada", password=PASSWORD, role=Role.ADMINISTRATOR)
    async with visiting(house.app()) as visitor:
        assert (await visitor.sign_in("ada")).status_code == 303
        yield visitor
