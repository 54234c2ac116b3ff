"""What works of mail that comes in: the dashboard and `papertap check` say the same, because they look in the same way."""

from collections.abc import Sequence
from functools import partial

from gateway.domain.mail import MailState
from gateway.errors import Refusal
from gateway.services.health import Check, Finding, Kind
from gateway.services.mail_desk import MailDesk, WatchedMailbox
from gateway.services.mail_watch import MailWatch
from gateway.services.ports import Clock

STUCK_SECONDS = 600.0  # one sender's mails may well wait a few minutes, since each is answered after the other


def mail_checks(desk: MailDesk, clock: Clock) -> Sequence[Check]:
    """At once: what is taken in, what waits, and how each mailbox was; on demand: each mailbox, opened for real."""
    return (
        Check(key="mail-in", run=partial(taking, desk)),
        Check(key="mail-wait", run=partial(waiting, desk.watch)),
        *(Check(key=f"mailbox {box.name}", run=partial(mailbox_state, box, clock)) for box in desk.mailboxes),
        *(
            Check(key=f"open {box.name}", run=partial(mailbox_opened, box), kind=Kind.CONNECTION)
            for box in desk.mailboxes
        ),
    )


async def taking(desk: MailDesk) -> Finding:
    ports = ", ".join(str(port) for port in desk.ports().values())
    if not desk.listening and not desk.mailboxes:
        return Finding(name="mail-in", ok=True, text="No mail is taken in.", needed=False)
    if desk.listening and not ports:
        return Finding(
            name="mail-in",
            ok=False,
            text="Nobody listens for mail, though the settings ask for it.",
            mend="Look into the log, then start Papertap again.",
        )
    ended = (await desk.watch.look()).recent
    came, refused = sum(ended.values()), ended.get(MailState.REFUSED, 0)
    return Finding(
        name="mail-in",
        ok=True,
        text=f"Mail is taken on port {ports}. Within the last day {came} came, of which {refused} were not printed."
        if ports
        else f"Mail is fetched from mailboxes. Within the last day {came} came, of which {refused} were not printed.",
        needed=False,
    )


async def waiting(watch: MailWatch) -> Finding:
    """What was taken in and has neither been read nor answered."""
    found = await watch.look()
    stuck = watch.waited > STUCK_SECONDS
    return Finding(
        name="mail-wait",
        ok=not stuck,
        text=f"Mails that wait to be read or answered: {found.waiting}. The first has waited {watch.waited:.0f} seconds."
        if found.waiting
        else "No mail waits to be read or answered.",
        needed=False,
        mend="Test whether documents are prepared, and look into the log." if stuck else "",
    )


async def mailbox_state(box: WatchedMailbox, clock: Clock) -> Finding:
    """How it was when it was looked at last; one that does not work says why itself."""
    status = box.status
    minutes = int(max(0.0, clock.now() - status.at) / 60)
    works = status.ok is not False
    text = status.text
    if status.ok is None:
        text = "It was not looked at yet."
    elif works:
        text = f"{status.text}: looked at {minutes} minutes ago. Mails taken since the start: {status.taken}."
    return Finding(
        name=f"mailbox {box.name}",
        ok=works,
        text=text,
        needed=False,
        mend="" if works else "Try it under E-mail to print. Its password or its server may have changed.",
    )


async def mailbox_opened(box: WatchedMailbox) -> Finding:
    """Signs in and counts, and takes nothing."""
    try:
        return Finding(name=f"mailbox {box.name}", ok=True, text=await box.try_out(), needed=False)
    except Refusal as refusal:
        return Finding(
            name=f"mailbox {box.name}",
            ok=False,
            text=refusal.message,
            needed=False,
            mend="Check its host, its user and its password in the settings.",
        )
