"""One's own credit: what is there, what is reserved, and every entry that made it, page by page (rows 91 and 111)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from gateway.domain.credit import Entry, EntryKind
from gateway.i18n import Words, day_and_time, money
from gateway.i18n import gettext as _
from gateway.services.credit import PAGE
from webprint import words
from webprint.account import personal_of
from webprint.entering import user_of
from webprint.guard import Handler
from webprint.purse import view_purse
from webprint.requests import row_number
from webprint.site import Site, Visit

KINDS = Words(
    {
        EntryKind.CHARGE: "Charged",
        EntryKind.TOP_UP: "Added",
        EntryKind.ADJUSTMENT: "Corrected",
        EntryKind.REFUND: "Given back",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryView:
    """One entry in words; `at` for machines, `when` for people; `charge`: it can be given back."""

    id: int
    at: str
    when: str
    what: str
    why: str
    by: str
    amount: str
    balance: str
    plus: bool
    job: int | None
    charge: bool


class StatementPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        """Where credit was switched off again, what was there before can still be read."""
        user, credit = await user_of(self._site, visit), personal_of(self._site).credit
        standing = await credit.of(user.name)
        before = before_of(visit)
        entries = await credit.statement(user.name, before_id=before, limit=PAGE + 1)
        return self._site.page(
            visit,
            "account_credit.html",
            purse=view_purse(standing) if standing else None,
            reserved=_sum(standing.balance.reserved, credit.currency) if standing else "",
            overdraft=_sum(standing.overdraft, credit.currency) if standing else "",
            **shown_entries(self._site, entries, before),
        )


def _sum(amount: Decimal, currency: str) -> str:
    return money(amount, currency) if amount else ""


def before_of(visit: Visit) -> int | None:
    return row_number(visit.request.query_params.get("before", ""))


def shown_entries(site: Site, entries: Sequence[Entry], before: int | None) -> dict[str, Any]:
    """What the pages of a statement show of PAGE + 1 `entries`: those of this page, and where an older one begins."""
    return {
        "posted": [view_entry(entry, site.settings.site.time_zone) for entry in entries[:PAGE]],
        "older": entries[PAGE - 1].id if len(entries) > PAGE else None,
        "before": before,
    }


def view_entry(entry: Entry, zone: str) -> EntryView:
    about = _("Job %(number)s", number=entry.job_id) if entry.job_id is not None else ""
    if entry.kind is EntryKind.CHARGE and entry.job_id is None:
        about = _("Copies at %(device)s", device=entry.text)
    return EntryView(
        id=entry.id,
        at=words.moment(entry.at),
        when=day_and_time(entry.at, zone),
        what=KINDS[entry.kind],
        why=" · ".join(filter(None, (about, entry.text if entry.kind is not EntryKind.CHARGE else ""))),
        by=entry.by,
        amount=money(entry.amount, entry.currency),
        balance=money(entry.balance, entry.currency),
        plus=entry.amount > 0,
        job=entry.job_id,
        charge=entry.kind is EntryKind.CHARGE,
    )


def statement_rows(site: Site) -> list[tuple[str, str, Handler]]:
    return [("GET", "/account/credit", StatementPages(site).show)]
