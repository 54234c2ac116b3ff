"""A running sandbox for each test that asks for one: small, and gone with everything in it when the test ends."""

from collections.abc import AsyncIterator

import pytest

from sandbox.client import Sandbox
from sandbox.settings import MIB, Limits, SandboxSettings
from tests.sandbox.samples import nobody_left

SMALL = SandboxSettings(
    workers=1,
    ready=1,
    limits=Limits(
        wall_seconds=20,
        memory_bytes=400 * MIB,
        tmp_bytes=200 * MIB,
        max_source_bytes=50 * MIB,
        max_stored_bytes=40 * MIB,
        max_pages=300,
    ),
)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(SMALL)
    await made.start()
    with nobody_left(made):
        try:
            yield made
        finally:
            await made.close()
