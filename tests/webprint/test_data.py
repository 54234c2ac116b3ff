"""My data: who looked, the copy, the end; and links of mails that keep a job longer."""

import io
import json
import re
import zipfile

from gateway.domain.job import JobState
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House

OLGA = Actor(user="olga", address="10.0.0.9", via="web")


async def test_looks_are_shown_to_the_owner_alone(house: House, alice: Visitor) -> None:
    job = await house.add(name="Payslip <b>")
    await house.personal.access_log.note(job, OLGA, "preview", reason="asked <i>at desk</i>")
    page = (await alice.get("/account/data")).text
    assert "<b>olga</b>: pages as they print, Payslip &lt;b&gt;" in page
    assert "Reason: asked &lt;i&gt;at desk&lt;/i&gt;" in page
    assert "10.0.0.9" in page
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        assert "Nobody else has opened your jobs" in (await bob.get("/account/data")).text


async def test_an_operator_who_opens_a_job_is_written_down(house: House, alice: Visitor) -> None:
    job = await house.add(name="Payslip")
    await alice.get(f"/jobs/{job.id}")
    async with visiting(house.app()) as olga:
        await olga.sign_in("olga")
        assert (await olga.get(f"/jobs/{job.id}")).status_code == 200
        await olga.get(f"/jobs/{job.id}")
    [look] = await house.people.access_log.looks_at("alice")
    assert (look.by, look.what, look.job_id) == ("olga", "details", job.id)


async def test_the_copy_is_a_zip_of_everything(house: House, alice: Visitor) -> None:
    job = await house.add_with_picture(b"png", name="../../etc/passwd")
    await house.add(name="Another's", owner="bob")
    await alice.get("/account/data")
    answer = await alice.post("/account/data/export", {"documents": "yes"})
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="papertap-my-data.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = set(archive.namelist())
    assert {"README.txt", "account.json", "jobs.json", "receipts.json", f"documents/{job.id}-print.png"} <= names
    assert not [name for name in names if ".." in name or name.startswith("/")]
    jobs = json.loads(archive.read("jobs.json"))
    assert [row["name"] for row in jobs] == ["../../etc/passwd"]
    assert archive.read(f"documents/{job.id}-1.png") == b"%PDF-1.7 as sent"
    assert json.loads(archive.read("addresses.json")) == []
    without = zipfile.ZipFile(io.BytesIO((await alice.post("/account/data/export", {})).content))
    assert not [name for name in without.namelist() if name.startswith("documents/")]


