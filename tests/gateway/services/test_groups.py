"""Groups: a tree that stays one, and that nobody climbs."""

import pytest

from gateway.domain.group import GroupKind
from gateway.domain.rights import Grant, Role
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.services.groups import DEEPEST
from tests.builders import a_user
from tests.fake_rows import MemoryUserStore
from tests.fake_time import FakeClock
from tests.fakes_house import FakeHouse

ROOT = Actor(user="root", role=Role.ADMINISTRATOR, via="web")
NORTH = Actor(user="nora", grants=(Grant(role=Role.ADMINISTRATOR, site="north"),), via="web")


@pytest.fixture
async def house() -> FakeHouse:
    users = MemoryUserStore()
    for name in ("alice", "bob"):
        await users.save_user(a_user(name))
    return FakeHouse(users=users, clock=FakeClock())


async def a_school(house: FakeHouse) -> None:
    await house.groups.add(ROOT, "School", cost_centre="1")
    await house.groups.add(ROOT, "Teachers", parent="SCHOOL")
    await house.groups.add(ROOT, "Maths", parent="Teachers", kind=GroupKind.DEPARTMENT, label="Mathematics")


async def test_a_group_has_a_path_and_its_people_are_in_all_of_it(house: FakeHouse) -> None:
    await a_school(house)
    maths = await house.groups.get("maths")
    assert [group.name for group in await house.groups.path_of(maths)] == ["School", "Teachers"]
    alice = await house.groups.add_member(ROOT, "maths", "ALICE")
    assert set((await house.standings.of(alice)).groups) == {"School", "Teachers", "Maths"}
    assert await house.groups.member_counts(["maths", "teachers"]) == {"maths": 1}
    assert ("group.member-added", "group Maths") in house.told


async def test_a_member_is_added_and_removed_once(house: FakeHouse) -> None:
    await a_school(house)
    first = await house.groups.add_member(ROOT, "maths", "alice")
    assert await house.groups.add_member(ROOT, "MATHS", "alice") == first
    assert (await house.groups.remove_member(ROOT, "maths", "alice")).groups == ()
    assert (await house.groups.remove_member(ROOT, "maths", "alice")).groups == ()
    assert [action for action, _ in house.told].count("group.member-removed") == 1


async def test_the_nearest_cost_centre_counts(house: FakeHouse) -> None:
    await a_school(house)
    assert await house.groups.cost_centre_of(["maths"]) == "1"
    await house.groups.change(ROOT, "teachers", cost_centre="2")
    assert await house.groups.cost_centre_of(["maths"]) == "2"
    assert await house.groups.cost_centre_of(["elsewhere"]) == ""


async def test_no_group_is_put_below_itself(house: FakeHouse) -> None:
    await a_school(house)
    for parent in ("school", "Maths"):
        with pytest.raises(BadRequest):
            await house.groups.change(ROOT, "School", parent=parent)
    moved = await house.groups.change(ROOT, "maths", parent="")
    assert moved.parent == ""


async def test_the_tree_is_not_endless(house: FakeHouse) -> None:
    await house.groups.add(ROOT, "g0")
    for depth in range(1, DEEPEST):
        await house.groups.add(ROOT, f"g{depth}", parent=f"g{depth - 1}")
    with pytest.raises(BadRequest):
        await house.groups.add(ROOT, "deeper", parent=f"g{DEEPEST - 1}")


async def test_what_is_no_group(house: FakeHouse) -> None:
    for name in ("", "   ", "x" * 101, "a\x00b"):
        with pytest.raises(BadRequest):
            await house.groups.add(ROOT, name)
    await house.groups.add(ROOT, " Two   words ")
    with pytest.raises(Conflict):
        await house.groups.add(ROOT, "two words")
    with pytest.raises(NotFound):
        await house.groups.add(ROOT, "child", parent="nobody")
    with pytest.raises(NotFound):
        await house.groups.add_member(ROOT, "two words", "nobody")
    with pytest.raises(NotFound):
        await house.groups.add_member(ROOT, "nothing", "alice")
    with pytest.raises(BadRequest):
        await house.groups.change(ROOT, "two words", name="other")


async def test_an_edit_of_an_old_version_is_a_conflict_and_no_change_no_row(house: FakeHouse) -> None:
    group = await house.groups.add(ROOT, "Team")
    assert await house.groups.change(ROOT, "team", version=1, label="") == group
    await house.groups.change(ROOT, "team", version=1, label="New")
    with pytest.raises(Conflict):
        await house.groups.change(ROOT, "team", version=1, label="Newer")
    assert [action for action, _ in house.told] == ["group.added", "group.changed"]


async def test_nobody_puts_anybody_where_more_rights_are(house: FakeHouse) -> None:
    """Whoever manages users of the whole house has all rights by the ready roles; what a site gives is not enough."""
    await a_school(house)
    for refused in (
        house.groups.add(NORTH, "Own"),
        house.groups.add_member(NORTH, "maths", "alice"),
        house.groups.change(NORTH, "maths", parent=""),
        house.groups.delete(NORTH, "maths"),
        house.groups.remove_member(NORTH, "maths", "alice"),
    ):
        with pytest.raises(Forbidden):
            await refused
    assert len(await house.groups.search("", NORTH)) == 3
    with pytest.raises(Forbidden):
        await house.groups.search("", Actor(user="alice"))


async def test_a_deleted_groups_children_move_up(house: FakeHouse) -> None:
    await a_school(house)
    await house.groups.add_member(ROOT, "teachers", "bob")
    await house.groups.delete(ROOT, "teachers")
    assert [group.name for group in await house.groups.below("school", ROOT)] == ["Maths"]
    bob = await house.users.user("bob")
    assert bob is not None
    assert bob.groups == ()
