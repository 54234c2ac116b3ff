"""One house a test, on a migrated copy of SQLite."""

from collections.abc import AsyncIterator

import pytest

from gateway.settings import Settings
from tests.databases import *  # noqa: F403 - its __all__ names the fixtures
from tests.mobile_api.api_house import ApiHouse, api_house


@pytest.fixture
async def house(sqlite_settings: Settings) -> AsyncIterator[ApiHouse]:
    async with api_house(sqlite_settings) as opened:
        yield opened
