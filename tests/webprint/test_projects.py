"""Projects on the pages, without scripts: chosen at one tap or by their words, asked for in place, never leaking to others."""

import html
from collections.abc import AsyncIterator

import pytest

from gateway.domain.job import Job, JobState
from gateway.domain.project import NEEDED, ProjectPolicy
from tests.fakes_projects import a_project
from tests.webprint.station import COPY_ROOM, standing
from tests.webprint.test_upload import PDF, append, create, form, only_job
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import House

AT = "/p/copy-room"
PAGE = "/account/projects"


@pytest.fixture
async def house() -> House:
    """Find me asks for a project, Reception takes one. P-3 is bob's alone."""
    house = await House().open()
    await house.printers.change_printer("find-me", projects=ProjectPolicy.REQUIRED)
    await house.printers.change_printer("direct", projects=ProjectPolicy.OPTIONAL)
    await house.staff.project_rows.save_projects(
        [
            a_project("P-1", title="Harbour Bridge"),
            a_project("P-2", title="Harbour Light"),
            a_project("P-3", title="Secret <merger>", everyone=False, users=("bob",)),
            a_project("P-4", title="Over", active=False),
        ]
    )
    return house


@pytest.fixture
async def alice(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app(), site=SECURE) as visitor:
        await visitor.sign_in()
        yield visitor


async def text_of(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text)


async def favourite(alice: Visitor, code: str, do: str = "favourite") -> None:
    await alice.get(PAGE)
    assert (await alice.post(PAGE, {"code": code, "do": do})).status_code == 303


def row(house: House, job: Job) -> Job:
    return house.jobs.rows[job.id]


# --- one's own page


async def test_projects_are_found_kept_and_made_the_default(alice: Visitor) -> None:
    page = await text_of(alice, PAGE)
    assert "P-1" in page
    assert "P-2" in page
    for hidden in ("P-3", "merger", "P-4"):
        assert hidden not in page
    assert "P-2" not in await text_of(alice, f"{PAGE}?q=brid")
    assert "No project is found." in await text_of(alice, f"{PAGE}?q=secret")
    await favourite(alice, "p-2")
    await favourite(alice, "P-2", "default")
    page = await text_of(alice, f"{PAGE}?done=default")
    assert page.count("<b>P-2</b>") == 1
    assert "Your default" in page
    assert "charged to it unless" in page
    assert (await alice.post(PAGE, {"code": "P-3", "do": "favourite"})).status_code == 404
    await favourite(alice, "", "no-default")
    assert "Your default" not in await text_of(alice, PAGE)


async def test_a_script_is_told_what_begins_like_that(alice: Visitor) -> None:
    assert (await alice.get(f"{PAGE}/found?q=harb")).json() == [
        {"code": "P-1", "title": "Harbour Bridge"},
        {"code": "P-2", "title": "Harbour Light"},
    ]
    assert (await alice.get(f"{PAGE}/found?q=merger")).json() == []
    assert (await alice.get(f"{PAGE}/found")).json() == []


async def test_the_account_leads_there_where_projects_are_charged(alice: Visitor, house: House) -> None:
    assert PAGE in await text_of(alice, "/account")
    for name in ("find-me", "direct"):
        await house.printers.change_printer(name, projects=ProjectPolicy.NONE)
    assert PAGE not in await text_of(alice, "/account")


# --- the list of jobs


async def test_a_release_without_a_project_is_refused_and_asks_in_place(alice: Visitor, house: House) -> None:
    job = await house.add(name="Plans")
    await favourite(alice, "P-2")
    chosen = {"job": str(job.id), "device": "copy-room"}
    answer = await alice.post("/jobs/release", chosen)
    text = html.unescape(answer.text)
    assert NEEDED in text
    assert 'name="project" value="P-2"' in text
    assert row(house, job).state is JobState.PENDING_HELD
    await alice.post("/jobs/release", chosen | {"project": "P-2", "comment": "Sheet 4"})
    after = row(house, job)
    assert (after.state, after.project, after.ticket.account_comment) == (JobState.PENDING, "P-2", "Sheet 4")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("p-1", ""),
        ("bridge", ""),
        ("harbour", "P-1 Harbour Bridge, P-2 Harbour Light"),
        ("merger", 'No project of yours begins like "merger"'),
        ("P-3", 'No project of yours begins like "P-3"'),
        ("<b>", "No project of yours"),
    ],
)
async def test_words_that_mean_one_project_choose_it(alice: Visitor, house: House, typed: str, said: str) -> None:
    job = await house.add()
    await alice.get("/jobs")
    answer = await alice.post("/jobs/release", {"job": str(job.id), "device": "copy-room", "project_other": typed})
    text = html.unescape(answer.text)
    assert said in text
    assert row(house, job).project == ("" if said else "P-1")
    assert "merger>" not in text
    if said:
        assert 'name="project_other"' in text
        assert "<b>" not in answer.text.partition('name="project_other" value="')[2][:20], "what was typed is no markup"


