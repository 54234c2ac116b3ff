"""What is kept about people: choices, addresses, tokens, cards, notices, looks; and handing over and forgetting it."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from gateway.adapters.db import Database
from gateway.domain.account import Receipt
from gateway.domain.credit import Entry, EntryKind
from gateway.domain.events import IntakeAttempt, JobRecord
from gateway.domain.job import JobState
from gateway.domain.mail import Mail, MailFile, MailState
from gateway.domain.personal import CardNote, Look, Notice, NoticeKind, OneTimeToken, Preferences
from gateway.domain.ticket import JobTicket
from gateway.domain.user import User
from gateway.domain.webhook import Delivery, DeliveryState, body_of
from gateway.errors import Conflict
from gateway.services.ports import JobChange
from tests.builders import NOW
from tests.contracts.test_webhook_store import a_delivery, a_hook
from tests.fakes import a_held_job, a_user
from tests.fakes_mail import an_envelope
from tests.fakes_projects import a_project
from tests.personal_stores import PersonalStores, personal_stores

__all__ = ["personal_stores"]


@pytest.fixture
def stores(personal_stores: PersonalStores) -> PersonalStores:
    return personal_stores


@pytest.fixture
async def alice(stores: PersonalStores) -> User:
    return await stores.users.save_user(a_user("Alice", full_name="Alice Ode", email="alice@example.org"))


@pytest.fixture
async def bob(stores: PersonalStores) -> User:
    return await stores.users.save_user(a_user("bob"))


# -- choices, addresses, cards


async def test_choices_come_back_as_saved(stores: PersonalStores, alice: User, bob: User) -> None:
    assert await stores.personal.preferences(alice.uuid) is None
    chosen = Preferences(
        language="fr",
        device="lobby",
        select_all=True,
        mail=frozenset({NoticeKind.READY}),
        page=frozenset({NoticeKind.PRINTED, NoticeKind.FAILED}),
    )
    await stores.personal.save_preferences(alice.uuid, Preferences())
    await stores.personal.save_preferences(alice.uuid, chosen)
    assert await stores.personal.preferences(alice.uuid) == chosen
    assert await stores.personal.preferences(bob.uuid) is None


async def test_an_address_is_one_persons_in_any_case(stores: PersonalStores, alice: User, bob: User) -> None:
    await stores.personal.add_address(alice.uuid, "Ann@example.org", NOW + 1)
    await stores.personal.add_address(alice.uuid, "early@example.org", NOW)
    await stores.personal.add_address(alice.uuid, "ann@EXAMPLE.org", NOW + 2)
    assert [one.address for one in await stores.personal.addresses(alice.uuid)] == [
        "early@example.org",
        "Ann@example.org",
    ]
    assert await stores.personal.address_holder("ANN@example.ORG") == alice.uuid
    with pytest.raises(Conflict):
        await stores.personal.add_address(bob.uuid, "ann@example.org", NOW)
    assert not await stores.personal.remove_address(bob.uuid, "ann@example.org")
    assert await stores.personal.remove_address(alice.uuid, "ANN@example.org")
    assert await stores.personal.address_holder("ann@example.org") is None


async def test_cards_have_notes(stores: PersonalStores, alice: User, bob: User) -> None:
    note = CardNote(card="hash", label="Badge “ü”", ending="7F", added_at=NOW)
    await stores.personal.save_card_note(alice.uuid, replace(note, label="old"))
    await stores.personal.save_card_note(alice.uuid, note)
    assert await stores.personal.card_notes(alice.uuid) == [note]
    assert await stores.personal.card_notes(bob.uuid) == []
    lent = replace(note, card="lent", expires_at=NOW + 5)
    await stores.personal.save_card_note(bob.uuid, lent)
    assert await stores.personal.expired_cards(NOW + 4) == []
    assert await stores.personal.expired_cards(NOW + 5) == [(bob.uuid, lent)]
    await stores.personal.forget_card("hash")
    assert await stores.personal.card_notes(alice.uuid) == []


# -- tokens


def a_token(user: User, **fields: Any) -> OneTimeToken:
    given: dict[str, Any] = {"purpose": "verify", "subject": "x@example.org"}
    return OneTimeToken(**given | {"user": user.uuid, "created_at": NOW, "expires_at": NOW + 60} | fields)


async def test_a_token_is_used_once_by_whoever_comes_first(stores: PersonalStores, alice: User) -> None:
    token = a_token(alice)
    await stores.personal.put_token("hash", token)
    assert await stores.personal.token("hash") == token
    assert await stores.personal.use_token("hash", "other", NOW) is None
    assert await stores.personal.use_token("hash", "verify", NOW + 60) is None
    used = await asyncio.gather(*(stores.personal.use_token("hash", "verify", NOW + 59) for _ in range(5)))
    assert [one for one in used if one] == [token]
    assert await stores.personal.token("hash") is None


async def test_a_new_token_voids_the_one_before(stores: PersonalStores, alice: User, bob: User) -> None:
    await stores.personal.put_token("old", a_token(alice))
    await stores.personal.put_token("other", a_token(alice, subject="y@example.org"))
    await stores.personal.put_token("bobs", a_token(bob))
    await stores.personal.put_token("new", a_token(alice, created_at=NOW + 1))
    assert [await stores.personal.token(name) is None for name in ("old", "other", "bobs", "new")] == [
        True,
        False,
        False,
        False,
    ]
    assert [t.subject for t in await stores.personal.tokens(alice.uuid, "verify", NOW)] == [
        "y@example.org",
        "x@example.org",
    ]
    assert await stores.personal.tokens(alice.uuid, "verify", NOW + 60) == []
    await stores.personal.drop_tokens(alice.uuid, "verify", "x@example.org")
    assert len(await stores.personal.tokens(alice.uuid, "verify", NOW)) == 1


async def test_tokens_that_expired_are_swept(stores: PersonalStores, alice: User) -> None:
    await stores.personal.put_token("old", a_token(alice))
    await stores.personal.put_token("new", a_token(alice, subject="y", created_at=NOW + 60, expires_at=NOW + 90))
    assert await stores.personal.token("old") is None


# -- notices


def a_notice(user: User, **fields: Any) -> Notice:
    given: dict[str, Any] = {"job_id": 7, "occasion": "failed", "kind": NoticeKind.FAILED, "at": NOW}
    return Notice(**given | {"user": user.uuid, "values": {"name": "Bericht “ü”"}} | fields)


async def test_each_occasion_of_a_job_is_told_once(stores: PersonalStores, alice: User) -> None:
    assert not await stores.notices.told(7, "failed")
    added = await asyncio.gather(*(stores.notices.add_notice(a_notice(alice)) for _ in range(4)))
    assert sorted(added) == [False, False, False, True]
    assert await stores.notices.told(7, "failed")
    assert not await stores.notices.told(8, "failed")
    assert await stores.notices.add_notice(a_notice(alice, occasion="printed"))


async def test_notices_are_counted_until_they_were_seen(stores: PersonalStores, alice: User, bob: User) -> None:
    for number in range(3):
        await stores.notices.add_notice(a_notice(alice, job_id=number))
    await stores.notices.add_notice(a_notice(alice, job_id=9, kind=None))
    await stores.notices.add_notice(a_notice(bob, job_id=10))
    shown = await stores.notices.notices(alice.uuid)
    assert [one.job_id for one in shown] == [2, 1, 0]
    assert shown[0].values == {"name": "Bericht “ü”"}
    assert await stores.notices.notices(alice.uuid, limit=1) == shown[:1]
    assert await stores.notices.unread(alice.uuid) == 3
    await stores.notices.mark_read(alice.uuid, up_to=shown[1].id, now=NOW + 5)
    assert [one.read_at for one in await stores.notices.notices(alice.uuid)] == [None, NOW + 5, NOW + 5]
    assert (await stores.notices.unread(alice.uuid), await stores.notices.unread(bob.uuid)) == (1, 1)


async def test_old_notices_are_purged(stores: PersonalStores, alice: User) -> None:
    for second in (3, 1, 2):
        await stores.notices.add_notice(a_notice(alice, job_id=second, at=NOW + second))
    assert await stores.notices.purge_notices(before=NOW + 2, limit=1) == 1
    assert await stores.notices.purge_notices(before=NOW + 2) == 1
    assert [one.job_id for one in await stores.notices.notices(alice.uuid)] == [3]


# -- looks


def a_look(**fields: Any) -> Look:
    given: dict[str, Any] = {"at": NOW, "owner": "Alice", "by": "olga", "via": "web", "address": "10.0.0.7"}
    return Look(**given | {"what": "preview", "job_id": 7, "job_name": "Bericht", "reason": "asked at desk"} | fields)


async def test_looks_are_shown_to_the_owner_newest_first(stores: PersonalStores) -> None:
    first, second = a_look(), a_look(by="bob", at=NOW + 1, reason="")
    for look in (first, a_look(owner="bob"), second):
        await stores.access_log.record_look(look)
    assert await stores.access_log.looks_at("aLICE") == [second, first]
    assert await stores.access_log.looks_at("alice", limit=1) == [second]
    assert await stores.access_log.purge_looks(before=NOW) == 2
    assert await stores.access_log.looks_at("alice") == [second]


# -- everything about one person


async def furnish(stores: PersonalStores, user: User, *, prefix: str) -> int:
    """A printed job with its receipt, records, a try, a notice, an address and a look; the job's id."""
    [job] = await stores.jobs.add([a_held_job(owner=user.name, name=f"{prefix} letter", uuid=uuid4())])
    receipt = Receipt(
        release_id=uuid4(),
        job_id=job.id,
        owner=user.name,
        printer="find-me",
        device="laser",
        impressions=4,
        media_sheets=2,
        color=False,
        confirmed=True,
        at=NOW,
    )
    record = JobRecord(job_id=job.id, at=NOW, what="printed", by=user.name, text=f"{prefix} secret")
    await stores.jobs.update(
        job.id,
        lambda row: JobChange(
            job=replace(row, state=JobState.COMPLETED, ended_at=NOW, key=None, message=f"{prefix} word"),
            records=(record,),
            receipt=receipt,
        ),
    )
    attempt = IntakeAttempt(
        at=NOW,
        channel="ipp",
        printer="find-me",
        address="10.0.0.7",
        requested_name=user.name,
        owner=user.name,
        document_name=f"{prefix} letter",
        outcome="accepted",
        job_id=job.id,
    )
    await stores.attempts.record_attempts([attempt])
    await stores.notices.add_notice(a_notice(user, job_id=job.id, values={"name": f"{prefix} letter"}))
    await stores.personal.add_address(user.uuid, f"{prefix}@example.org", NOW)
    await stores.access_log.record_look(a_look(owner=user.name, by="olga", job_id=job.id))
    for number, (sender, owner) in enumerate(
        ((f"{prefix}@EXAMPLE.org", None), ("scanner@device.invalid", user.name), ("eve@nowhere.example", None))
    ):
        await stores.mails.add(a_mail(f"{prefix}{number}", sender, owner=owner))
    entry = Entry(
        owner=user.name,
        amount=Decimal("2.50"),
        currency="EUR",
        kind=EntryKind.TOP_UP,
        key=f"{prefix} key",
        at=NOW,
        by=user.name,
        text=f"{prefix} cash",
    )
    await stores.credit.post(entry)
    return job.id


