"""The pages behind the links of an answer: opening one changes nothing, pressing its button does one thing."""

from dataclasses import replace
from uuid import uuid4

import pytest

from gateway.domain.job import Job, JobState
from gateway.domain.mail import Mail, MailFile, MailState
from gateway.services.mail_links import MailAction
from tests.fakes_mail import an_envelope
from tests.webprint.visitor import visiting
from tests.webprint.web_house import House


async def a_mail(house: House, **fields: object) -> Mail:
    _, key = house.keyring.new_key()
    plain = Mail(
        uuid=uuid4(),
        digest=uuid4().hex,
        envelope=an_envelope(),
        object_id=None,
        key=key,
        size=9,
        received_at=house.clock.now(),
        state=MailState.DONE,
        owner="alice",
        subject="Minutes <script>",
    )
    return await house.mails.add(replace(plain, **fields))  # type: ignore[arg-type]  # reason: the caller names fields


async def with_a_job(house: House) -> tuple[Mail, Job]:
    job = await house.add_with_picture(name="Minutes.pdf", owner="alice", pages=3)
    file = MailFile(name="Minutes.pdf", printer="find-me", job=job.id)
    return await a_mail(house, files=(file,)), job


def path_of(house: House, mail: Mail, action: MailAction) -> str:
    return house.mail_links.url(mail, action).partition("8443")[2]


@pytest.mark.parametrize("action", [MailAction.DELETE, MailAction.NOT_ME, MailAction.TWO_SIDED, MailAction.EXTEND])
async def test_a_scanner_that_opens_every_link_changes_nothing(house: House, action: MailAction) -> None:
    mail, job = await with_a_job(house)
    async with visiting(house.app()) as visitor:
        for method in ("GET", "HEAD"):
            answer = await visitor.client.request(method, path_of(house, mail, action))
            assert answer.status_code == 200
    assert await house.jobs.get(job.id) == job
    assert await house.mails.mail(mail.id) == mail
    assert "Minutes &lt;script&gt;" in (await _shown(house, mail, action))


async def _shown(house: House, mail: Mail, action: MailAction) -> str:
    async with visiting(house.app()) as visitor:
        return (await visitor.get(path_of(house, mail, action))).text


async def test_a_press_deletes_and_the_link_is_over(house: House) -> None:
    mail, job = await with_a_job(house)
    async with visiting(house.app()) as visitor:
        path = path_of(house, mail, MailAction.DELETE)
        token = path.partition("token=")[2]
        await visitor.get(path)
        answer = await visitor.post("/mail/delete", {"token": token})
        assert answer.status_code == 200
        assert "It is deleted" in answer.text
        assert (await visitor.get(path)).status_code == 404
    after = await house.jobs.get(job.id)
    assert after is not None
    assert after.state is JobState.CANCELED


async def test_a_link_is_good_for_one_thing(house: House) -> None:
    mail, job = await with_a_job(house)
    token = path_of(house, mail, MailAction.EXTEND).partition("token=")[2]
    async with visiting(house.app()) as visitor:
        for action in ("delete", "not-me", "two-sided", "open", "confirm", "nothing"):
            answer = await visitor.get(f"/mail/{action}?token={token}")
            assert answer.status_code == 404, action
        await visitor.get(f"/mail/keep?token={token}")
        assert (await visitor.post("/mail/delete", {"token": token})).status_code == 404
    assert await house.jobs.get(job.id) == job


async def test_a_form_without_its_own_token_does_nothing(house: House) -> None:
    """Another site's page may know the link, but not the form."""
    mail, job = await with_a_job(house)
    token = path_of(house, mail, MailAction.DELETE).partition("token=")[2]
    async with visiting(house.app()) as visitor:
        await visitor.get(f"/mail/delete?token={token}")
        answer = await visitor.client.post("/mail/delete", data={"token": token, "csrf": "wrong"})
    assert answer.status_code == 403
    assert await house.jobs.get(job.id) == job


async def test_a_guest_sees_the_documents_of_the_mail_in_this_browser(house: House) -> None:
    mail = await a_mail(house)
    guest = await house.guests.admit(house.mail_links.guest_secret(mail), address="192.0.2.7", label="bob@x.org")
    job = await house.add_with_picture(name="Poster.pdf", owner=guest.name)
    file = MailFile(name="Poster.pdf", printer="find-me", job=job.id)
    mail = await house.mails.change(mail.id, lambda row: replace(row, owner=guest.name, files=(file,)))
    path = path_of(house, mail, MailAction.OPEN)
    async with visiting(house.app()) as visitor:
        assert "Poster.pdf" not in (await visitor.get("/guest")).text
        await visitor.get(path)
        answer = await visitor.post("/mail/open", {"token": path.partition("token=")[2]})
        assert answer.status_code == 303
        shown = await visitor.get("/guest")
        assert "Poster.pdf" in shown.text
        assert house.guests.code(guest, house.mail_links.guest_secret(mail)) in shown.text.replace(" ", "")


async def test_guesses_are_few(house: House) -> None:
    async with visiting(house.app()) as visitor:
        seen = [(await visitor.get(f"/mail/delete?token=1-{'A' * 43}")).status_code for _ in range(25)]
    assert seen[0] == 404
    assert seen[-1] == 429
