"""gateway.services.ports.ProjectStore, in memory and on both databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapters.db import Database, open_database
from gateway.domain.account import Receipt
from gateway.domain.project import Habit, Person, Project
from gateway.domain.user import User
from gateway.errors import Conflict
from gateway.services.ports import JobChange, JobStore, ProjectStore, UserStore
from gateway.settings import Settings
from tests.builders import NOW, a_job, a_user
from tests.fakes import MemoryJobStore, MemoryUserStore
from tests.fakes_projects import MemoryProjectStore, a_project

STAFF = Person(name="", all=True)
ANN = Person(name="Ann", groups=("Research", "Everybody"))


@dataclass(frozen=True, kw_only=True)
class House:
    store: ProjectStore
    users: UserStore
    jobs: JobStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    del tmp_path
    if request.param == "memory":
        jobs = MemoryJobStore()
        yield House(store=MemoryProjectStore(lambda: jobs.ledger), users=MemoryUserStore(), jobs=jobs)
        return
    settings: Settings = request.getfixturevalue(f"{request.param}_settings")
    opened: Database = await open_database(settings)
    yield House(store=opened.projects, users=opened.users, jobs=opened.jobs)
    await opened.close()


async def saved(house: House, *projects: Project) -> list[Project]:
    await house.store.save_projects(projects)
    found = [await house.store.project(project.code) for project in projects]
    return [project for project in found if project is not None]


async def codes(house: House, person: Person = STAFF, **asked: object) -> list[str]:
    return [one.code for one in await house.store.projects(person, **asked)]  # type: ignore[arg-type]  # reason: the caller names arguments


async def test_a_project_is_kept_whole_and_found_by_its_code_in_any_case(house: House) -> None:
    draft = a_project(everyone=False, groups=("Édition", "zebra"), users=("Ann",), until=NOW + 5, active=False)
    (kept,) = await saved(house, draft)
    assert kept == replace(draft, groups=("zebra", "Édition"), version=1)
    assert await house.store.project("p-2041") == kept
    assert await house.store.project("P-2042") is None


async def test_a_save_is_a_compare_and_set_of_all_or_none(house: House) -> None:
    (kept,) = await saved(house, a_project())
    with pytest.raises(Conflict):
        await house.store.save_projects([a_project("NEW"), a_project("p-2041")])
    assert await house.store.project("NEW") is None
    await house.store.save_projects([replace(kept, title="Bridge")])
    with pytest.raises(Conflict):
        await house.store.save_projects([replace(kept, title="Other")])
    assert await codes(house, text="harbour") == []


async def test_who_may_use_it_is_by_name_or_by_any_of_many_groups(house: House) -> None:
    await saved(
        house,
        a_project("A"),
        a_project("B", everyone=False, groups=("RESEARCH",)),
        a_project("C", everyone=False, users=("ANN",)),
        a_project("D", everyone=False, groups=("Ann",), users=("Research",)),
        a_project("E", everyone=False),
    )
    assert await codes(house, ANN) == ["A", "B", "C"]
    many = Person(name="x", groups=(*(f"group {n}" for n in range(900)), "research"))
    assert await codes(house, many) == ["A", "B"]
    assert await codes(house, Person(name="x")) == ["A"]
    assert await codes(house) == ["A", "B", "C", "D", "E"]


async def test_what_is_over_is_seen_by_who_asks_without_a_time(house: House) -> None:
    await saved(house, a_project("A", until=NOW), a_project("B", active=False), a_project("C", until=NOW + 1))
    assert await codes(house, now=NOW) == ["C"]
    assert await codes(house) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("p-20", ["P-2041", "p-2042"]),
        ("2041", ["P-2041"]),
        ("HARB", ["P-2041"]),
        ("bridge p-", ["P-2041"]),
        ("idge", []),
        ("%", []),
        ("straße", ["p-2042"]),
        ("nord-sud", ["Q"]),
        ("sud", ["Q"]),
        ("", ["P-2041", "p-2042", "Q"]),
    ],
)
async def test_each_word_begins_a_word(house: House, text: str, found: list[str]) -> None:
    await saved(house, a_project(), a_project("p-2042", title="STRASSE 7"), a_project("Q", title="Axe Nord-Sud"))
    assert await codes(house, text=text) == found


async def test_pages_follow_each_other_in_the_order_of_codes(house: House) -> None:
    await saved(house, *(a_project(code) for code in ("b", "A", "c", "B-1", "a-2")))
    assert await codes(house, limit=3) == ["A", "a-2", "b"]
    assert await codes(house, limit=3, after="b") == ["B-1", "c"]


async def test_habits_are_each_users_own_and_last_used_come_first(house: House) -> None:
    ann, bob = await a_row(house, "Ann"), await a_row(house, "Bob")
    a, b, c = await saved(house, a_project("A"), a_project("B"), a_project("C", everyone=False, users=("Bob",)))
    await house.store.mark_favourite(ann.uuid, c, favourite=True)
    await house.store.mark_used(ann.uuid, b, at=NOW)
    await house.store.mark_used(ann.uuid, a, at=NOW - 1)
    await house.store.mark_used(ann.uuid, a, at=NOW + 1)
    await house.store.mark_preset(ann.uuid, a)
    await house.store.mark_preset(ann.uuid, b)
    known = await house.store.known(ann.uuid, ANN, now=NOW)
    assert known == [(a, Habit(used_at=NOW + 1)), (b, Habit(preset=True, used_at=NOW))]
    await house.store.mark_preset(ann.uuid, None)
    await house.store.mark_favourite(ann.uuid, b, favourite=True)
    assert [habit for _, habit in await house.store.known(ann.uuid, ANN, now=NOW)][1] == Habit(
        favourite=True, used_at=NOW
    )
    assert await house.store.known(bob.uuid, Person(name="Bob"), now=NOW) == []


async def test_totals_are_of_the_span_by_project_and_currency(house: House) -> None:
    await saved(house, a_project("A", title="Bridge"))
    await charge(house, project="A", impressions=4, amount=Decimal("0.40"), currency="EUR")
    await charge(house, project="A", impressions=2, amount=Decimal("0.20"), currency="EUR")
    await charge(house, project="A", impressions=1, amount=Decimal(1), currency="CHF")
    await charge(house, project="gone", impressions=1)
    await charge(house, project="", impressions=50)
    await charge(house, project="A", impressions=50, at=NOW + 10)
    totals = await house.store.totals(NOW, NOW + 10)
    assert [(t.code, t.title, t.currency, t.jobs, t.impressions, t.media_sheets, t.cost) for t in totals] == [
        ("A", "Bridge", "CHF", 1, 1, 1, Decimal(1)),
        ("A", "Bridge", "EUR", 2, 6, 2, Decimal("0.6")),
        ("gone", "", "", 1, 1, 1, Decimal(0)),
    ]


async def test_ten_thousand_projects_are_searched_by_word_and_in_order(house: House) -> None:
    several = [
        a_project(f"P-{n:05}", title=f"Client {n} alpha", everyone=n % 2 == 0, groups=("Research",) if n % 2 else ())
        for n in range(10_000)
    ]
    await house.store.save_projects(several)
    many = Person(name="x", groups=("research", *(f"group {n}" for n in range(300))))
    assert await codes(house, many, text="p-09 alpha", now=NOW, limit=2) == ["P-09000", "P-09001"]
    assert await codes(house, many, text="p-04711", now=NOW) == ["P-04711"]
    assert len(await codes(house, many, now=NOW, after="P-05000")) == 50


async def a_row(house: House, name: str) -> User:
    return await house.users.save_user(a_user(name, uuid=uuid4()))


async def charge(house: House, *, at: float = NOW, **fields: object) -> None:
    (job,) = await house.jobs.add([a_job(uuid=uuid4(), idempotency_key=None)])
    plain = Receipt(
        release_id=uuid4(),
        job_id=job.id,
        owner="Ann",
        printer="find-me",
        device="laser",
        impressions=1,
        media_sheets=1,
        color=False,
        confirmed=True,
        at=at,
    )
    receipt = replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields
    await house.jobs.update(job.id, lambda row: JobChange(job=row, receipt=receipt))