async def test_a_document_that_cannot_be_read_is_named_and_the_rest_is_there(house: House, alice: Visitor) -> None:
    job = await house.add_with_picture(b"png")
    await house.spool.destroy([job.documents[0].id])
    await alice.get("/account/data")
    answer = await alice.post("/account/data/export", {"documents": "yes"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    [error] = json.loads(archive.read("errors.json"))
    assert error["job"] == job.id
    assert f"documents/{job.id}-print.png" in archive.namelist()


async def test_the_copy_needs_the_pages_own_form(house: House, alice: Visitor) -> None:
    await alice.get("/account/data")
    assert (await alice.get("/account/data/export")).status_code == 405
    assert (await alice.post("/account/data/export", {}, token="guess")).status_code == 403


async def test_erasing_wants_the_name_and_ends_everything(house: House, alice: Visitor) -> None:
    await house.identity.change_user("alice", email="alice@example.org")
    held = await house.add_with_picture(b"png", name="Secret")
    kept = await house.add(name="Favourite", favourite=True, state=JobState.COMPLETED, ended_at=house.clock.now())
    theirs = await house.add(name="Bob's", owner="bob")
    assert "cannot be undone" in (await alice.get("/account/data/erase")).text
    for wrong in ("", "bob", "alice ode"):
        answer = await alice.post("/account/data/erase", {"name": wrong})
        assert answer.status_code == 400
    assert not (await house.identity.get("alice")).disabled
    answer = await alice.post("/account/data/erase", {"name": " ALICE "})
    assert answer.status_code == 200
    assert "Your account is erased" in answer.text
    for job_id in (held.id, kept.id):
        row = await house.jobs.get(job_id)
        assert row is not None
        assert (row.key, row.name, row.state.ended) == (None, "", True)
        assert row.owner is not None
        assert row.owner.startswith("erased-")
    assert all(document.id not in house.spool.objects for document in held.objects)
    untouched = await house.jobs.get(theirs.id)
    assert untouched == theirs
    assert (await alice.get("/account")).status_code == 303
    assert (await alice.sign_in()).status_code != 303
    assert house.mailer.letters[-1].kind == "account-erased"
    assert house.mailer.letters[-1].to == "alice@example.org"


async def test_nothing_is_erased_under_a_print(house: House, alice: Visitor) -> None:
    await house.add(name="Now", state=JobState.PROCESSING, output_device="lobby")
    await alice.get("/account/data/erase")
    answer = await alice.post("/account/data/erase", {"name": "alice"})
    assert answer.status_code == 409
    assert "being printed" in answer.text
    assert not (await house.identity.get("alice")).disabled


async def test_the_last_administrator_stays(house: House) -> None:
    await house.identity.change_user("olga", role=Role.ADMINISTRATOR)
    async with visiting(house.app()) as olga:
        await olga.sign_in("olga")
        await olga.get("/account/data/erase")
        assert (await olga.post("/account/data/erase", {"name": "olga"})).status_code == 409
        await house.identity.change_user("bob", role=Role.ADMINISTRATOR)
        await olga.get("/account/data/erase")
        assert (await olga.post("/account/data/erase", {"name": "olga"})).status_code == 200


async def test_a_mails_link_keeps_a_job_longer_once(house: House) -> None:
    await house.identity.change_user("alice", email="alice@example.org")
    job = await house.add(name="Report <b>", expiry_warned=True, expires_at=house.clock.now() + 1800)
    await house.personal.notices.look(job.id)
    [letter] = house.mailer.letters
    token = re.search(r"/keep\?token=([\w-]+)$", letter.values["extend_url"])
    assert token
    async with visiting(house.app()) as stranger:
        page = await stranger.get(f"/keep?token={token[1]}")
        assert "Report &lt;b&gt;" in page.text
        row = await house.jobs.get(job.id)
        assert row == job  # a mail server that opens links changes nothing
        assert (await stranger.post("/keep", {"token": token[1]}, token="guess")).status_code == 403
        await stranger.get(f"/keep?token={token[1]}")
        assert "It is kept longer" in (await stranger.post("/keep", {"token": token[1]})).text
        row = await house.jobs.get(job.id)
        assert row is not None
        assert (row.extensions, row.expires_at is not None and row.expires_at > house.clock.now() + 3600) == (1, True)
        assert (await stranger.get(f"/keep?token={token[1]}")).status_code == 404
        assert (await stranger.post("/keep", {"token": token[1]})).status_code == 404
        for guess in ("", "x" * 43, "é", "x" * 9999):
            assert (await stranger.client.get("/keep", params={"token": guess})).status_code == 404


async def test_a_link_for_one_thing_is_good_for_no_other(house: House, alice: Visitor) -> None:
    await house.identity.change_user("alice", email="alice@example.org")
    job = await house.add(expiry_warned=True, expires_at=house.clock.now() + 1800)
    await house.personal.notices.look(job.id)
    found = re.search(r"token=([\w-]+)$", house.mailer.letters[0].values["extend_url"])
    assert found
    assert (await alice.get(f"/account/addresses/confirm?token={found[1]}")).status_code == 404
    assert (await alice.get(f"/keep?token={found[1]}")).status_code == 200


async def test_a_delegate_who_looks_at_pages_is_written_down(house: House, alice: Visitor) -> None:
    job = await house.add_with_picture(b"png", name="Payslip")
    await house.delegates.grant(Actor(user="alice"), "bob")
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        for _ in range(3):
            assert (await bob.get(f"/jobs/{job.id}/pages/1.png")).status_code == 200
        assert (await bob.get(f"/jobs/{job.id}/pages/9.png")).status_code == 404
    [look] = await house.people.access_log.looks_at("alice")
    assert (look.by, look.what) == ("bob", "thumbnail")
    await alice.get(f"/jobs/{job.id}/pages/1.png")
    assert len(await house.people.access_log.looks_at("alice")) == 1
