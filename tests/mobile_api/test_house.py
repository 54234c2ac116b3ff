"""What runs the house by the API: directories, why, test pages; and the ways of a job that pages have, too."""

import pytest

from gateway.domain.directory import FieldMap, LdapSettings, Secrets
from gateway.domain.events import IntakeAttempt
from gateway.domain.job import JobState, Reason
from gateway.domain.person import GroupEntry, Person
from gateway.domain.rights import Role
from gateway.services.device_book import DeviceBook
from gateway.services.directories import DirectoryBook
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_sync import DirectorySync
from tests.fake_devices import FakeDriver
from tests.fakes import FakeHasher
from tests.fakes_administration import FakeNetwork
from tests.fakes_directory import FakeMakers, FakeSealer
from tests.mobile_api.api_house import ApiHouse

PASSWORD = "of the service account"


@pytest.fixture
async def makers(house: ApiHouse) -> FakeMakers:
    """A directory "school" that answers from memory."""
    gateway, makers = house.gateway, FakeMakers()
    sync = DirectorySync(
        rows=gateway.database.user_rows, users=gateway.database.users, hasher=FakeHasher(), clock=gateway.clock
    )
    book = DirectoryBook(
        store=gateway.database.directories,
        makers=makers,
        sync=sync,
        groups=DirectoryGroups(store=gateway.database.groups, clock=gateway.clock),
        sealer=FakeSealer(),
        clock=gateway.clock,
        worker="here",
    )
    object.__setattr__(house.app.state.services, "directories", book)
    settings = LdapSettings(urls=("ldaps://ldap.school.example",))
    await book.add("school", settings, Secrets(password=PASSWORD), fields=FieldMap())
    makers.one.people = [Person(external_id="1", name="pupil", full_name="Pia", groups=("class",))]
    makers.one.groups = [GroupEntry(name="class")]
    return makers


async def test_a_directory_is_listed_tried_and_looked_at_before(house: ApiHouse, makers: FakeMakers) -> None:
    async with house.client(token=await house.token("root")) as root:
        [listed] = (await root.get("directories")).json()
        assert (listed["name"], listed["where"], listed["last_run"]) == (
            "school",
            ["ldaps://ldap.school.example"],
            None,
        )
        assert PASSWORD not in str(listed)
        assert all(step["ok"] for step in (await root.post("directories/school/test")).json())
        dry = (await root.post("directories/school/preview")).json()
        assert (dry["counts"], dry["groups"], dry["held_back"]) == ({"added": 1}, {"added": 1}, 0)
        assert {line["name"] for line in dry["changes"]} == {"pupil", "class"}
        assert await house.gateway.database.users.user("pupil") is None
        for path in ("directories/other", "directories/other/runs"):
            assert (await root.get(path)).status_code == 404


async def test_a_run_goes_on_by_itself_and_is_told_of(house: ApiHouse, makers: FakeMakers) -> None:
    async with house.client(token=await house.token("root")) as root:
        begun = await root.post("directories/school/runs", json={})
        assert (begun.status_code, begun.headers["location"]) == (202, "/api/v1/directories/school")
        assert (await root.post("directories/school/runs", json={})).status_code == 409
        await house.app.state.services.directories.settle()
        shown = (await root.get("directories/school")).json()
        assert (shown["running"], shown["last_run"]["end"], shown["last_run"]["by"]) == (None, "done", "root")
        assert [run["counts"] for run in (await root.get("directories/school/runs")).json()] == [{"added": 1}]
        noted = (await root.get("audit?action=directory.run")).json()["items"]
        assert [entry["subject"] for entry in noted] == ["directory school"]
        assert (await root.get("groups/class")).json()["source"] == "school"


async def test_why_finds_what_was_printed_and_what_was_refused(house: ApiHouse) -> None:
    job = await house.job(
        name="Report.pdf", owner="bob", state=JobState.ABORTED, reasons=(Reason.DOCUMENT_FORMAT_ERROR,)
    )
    hidden = await house.job(name="Diary.pdf", owner="bob", private=True)
    now = house.gateway.clock.now()
    tried = IntakeAttempt(
        at=now,
        channel="ipp",
        printer="find-me",
        address="192.0.2.9",
        requested_name="bob",
        owner=None,
        document_name="Bad.exe",
        outcome="client-error-document-format-not-supported",
    )
    await house.gateway.database.attempts.record_attempts([tried])
    async with house.client(token=await house.token("olga")) as olga:
        found = (await olga.get("why?q=bob")).json()
        assert {one["id"] for one in found["jobs"]} == {job.id, hidden.id}
        assert [one["document_name"] for one in found["refused"]] == ["Bad.exe"]
        assert "Diary" not in str(found)
        life = (await olga.get(f"why/{job.id}")).json()
        assert (life["rule"], life["next_step"]) == (
            "The document is damaged, or not what its name says.",
            "Open it, save it as PDF, and send that.",
        )
        assert (await olga.get("why?since=2999-01-01T00:00:00Z&q=bob")).json() == {"jobs": [], "refused": []}
        assert (await olga.get("why/424242")).status_code == 404
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.get("why?q=bob")).status_code == 403
        assert (await alice.get(f"why/{job.id}")).status_code == 403


