"""What is said of mail that comes in: what is taken, what waits too long, and how mailboxes are."""

import asyncio
from dataclasses import replace
from typing import Any

from gateway.domain.mail import MailState
from gateway.errors import Unavailable
from gateway.services.health import Finding, looked
from gateway.services.mail_checks import mail_checks
from gateway.services.mail_desk import MailDesk
from gateway.services.mail_watch import LOOK_SECONDS, MailWatch
from tests.contracts.test_mail_store import a_mail
from tests.fakes import FakeClock
from tests.fakes_mail import BoxStatus, FakeMailbox, MemoryMailStore


class Rows:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.mails = MemoryMailStore()
        self.watch = MailWatch(mails=self.mails, clock=self.clock)

    async def found(self, *boxes: FakeMailbox, **more: Any) -> dict[str, Finding]:
        desk = MailDesk(mails=self.mails, watch=self.watch, addresses=lambda _: (), mailboxes=boxes, **more)
        return {check.key: await looked(check) for check in mail_checks(desk, self.clock)}


async def test_what_is_taken_in_and_what_is_not() -> None:
    rows = Rows()
    now = rows.clock.now()
    await rows.mails.add(a_mail("done", state=MailState.DONE, received_at=now - 5))
    await rows.mails.add(a_mail("no", state=MailState.REFUSED, received_at=now - 5))
    await rows.mails.add(a_mail("old", state=MailState.REFUSED, received_at=now - 90_000))
    taken = (await rows.found(ports=lambda: {"smtp": 25, "lmtp": 24}))["mail-in"]
    assert (taken.ok, taken.text) == (
        True,
        "Mail is taken on port 25, 24. Within the last day 2 came, of which 1 were not printed.",
    )
    assert "fetched from mailboxes" in (await rows.found(FakeMailbox(), listening=False))["mail-in"].text
    assert (await rows.found(listening=False))["mail-in"].text == "No mail is taken in."
    silent = (await rows.found())["mail-in"]
    assert (silent.ok, silent.needed, bool(silent.mend)) == (False, True, True)


async def test_a_mail_that_waits_too_long_needs_somebody() -> None:
    rows = Rows()
    assert (await rows.found())["mail-wait"].text == "No mail waits to be read or answered."
    await rows.mails.add(a_mail("one", received_at=rows.clock.now()))
    await rows.clock.advance(5)
    waits = (await rows.found())["mail-wait"]
    assert (waits.ok, waits.text) == (
        True,
        "Mails that wait to be read or answered: 1. The first has waited 5 seconds.",
    )
    await rows.clock.advance(600)
    stuck = (await rows.found())["mail-wait"]
    assert (stuck.ok, bool(stuck.mend)) == (False, True)


async def test_mailboxes_by_their_last_look_and_for_real() -> None:
    rows = Rows()
    good = FakeMailbox(status=BoxStatus(ok=True, text="IMAP, IDLE", at=rows.clock.now() - 130, taken=3))
    bad = FakeMailbox(
        name="dead", broken=True, status=BoxStatus(ok=False, text="Authentication failed.", at=rows.clock.now())
    )
    found = await rows.found(good, bad, FakeMailbox(name="new"))
    assert found["mailbox scans"].text == "IMAP, IDLE: looked at 2 minutes ago. Mails taken since the start: 3."
    assert found["mailbox dead"].text == "Authentication failed."
    assert [found[f"mailbox {name}"].ok for name in ("scans", "dead", "new")] == [True, False, True]
    assert (found["open scans"].ok, found["open scans"].text) == (True, "IMAP, IDLE: 4 waiting")
    assert not found["open dead"].ok
    assert found["open dead"].text.startswith("imap.example refuses: ")


async def test_figures_are_renewed_and_outlive_a_database_that_is_away() -> None:
    rows = Rows()
    await rows.mails.add(a_mail("one", received_at=rows.clock.now() - 7))
    task = asyncio.create_task(rows.watch.run())
    await rows.clock.settle()
    assert (rows.watch.seen.waiting, rows.watch.waited) == (1, 7.0)
    standing = rows.mails.standing

    async def away(*, since: float) -> Any:
        raise Unavailable(f"The database is away since {since}.")

    rows.mails.standing = away  # type: ignore[method-assign]  # reason: a fault
    await rows.clock.advance(LOOK_SECONDS)
    rows.mails.standing = standing  # type: ignore[method-assign]  # reason: the fault is over
    rows.mails.rows[1] = replace(rows.mails.rows[1], state=MailState.DONE)
    await rows.clock.advance(LOOK_SECONDS)
    assert (rows.watch.seen.waiting, rows.watch.waited) == (0, 0.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
