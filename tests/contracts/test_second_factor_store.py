"""SecondFactorStore: the same promises in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from gateway.adapters.db import open_database
from gateway.domain.second_factor import SecondFactor
from gateway.domain.user import User
from gateway.services.ports import SecondFactorStore
from tests.builders import NOW, a_user
from tests.fakes_house import MemorySecondFactorStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    store: SecondFactorStore
    alice: User
    bob: User


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield Bench(store=MemorySecondFactorStore(), alice=a_user("alice"), bob=a_user("bob"))
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    alice, bob = [await opened.users.save_user(a_user(name)) for name in ("alice", "bob")]
    yield Bench(store=opened.second_factors, alice=alice, bob=bob)
    await opened.users.delete_user("alice")
    assert await opened.second_factors.factor(alice.uuid) is None, "it goes with its user"
    await opened.close()


async def test_a_factor_comes_back_and_is_replaced(bench: Bench) -> None:
    factor = SecondFactor(user=bench.alice.uuid, sealed=b"\x00sealed", confirmed=False, created_at=NOW)
    await bench.store.save_factor(factor)
    assert await bench.store.factor(bench.alice.uuid) == factor
    await bench.store.save_factor(replace(factor, confirmed=True, last_step=7))
    assert await bench.store.factor(bench.alice.uuid) == replace(factor, confirmed=True, last_step=7)
    assert await bench.store.factor(bench.bob.uuid) is None


async def test_a_step_counts_once(bench: Bench) -> None:
    user = bench.alice.uuid
    assert not await bench.store.use_step(user, 5)
    await bench.store.save_factor(SecondFactor(user=user, sealed=b"x", confirmed=True, created_at=NOW, last_step=4))
    won = await asyncio.gather(*(bench.store.use_step(user, 5) for _ in range(10)))
    assert won.count(True) == 1
    assert not await bench.store.use_step(user, 3)
    assert await bench.store.use_step(user, 6)


async def test_a_recovery_code_counts_once_and_for_its_owner(bench: Bench) -> None:
    alice, bob = bench.alice.uuid, bench.bob.uuid
    await bench.store.keep_codes(alice, ["a", "b"])
    await bench.store.keep_codes(bob, ["c"])
    assert not await bench.store.use_code(bob, "a")
    won = await asyncio.gather(*(bench.store.use_code(alice, "a") for _ in range(10)))
    assert won.count(True) == 1
    assert await bench.store.codes_left(alice) == 1
    await bench.store.keep_codes(alice, ["d", "e", "f"])
    assert not await bench.store.use_code(alice, "b")
    assert await bench.store.codes_left(alice) == 3


async def test_nothing_is_left_of_a_removed_factor(bench: Bench) -> None:
    user = bench.alice.uuid
    assert not await bench.store.delete_factor(user)
    await bench.store.save_factor(SecondFactor(user=user, sealed=b"x", confirmed=True, created_at=NOW))
    await bench.store.keep_codes(user, ["a"])
    assert await bench.store.delete_factor(user)
    assert await bench.store.codes_left(user) == 0
    assert await bench.store.factor(user) is None