def a_mail(subject: str, sender: str, *, owner: str | None = None, state: MailState = MailState.DONE) -> Mail:
    """Its writer's addresses, words and file names, as the week's rows keep them."""
    return Mail(
        uuid=uuid4(),
        digest=subject,
        envelope=an_envelope(sender=sender),
        object_id=f"object {subject}",
        key=b"wrapped",
        size=1,
        received_at=NOW,
        state=state,
        from_address=sender,
        owner=owner,
        subject=f"{subject} subject",
        files=(MailFile(name=f"{subject}.pdf", printer="find-me"),),
    )


async def everything(stores: PersonalStores, user: User, limit: int = 2) -> dict[str, list[dict[str, Any]]]:
    told: dict[str, list[dict[str, Any]]] = {}
    for section in stores.data.sections():
        after: int | None = 0
        rows: list[dict[str, Any]] = []
        while after is not None:
            page, after = await stores.data.page(section, user, after=after, limit=limit)
            assert len(page) <= limit
            rows += page
        told[section] = rows
    return told


async def test_a_person_is_told_everything_of_theirs_and_nothing_else(
    stores: PersonalStores, alice: User, bob: User
) -> None:
    for number in range(3):
        await furnish(stores, alice, prefix=f"alice{number}")
    await furnish(stores, bob, prefix="bob")
    told = await everything(stores, alice)
    sizes = {name: len(told[name]) for name in ("account", "addresses", "jobs", "receipts", "notices", "access-log")}
    assert sizes == {"account": 1, "addresses": 3, "jobs": 3, "receipts": 3, "notices": 3, "access-log": 3}
    assert [Decimal(entry["amount"]) for entry in told["credit-entries"]] == [Decimal("2.50")] * 3
    assert len(told["mails"]) == 6
    assert "alice2@EXAMPLE.org" in str(told["mails"])
    assert "wrapped" not in str(told["mails"])
    assert [job["name"] for job in told["jobs"]] == ["alice0 letter", "alice1 letter", "alice2 letter"]
    assert "alice1 secret" in str(told["job-history"])
    assert "bob" not in str(told).casefold()


