"""The barrier for mails: the message before its row, and nothing of what was not taken."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.domain.mail import Mail
from gateway.errors import BadRequest, FormatError, StorageFailed, StorageFull, TooLarge, Unavailable
from tests.emailprint.mail_house import MailHouse, a_message
from tests.fakes_mail import an_envelope


async def a_body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_the_row_is_written_after_the_message_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await MailHouse.built()
    add, seen = house.mails.add, []

    async def watched(mail: Mail) -> Mail:
        seen.append(mail.object_id in house.house.spool.objects)
        return await add(mail)

    monkeypatch.setattr(house.mails, "add", watched)
    assert not house.incoming.arrived.is_set()
    mail = await house.receive(a_message())
    assert seen == [True]
    assert house.incoming.arrived.is_set()
    assert house.incoming.taken == 1
    assert mail.size == len(a_message().as_bytes())


async def test_the_second_of_two_equal_mails_leaves_no_file() -> None:
    house = await MailHouse.built()
    first, second = await house.receive(a_message()), await house.receive(a_message())
    assert (second.id, second.object_id) == (first.id, first.object_id)
    assert set(house.house.spool.objects) == {first.object_id}
    assert house.incoming.taken == 1
    other = await house.receive(a_message(), recipients=("direct@print.example",))
    assert other.id != first.id


@pytest.mark.parametrize(
    ("pieces", "error"),
    [((), FormatError), ((b"x" * 600, b"y" * 600), TooLarge)],
)
async def test_what_is_nothing_or_too_much_is_not_kept(pieces: tuple[bytes, ...], error: type[Exception]) -> None:
    house = await MailHouse.built(max_message=1024)
    with pytest.raises(error):
        await house.incoming.accept(an_envelope(), a_body(*pieces), lambda: b"x")
    assert not house.house.spool.objects
    assert not house.mails.rows


@pytest.mark.parametrize("fault", ["full", "failing"])
async def test_a_disk_that_breaks_takes_nothing(fault: str) -> None:
    house = await MailHouse.built()
    setattr(house.house.spool, fault, True)
    with pytest.raises((StorageFull, StorageFailed)):
        await house.receive(a_message())
    assert not house.mails.rows
    assert not house.house.spool.unfinished


@pytest.mark.parametrize(("error", "kept"), [(BadRequest("no"), False), (Unavailable("away"), True)])
async def test_a_file_goes_with_a_refusal_and_stays_when_nobody_knows(
    error: Exception, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a commit whose answer was lost the row may be there: its file is swept later if it is not."""
    house = await MailHouse.built()

    async def refusing(_mail: Mail) -> Any:
        raise error

    monkeypatch.setattr(house.mails, "add", refusing)
    with pytest.raises(type(error)):
        await house.receive(a_message())
    assert bool(house.house.spool.objects) is kept
    assert house.incoming.taken == 0
