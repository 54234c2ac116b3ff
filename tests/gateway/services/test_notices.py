"""Notices: each occasion is told once, where its owner wants it, whatever was missed or started anew."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.personal import NoticeKind, Preferences
from gateway.domain.user import Actor, User
from gateway.errors import NotFound, Unavailable
from gateway.services.notices import AGAIN_SECONDS, CATCH_UP_SECONDS, KEPT_SECONDS, Notices
from tests.gateway.services.test_push import KEYS
from tests.webprint.web_house import House

ALL = frozenset(NoticeKind)


@pytest.fixture
async def house() -> House:
    opened = await House().open()
    await opened.identity.change_user("alice", email="alice@example.org")
    return opened


async def alice(house: House) -> User:
    return await house.identity.get("alice")


async def choose(house: House, **fields: Any) -> None:
    await house.personal.preferences.save(await alice(house), replace(Preferences(), **fields))


def told(house: House) -> list[str]:
    return [letter.kind for letter in house.mailer.letters]


async def ended(house: House, state: JobState, *reasons: Reason, **fields: Any) -> Job:
    return await house.add(state=state, reasons=reasons, ended_at=house.clock.now(), **fields)


async def test_what_is_lost_without_a_word_is_told_unasked(house: House) -> None:
    notices = house.personal.notices
    expiring = await house.add(name="Report", expiry_warned=True, expires_at=house.clock.now() + 1800)
    failed = await ended(house, JobState.ABORTED, Reason.DOCUMENT_FORMAT_ERROR, message="Page 2 cannot be read.")
    asked = await house.add(state=JobState.PROCESSING_STOPPED, reasons=(Reason.OUTCOME_UNKNOWN,))
    printed = await ended(house, JobState.COMPLETED)
    for job in (expiring, failed, asked, printed):
        await notices.look(job.id)
    assert told(house) == ["job-expiring", "job-failed", "job-needs-word"]
    shown = await notices.of(await alice(house))
    assert [one.kind for one in shown] == [NoticeKind.NEEDS_WORD, NoticeKind.FAILED, NoticeKind.EXPIRING]
    assert await notices.unread(await alice(house)) == 3
    letter = house.mailer.letters[1]
    assert letter.values["reason"] == "Page 2 cannot be read."
    assert letter.values["url"] == f"https://print.example:8443/jobs/{failed.id}"


async def test_the_rest_is_told_to_whoever_wants_it(house: House) -> None:
    await choose(house, language="de", mail=ALL, page=frozenset())
    for job in (
        await house.add(),
        await ended(house, JobState.COMPLETED, output_device="copy-room", sheets_completed=3),
    ):
        await house.personal.notices.look(job.id)
    ready, printed = house.mailer.letters
    assert (ready.kind, ready.language, ready.values["printer"]) == ("job-ready", "de", "Find me")
    assert printed.values["device"] == "Copy room"
    assert printed.values["sheets"].startswith("3 ")
    assert await house.personal.notices.of(await alice(house)) == []


async def test_each_occasion_is_told_once_whatever_starts_anew(house: House) -> None:
    job = await house.add(expiry_warned=True, expires_at=house.clock.now() + 1800)
    for _ in range(3):
        await house.personal.notices.look(job.id)
        await house.personal.notices.catch_up()
    assert told(house) == ["job-expiring"]
    assert len(await house.personal.notices.of(await alice(house))) == 1
    await house.change(job.id, extensions=1)
    await house.personal.notices.look(job.id)
    assert told(house) == ["job-expiring", "job-expiring"]


async def test_a_crash_between_letter_and_notice_tells_it_once(house: House) -> None:
    job = await ended(house, JobState.ABORTED)
    store = house.people.notices
    broken = _Broken(house)
    with pytest.raises(RuntimeError):
        await broken.look(job.id)
    assert told(house) == ["job-failed"]
    await house.personal.notices.look(job.id)
    assert told(house) == ["job-failed"]
    assert await store.told(job.id, "failed")


class _Broken:
    """The same service, but the process dies before the notice is a row."""

    def __init__(self, house: House) -> None:
        self._notices, self._store = house.personal.notices, house.people.notices

    async def look(self, job_id: int) -> None:
        class Dying:
            def __init__(self, store: Any) -> None:
                self.told = store.told

            async def add_notice(self, notice: object) -> bool:
                raise RuntimeError("killed")

        kept = self._notices._store
        self._notices._store = Dying(self._store)  # type: ignore[assignment]
        try:
            await self._notices.look(job_id)
        finally:
            self._notices._store = kept


async def test_without_mail_or_address_the_page_tells(house: House) -> None:
    house.mailer.enabled = False
    await house.personal.notices.look((await ended(house, JobState.ABORTED)).id)
    house.mailer.enabled = True
    await house.identity.change_user("alice", email=None)
    await house.personal.notices.look((await ended(house, JobState.ABORTED)).id)
    assert told(house) == []
    assert await house.personal.notices.unread(await alice(house)) == 2


async def test_strangers_guests_and_disabled_users_are_told_nothing(house: House) -> None:
    await house.identity.disable("bob")
    for owner in (None, "guest:abc", "bob", "nobody"):
        job = await house.add(owner=owner, state=JobState.ABORTED, reasons=(), ended_at=house.clock.now())
        await house.personal.notices.look(job.id)
    await house.personal.notices.look(12345)
    assert told(house) == []


async def test_events_wake_and_a_catch_up_finds_what_none_told(house: House) -> None:
    missed = await ended(house, JobState.ABORTED, name="Missed")
    long_ago = await house.add(state=JobState.ABORTED, reasons=(), ended_at=house.clock.now() - 9000)
    task = asyncio.create_task(house.personal.notices.run())
    await house.clock.until_sleeping()
    assert [one.job_id for one in await house.personal.notices.of(await alice(house))] == [missed.id]
    job = await ended(house, JobState.ABORTED)
    for event in (Event.JOB_PROGRESS, Event.JOB_STATE_CHANGED, Event.JOB_COMPLETED, Event.JOB_COMPLETED):
        house.events.publish(Happening(event=event, at=house.clock.now(), job_id=job.id, owner="alice"))
    await house.clock.advance(2)
    assert [one.job_id for one in await house.personal.notices.of(await alice(house))] == [job.id, missed.id]
    silent = await ended(house, JobState.ABORTED)
    await house.clock.advance(CATCH_UP_SECONDS + 2)
    seen = {one.job_id for one in await house.personal.notices.of(await alice(house))}
    assert seen == {missed.id, job.id, silent.id}
    assert long_ago.id not in seen
    task.cancel()


async def test_old_notices_go(house: House) -> None:
    await house.personal.notices.look((await ended(house, JobState.ABORTED)).id)
    house.clock.tick(KEPT_SECONDS + 1)
    await house.personal.notices.catch_up()
    assert await house.personal.notices.of(await alice(house)) == []


async def test_a_job_that_cannot_wait_longer_is_offered_no_link(house: House) -> None:
    job = await house.add(expiry_warned=True, expires_at=house.clock.now() + 1800, extensions=3)
    await house.personal.notices.look(job.id)
    assert house.mailer.letters[0].values["extend_url"] == ""


async def test_a_link_to_extend_ends_with_the_job_and_the_account(house: House) -> None:
    notices: Notices = house.personal.notices
    tokens = []
    for _ in range(2):
        job = await house.add(expiry_warned=True, expires_at=house.clock.now() + 1800)
        await notices.look(job.id)
        tokens.append(house.mailer.letters[-1].values["extend_url"].partition("token=")[2])
    await house.change(job.id, state=JobState.CANCELED, ended_at=house.clock.now())
    with pytest.raises(NotFound):
        await notices.extend(tokens[1])
    await house.identity.disable("alice")
    with pytest.raises(NotFound):
        await notices.extend(tokens[0])


async def test_a_link_is_used_by_one_of_many_at_once(house: House) -> None:
    job = await house.add(expiry_warned=True, expires_at=house.clock.now() + 1800)
    await house.personal.notices.look(job.id)
    token = house.mailer.letters[0].values["extend_url"].partition("token=")[2]
    tries = [house.personal.notices.extend(token) for _ in range(5)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, NotFound) for outcome in outcomes) == 4
    row = await house.jobs.get(job.id)
    assert row is not None
    assert row.extensions == 1


async def test_an_address_that_is_none_does_not_keep_the_page_from_telling(house: House) -> None:
    await house.users.save_user(replace(await alice(house), email="änne@example.org"))
    await house.personal.notices.look((await ended(house, JobState.ABORTED)).id)
    assert told(house) == []
    assert await house.personal.notices.unread(await alice(house)) == 1


async def test_a_database_that_is_away_is_asked_again(house: House) -> None:
    job = await ended(house, JobState.ABORTED)
    house.jobs.failure = Unavailable("The database cannot be reached.")
    task = asyncio.create_task(house.personal.notices.run())
    await house.clock.until_sleeping()
    house.jobs.failure = None
    await house.clock.advance(AGAIN_SECONDS + 2)
    assert [one.job_id for one in await house.personal.notices.of(await alice(house))] == [job.id]
    task.cancel()


async def test_a_look_for_a_reason_is_told_to_the_owner_at_once(house: House) -> None:
    job = await house.add(name="Payslip")
    olga = Actor(user="olga", address="10.0.0.9", via="web")
    await house.personal.access_log.note(job, olga, "details")
    assert told(house) == []
    for _ in range(2):
        await house.personal.access_log.note(job, olga, "pages", "asked at the desk")
    [letter] = house.mailer.letters
    assert (letter.kind, letter.to) == ("job-looked", "alice@example.org")
    assert (letter.values["by"], letter.values["reason"]) == ("olga", "asked at the desk")
    [notice] = await house.personal.notices.of(await alice(house))
    assert (notice.kind, notice.job_id, notice.values["reason"]) == (NoticeKind.LOOKED, job.id, "asked at the desk")
    await choose(house, mail=frozenset(), page=frozenset())
    house.clock.tick(3600)
    await house.personal.access_log.note(job, olga, "pages", "asked again")
    assert len(house.mailer.letters) == 1
    assert len(await house.people.access_log.looks_at("alice")) == 3


async def test_what_the_answer_to_a_mail_says_is_not_said_twice(house: House) -> None:
    """A job that came by mail: its answer tells that it is ready, broken or locked; what comes later is news."""
    await choose(house, mail=ALL, page=ALL)
    broken = await ended(house, JobState.ABORTED, Reason.DOCUMENT_FORMAT_ERROR, source="mail", printable=None)
    late = await ended(house, JobState.CANCELED, Reason.JOB_CANCELED_AFTER_TIMEOUT, source="mail")
    for job in (await house.add(source="mail"), broken, late):
        await house.personal.notices.look(job.id)
    assert told(house) == ["job-failed"]
    assert len(await house.personal.notices.of(await alice(house))) == 3


async def pushed(house: House) -> list[tuple[str, str]]:
    """(title, address) of what came to the phone since the last time."""
    await house.phone.push.send_due()
    told_ = [json.loads(payload) for _to, payload, _topic in house.phone_rows.sender.sent]
    house.phone_rows.sender.sent.clear()
    return [(one["title"], one["url"]) for one in told_]


async def test_each_occasion_reaches_the_phone_once(house: House) -> None:
    user, push = await alice(house), house.phone.push
    await push.subscribe(user, endpoint="https://push.example/a", name="Chrome", language="", **KEYS)
    jobs = {
        "Ready to print": await house.add(),
        "A document expires soon": await house.add(
            reasons=(), expiry_warned=True, expires_at=house.clock.now() + 1800, printable=None
        ),
        "Printed": await ended(house, JobState.COMPLETED),
        "Not printed": await ended(house, JobState.ABORTED, Reason.DOCUMENT_FORMAT_ERROR),
        "A document needs a word from you": await house.add(
            state=JobState.PROCESSING_STOPPED, reasons=(Reason.OUTCOME_UNKNOWN,)
        ),
    }
    for title, job in jobs.items():
        for _ in range(2):
            await house.personal.notices.look(job.id)
        assert await pushed(house) == [(title, f"/jobs/{job.id}")]
    expiring = jobs["A document expires soon"]
    await house.change(expiring.id, extensions=1)
    await house.personal.notices.look(expiring.id)
    assert [title for title, _ in await pushed(house)] == ["A document expires soon"], "of its new deadline, too"
    await choose(house, push=frozenset())
    await house.personal.notices.look((await house.add()).id)
    assert await pushed(house) == []
    _, phone = await house.phone.staying.begin(user, name="Chrome", method="password", address="192.0.2.5")
    await house.personal.notices.copied(user, phone, "203.0.113.9")
    assert await pushed(house) == [("You were signed out", "/account/notices")]


async def test_that_a_sign_in_was_copied_is_told_once_whatever_was_chosen(house: House) -> None:
    nowhere: frozenset[NoticeKind] = frozenset()
    await choose(house, language="fr", mail=nowhere, page=nowhere, push=nowhere)
    user, phones = await alice(house), house.phone.staying
    _, phone = await phones.begin(user, name="Safari, iPhone", method="password", address="192.0.2.5")
    for _ in range(2):
        await house.personal.notices.copied(user, phone, "203.0.113.9")
    (letter,) = house.mailer.letters
    assert (letter.kind, letter.language, letter.values["what"]) == ("proof-changed", "fr", "stay-copied")
    assert (letter.values["origin"], letter.values["url"]) == (
        "203.0.113.9",
        "https://print.example:8443/account/security",
    )
    (notice,) = await house.personal.notices.of(user)
    assert (notice.kind, notice.job_id) == (NoticeKind.COPIED, 0)
    assert notice.values == {"device": "Safari, iPhone", "address": "203.0.113.9"}
    assert await house.personal.notices.unread(user) == 1