async def test_the_default_is_chosen_and_what_a_job_has_stays(alice: Visitor, house: House) -> None:
    await favourite(alice, "P-1", "default")
    await house.add()
    page = await text_of(alice, "/jobs")
    assert 'value="P-1" checked' in page
    charged = await house.add()
    await house.change(charged.id, ticket=charged.ticket.with_changes(job_account_id="P-2"))
    page = await text_of(alice, "/jobs")
    assert 'value="P-1" checked' not in page
    assert "As chosen before" in page
    assert "Project P-2" in page


async def test_without_such_printers_nothing_is_asked(alice: Visitor, house: House) -> None:
    for name in ("find-me", "direct"):
        await house.printers.change_printer(name, projects=ProjectPolicy.NONE)
    await house.add()
    for path in ("/jobs", "/upload", AT):
        page = await text_of(alice, path)
        assert 'name="project' not in page
        assert "projects.js" not in page


# --- one job


async def test_a_job_is_charged_on_its_page(alice: Visitor, house: House) -> None:
    job = await house.add()
    at = f"/jobs/{job.id}"
    assert "Charge it" in await text_of(alice, at)
    refused = await alice.post(f"{at}/charge", {"project_other": "none such"})
    assert (refused.status_code, "No project of yours" in refused.text) == (400, True)
    assert (await alice.post(f"{at}/charge", {"project": "P-3"})).status_code == 404
    assert (await alice.post(f"{at}/charge", {"project": "P-1", "comment": "x"})).status_code == 303
    page = await text_of(alice, at)
    assert "P-1 · x" in page
    emptied = await alice.post(f"{at}/charge", {"project": "-"})
    assert (emptied.status_code, NEEDED in html.unescape(emptied.text)) == (409, True)


async def test_anothers_job_is_not_there_to_be_charged(alice: Visitor, house: House) -> None:
    job = await house.add(owner="bob")
    await alice.get("/jobs")
    assert (await alice.post(f"/jobs/{job.id}/charge", {"project": "P-1"})).status_code == 404


# --- in front of a printer, at a station, with an upload


async def test_the_phone_asks_in_place(alice: Visitor, house: House) -> None:
    job = await house.add(name="Plans")
    await favourite(alice, "P-1")
    text = await text_of(alice, AT)
    assert NEEDED in text
    assert 'name="project" value="P-1"' in text
    answer = await alice.post(f"{AT}/release", {"job": str(job.id)})
    assert NEEDED in html.unescape(answer.text)
    answer = await alice.post(f"{AT}/release", {"job": str(job.id), "project": "P-1"})
    assert "on its way to Copy room" in answer.text
    assert row(house, job).project == "P-1"


async def test_the_station_asks_and_looks_for_whoever_stands_there(house: House) -> None:
    job = await house.add(name="Plans")
    async with standing(house.app()) as person:
        assert (await person.get(f"{COPY_ROOM}/projects?q=harb")).status_code == 303
        await person.enter()
        page = await person.get(COPY_ROOM)
        assert f'data-find="{COPY_ROOM}/projects"' in page.text
        assert PAGE not in page.text, "a station leads to no page of the portal"
        assert [one["code"] for one in (await person.get(f"{COPY_ROOM}/projects?q=harb")).json()] == ["P-1", "P-2"]
        refused = await person.post(f"{COPY_ROOM}/release", {"job": str(job.id)})
        assert NEEDED in html.unescape(refused.text)
        await person.post(f"{COPY_ROOM}/release", {"job": str(job.id), "project_other": "bridge"})
    assert (row(house, job).project, row(house, job).state) == ("P-1", JobState.PENDING)


