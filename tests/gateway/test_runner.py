import asyncio
import os
import signal

import pytest

from gateway.errors import StartupError
from gateway.runner import guarded, run


class Storage:
    failed = False


class Part:
    """Writes down when it starts and stops."""

    def __init__(self, name: str, life: list[str], *, broken: bool = False) -> None:
        self.name, self.life, self.broken = name, life, broken

    async def start(self) -> None:
        if self.broken:
            raise StartupError(f"{self.name} cannot start")
        self.life.append(f"+{self.name}")

    async def stop(self) -> None:
        self.life.append(f"-{self.name}")


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def test_parts_stop_in_the_opposite_order_after_the_drain() -> None:
    life: list[str] = []

    async def drain() -> None:
        life.append("drained")

    status = await run([Part("a", life), Part("b", life)], {}, storage=Storage(), ready=terminate, drain=drain)
    assert (status, life) == (0, ["+a", "+b", "drained", "-b", "-a"])


async def test_what_has_started_stops_when_a_later_part_cannot() -> None:
    life: list[str] = []
    with pytest.raises(StartupError):
        await run([Part("a", life), Part("b", life, broken=True)], {}, storage=Storage())
    assert life == ["+a", "-a"]


async def test_background_work_runs_and_is_cancelled() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("working")
        terminate()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    assert await run([], {"work": work}, storage=Storage()) == 0
    assert seen == ["working", "cancelled"]


async def test_failed_storage_ends_the_process_with_status_1() -> None:
    storage = Storage()
    storage.failed = True
    assert await run([], {}, storage=storage) == 1


async def test_guarded_work_starts_again_after_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.runner.FIRST_PAUSE", 0.0)
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ValueError("broken")

    await guarded("work", work)
    assert tries == 3
