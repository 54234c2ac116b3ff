"""RoleStore and GroupStore: the same promises in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.group import Group, GroupKind
from gateway.domain.rights import GivenRole, Grant, Role
from gateway.errors import Conflict
from gateway.services.ports import GroupStore, RoleStore, UserStore
from tests.builders import NOW, a_user
from tests.fake_rows import MemoryUserStore
from tests.fakes_house import MemoryRights


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    users: UserStore
    roles: RoleStore
    groups: GroupStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        users = MemoryUserStore()
        rights = MemoryRights(users)
        yield Stores(users=users, roles=rights, groups=rights)
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Stores(users=opened.users, roles=opened.roles, groups=opened.groups)
    await opened.close()


def a_group(name: str, parent: str = "", **fields: object) -> Group:
    return Group(name=name, uuid=uuid4(), parent=parent, created_at=NOW, **fields)  # type: ignore[arg-type]  # reason: names fields


async def a_school(stores: Stores) -> None:
    for name, parent in (("School", ""), ("Teachers", "School"), ("Maths", "teachers"), ("Pupils", "School")):
        await stores.groups.save_group(a_group(name, parent))


# -- roles


async def test_a_role_comes_back_as_given_and_only_once(stores: Stores) -> None:
    wanted = GivenRole(holder="Alice", role=Role.OPERATOR, site="north", given_by="root", given_at=NOW)
    given = await stores.roles.add_role(wanted)
    assert given == replace(wanted, id=given.id)
    again = await stores.roles.add_role(replace(wanted, holder="ALICE", given_by="other"))
    assert again == given
    assert await stores.roles.roles_of("alice") == [given]
    assert await stores.roles.role(given.id) == given
    assert await stores.roles.roles_of("alice", group=True) == []


async def test_a_role_is_taken_once(stores: Stores) -> None:
    given = await stores.roles.add_role(GivenRole(holder="alice", role=Role.DESK))
    assert await stores.roles.take_role(given.id)
    assert not await stores.roles.take_role(given.id)
    assert await stores.roles.role(given.id) is None


async def test_all_roles_page_by_page(stores: Stores) -> None:
    rows = [await stores.roles.add_role(GivenRole(holder=f"user-{n}", role=Role.DESK)) for n in range(5)]
    assert await stores.roles.roles(limit=2) == rows[:2]
    assert await stores.roles.roles(after=rows[1].id, limit=10) == rows[2:]


async def test_the_mark_changes_with_what_changes_rights(stores: Stores) -> None:
    marks = [await stores.roles.mark()]
    given = await stores.roles.add_role(GivenRole(holder="alice", role=Role.DESK))
    marks.append(await stores.roles.mark())
    await stores.groups.save_group(a_group("Team"))
    marks.append(await stores.roles.mark())
    await stores.roles.take_role(given.id)
    marks.append(await stores.roles.mark())
    await stores.groups.delete_group("team")
    marks.append(await stores.roles.mark())
    assert len(set(marks)) == 5
    assert await stores.roles.mark() == marks[-1]


async def test_somebody_stands_in_all_groups_above_and_has_what_they_were_given(stores: Stores) -> None:
    await a_school(stores)
    await stores.roles.add_role(GivenRole(holder="alice", role=Role.DESK, site="north"))
    await stores.roles.add_role(GivenRole(holder="SCHOOL", group=True, role=Role.REPORT_VIEWER))
    await stores.roles.add_role(GivenRole(holder="Pupils", group=True, role=Role.ADMINISTRATOR))
    await stores.roles.add_role(GivenRole(holder="maths", role=Role.ADMINISTRATOR))  # a user of that name
    found = await stores.roles.standing("ALICE", ("maths", "Elsewhere"))
    assert set(found.groups) == {"maths", "Teachers", "School", "Elsewhere"}
    assert set(found.grants) == {Grant(role=Role.DESK, site="north"), Grant(role=Role.REPORT_VIEWER)}
    assert (await stores.roles.standing("bob", ())).grants == ()


async def test_a_loop_of_groups_ends(stores: Stores) -> None:
    await stores.groups.save_group(a_group("A", "B"))
    await stores.groups.save_group(a_group("B", "A"))
    assert set((await stores.roles.standing("alice", ("a",))).groups) == {"a", "B"}
    assert {group.name for group in await stores.groups.above(["A"])} == {"A", "B"}


async def test_staff_and_administrators(stores: Stores) -> None:
    await stores.users.save_user(a_user("alice"))
    await stores.users.save_user(a_user("Olga", role=Role.OPERATOR))
    await stores.users.save_user(a_user("root", role=Role.ADMINISTRATOR))
    await stores.users.save_user(a_user("gone", role=Role.ADMINISTRATOR, disabled=True))
    await stores.roles.add_role(GivenRole(holder="ALICE", role=Role.ADMINISTRATOR))
    await stores.roles.add_role(GivenRole(holder="olga", role=Role.ADMINISTRATOR, site="north"))
    await stores.roles.add_role(GivenRole(holder="olga", group=True, role=Role.ADMINISTRATOR))
    assert [user.name for user in await stores.roles.staff()] == ["gone", "Olga", "root"]
    assert [user.name for user in await stores.roles.staff(after="GONE", limit=1)] == ["Olga"]
    assert await stores.roles.administrators() == ["alice", "root"]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_deleted_user_leaves_no_role_to_the_next_of_that_name(
    request: pytest.FixtureRequest, engine: str
) -> None:
    database = await open_database(request.getfixturevalue(f"{engine}_settings"))
    await database.users.save_user(a_user("Bob", groups=("Team",)))
    await database.roles.add_role(GivenRole(holder="bob", role=Role.ADMINISTRATOR))
    kept = await database.roles.add_role(GivenRole(holder="bob", group=True, role=Role.DESK))
    mark = await database.roles.mark()
    await database.users.delete_user("BOB")
    assert await database.roles.roles() == [kept]
    assert await database.roles.mark() != mark
    assert await database.groups.member_counts(["team"]) == {}
    await database.close()


# -- groups


async def test_a_group_comes_back_as_saved_by_any_case(stores: Stores) -> None:
    full = a_group("Maths", "School", label="Mathematics", kind=GroupKind.COST_CENTRE, cost_centre="4711", source="ad")
    saved = await stores.groups.save_group(full)
    assert saved == replace(full, version=1)
    assert await stores.groups.group("MATHS") == saved
    assert await stores.groups.group("other") is None


async def test_a_taken_name_and_an_old_version_are_conflicts(stores: Stores) -> None:
    saved = await stores.groups.save_group(a_group("Team"))
    with pytest.raises(Conflict):
        await stores.groups.save_group(a_group("TEAM"))
    edits = (stores.groups.save_group(replace(saved, label=f"Edit {n}")) for n in range(4))
    outcomes = await asyncio.gather(*edits, return_exceptions=True)
    assert sum(isinstance(outcome, Group) for outcome in outcomes) == 1


async def test_many_groups_move_in_one_go_and_rights_follow(stores: Stores) -> None:
    await stores.groups.add_groups([a_group(name) for name in ("Top", "A", "B")])
    await stores.roles.add_role(GivenRole(holder="top", group=True, role=Role.DESK))
    before = await stores.roles.mark()
    assert await stores.groups.move_groups({"a": "Top", "B": "Top", "nobody": "Top"}) == 2
    assert await stores.roles.mark() != before
    assert [group.name for group in await stores.groups.children("TOP")] == ["A", "B"]
    assert set((await stores.roles.standing("alice", ("a",))).groups) == {"a", "Top"}
    moved = await stores.groups.group("a")
    assert moved is not None
    assert moved.version == 2, "whoever has it open is told"
    assert await stores.groups.move_groups({"A": ""}) == 1
    assert [group.name for group in await stores.groups.children("")] == ["A", "Top"]
    assert await stores.groups.move_groups({}) == 0


async def test_only_missing_groups_are_added(stores: Stores) -> None:
    first = await stores.groups.save_group(a_group("Team", label="The team"))
    assert await stores.groups.add_groups([a_group("team"), a_group("New"), a_group("NEW")]) == 1
    assert await stores.groups.group("team") == first
    assert await stores.groups.group_count() == 2
    assert await stores.groups.add_groups([]) == 0


async def test_search_and_children_page_by_page(stores: Stores) -> None:
    await a_school(stores)
    await stores.groups.save_group(a_group("b%", label="Physics", cost_centre="12_3"))
    names = [group.name for group in await stores.groups.groups()]
    assert names == ["b%", "Maths", "Pupils", "School", "Teachers"]
    assert [group.name for group in await stores.groups.groups(after="MATHS", limit=2)] == ["Pupils", "School"]
    assert [group.name for group in await stores.groups.groups(contains="phys")] == ["b%"]
    assert [group.name for group in await stores.groups.groups(contains="2_")] == ["b%"]
    assert await stores.groups.groups(contains="%m") == []
    assert [group.name for group in await stores.groups.children("school")] == ["Pupils", "Teachers"]
    assert [group.name for group in await stores.groups.children("", after="b%")] == ["School"]


async def test_members_are_those_who_name_the_group(stores: Stores) -> None:
    await stores.users.save_user(a_user("Alice", groups=("Team", "team", "Other")))
    bob = await stores.users.save_user(a_user("bob", groups=("TEAM",), cards=("c",)))
    await stores.users.save_user(a_user("carol"))
    assert [user.name for user in await stores.groups.members("team")] == ["Alice", "bob"]
    assert await stores.groups.members("Team", after="alice") == [bob]
    assert await stores.groups.member_counts(["Team", "OTHER", "none"]) == {"team": 2, "other": 1}
    await stores.users.save_user(replace(bob, groups=()))
    assert await stores.groups.member_counts(["team"]) == {"team": 1}


async def test_a_deleted_group_leaves_members_children_and_roles_behind(stores: Stores) -> None:
    await a_school(stores)
    alice = await stores.users.save_user(a_user("alice", groups=("Other", "TEACHERS")))
    await stores.roles.add_role(GivenRole(holder="teachers", group=True, role=Role.DESK))
    kept = await stores.roles.add_role(GivenRole(holder="teachers", role=Role.DESK))
    await stores.groups.delete_group("teachers")
    await stores.groups.delete_group("teachers")
    assert await stores.roles.roles() == [kept]
    maths = await stores.groups.group("maths")
    assert maths is not None
    assert (maths.parent, maths.version) == ("School", 2)
    assert await stores.groups.members("teachers") == []
    found = await stores.users.user("alice")
    assert found is not None
    assert (found.groups, found.version) == (("Other",), alice.version + 1)
