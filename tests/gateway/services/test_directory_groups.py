"""The groups of a directory in the tree: placed, moved and taken away as it says, and nobody else's touched."""

from dataclasses import dataclass, field, replace

import pytest

from gateway.domain.group import DEEPEST, Group
from gateway.domain.person import FIELDS, GroupEntry
from gateway.domain.rights import GivenRole, Role
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_report import Report
from gateway.services.directory_sync import Order
from tests.builders import a_user
from tests.contracts.test_rights import a_group
from tests.fakes import FakeClock, MemoryUserStore
from tests.fakes_house import MemoryRights

ORDER = Order(source="school", fields=frozenset(FIELDS))
SCHOOL = (
    GroupEntry(name="School"),
    GroupEntry(name="Teachers", parents=("School",)),
    GroupEntry(name="Maths", parents=("Teachers",)),
)


@dataclass(kw_only=True)
class House:
    users: MemoryUserStore = field(default_factory=MemoryUserStore)

    def __post_init__(self) -> None:
        self.rights = MemoryRights(self.users)
        self.groups = DirectoryGroups(store=self.rights, clock=FakeClock())

    async def follow(self, *entries: GroupEntry, order: Order = ORDER) -> Report:
        report = Report(dry=order.dry, full=True)
        await self.groups.follow(order, entries, report)
        return report

    async def tree(self) -> dict[str, str]:
        return {group.name: group.parent for group in await self.rights.groups(limit=1000)}

    async def one(self, name: str) -> Group:
        found = await self.rights.group(name)
        assert found is not None
        return found


@pytest.fixture
def house() -> House:
    return House()


def told(report: Report) -> dict[str, int]:
    return {outcome.value: count for outcome, count in report.groups.items()}


async def test_groups_become_a_tree_and_a_second_run_writes_nothing(house: House) -> None:
    assert told(await house.follow(*SCHOOL)) == {"added": 3}
    assert await house.tree() == {"School": "", "Teachers": "School", "Maths": "Teachers"}
    assert {(await house.one(name)).source for name in ("school", "maths")} == {"school"}
    before = await house.rights.mark()
    assert told(await house.follow(*SCHOOL)) == {}
    assert await house.rights.mark() == before, "nobody needs to ask for rights again"


async def test_a_group_moves_with_the_directory(house: House) -> None:
    await house.follow(*SCHOOL)
    report = await house.follow(*SCHOOL[:2], GroupEntry(name="Maths", parents=("School",)))
    assert told(report) == {"moved": 1}
    assert (await house.one("maths")).parent == "School"
    assert told(await house.follow(*SCHOOL[:2], GroupEntry(name="MATHS"))) == {"moved": 1}
    assert (await house.one("maths")).parent == "", "names compare without case"


async def test_what_is_gone_there_is_gone_here_with_its_roles(house: House) -> None:
    await house.follow(*SCHOOL)
    await house.rights.add_role(GivenRole(holder="Teachers", group=True, role=Role.DESK))
    await house.users.save_user(a_user("bob", groups=("Teachers",)))
    report = await house.follow(SCHOOL[0], GroupEntry(name="Maths"))
    assert told(report) == {"removed": 1, "moved": 1}
    assert await house.tree() == {"School": "", "Maths": ""}
    assert await house.rights.roles_of("Teachers", group=True) == []
    assert (await house.users.users())[0].groups == ()


async def test_too_many_are_never_taken_away_unasked(house: House) -> None:
    many = [GroupEntry(name=f"g{number}") for number in range(40)]
    await house.follow(*many)
    report = await house.follow(*many[:10])
    assert (told(report), len(report.problems)) == ({}, 1)
    assert "30 of its 40 groups are gone" in report.problems[0].what
    assert len(await house.tree()) == 40
    assert told(await house.follow(*many[:10], order=replace(ORDER, force=True))) == {"removed": 30}
    assert told(await house.follow(*many[:6])) == {"removed": 4}


async def test_a_group_of_ones_own_stays_as_it_is(house: House) -> None:
    own = await house.rights.save_group(a_group("Teachers", label="Ours"))
    other = await house.rights.save_group(a_group("Maths", source="another"))
    await house.follow(*SCHOOL)
    assert await house.one("teachers") == own
    assert await house.one("maths") == other
    await house.follow()
    assert await house.tree() == {"Teachers": "", "Maths": ""}