async def test_hashes_of_secrets_are_not_handed_over(stores: PersonalStores) -> None:
    user = await stores.users.save_user(
        a_user("eve", password_hash="argon-password", pin_hash="argon-pin", pin_lookup="look-up", cards=("card-hash",))
    )
    await stores.personal.save_card_note(user.uuid, CardNote(card="card-hash", label="x", ending="7", added_at=NOW))
    await stores.personal.put_token("token-hash", a_token(user))
    told = str(await everything(stores, user))
    assert not [word for word in ("argon", "look-up", "card-hash", "token-hash") if word in told]


@pytest.mark.parametrize("keep_name", [True, False])
async def test_forgetting_keeps_the_totals_and_nothing_of_the_person(
    stores: PersonalStores, alice: User, bob: User, keep_name: bool
) -> None:
    await stores.users.save_user(replace(alice, cards=("card-hash",), password_hash="argon", groups=("staff",)))
    job_id = await furnish(stores, alice, prefix="alice")
    bobs = await furnish(stores, bob, prefix="bob")
    await stores.jobs.update(
        bobs, lambda row: JobChange(job=row, records=(JobRecord(job_id=bobs, at=NOW, what="seen", by="Alice"),))
    )
    await stores.access_log.record_look(a_look(owner="bob", by="alice"))
    await stores.mails.add(a_mail("waits", alice.email or "", state=MailState.ASKED))
    unread = a_mail("unread", "", state=MailState.RECEIVED)
    await stores.mails.add(replace(unread, envelope=replace(unread.envelope, user="alice")))
    bob_before = {name: len(rows) for name, rows in (await everything(stores, bob)).items()}

    await stores.data.erase(alice, pseudonym="erased-1", keep_name=keep_name)

    [receipt] = await stores.jobs.receipts(owner="erased-1")
    assert (receipt.impressions, receipt.media_sheets) == (4, 2)
    assert await stores.jobs.receipts(owner="alice") == []
    [entry] = await stores.credit.entries("erased-1")
    assert (entry.amount, entry.by, entry.text) == (Decimal("2.50"), "erased-1", "")
    assert (await stores.credit.balance("erased-1", "EUR")).amount == Decimal("2.50")
    assert (await stores.credit.entries("alice"), (await stores.credit.balance("alice", "EUR")).amount) == ([], 0)
    job = await stores.jobs.get(job_id)
    assert job is not None
    assert (job.owner, job.name, job.requested_name, job.address, job.message) == ("erased-1", "", "", "", "")
    assert (job.state, job.pages) == (JobState.COMPLETED, a_held_job().pages)
    assert [(r.what, r.by, r.text) for r in await stores.jobs.records(job_id)] == [("printed", "erased-1", "")]
    assert [r.by for r in await stores.jobs.records(bobs)] == ["bob", "erased-1"]
    mine = [attempt for attempt in await stores.attempts.attempts() if attempt.job_id == job_id]
    assert [(a.owner, a.requested_name, a.document_name, a.address) for a in mine] == [("erased-1", "", "", "")]
    assert await stores.notices.notices(alice.uuid) == []
    assert await stores.personal.addresses(alice.uuid) == []
    assert await stores.access_log.looks_at("alice") == []
    assert {look.by for look in await stores.access_log.looks_at("bob")} == {"olga", "erased-1"}
    assert {mail.subject for mail in await stores.mails.recent()} == {
        *("bob0 subject", "bob1 subject"),
        *("alice2 subject", "bob2 subject"),  # of strangers
    }
    assert await stores.mails.spool_objects() == {"object bob0", "object bob1", "object alice2", "object bob2"}

    left = await stores.users.user("alice" if keep_name else "erased-1")
    assert left is not None
    assert left.disabled
    assert (left.full_name, left.email, left.password_hash, left.cards, left.groups) == ("", None, None, (), ())
    assert (await stores.users.user("alice") is None) is not keep_name
    assert await stores.users.user_by_card("card-hash") is None
    assert {name: len(rows) for name, rows in (await everything(stores, bob)).items()} == bob_before


