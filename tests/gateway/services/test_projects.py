"""Projects made and changed by staff, their days, their totals, and whole files of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gateway.domain.person import Outcome
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.services.directory_report import Report
from gateway.services.kept_files import KeptFiles
from gateway.services.project_import import ProjectImports
from gateway.services.projects import Projects
from tests.fake_spool import FakeKeyring, MemorySpool
from tests.fake_time import FakeClock
from tests.fakes_house import MemoryAuditStore, an_audit
from tests.fakes_projects import MemoryProjectStore

ROOT = Actor(user="root", role=Role.ADMINISTRATOR, via="web")
READER = Actor(user="rita", role=Role.REPORT_VIEWER, via="web")
ANN = Actor(user="ann", via="web")


@dataclass(frozen=True, kw_only=True)
class House:
    clock: FakeClock
    store: MemoryProjectStore
    audit: MemoryAuditStore
    projects: Projects
    imports: ProjectImports


@pytest.fixture
def house() -> House:
    clock, store, kept = FakeClock(), MemoryProjectStore(), MemoryAuditStore()
    audit = an_audit(clock, kept)
    projects = Projects(store=store, audit=audit, clock=clock, time_zone="Europe/Berlin")
    files = KeptFiles(spool=MemorySpool(clock), keyring=FakeKeyring(), clock=clock)
    imports = ProjectImports(projects=projects, store=store, files=files, audit=audit)
    return House(clock=clock, store=store, audit=kept, projects=projects, imports=imports)


async def told(house: House) -> list[tuple[str, str]]:
    return [(entry.action, entry.subject) for entry in await house.audit.entries(limit=100)]


# --- made and changed


async def test_a_project_is_for_everyone_unless_somebody_is_named(house: House) -> None:
    assert (await house.projects.add(ROOT, " P-2041 ", title="Harbour")).everyone
    named = await house.projects.add(ROOT, "T-7", groups=["b", "A", "a"], users=[""])
    assert (named.everyone, named.groups, named.users) == (False, ("a", "b"), ())
    assert not (await house.projects.add(ROOT, "T-8", everyone=False)).everyone
    assert min(await told(house)) == ("project.added", "project P-2041")


@pytest.mark.parametrize("code", ["", "-1", "a b", "a\nb", "x" * 41, "_x", "<b>", "a\u202eb", "a/b"])
async def test_what_is_no_code(house: House, code: str) -> None:
    with pytest.raises(BadRequest):
        await house.projects.add(ROOT, code)


@pytest.mark.parametrize("code", ["P-2041", "7", "Ä.1-b:c_d", "x" * 40])
async def test_what_is_a_code(house: House, code: str) -> None:
    assert (await house.projects.add(ROOT, code)).code == code


async def test_a_code_is_given_once_in_any_case(house: House) -> None:
    await house.projects.add(ROOT, "P-2041")
    with pytest.raises(Conflict):
        await house.projects.add(ROOT, "p-2041")


async def test_a_change_names_what_changed_and_keeps_the_rest(house: House) -> None:
    first = await house.projects.add(ROOT, "P-1", title="Old", users=["ann"])
    after = await house.projects.change(ROOT, "p-1", version=first.version, title="New")
    assert (after.title, after.users, after.everyone) == ("New", ("ann",), False)
    assert await house.projects.change(ROOT, "p-1", title="New") == after
    with pytest.raises(Conflict):
        await house.projects.change(ROOT, "p-1", version=first.version, title="Newer")
    opened = await house.projects.change(ROOT, "p-1", everyone=True)
    assert (opened.everyone, opened.users) == (True, ())
    with pytest.raises(BadRequest):
        await house.projects.change(ROOT, "p-1", code="P-2")


async def test_nobody_left_is_not_everyone(house: House) -> None:
    await house.projects.add(ROOT, "P-1", users=["ann"])
    assert not (await house.projects.change(ROOT, "P-1", users=[])).everyone


async def test_what_was_ended_stays_in_the_list(house: House) -> None:
    await house.projects.add(ROOT, "P-1")
    assert not (await house.projects.end(ROOT, "P-1")).active
    assert [one.code for one in await house.projects.search(ROOT)] == ["P-1"]
    assert (await house.projects.change(ROOT, "P-1", active=True)).active


async def test_only_who_manages_printers_does(house: House) -> None:
    await house.projects.add(ROOT, "P-1", title="Secret")
    for actor in (ANN, READER):
        for work in (
            house.projects.search(actor),
            house.projects.get(actor, "P-1"),
            house.projects.add(actor, "P-2"),
            house.projects.change(actor, "P-1", title=""),
            house.projects.end(actor, "P-1"),
            house.imports.run_stream(actor, chunks("code\nP-3\n"), dry=False),
        ):
            with pytest.raises(Forbidden):
                await work
    assert await house.projects.totals(READER, 0, 1) == []
    with pytest.raises(Forbidden):
        await house.projects.totals(ANN, 0, 1)


async def test_what_is_not_there(house: House) -> None:
    with pytest.raises(NotFound):
        await house.projects.get(ROOT, "P-1")


# --- days


@pytest.mark.parametrize("text", ["2027-03-31", "31.03.2027", "31/03/2027", " 2027-03-31 "])
async def test_the_last_day_is_whole_where_the_house_is(house: House, text: str) -> None:
    until = house.projects.day_end(text)
    assert until == datetime(2027, 3, 31, 22, tzinfo=UTC).timestamp()
    project = await house.projects.add(ROOT, "P-1", until=until)
    assert house.projects.last_day(project) == "2027-03-31"


@pytest.mark.parametrize("text", ["soon", "2027-02-30", "0001-01-01", "9999-12-31", "27"])
def test_what_is_no_day(house: House, text: str) -> None:
    with pytest.raises(BadRequest):
        house.projects.day_end(text)


def test_a_span_is_this_month_unless_days_are_named(house: House) -> None:
    since, until = house.projects.span("", "")
    assert since <= house.clock.now() < until
    assert datetime.fromtimestamp(since, house.projects.zone).day == 1
    assert house.projects.span("2026-11-01", "2026-11-01")[1] - house.projects.span("2026-11-01", "")[0] == 86400
    with pytest.raises(BadRequest):
        house.projects.span("2026-11-02", "2026-11-01")


# --- files

FILE = "Projektnummer;Titel;Gruppen;Bis\nP-1;Bridge;;31.12.2027\nT-7;Merger;team|board;\n"


async def chunks(text: str) -> AsyncIterator[bytes]:
    for start in range(0, len(text), 7):
        yield text[start : start + 7].encode()


async def brought(house: House, text: str, *, dry: bool = False) -> Report:
    return await house.imports.run_stream(ROOT, chunks(text), dry=dry)


async def test_a_file_adds_projects_after_it_was_looked_at(house: House) -> None:
    word = await house.imports.files.take(chunks(FILE), by="root")
    preview = await house.imports.run(ROOT, word, dry=True)
    assert preview.counts == {Outcome.ADDED: 2}
    assert house.store.rows == {}
    assert (await house.imports.run(ROOT, word, dry=False)).counts == {Outcome.ADDED: 2}
    team = await house.projects.get(ROOT, "T-7")
    assert (team.title, team.groups, team.everyone) == ("Merger", ("board", "team"), False)
    bridge = await house.projects.get(ROOT, "P-1")
    assert (bridge.everyone, house.projects.last_day(bridge)) == (True, "2027-12-31")
    assert ("projects.imported", "projects") in await told(house)
    with pytest.raises(NotFound):
        await house.imports.run(ROOT, word, dry=False)


async def test_the_same_file_again_changes_nothing_and_a_missing_column_leaves_things(house: House) -> None:
    await brought(house, FILE)
    assert (await brought(house, FILE)).counts == {Outcome.UNCHANGED: 2}
    report = await brought(house, "code,title\nT-7,Takeover\n")
    assert (report.counts, report.lines[0].what) == ({Outcome.CHANGED: 1}, "title")
    assert (await house.projects.get(ROOT, "T-7")).groups == ("board", "team")
    await brought(house, "code,groups\nT-7,\n")
    assert (await house.projects.get(ROOT, "T-7")).everyone


async def test_bad_lines_are_told_and_the_others_taken(house: House) -> None:
    report = await brought(
        house, "code,title,until\nP-1,ok,\n,none,\nP-2,x,tomorrow\np-1,again,\nP-3,'=1+1,\n\"P-4,x,\n"
    )
    assert report.counts == {Outcome.ADDED: 2, Outcome.PROBLEM: 4}
    assert [line.name for line in report.problems] == ["line 3", "line 4", "line 5", "line 7"]
    assert (await house.projects.get(ROOT, "P-3")).title == "=1+1"


@pytest.mark.parametrize("text", ["", "title\nx\n", "title,name\n"])
async def test_what_is_no_table_of_projects(house: House, text: str) -> None:
    with pytest.raises(BadRequest):
        await brought(house, text)
