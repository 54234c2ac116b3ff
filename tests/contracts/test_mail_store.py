"""gateway.services.ports.MailStore, in memory, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapters.db import Database, open_database
from gateway.domain.mail import Mail, MailFile, MailStanding, MailState
from gateway.errors import NotFound, NotPossible
from gateway.services.ports import MailStore
from gateway.settings import Settings
from tests.builders import NOW
from tests.databases import postgresql_settings, postgresql_url, sqlite_settings, sqlite_template
from tests.fakes_mail import MemoryMailStore, an_envelope

__all__ = ["postgresql_settings", "postgresql_url", "sqlite_settings", "sqlite_template"]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MailStore]:
    if request.param == "memory":
        yield MemoryMailStore()
        return
    settings: Settings = request.getfixturevalue(f"{request.param}_settings")
    opened: Database = await open_database(settings)
    yield opened.mails
    await opened.close()


def a_mail(digest: str = "d1", **fields: object) -> Mail:
    plain = Mail(
        uuid=uuid4(),
        digest=digest,
        envelope=an_envelope(
            "find-me+bw@print.example", "color@print.example", user="ada", authorities=("mx.a", "mx.b")
        ),
        object_id=f"object {digest}",
        key=b"\0wrapped",
        size=2**33,
        received_at=NOW,
        due_at=NOW,
        from_address="Ada@example.org",
        owner="ada",
        language="de",
        subject="Büro",
        files=(MailFile(name="a.pdf", printer="find-me", job=7), MailFile(name="b", printer="x", refusal="No.")),
        remarks=("3x",),
        message="why",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


async def test_a_row_comes_back_as_it_was_and_a_second_one_of_its_digest_does_not(store: MailStore) -> None:
    kept = await store.add(a_mail())
    assert kept.id > 0
    assert await store.mail(kept.id) == kept
    assert kept.job_ids == (7,)
    assert await store.add(a_mail(object_id="another")) == kept
    assert await store.mail(kept.id + 1) is None


async def test_a_claim_is_one_workers_until_it_lapses(store: MailStore) -> None:
    late = await store.add(a_mail("late", due_at=NOW + 10))
    first = await store.add(a_mail("first"))
    await store.add(a_mail("asked", state=MailState.ASKED))
    await store.add(a_mail("done", state=MailState.DONE))
    printing = await store.add(a_mail("printing", state=MailState.PRINTING, due_at=NOW - 1))
    claimed = await store.claim("w1", now=NOW, lease=60, limit=5)
    assert [mail.id for mail in claimed] == [printing.id, first.id]
    assert {mail.claimed_by for mail in claimed} == {"w1"}
    assert await store.claim("w2", now=NOW + 9, lease=60, limit=5) == []
    assert [mail.id for mail in await store.claim("w2", now=NOW + 60, lease=60, limit=2)] == [printing.id, first.id]
    assert [mail.id for mail in await store.claim("w2", now=NOW + 60, lease=60, limit=2)] == [late.id]
    assert await store.release_claims() == 3
    assert len(await store.claim("w3", now=NOW + 60, lease=60, limit=1)) == 1


async def test_a_change_is_whole_or_not_at_all(store: MailStore) -> None:
    kept = await store.add(a_mail())
    changed = await store.change(kept.id, lambda mail: replace(mail, state=MailState.DONE, object_id=None, tries=3))
    assert changed == await store.mail(kept.id)
    assert (changed.state, changed.object_id, changed.tries) == (MailState.DONE, None, 3)
    assert await store.change(kept.id, lambda _: None) == changed

    def refuse(_: Mail) -> Mail:
        raise NotPossible("no")

    with pytest.raises(NotPossible):
        await store.change(kept.id, refuse)
    with pytest.raises(NotFound):
        await store.change(kept.id + 99, lambda mail: mail)


async def test_replies_are_remembered_by_address(store: MailStore) -> None:
    assert await store.last_reply("ada@example.org") is None
    await store.add(a_mail("a", replied_at=NOW))
    await store.add(a_mail("b", replied_at=NOW + 5))
    await store.add(a_mail("c"))
    assert await store.last_reply("ADA@example.org") == NOW + 5
    assert await store.last_reply("bob@example.org") is None


async def test_objects_are_known_and_old_rows_go_once_they_have_ended(store: MailStore) -> None:
    await store.add(a_mail("open", received_at=NOW - 100))
    await store.add(a_mail("asked", received_at=NOW - 100, state=MailState.ASKED))
    await store.add(a_mail("done", received_at=NOW - 100, state=MailState.DONE, object_id=None))
    await store.add(a_mail("new", state=MailState.REFUSED, object_id=None))
    assert await store.spool_objects() == {"object open", "object asked"}
    assert [mail.digest for mail in await store.expired(received_before=NOW)] == ["asked"]
    assert await store.expired(received_before=NOW - 100) == []
    assert await store.purge_mails(before=NOW, limit=5) == 1
    assert [mail.digest for mail in await store.recent()] == ["new", "asked", "open"]
    assert [mail.digest for mail in await store.recent(limit=1)] == ["new"]


async def test_what_waits_and_what_became_of_the_others_is_counted(store: MailStore) -> None:
    assert await store.standing(since=NOW) == MailStanding()
    await store.add(a_mail("first", received_at=NOW - 30))
    await store.add(a_mail("asked", received_at=NOW - 40, state=MailState.ASKED))
    await store.add(a_mail("printing", state=MailState.PRINTING))
    await store.add(a_mail("told", received_at=NOW - 50, state=MailState.PRINTING, replied_at=NOW))
    await store.add(a_mail("refused", received_at=NOW - 60, state=MailState.REFUSED))
    found = await store.standing(since=NOW - 50)
    assert (found.waiting, found.oldest_at) == (2, NOW - 30)
    assert found.recent == {MailState.RECEIVED: 1, MailState.ASKED: 1, MailState.PRINTING: 2}
