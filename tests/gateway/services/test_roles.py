"""Roles: who may give what, and that nobody climbs by it."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.rights import GivenRole, Grant, Permission, Role
from gateway.domain.user import SYSTEM, Actor, User
from gateway.errors import BadRequest, Forbidden, NotFound, NotPossible
from tests.builders import a_user
from tests.fake_rows import MemoryUserStore
from tests.fake_time import FakeClock
from tests.fakes_house import FakeHouse

ROOT = Actor(user="root", role=Role.ADMINISTRATOR, via="web")
NORTH = Actor(user="nora", grants=(Grant(role=Role.ADMINISTRATOR, site="north"),), via="web")
OLGA = Actor(user="olga", role=Role.OPERATOR, via="web")


@pytest.fixture
async def house() -> FakeHouse:
    users = MemoryUserStore()
    for user in (a_user("alice"), a_user("root", role=Role.ADMINISTRATOR), a_user("olga", role=Role.OPERATOR)):
        await users.save_user(user)
    return FakeHouse(users=users, clock=FakeClock())


async def user(house: FakeHouse, name: str) -> User:
    found = await house.users.user(name)
    assert found is not None
    return found


async def test_a_given_role_counts_with_the_next_request_and_is_written_down(house: FakeHouse) -> None:
    alice = await user(house, "alice")
    assert (await house.standings.of(alice)).grants == ()
    given = await house.roles.give(ROOT, "ALICE", Role.OPERATOR, site="north")
    assert (await house.standings.of(alice)).grants == (Grant(role=Role.OPERATOR, site="north"),)
    assert (given.holder, given.given_by) == ("alice", "root")
    await house.roles.take(ROOT, given.id)
    assert (await house.standings.of(alice)).grants == ()
    assert house.told == [("role.given", "user alice"), ("role.taken", "user alice")]
    with pytest.raises(NotFound):
        await house.roles.take(ROOT, given.id)


async def test_what_is_remembered_ends_with_the_users_version(house: FakeHouse) -> None:
    await house.groups.add(ROOT, "Team")
    await house.roles.give(ROOT, "team", Role.DESK, group=True)
    alice = await user(house, "alice")
    assert (await house.standings.of(alice)).grants == ()
    alice = await house.groups.add_member(ROOT, "TEAM", "alice")
    assert (await house.standings.of(alice)).grants == (Grant(role=Role.DESK),)


@pytest.mark.parametrize(
    ("actor", "role", "site", "allowed"),
    [
        (ROOT, Role.ADMINISTRATOR, "", True),
        (ROOT, Role.DESK, "north", True),
        (NORTH, Role.ADMINISTRATOR, "north", True),
        (NORTH, Role.DESK, "south", False),
        (NORTH, Role.DESK, "", False),
        (NORTH, Role.ADMINISTRATOR, "", False),
        (OLGA, Role.DESK, "north", False),  # an operator manages no users
        (Actor(), Role.DESK, "north", False),
    ],
)
async def test_nobody_gives_or_takes_more_than_they_have(
    house: FakeHouse,
    actor: Actor,
    role: Role,
    site: str,
    allowed: bool,
) -> None:
    there = await house.rights.add_role(GivenRole(holder="olga", role=role, site=site))
    if allowed:
        await house.roles.give(actor, "alice", role, site=site)
        await house.roles.take(actor, there.id)
        return
    with pytest.raises(Forbidden):
        await house.roles.give(actor, "alice", role, site=site)
    with pytest.raises(Forbidden):
        await house.roles.take(actor, there.id)
    assert await house.rights.roles() == [there]
    assert house.told == []


async def test_what_cannot_be_given(house: FakeHouse) -> None:
    with pytest.raises(NotFound):
        await house.roles.give(ROOT, "nobody", Role.DESK)
    with pytest.raises(NotFound):
        await house.roles.give(ROOT, "alice", Role.DESK, group=True)
    for role, site in ((Role.USER, ""), (Role.DESK, "north\n"), (Role.DESK, "n" * 64)):
        with pytest.raises(BadRequest):
            await house.roles.give(ROOT, "alice", role, site=site)


async def test_a_manager_of_users_touches_nobody_with_more_rights(house: FakeHouse) -> None:
    root, alice, olga = await user(house, "root"), await user(house, "alice"), await user(house, "olga")
    for actor in (NORTH, OLGA):
        with pytest.raises(Forbidden):
            await house.roles.check_may_touch(actor, alice)
    for target in (root, alice, olga):
        await house.roles.check_may_touch(ROOT, target)
    await house.roles.give(ROOT, "alice", Role.ADMINISTRATOR, site="south")
    await house.roles.check_may_touch(ROOT, await user(house, "alice"))


async def test_the_last_administrator_stays(house: FakeHouse) -> None:
    root = await user(house, "root")
    for after in (None, replace(root, disabled=True), replace(root, role=Role.OPERATOR)):
        with pytest.raises(NotPossible):
            async with house.roles.keeping_an_administrator(root, after):
                pytest.fail("it was let go")
    async with house.roles.keeping_an_administrator(root, replace(root, full_name="Root")):
        pass
    await house.roles.give(SYSTEM, "alice", Role.ADMINISTRATOR)
    async with house.roles.keeping_an_administrator(root, None):
        pass


async def test_a_grant_of_the_last_administrator_is_not_taken(house: FakeHouse) -> None:
    given = await house.roles.give(SYSTEM, "alice", Role.ADMINISTRATOR)
    root = await user(house, "root")
    await house.users.save_user(replace(root, role=Role.USER))
    with pytest.raises(NotPossible):
        await house.roles.take(ROOT, given.id)
    alice = await user(house, "alice")
    with pytest.raises(NotPossible):
        async with house.roles.keeping_an_administrator(alice, replace(alice, disabled=True)):
            pytest.fail("it was let go")
    async with house.roles.keeping_an_administrator(alice, alice):
        pass  # the grant is left


async def test_of_two_last_administrators_who_go_at_once_one_stays(house: FakeHouse) -> None:
    first = await house.roles.give(SYSTEM, "alice", Role.ADMINISTRATOR)
    second = await house.roles.give(SYSTEM, "olga", Role.ADMINISTRATOR)
    root = await user(house, "root")
    await house.users.save_user(replace(root, role=Role.USER))
    outcomes = await asyncio.gather(
        house.roles.take(ROOT, first.id), house.roles.take(ROOT, second.id), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "NotPossible"]


async def test_who_sees_who_has_what(house: FakeHouse) -> None:
    given = await house.roles.give(ROOT, "alice", Role.DESK, site="north")
    for actor in (ROOT, NORTH):
        assert await house.roles.given(actor) == [given]
        assert [user.name for user in await house.roles.staff(actor)] == ["olga", "root"]
    for stranger in (OLGA, Actor(), Actor(user="alice")):
        with pytest.raises(Forbidden):
            await house.roles.given(stranger)


def test_an_actor_covers_what_it_has_and_no_more() -> None:
    assert ROOT.covers(Grant(role=Role.ADMINISTRATOR))
    assert NORTH.covers(Grant(role=Role.OPERATOR, site="north"))
    assert not NORTH.covers(Grant(role=Role.OPERATOR))
    assert not OLGA.covers(Grant(role=Role.ADMINISTRATOR, site="north"))
    assert Actor().covers(Grant(role=Role.USER))
    assert (NORTH.is_staff, Actor().is_staff, Actor(user="alice").is_staff) == (True, False, False)
    assert NORTH.may(Permission.USERS, "north")
    assert not NORTH.may(Permission.USERS)