async def test_webhooks_are_told_nothing_more_of_who_was_erased_and_keep_nothing(database: Database) -> None:
    alice = await database.users.save_user(a_user("Alice", email="alice@example.org"))
    hook = await database.webhooks.save_webhook(a_hook())

    async def told(kind: str, data: dict[str, Any]) -> Delivery:
        body = body_of(uuid4(), kind, "2026-11-30T12:00:00.000Z", data)
        return await database.webhooks.put(a_delivery(hook, kind=kind, body=body))

    job = {"id": 7, "owner": "Alice", "charged_to": "alice", "name": "Diary.pdf", "message": "Alice's", "pages": 3}
    noted = {"actor": "ALICE", "action": "group.member-added", "subject": "group x", "values": {"user": "alice"}}
    about = {
        "actor": "root",
        "action": "user.changed",
        "subject": "user alice",
        "values": {"email": "alice@example.org"},
    }
    other = {"id": 8, "owner": "alice-2", "name": "Alice in Wonderland.pdf", "message": ""}
    rows = [await told("job-completed", job), await told("audit", noted), await told("audit", about)]
    kept = await told("job-completed", other)
    printer = await told("printer-created", {"name": "alice", "info": "Alice's printer"})
    [first] = await database.webhooks.claim("w", now=NOW, lease=10.0, limit=1)
    await database.webhooks.settle(
        first, "w", state=DeliveryState.DELIVERED, now=NOW, status=200, answer="Thank you, Alice"
    )
    await database.personal_data.erase(alice, pseudonym="erased-1", keep_name=False)
    after = [await database.webhooks.delivery(row.id) for row in rows]
    bodies = [json.loads(row.body)["data"] for row in after if row is not None]
    assert bodies == [
        job | {"owner": "erased-1", "charged_to": "erased-1", "name": "", "message": ""},
        noted | {"actor": "erased-1", "values": {"user": "erased-1"}},
        about | {"subject": "user erased-1", "values": {}},
    ]
    assert "alice" not in " ".join(row.body + row.answer for row in after if row is not None).casefold()
    for row in (kept, printer):
        assert await database.webhooks.delivery(row.id) == row, "of others everything stays"
    waiting = [row for row in after if row is not None and row.state is DeliveryState.WAITING]
    assert len(waiting) == 2, "they are still told that something happened"


