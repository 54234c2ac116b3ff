"""Mailboxes on Dovecot: IMAP with IDLE, POP3, tokens; a mail leaves them after the barrier and not before."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from emailprint.fetching import Fetcher
from gateway.adapters.clock import SystemClock
from gateway.domain.mail import Mail
from gateway.errors import StorageFull
from gateway.settings import Mailbox
from tests.emailprint.mail_house import MailHouse, a_message
from tests.peers.dovecot import PASSWORD, USER, Dovecot, dovecot

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as box:
        yield box


def a_mailbox(server: Dovecot, protocol: str = "imap", **more: Any) -> Mailbox:
    port = server.imap if protocol == "imap" else server.pop3
    given = {"name": "scans", "protocol": protocol, "host": "127.0.0.1", "port": port, "security": "none", "user": USER}
    return Mailbox.model_validate(given | {"password": PASSWORD, "poll_seconds": 1.0} | more)


@asynccontextmanager
async def fetching(house: MailHouse, settings: Mailbox) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(settings, incoming=house.incoming, book=house.book, clock=SystemClock(), largest=20_000)
    task = asyncio.create_task(fetcher.run())
    try:
        yield fetcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], fetcher: Fetcher) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 20, fetcher.status
        await asyncio.sleep(0.02)


def taken(house: MailHouse) -> list[Mail]:
    return sorted(house.mails.rows.values(), key=lambda mail: mail.id)


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
async def test_mails_are_taken_once_and_leave(server: Dovecot, protocol: str) -> None:
    house = await MailHouse.built()
    for number in range(3):
        server.deliver(a_message(Message_ID=f"<{protocol}{number}@x>", To="find-me+bw@print.example").as_bytes())
    async with fetching(house, a_mailbox(server, protocol)) as fetcher:
        await until(lambda: fetcher.status.ok is True and server.left() == 0, fetcher)
    assert [mail.envelope.recipients for mail in taken(house)] == [("find-me+bw@print.example",)] * 3
    first = taken(house)[0].envelope
    assert (first.channel, first.sender, first.direct) == (f"{protocol}:scans", "ada@example.org", False)
    octets = b"".join([chunk async for chunk in house.rows.message(taken(house)[0])])
    assert b"The report." in octets


async def test_imap_tells_of_new_mail_by_itself(server: Dovecot) -> None:
    """The next poll would be an hour away."""
    house = await MailHouse.built()
    settings = a_mailbox(server, poll_seconds=3600.0, move_to="Printed", printer="find-me")
    async with fetching(house, settings) as fetcher:
        await until(lambda: fetcher.status.ok is True, fetcher)
        assert fetcher.status.text == "IMAP, IDLE"
        before = server.left("Printed")
        begun = time.monotonic()
        server.deliver(a_message(Message_ID="<idle@x>", To=f"{USER}").as_bytes())
        await until(lambda: server.left() == 0, fetcher)
        assert time.monotonic() - begun < 15
    assert server.left("Printed") == before + 1
    [mail] = taken(house)
    assert mail.envelope.recipients == ("find-me@mailbox.invalid",)
    assert mail.envelope.known_as == (USER,)


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
async def test_nothing_leaves_before_it_is_safe_here(
    server: Dovecot, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await MailHouse.built()
    server.deliver(a_message(Message_ID=f"<full-{protocol}@x>").as_bytes())

    async def full() -> None:
        raise StorageFull("The disk is nearly full.")

    monkeypatch.setattr(house.incoming, "check", full)
    async with fetching(house, a_mailbox(server, protocol)) as fetcher:
        await until(lambda: fetcher.status.ok is False, fetcher)
    assert server.left() == 1
    assert taken(house) == []
    monkeypatch.undo()
    async with fetching(house, a_mailbox(server, protocol)) as fetcher:
        await until(lambda: server.left() == 0, fetcher)
    assert len(taken(house)) == 1


async def test_one_that_could_not_be_removed_is_known_when_it_comes_again(server: Dovecot) -> None:
    house = await MailHouse.built()
    server.deliver(a_message(Message_ID="<again@x>").as_bytes())
    async with fetching(house, a_mailbox(server, move_to="No/Such/Folder")) as fetcher:
        await until(lambda: fetcher.status.ok is False and len(taken(house)) == 1, fetcher)
    assert server.left() == 1
    async with fetching(house, a_mailbox(server)) as fetcher:
        await until(lambda: server.left() == 0, fetcher)
    assert len(taken(house)) == 1


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
async def test_a_token_opens_it_and_a_wrong_one_is_told(server: Dovecot, protocol: str, tmp_path: Path) -> None:
    house = await MailHouse.built()
    secret = tmp_path / "refresh"
    secret.write_text("not this one\n")
    oauth = {"token_url": server.token_url, "client_id": "papertap", "refresh_token_file": str(secret)}
    settings = a_mailbox(server, protocol, password="", oauth=oauth)
    async with fetching(house, settings) as fetcher:
        await until(lambda: fetcher.status.ok is False, fetcher)
        assert "invalid_grant" in fetcher.status.text
    secret.write_text(f"{server.refresh}\n")
    server.deliver(a_message(Message_ID=f"<token-{protocol}@x>").as_bytes())
    async with fetching(house, settings) as fetcher:
        await until(lambda: fetcher.status.ok is True and server.left() == 0, fetcher)
        assert "waiting" in await fetcher.test()
    assert server.asked[-1]["grant_type"] == "refresh_token"
    assert len(taken(house)) == 1


async def test_of_one_that_is_too_large_the_sender_hears(server: Dovecot) -> None:
    house = await MailHouse.built()
    message = a_message(Message_ID="<large@x>")
    message.add_attachment(b"x" * 30_000, maintype="application", subtype="pdf", filename="big.pdf")
    server.deliver(message.as_bytes())
    async with fetching(house, a_mailbox(server)) as fetcher:
        await until(lambda: server.left() == 0, fetcher)
    [mail] = taken(house)
    assert mail.envelope.cut
    assert mail.size < 2000
    await house.worked()
    assert [letter.kind for letter in house.letters] == ["mail-refused"]
    assert "larger" in house.letters[0].values["reason"]


async def test_a_wrong_password_and_a_server_that_is_away_are_told(server: Dovecot) -> None:
    house = await MailHouse.built()
    async with fetching(house, a_mailbox(server, password="wrong")) as fetcher:
        await until(lambda: fetcher.status.ok is False, fetcher)
        assert "uthentication" in fetcher.status.text
    async with fetching(house, a_mailbox(server).model_copy(update={"port": 1})) as fetcher:
        await until(lambda: fetcher.status.ok is False, fetcher)
        assert "refused" in fetcher.status.text
