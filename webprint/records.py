"""A job's history in the visitor's language: what services wrote down in short English words, said as people read it."""

import re
from collections.abc import Callable
from decimal import Decimal

from gateway.i18n import N_, Words, gettext, money, ngettext, said
from webprint import words

DONE = Words(
    {
        "aborted": N_("Aborted"),
        "arrived": N_("Arrived"),
        "canceled": N_("Deleted"),
        "changed": N_("Options changed"),
        "choice dropped": N_("Printed without one choice"),
        "claimed": N_("Taken over"),
        "closed": N_("All documents received"),
        "completed": N_("Printed"),
        "counted": N_("Counted"),
        "credit is there": N_("Credit is there"),
        "deadline moved": N_("Kept longer"),
        "document destroyed": N_("Document destroyed"),
        "expired": N_("Expired"),
        "expiry warned": N_("Owner told that it will expire"),
        "extended": N_("Kept longer"),
        "failed over": N_("Sent to another printer"),
        "given a new code": N_("Given a new code"),
        "held again": N_("Waits again"),
        "link taken back": N_("Link taken back"),
        "looked at": N_("Looked at"),
        "made a favourite": N_("Made a favourite"),
        "made private": N_("Made private"),
        "moved in line": N_("Moved in line"),
        "no longer a favourite": N_("No longer a favourite"),
        "outcome unknown": N_("Outcome unknown"),
        "paid in cash": N_("Paid in cash"),
        "password needed": N_("Needs its password"),
        "postponed": N_("Postponed"),
        "preparation failed": N_("Preparation failed"),
        "prepared": N_("Prepared"),
        "printing": N_("Printing"),
        "proof not released": N_("Proof not released"),
        "received": N_("Received"),
        "said not to have printed": N_("Said not to have come out"),
        "said to have printed": N_("Said to have come out"),
        "sending": N_("Sending"),
        "sent": N_("Sent"),
        "shared by a link": N_("Shared by a link"),
        "stopped": N_("Stopped"),
        "traced": N_("Asked for within a trace"),
        "waits for credit": N_("Waiting for credit"),
    }
)
SENTENCES = (
    N_("The gateway was interrupted."),
    N_("the machine's clock was set ahead"),
    N_("counted on its owner"),
    N_("counted on whoever prints it"),
)
"""What services say in a record's line alone; `said` finds them by the catalogue."""

TO_DEVICE = (
    ("proof released to ", N_("One copy released to %(device)s")),
    ("released to ", N_("Released to %(device)s")),
    ("printed again from job ", N_("Printed again from job %(device)s")),
)


def happened(what: str) -> str:
    """What was written down, by words that we know; anything else as it stands."""
    if known := DONE.get(what):
        return known
    for beginning, sentence in TO_DEVICE:
        if what.startswith(beginning):
            return gettext(sentence, device=what.removeprefix(beginning))
    return said(what)


def worded(text: str) -> str:
    """The rest of a record's line: a sentence of a service, or one of its counts."""
    for shape, said_as in _COUNTS:
        if match := shape.fullmatch(text):
            return said_as(*match.groups())
    return said(text)


_COUNTS: tuple[tuple[re.Pattern[str], Callable[..., str]], ...] = (
    (re.compile(r"(\d{1,15}) octets"), lambda octets: words.size(int(octets))),
    (re.compile(r"(\d{1,9}) pages?"), lambda count: words.pages(int(count))),
    (re.compile(r"(\d{1,9}(?:\.\d{1,4})?) ([A-Z]{3})"), lambda amount, currency: money(Decimal(amount), currency)),
    (re.compile(r"pages unknown"), lambda: gettext("The number of pages is not known")),
    (
        re.compile(r"document (\d{1,9}), (\d{1,15}) octets"),
        lambda number, octets: gettext("Document %(number)s, %(size)s", number=number, size=words.size(int(octets))),
    ),
    (
        re.compile(r"(\d{1,9}) impressions"),
        lambda count: ngettext("%(count)s printed side", "%(count)s printed sides", int(count)),
    ),
    (
        re.compile(r"(\d{1,9}) impressions before it was canceled"),
        lambda count: ngettext(
            "%(count)s side came out before it was canceled",
            "%(count)s sides came out before it was canceled",
            int(count),
        ),
    ),
)