async def test_habits_with_projects_are_told_and_forgotten_and_their_totals_stay(database: Database) -> None:
    alice = await database.users.save_user(a_user("Alice"))
    project = a_project("P-1", everyone=False, users=("ALICE", "bob"))
    await database.projects.save_projects([project])
    await database.projects.mark_favourite(alice.uuid, project, favourite=True)
    stamped = JobTicket(job_account_id="P-1", account_comment="For my novel")
    [job] = await database.jobs.add([a_held_job(owner="Alice", ticket=stamped)])
    receipt = Receipt(
        release_id=uuid4(),
        job_id=job.id,
        owner="Alice",
        printer="find-me",
        device="laser",
        impressions=4,
        media_sheets=2,
        color=False,
        confirmed=True,
        at=NOW,
        project="P-1",
        comment="For my novel",
    )
    await database.jobs.update(job.id, lambda row: JobChange(job=row, receipt=receipt))
    told, _ = await database.personal_data.page("projects", alice, after=0, limit=5)
    assert [(row["code"], bool(row["favourite"])) for row in told] == [("P-1", True)]
    before = await database.projects.totals(NOW, NOW + 1)
    await database.personal_data.erase(alice, pseudonym="erased-1", keep_name=False)
    assert await database.projects.totals(NOW, NOW + 1) == before
    left = await database.projects.project("P-1")
    assert left is not None
    assert (left.users, left.everyone) == (("bob",), False)
    assert (await database.personal_data.page("projects", alice, after=0, limit=5))[0] == []
    [kept] = await database.jobs.receipts(owner="erased-1")
    row = await database.jobs.get(job.id)
    assert row is not None
    assert (kept.project, kept.comment, row.ticket) == ("P-1", "", JobTicket())