async def test_where_people_have_put_a_group_there_it_stays(house: House) -> None:
    await house.rights.save_group(a_group("House"))
    await house.follow(*SCHOOL)
    teachers = await house.one("teachers")
    await house.rights.save_group(replace(teachers, parent="House", label="Staff"))
    assert told(await house.follow(*SCHOOL)) == {}
    kept = await house.one("teachers")
    assert (kept.parent, kept.label) == ("House", "Staff")


async def test_rings_end_and_nothing_is_above_itself(house: House) -> None:
    ring = [GroupEntry(name=f"r{number}", parents=(f"r{(number + 1) % 5}", "r0")) for number in range(5)]
    await house.follow(*ring)
    await house.follow(*ring)
    tree = await house.tree()
    assert set(tree) == {f"r{number}" for number in range(5)}
    for name in tree:
        here, steps = name, 0
        while tree[here]:
            here, steps = tree[here], steps + 1
            assert steps < 6


async def test_who_is_below_a_ring_stays_below_it(house: House) -> None:
    ring = (GroupEntry(name="y", parents=("z",)), GroupEntry(name="z", parents=("y",)))
    await house.follow(GroupEntry(name="a", parents=("b",)), GroupEntry(name="b", parents=("y",)), *ring)
    tree = await house.tree()
    assert (tree["a"], tree["b"]) == ("b", "y")
    assert {tree["y"], tree["z"]} in ({"", "y"}, {"", "z"})


async def test_a_ring_through_a_group_of_ones_own_is_cut(house: House) -> None:
    first = (GroupEntry(name="A"), GroupEntry(name="B"))
    await house.follow(*first)
    await house.rights.save_group(a_group("Own", "B"))
    await house.rights.save_group(replace(await house.one("a"), parent="Own"))
    await house.follow(GroupEntry(name="A"), GroupEntry(name="B", parents=("A",)))
    assert await house.tree() == {"A": "Own", "Own": "B", "B": ""}


async def test_a_group_in_several_lies_below_the_one_nearest_to_the_top(house: House) -> None:
    await house.follow(*SCHOOL, GroupEntry(name="Club", parents=("Maths", "School")))
    assert (await house.one("club")).parent == "School"


async def test_the_tree_is_never_deeper_than_it_may_be(house: House) -> None:
    chain = [GroupEntry(name=f"c{number:03}", parents=(f"c{number - 1:03}",)) for number in range(200)]
    await house.follow(*reversed(chain))
    tree = await house.tree()
    for name in tree:
        depth, here = 1, name
        while tree[here]:
            here, depth = tree[here], depth + 1
        assert depth <= DEEPEST


async def test_a_dry_run_tells_and_writes_nothing(house: House) -> None:
    report = await house.follow(*SCHOOL, order=replace(ORDER, dry=True))
    assert report.groups.total() >= 3
    assert [line.name for line in report.lines][:3] == ["Maths", "School", "Teachers"]
    assert await house.tree() == {}


async def test_a_run_that_was_held_back_or_tells_of_no_groups_touches_none(house: House) -> None:
    report = Report(dry=False, full=True, held_back=7)
    await house.groups.follow(ORDER, SCHOOL, report)
    await house.follow(*SCHOOL, order=replace(ORDER, fields=frozenset({"email"})))
    assert await house.tree() == {}


async def test_names_come_in_the_form_that_users_have_them_in(house: House) -> None:
    await house.follow(GroupEntry(name=" Caf\u0065\u0301\n bar "), GroupEntry(name=" "), GroupEntry(name="x" * 300))
    assert set(await house.tree()) == {"Café bar", "x" * 99 + "…"}


async def test_a_file_makes_groups_that_are_missing(house: House) -> None:
    await house.rights.save_group(a_group("Maths", label="Ours"))
    report = Report(dry=False, full=False)
    await house.groups.ensure({"MATHS", "Physics"}, "csv", report)
    assert told(report) == {"added": 1}
    assert [(await house.one(name)).source for name in ("maths", "physics")] == ["", "csv"]