async def test_an_upload_brings_its_project(alice: Visitor, house: House) -> None:
    await favourite(alice, "P-1", "default")
    page = await text_of(alice, "/upload")
    assert 'value="P-1" checked' in page
    fields = {"printer": "find-me", "project_other": "light", "comment": "Sheet 4"}
    answer = await form(alice, [("a.pdf", PDF, "application/pdf")], fields)
    assert answer.status_code == 303
    job = await only_job(house)
    assert (job.project, job.ticket.account_comment) == ("P-2", "Sheet 4")


@pytest.mark.parametrize(("said", "project"), [({}, "P-1"), ({"project": "-"}, ""), ({"project": "P-2"}, "P-2")])
async def test_a_resumable_upload_too_and_the_default_where_nothing_is_said(
    alice: Visitor, house: House, said: dict[str, str], project: str
) -> None:
    await favourite(alice, "P-1", "default")
    await alice.get("/upload")
    made = await create(alice, len(PDF), printer="find-me", **said)
    await append(alice, made.headers["location"], PDF)
    assert (await only_job(house)).project == project


# --- of the house


@pytest.fixture
async def root(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app(), site=SECURE) as visitor:
        await visitor.sign_in("olga")
        yield visitor


async def test_projects_are_made_changed_and_ended(root: Visitor, house: House) -> None:
    await root.get("/admin/projects/new")
    wrong = await root.post("/admin/projects/new", {"code": "a b", "title": "Kept"})
    assert (wrong.status_code, "Kept" in wrong.text) == (400, True)
    new = {"code": "Q-1", "title": "Quay", "groups": "team\n\nboard", "users": "ann", "until": "2099-12-31"}
    made = await root.post("/admin/projects/new", new)
    assert made.headers["location"] == "/admin/project?code=Q-1&done=added"
    page = await text_of(root, "/admin/project?code=q-1")
    for told in ("Quay", "board\nteam", "ann", "2099-12-31"):
        assert told in page
    read = {"code": "Q-1", "version": "1", "title": "Quay 2", "everyone": "yes", "until": ""}
    assert (await root.post("/admin/project", read)).status_code == 303
    assert (await root.post("/admin/project", read | {"title": "Late"})).status_code == 409
    project = house.staff.project_rows.rows["q-1"]
    assert (project.title, project.everyone, project.groups, project.until) == ("Quay 2", True, (), None)
    await root.post("/admin/project/end", {"code": "Q-1"})
    assert "has ended" in await text_of(root, "/admin/project?code=Q-1")
    await root.post("/admin/project/end", {"code": "Q-1", "do": "open"})
    assert house.staff.project_rows.rows["q-1"].active
    assert (await root.get("/admin/project?code=none")).status_code == 404


async def test_the_list_tells_what_each_came_to(root: Visitor) -> None:
    page = await text_of(root, "/admin/projects")
    for told in ("P-1", "Secret <merger>", "For everybody", "bob", "ended", "nothing printed"):
        assert told in page
    assert "P-1" not in await text_of(root, "/admin/projects?q=light")
    assert "no day" in await text_of(root, "/admin/projects?since=soon", 400)


async def test_a_file_is_previewed_and_then_taken_in(root: Visitor, house: House) -> None:
    await root.get("/admin/projects/import")

    async def sent(text: bytes) -> str:
        answer = await root.client.post(
            "/admin/projects/import",
            data={"csrf": root.token},
            files={"file": ("projects.csv", text, "text/csv")},
            headers={"origin": SECURE, "sec-fetch-site": "same-origin"},
        )
        return answer.headers.get("location") or str(answer.status_code)

    assert await sent(b"title\nx\n") == "400"
    where = await sent(b"code;title\nR-1;Rail\n;broken\n")
    page = await text_of(root, where)
    assert "R-1 Rail" in page
    assert "line 3" in page
    assert "r-1" not in house.staff.project_rows.rows
    done = await root.post(where)
    assert "The file was taken in" in done.text
    assert house.staff.project_rows.rows["r-1"].title == "Rail"
    assert (await root.post(where)).status_code == 404