async def test_what_became_of_jobs_of_another_site_is_not_told(house: ApiHouse) -> None:
    await house.gateway.sites.add("north")
    await house.gateway.printers.change_printer("find-me", site="north")
    job = await house.job(owner="bob", printer="find-me")
    for name, site in (("nora", "north"), ("sam", "south")):
        await house.gateway.identity.add_user(name)
        if site == "south":
            await house.gateway.sites.add("south")
        await house.gateway.house.roles.give(house.actor("root"), name, Role.OPERATOR, site=site)
        async with house.client(token=await house.token(name)) as client:
            assert (await client.get(f"why/{job.id}")).status_code == (200 if site == "north" else 404)


async def test_a_test_page_is_a_real_job(house: ApiHouse) -> None:
    gateway = house.gateway
    driver = FakeDriver()
    book = DeviceBook(
        printers=gateway.printers, drivers={"socket": driver}, addresses=FakeNetwork(), intake=gateway.intake
    )
    object.__setattr__(house.app.state.services.administration, "devices", book)
    async with house.client(token=await house.token("root")) as root:
        made = await root.post("devices/laser/test-page")
        assert made.status_code == 201, made.text
        assert made.headers["location"] == f"/api/v1/jobs/{made.json()['id']}"
        job = await gateway.database.jobs.get(made.json()["id"])
        assert job is not None
        assert (job.owner, len(job.documents)) == ("root", 1)
        assert (await root.post("devices/gone/test-page")).status_code == 404
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.post("devices/laser/test-page")).status_code == 403


# -- jobs


async def test_a_protected_document_is_opened_by_its_owner_alone(house: ApiHouse) -> None:
    job = await house.job(reasons=(Reason.DOCUMENT_PASSWORD_ERROR,))
    plain = await house.job()
    async with house.client(token=await house.token("bob")) as bob:
        assert (await bob.post(f"jobs/{job.id}/unlock", json={"password": "guess"})).status_code == 404
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.post(f"jobs/{job.id}/unlock", json={"password": ""})).status_code == 422
        opened = await alice.post(f"jobs/{job.id}/unlock", json={"password": "secret of the sender"})
        assert (opened.status_code, opened.json()["state"]) == (200, "pending")
        assert "secret of the sender" not in opened.text
        assert (await alice.post(f"jobs/{plain.id}/unlock", json={"password": "x"})).status_code == 409


async def test_another_choice_of_what_is_printed_is_refused_where_there_is_none(house: ApiHouse) -> None:
    job = await house.job()
    async with house.client(token=await house.token("alice")) as alice:
        pdf = await alice.post(f"jobs/{job.id}/conversion", json={"fit_width": True})
        assert (pdf.status_code, pdf.json()["code"]) in {(400, "bad-request"), (409, "not-possible")}
        bad = await alice.post(f"jobs/{job.id}/conversion", json={"print_area": "everything!"})
        assert bad.status_code == 400
        assert (await alice.post(f"jobs/{job.id}/conversion", json={"sheets": [0]})).status_code == 422
        assert (await alice.post("jobs/424242/conversion", json={})).status_code == 404


async def test_a_link_is_made_shown_once_used_and_taken_back(house: ApiHouse) -> None:
    job = await house.job()
    async with house.client(token=await house.token("alice")) as alice:
        made = await alice.post(f"jobs/{job.id}/shares", json={"seconds": 3600})
        assert made.status_code == 201, made.text
        token = made.json()["address"].rpartition("/s/")[2]
        assert len(token) > 30
        [listed] = (await alice.get(f"jobs/{job.id}/shares")).json()
        assert (listed["payer"], "address" in listed) == ("sharer", False)
        assert (await house.app.state.services.shares.look(token, address="198.51.100.7")).job.id == job.id
        assert (await alice.delete(f"jobs/{job.id}/shares/{listed['id']}")).status_code == 204
        assert (await alice.delete(f"jobs/{job.id}/shares/{listed['id']}")).status_code == 409
        assert (await alice.get(f"jobs/{job.id}/shares")).json() == []
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.post(f"jobs/{job.id}/shares", json={})).status_code in {403, 404}
        assert (await olga.get(f"jobs/{job.id}/shares")).status_code in {403, 404}
