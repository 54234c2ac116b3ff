"""UserRows: users by the hundred, what cannot be saved left out, and what goes along with a new name."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from gateway.adapters.db import open_database
from gateway.domain.user import Given, User
from gateway.services.ports import JobStore, PersonalStore, UserChange, UserRows, UserStore
from tests.builders import NOW, a_held_job, a_user
from tests.contracts.test_user_store import a_full_user, a_session
from tests.databases import postgresql_settings, postgresql_url, sqlite_settings, sqlite_template
from tests.fakes import MemoryJobStore, MemoryUserStore
from tests.fakes_directory import MemoryUserRows
from tests.fakes_personal import MemoryPersonalStore

__all__ = ["postgresql_settings", "postgresql_url", "sqlite_settings", "sqlite_template"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Three:
    rows: UserRows
    users: UserStore
    jobs: JobStore
    personal: PersonalStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def three(request: pytest.FixtureRequest) -> AsyncIterator[Three]:
    if request.param == "memory":
        users, jobs, personal = MemoryUserStore(), MemoryJobStore(), MemoryPersonalStore()
        yield Three(rows=MemoryUserRows(users, jobs, personal), users=users, jobs=jobs, personal=personal)
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Three(rows=opened.user_rows, users=opened.users, jobs=opened.jobs, personal=opened.personal)
    await opened.close()


def of_school(number: int, **fields: object) -> User:
    plain = a_user(f"u{number}", source="school", external_id=f"id-{number:04d}", created_at=NOW)
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


async def add(three: Three, *users: User) -> list[UserChange]:
    return await three.rows.save_users([UserChange(before=None, after=user) for user in users])


async def change(three: Three, name: str, /, **fields: object) -> list[UserChange]:
    before = await three.users.user(name)
    assert before is not None
    return await three.rows.save_users([UserChange(before=before, after=replace(before, **fields))])  # type: ignore[arg-type]


async def test_a_thousand_come_back_in_pages_of_their_source_alone(three: Three) -> None:
    await three.users.save_user(a_user("local"))
    await three.users.save_user(a_user("elsewhere", source="other", external_id="id-0000"))
    everybody = [of_school(number, cards=(f"c{number}",)) for number in range(1000)]
    assert await add(three, *everybody) == []
    found: list[User] = []
    while page := await three.rows.of_source("school", after=found[-1].external_id if found else "", limit=300):
        found += page
    assert found == [replace(user, version=1) for user in everybody]
    assert await three.rows.of_source("") == []
    assert len(await three.rows.by_uuids([user.uuid for user in everybody])) == 1000
    assert [user.name for user in await three.rows.by_names(["U7", "LOCAL", "nobody"])] in (
        ["u7", "local"],
        ["local", "u7"],
    )
    assert await three.rows.by_names([]) == []


async def test_every_field_is_kept(three: Three) -> None:
    full = a_full_user()
    assert await add(three, full) == []
    assert await three.users.user(full.name) == replace(full, version=1)


@pytest.mark.parametrize(
    "taken", [{"name": "U1"}, {"pin_lookup": "pin-1"}, {"cards": ("x", "card-1")}, {"external_id": "id-0001"}]
)
async def test_what_is_anothers_is_left_out_and_the_others_are_saved(three: Three, taken: dict[str, object]) -> None:
    await add(three, of_school(1, pin_lookup="pin-1", cards=("card-1",)))
    wrong, right = of_school(2, **taken), of_school(3, pin_lookup="pin-3", cards=("card-3",))
    refused = await add(three, wrong, right)
    assert [one.after.uuid for one in refused] == [wrong.uuid]
    assert await three.users.user_by_uuid(wrong.uuid) is None
    assert await three.users.user_by_card("card-3") == replace(right, version=1)
    assert await three.users.user_by_card("x") is None
    held = await three.rows.holders(cards=["card-1", "card-9"], pins=["pin-3", "pin-9"])
    assert {secret: holder.name for secret, holder in held.items()} == {"card-1": "u1", "pin-3": "u3"}
    assert await three.rows.holders(cards=[], pins=[]) == {}


async def test_a_row_that_somebody_else_changed_is_left_out(three: Three) -> None:
    await add(three, of_school(1), of_school(2))
    before = {user.name: user for user in await three.rows.of_source("school")}
    await three.users.save_user(replace(before["u1"], full_name="Changed meanwhile"))
    refused = await three.rows.save_users(
        [UserChange(before=user, after=replace(user, department="Physics")) for user in before.values()]
    )
    assert [one.after.name for one in refused] == ["u1"]
    assert [user.department for user in await three.rows.of_source("school")] == ["", "Physics"]
    assert [user.version for user in await three.rows.of_source("school")] == [2, 2]


async def test_cards_are_written_where_they_differ(three: Three) -> None:
    await add(three, of_school(1, cards=("a", "b")), of_school(2, cards=("c",)))
    assert await change(three, "u1", cards=("b", "d"), given=Given(cards=("d",))) == []
    saved = await three.users.user("u1")
    assert saved is not None
    assert (saved.cards, saved.given.cards) == (("b", "d"), ("d",))
    assert await three.users.user_by_card("a") is None
    assert await change(three, "u1", cards=("c",)) != [], "another's"
    assert (await three.users.user("u1")) == saved


async def test_who_is_disabled_is_signed_out_everywhere_in_the_same_moment(three: Three) -> None:
    await add(three, of_school(1), of_school(2))
    await three.users.save_session(a_session("one", user="U1"))
    await three.users.save_session(a_session("two", user="u2"))
    assert await change(three, "u1", disabled=True) == []
    assert await three.users.session("one") is None
    assert await three.users.session("two") is not None


async def test_with_a_new_name_go_the_jobs_and_whoever_takes_the_old_one_has_none(three: Three) -> None:
    await add(three, of_school(1))
    [job] = await three.jobs.add([a_held_job(owner="u1")])
    [other] = await three.jobs.add([a_held_job(owner="u2")])
    await three.users.save_session(a_session("one", user="u1"))
    assert await change(three, "u1", name="u9") == []
    moved, left = await three.jobs.get(job.id), await three.jobs.get(other.id)
    assert moved is not None
    assert (moved.owner, moved.version > job.version) == ("u9", True)
    assert left == other
    assert await three.users.user("u1") is None
    assert await add(three, of_school(5, name="u1")) == []
    assert await change(three, "u9", name="u1") != []


async def test_given_addresses_are_verified_ones_until_they_are_given_no_more(three: Three) -> None:
    await add(three, of_school(1, given=Given(addresses=("a@example.org", "b@example.org"))), of_school(2))
    users = {user.name: user for user in await three.rows.of_source("school")}
    assert await three.personal.address_holder("A@example.org") == users["u1"].uuid
    await change(three, "u2", given=Given(addresses=("a@example.org", "c@example.org")))
    assert await three.personal.address_holder("a@example.org") == users["u1"].uuid, "another's stays theirs"
    assert await three.personal.address_holder("c@example.org") == users["u2"].uuid
    await change(three, "u1", given=Given(addresses=("b@example.org",)))
    assert await three.personal.address_holder("a@example.org") is None
    assert await three.personal.address_holder("b@example.org") == users["u1"].uuid


async def test_who_waits_for_a_pin(three: Three) -> None:
    await add(
        three,
        of_school(1, email="a@example.org"),
        of_school(2),
        of_school(3, email="c@example.org", pin_lookup="pin"),
        of_school(4, email="d@example.org", disabled=True),
        of_school(5, email="e@example.org"),
        a_user("local", email="f@example.org"),
    )
    assert [user.name for user in await three.rows.without_pin("school")] == ["u1", "u5"]
    assert [user.name for user in await three.rows.without_pin("school", limit=1)] == ["u1"]
    assert await three.rows.without_pin("") == []
