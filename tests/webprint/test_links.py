"""Pages of one-time links: made once, shown once, used once, by somebody without an account."""

import html
import re

import pytest

from gateway.domain.job import Job, JobState
from tests.webprint.visitor import LOCAL, Visitor, visiting
from tests.webprint.web_house import PASSWORD, House, a_page


async def link_of(visitor: Visitor, job: Job, **fields: str) -> str:
    await visitor.get("/jobs")
    answer = await visitor.post(f"/jobs/{job.id}/share", {"lasting": "24h", **fields})
    assert answer.status_code == 200
    found = re.search(r'readonly value="([^"]+)"', answer.text)
    assert found
    return found[1].removeprefix(LOCAL)


async def row(house: House, job: Job) -> Job:
    found = await house.jobs.get(job.id)
    assert found is not None
    return found


async def test_a_link_is_shown_once(alice: Visitor, house: House) -> None:
    job = await house.add()
    path = await link_of(alice, job)
    assert re.fullmatch(r"/s/[\w-]{43}", path)
    text = (await alice.get(f"/jobs/{job.id}")).text
    assert path not in text
    assert "Open link" in text
    assert "24 hours left" in text


async def test_a_stranger_prints_it_once_without_an_account(alice: Visitor, house: House) -> None:
    job = await house.add_with_picture(a_page(1), name="<Plan>.pdf", pages=3, media_sheets=3)
    path = await link_of(alice, job)
    async with visiting(house.app(), address="127.0.0.1") as stranger:
        text = html.unescape((await stranger.get(path)).text)
        assert "alice shares a document with you" in text
        assert "<h2><Plan>.pdf</h2>" in text
        assert "3 pages" in text
        assert "page.png" not in text
        assert (await stranger.get(f"{path}/page.png")).status_code == 404
        assert 'href="/jobs' not in text, "nothing of the owner's other pages"
        answer = await stranger.post(path, {"device": "lobby"})
        assert "comes out at Lobby" in answer.text
        for again in (await stranger.get(path), await stranger.post(path, {"device": "lobby"})):
            assert again.status_code == 404
            assert "does not work any more" in again.text
    sent = await row(house, job)
    assert (sent.state, sent.output_device, sent.released_by) == (JobState.PENDING, "lobby", "somebody with a link")
    assert "somebody with a link" in (await alice.get(f"/jobs/{job.id}")).text


async def test_the_first_page_only_if_it_was_allowed(alice: Visitor, house: House) -> None:
    picture = a_page(1)
    path = await link_of(alice, await house.add_with_picture(picture), page="yes")
    async with visiting(house.app()) as stranger:
        assert f"{path}/page.png" in (await stranger.get(path)).text
        assert (await stranger.get(f"{path}/page.png")).content == picture
    [look] = await house.people.access_log.looks_at("alice")
    assert (look.by, look.what) == ("anonymous", "link")


async def test_whoever_pays_signs_in_first(alice: Visitor, house: House) -> None:
    job = await house.add()
    path = await link_of(alice, job, payer="printing")
    async with visiting(house.app()) as bob:
        text = (await bob.get(path)).text
        assert f'href="/signin?next={path}"' in text
        assert "Print it once" not in text
        await bob.get(f"/signin?next={path}")
        answer = await bob.post("/signin", {"with": "password", "name": "bob", "password": PASSWORD, "next": path})
        assert answer.headers["location"] == path
        assert "It is counted on your account." in (await bob.get(path)).text
        assert "comes out at Lobby" in (await bob.post(path, {"device": "lobby"})).text
    sent = await row(house, job)
    assert (sent.owner, sent.charged_to) == ("alice", "bob")


async def test_a_refusal_keeps_the_link(alice: Visitor, house: House) -> None:
    path = await link_of(alice, await house.add())
    async with visiting(house.app()) as stranger:
        await stranger.get(path)
        answer = await stranger.post(path, {"device": "library"})
        assert answer.status_code == 409
        assert "cannot print now" in answer.text
        assert (await stranger.post(path, {"device": "vault"})).status_code == 404
        assert "comes out at Lobby" in (await stranger.post(path, {"device": "lobby"})).text


async def test_taken_back(alice: Visitor, house: House) -> None:
    job = await house.add()
    path = await link_of(alice, job)
    text = (await alice.get(f"/jobs/{job.id}")).text
    action = re.search(r'action="(/jobs/\d+/shares/\d+/revoke)"', text)
    assert action
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        assert (await bob.post(action[1])).status_code == 404
    assert (await alice.post(action[1])).headers["location"] == f"/jobs/{job.id}#share"
    assert "Open link" not in (await alice.get(f"/jobs/{job.id}")).text
    async with visiting(house.app()) as stranger:
        assert (await stranger.get(path)).status_code == 404


@pytest.mark.parametrize(("field", "value"), [("lasting", "for ever"), ("lasting", ""), ("payer", "the king")])
async def test_unknown_choices_are_refused(alice: Visitor, house: House, field: str, value: str) -> None:
    job = await house.add()
    await alice.get("/jobs")
    answer = await alice.post(f"/jobs/{job.id}/share", {"lasting": "1h", field: value})
    assert answer.status_code == 400


async def test_odd_tokens_are_no_links(house: House) -> None:
    async with visiting(house.app()) as stranger:
        for token in ("x", "%00", "%F0%9F%98%80", "a" * 5000):
            assert (await stranger.get(f"/s/{token}")).status_code in {404, 429}


async def test_guessing_is_throttled_for_strangers_from_elsewhere(alice: Visitor, house: House) -> None:
    path = await link_of(alice, await house.add())
    async with visiting(house.app(), site="https://print.example:8443", address="203.0.113.7") as guesser:
        answers = [(await guesser.get(f"/s/guess-{number}")).status_code for number in range(25)]
        assert answers[:20] == [404] * 20
        assert set(answers[20:]) == {429}
        assert (await guesser.get(path)).status_code == 429


async def test_no_form_is_taken_without_the_pages_own_token(alice: Visitor, house: House) -> None:
    job = await house.add()
    path = await link_of(alice, job)
    async with visiting(house.app()) as stranger:
        await stranger.get(path)
        for token in ("", "guess"):
            assert (await stranger.post(path, {"device": "lobby"}, token=token)).status_code == 403
    assert (await row(house, job)).state is JobState.PENDING_HELD
