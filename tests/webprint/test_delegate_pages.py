"""The page of delegates, and what the list of a delegate shows."""

from gateway.domain.delegation import Right
from gateway.domain.job import JobState
from gateway.domain.user import Actor
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House, a_page

ALICE = Actor(user="alice")


async def test_granted_listed_and_taken_back(alice: Visitor, house: House) -> None:
    text = (await alice.get("/account/delegates")).text
    assert "Nobody yet" in text
    answer = await alice.post("/account/delegates", {"kind": "user", "name": "BOB", "release": "yes"})
    assert answer.headers["location"] == "/account/delegates"
    text = (await alice.get("/account/delegates")).text
    assert "<b>bob</b>" in text
    assert "May: see, release" in text
    (grant,) = await house.delegates.granted(ALICE)
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        assert "<b>alice</b>" in (await bob.get("/account/delegates")).text
        assert (await bob.post(f"/account/delegates/{grant.id}/remove")).status_code == 404
    await alice.post(f"/account/delegates/{grant.id}/remove")
    assert "Nobody yet" in (await alice.get("/account/delegates")).text


async def test_what_was_typed_stays_with_the_reason(alice: Visitor) -> None:
    await alice.get("/account/delegates")
    answer = await alice.post("/account/delegates", {"kind": "user", "name": "<nobody>", "delete": "yes"})
    assert answer.status_code == 404
    assert "There is no user" in answer.text
    assert 'value="&lt;nobody&gt;"' in answer.text
    assert 'name="delete" value="yes" checked' in answer.text
    assert 'name="release" value="yes" checked' not in answer.text


async def test_a_delegates_list_says_for_whom(alice: Visitor, house: House) -> None:
    await house.delegates.grant(ALICE, "bob", rights=[Right.RELEASE])
    job = await house.add_with_picture(a_page(1), name="Minutes")
    await house.add(name="Printed before", state=JobState.COMPLETED)
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        text = (await bob.get("/jobs")).text
        assert "For alice" in text
        assert "Minutes" in text
        assert "Printed before" not in text, "only what waits or prints"
        assert f"/jobs/{job.id}/pages/1.png" in text
        assert "data-delegated" in text
        assert f'value="{job.id}" data-delegated checked' not in (await bob.get("/jobs?select=all")).text
        assert f"/jobs/{job.id}/delete" not in text
        for forbidden in ("favourite", "share", "private"):
            assert f"/jobs/{job.id}/{forbidden}" not in text
        answer = await bob.post("/jobs/release", {"job": str(job.id), "device": "lobby"})
        assert "on its way to Lobby" in answer.text
    assert "bob" in (await alice.get(f"/jobs/{job.id}")).text, "the owner sees who did it"


async def test_print_all_prints_ones_own(house: House) -> None:
    await house.delegates.grant(ALICE, "bob", rights=[Right.RELEASE])
    job, own = await house.add(), await house.add(owner="bob")
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        await bob.post("/jobs/release-all", {"device": "lobby"})
    rows = [await house.jobs.get(one.id) for one in (job, own)]
    assert [row.state if row else None for row in rows] == [JobState.PENDING_HELD, JobState.PENDING]


async def test_who_may_only_see_gets_no_buttons(house: House) -> None:
    await house.delegates.grant(ALICE, "bob")
    job = await house.add()
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        text = (await bob.get("/jobs")).text
        assert f'value="{job.id}"' not in text
        assert 'id="release"' not in text
        answer = await bob.post("/jobs/release", {"job": str(job.id), "device": "lobby"})
        assert "alice lets you see this job" in answer.text
