"""Printers of one's own: random addresses, void at once when they should be."""

from uuid import uuid4

import pytest

from gateway.domain.rights import Permission, Role
from gateway.errors import BadRequest, LimitReached, NotFound
from gateway.services.identity import Identity
from gateway.services.personal_queues import ALPHABET, LENGTH, MOST, PersonalQueues
from gateway.settings import Identity as IdentitySettings
from tests.fakes import FakeHasher
from tests.fakes_phone import MemoryQueueStore
from tests.gateway.services.house import House


class Queues(House):
    async def open(self) -> "Queues":
        await self.printers.add_printer("find-me")
        await self.printers.add_printer("other")
        self.identity = Identity(users=self.users, hasher=FakeHasher(), clock=self.clock, settings=IdentitySettings())
        self.rows = MemoryQueueStore()
        self.queues = PersonalQueues(
            store=self.rows, users=self.users, printers=self.printers, hasher=FakeHasher(), clock=self.clock
        )
        self.identity.when_disabled.append(self.queues.revoke_all)
        self.alice = await self.identity.add_user("alice", role=Role.OPERATOR)
        self.bob = await self.identity.add_user("bob")
        return self


async def test_a_token_prints_as_its_user_and_no_more() -> None:
    house = await Queues().open()
    token, row = await house.queues.add(house.alice, "My phone")
    assert len(token) == LENGTH
    assert set(token) <= set(ALPHABET)
    assert token not in repr(house.rows.rows)
    opened = await house.queues.open(token, address="192.0.2.7")
    assert (opened.actor.user, opened.printer) == ("alice", "find-me")
    assert not opened.actor.may_somewhere(Permission.JOBS), "an address in a phone is no way to run the house"
    assert (await house.queues.of(house.alice))[0].used_at == house.clock.now()
    assert row.used_at is None


async def test_its_last_use_is_written_now_and_then() -> None:
    house = await Queues().open()
    token, _ = await house.queues.add(house.alice, "My phone", "other")
    first = house.clock.now()
    assert (await house.queues.open(token, address="x")).printer == "other"
    house.clock.tick(30)
    await house.queues.open(token, address="x")
    assert (await house.queues.of(house.alice))[0].used_at == first
    house.clock.tick(31)
    await house.queues.open(token, address="x")
    assert (await house.queues.of(house.alice))[0].used_at == house.clock.now()


@pytest.mark.parametrize("token", ["", "x", "a" * LENGTH, "A" * LENGTH, "../" * 9, "ü" * LENGTH])
async def test_what_is_no_token_opens_nothing(token: str) -> None:
    house = await Queues().open()
    await house.queues.add(house.alice, "My phone")
    with pytest.raises(NotFound):
        await house.queues.open(token, address="x")


async def test_a_new_address_voids_the_old_one_and_a_removed_one_is_gone() -> None:
    house = await Queues().open()
    old, row = await house.queues.add(house.alice, "My phone")
    with pytest.raises(NotFound):
        await house.queues.renew(house.bob, row.id)
    new, _ = await house.queues.renew(house.alice, row.id)
    with pytest.raises(NotFound):
        await house.queues.open(old, address="x")
    assert (await house.queues.open(new, address="x")).actor.user == "alice"
    with pytest.raises(NotFound):
        await house.queues.remove(house.bob, row.id)
    await house.queues.remove(house.alice, row.id)
    with pytest.raises(NotFound):
        await house.queues.open(new, address="x")


async def test_disabling_revokes_for_good() -> None:
    house = await Queues().open()
    token, _ = await house.queues.add(house.bob, "My phone")
    await house.identity.disable("bob")
    with pytest.raises(NotFound):
        await house.queues.open(token, address="x")
    await house.identity.change_user("bob", disabled=False)
    with pytest.raises(NotFound):
        await house.queues.open(token, address="x")


async def test_there_are_not_too_many_and_they_have_names_and_printers() -> None:
    house = await Queues().open()
    with pytest.raises(BadRequest):
        await house.queues.add(house.alice, " ")
    with pytest.raises(NotFound):
        await house.queues.add(house.alice, "Phone", "nowhere")
    with pytest.raises(NotFound):
        await house.queues.remove(house.alice, uuid4())
    for number in range(MOST):
        await house.queues.add(house.alice, f"Phone {number}")
    with pytest.raises(LimitReached):
        await house.queues.add(house.alice, "One more")
