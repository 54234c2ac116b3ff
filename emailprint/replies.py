"""What is answered to a mail, in the language of whoever wrote it: each file with its fate, and what can be done next."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.letter import Letter, one_line
from gateway.domain.mail import Mail, MailFile
from gateway.domain.printer import Printer
from gateway.domain.user import is_guest
from gateway.errors import NotFound
from gateway.i18n import day_and_time, money, ngettext, said, speaking
from gateway.i18n import gettext as _
from gateway.services.mail_links import MailAction, MailLinks
from gateway.services.pricing import Pricing
from gateway.services.printers import Printers

PICTURES = 6
ROWS = 15
USEFUL_SECONDS = 6 * 3600.0
_ON_ITS_WAY = (JobState.PROCESSING, JobState.PROCESSING_STOPPED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One file in the answer: `tone` is good, wait, ask or bad."""

    name: str
    tone: str
    fate: str
    url: str = ""

    def as_value(self) -> dict[str, str]:
        return {"name": self.name, "tone": self.tone, "fate": self.fate, "url": self.url}


class Replies:
    """Letters about mails. `code` is the guest's six digits."""

    def __init__(self, *, links: MailLinks, printers: Printers, currency: str, time_zone: str) -> None:
        self._links = links
        self._printers = printers
        self._pricing = Pricing(currency=currency)
        self._zone = time_zone

    def answer(self, mail: Mail, jobs: Sequence[Job], *, to: str, code: str, site_name: str) -> Letter:
        """What became of each file by now."""
        known = {job.id: job for job in jobs}
        with speaking(mail.language):
            rows = [self._row(mail, file, known) for file in mail.files[:ROWS]]
            waiting = [job for job in jobs if is_waiting(job)]
            values = {
                "name": mail.subject or _("Your mail"),
                "site": site_name,
                "file_rows": json.dumps([row.as_value() for row in rows], ensure_ascii=False),
                "summary": self._summary(jobs, rows),
                "total": self._total(waiting),
                "until": self._until(waiting),
                "places": ", ".join(dict.fromkeys(self._label(job.printer) for job in waiting)),
                "code": code if waiting else "",
                "remarks": ", ".join(mail.remarks),
                "pictures": " ".join(_pictures(waiting)),
                "reply_to": mail.message_id,
            }
            urls = self._urls(mail, waiting)
        return Letter(
            kind="mail-answer",
            to=to,
            language=mail.language,
            values=values | urls,
            key=f"mail:{mail.uuid}:{mail.answered}",
            useful_seconds=USEFUL_SECONDS,
        )

    def ask(self, mail: Mail, *, to: str, hours: float) -> Letter:
        """Whether the reader of the address sent it."""
        values = {
            "name": one_line(mail.subject, 100),
            "url": self._links.url(mail, MailAction.CONFIRM),
            "not_me_url": self._links.url(mail, MailAction.NOT_ME),
            "hours": str(max(1, round(hours))),
            "reply_to": mail.message_id,
        }
        return Letter(
            kind="mail-confirm",
            to=to,
            language=mail.language,
            values=values,
            key=f"mail:{mail.uuid}:ask",
            useful_seconds=hours * 3600.0,
        )

    def refuse(self, mail: Mail, *, to: str, reason: str) -> Letter:
        with speaking(mail.language):
            values = {"name": one_line(mail.subject, 100), "reason": said(reason), "reply_to": mail.message_id}
        return Letter(
            kind="mail-refused",
            to=to,
            language=mail.language,
            values=values,
            key=f"mail:{mail.uuid}:no",
            useful_seconds=USEFUL_SECONDS,
        )

    # -- the parts of an answer

    def _row(self, mail: Mail, file: MailFile, known: dict[int, Job]) -> Row:
        if file.job is None:
            return Row(name=file.name, tone="bad", fate=_("Not printed: %(reason)s", reason=said(file.refusal)))
        job = known.get(file.job)
        if job is None:
            return Row(name=file.name, tone="bad", fate=_("It is not known any more."))
        return self._fate(mail, file, job)

    def _fate(self, mail: Mail, file: MailFile, job: Job) -> Row:
        url = self._links.url(mail, MailAction.OPEN) if is_guest(mail.owner) else self._links.job_url(job)
        if job.has(Reason.DOCUMENT_PASSWORD_ERROR):
            text = _("Protected by a password: open the link and type it.")
            return Row(name=file.name, tone="ask", fate=text, url=url)
        if job.state is JobState.COMPLETED:
            return Row(name=file.name, tone="good", fate=_("Printed."))
        if job.state.ended:
            reason = said(job.message) or _("it was canceled")
            return Row(name=file.name, tone="bad", fate=_("Not printed: %(reason)s", reason=reason))
        if not job.prepared:
            return Row(name=file.name, tone="wait", fate=_("Being prepared."))
        facts = [self._pages(job), *self._price(job), *(said(note) for note in job.notes[:2])]
        if is_waiting(job):
            return Row(name=file.name, tone="good", fate=_("Ready: %(facts)s", facts=" · ".join(facts)), url=url)
        return Row(name=file.name, tone="good", fate=_("On its way to the printer: %(facts)s", facts=" · ".join(facts)))

    def _summary(self, jobs: Sequence[Job], rows: Sequence[Row]) -> str:
        """One word that the template has sentences for."""
        tones = {row.tone for row in rows}
        if "wait" in tones:
            return "preparing"
        if not tones - {"bad"}:
            return "nothing"
        if any(is_waiting(job) for job in jobs):
            return "ready" if "bad" not in tones else "partly"
        return "question" if "ask" in tones else "printing"

    def _pages(self, job: Job) -> str:
        if job.pages is None:
            return _("pages unknown")
        pages = ngettext("%(num)s page", "%(num)s pages", job.pages)
        if job.media_sheets is None:
            return pages
        return f"{pages}, {ngettext('%(num)s sheet', '%(num)s sheets', job.media_sheets)}"

    def _price(self, job: Job) -> list[str]:
        quote = self._quote(job)
        return [money(quote, self._currency(job))] if quote else []

    def _total(self, waiting: Sequence[Job]) -> str:
        currencies = {self._currency(job) for job in waiting}
        amount = sum((self._quote(job) for job in waiting), Decimal())
        return money(amount, currencies.pop()) if len(currencies) == 1 and amount else ""

    def _quote(self, job: Job) -> Decimal:
        try:
            return self._pricing.of(job, self._printers.get(job.printer)).amount
        except NotFound:
            return Decimal()

    def _currency(self, job: Job) -> str:
        try:
            return self._pricing.of(job, self._printers.get(job.printer)).currency
        except NotFound:
            return ""

    def _until(self, waiting: Sequence[Job]) -> str:
        times = [job.expires_at for job in waiting if job.expires_at is not None]
        return day_and_time(min(times), self._zone) if times else ""

    def _label(self, name: str) -> str:
        try:
            printer: Printer = self._printers.get(name)
        except NotFound:
            return name
        return printer.info or printer.name

    def _urls(self, mail: Mail, waiting: Sequence[Job]) -> dict[str, str]:
        """Links for what can be done; an empty one is left out of the letter."""
        guest = is_guest(mail.owner)
        open_url = self._links.url(mail, MailAction.OPEN) if guest else self._links.jobs_url()
        one_sided = any((job.pages or 0) > 1 and (job.ticket.sides or "one-sided") == "one-sided" for job in waiting)
        extendable = any(job.expires_at is not None for job in waiting)
        here = bool(mail.job_ids)
        return {
            "open_url": open_url if here else "",
            "two_sided_url": self._links.url(mail, MailAction.TWO_SIDED) if one_sided else "",
            "extend_url": self._links.url(mail, MailAction.EXTEND) if extendable else "",
            "delete_url": self._links.url(mail, MailAction.DELETE) if waiting else "",
            "not_me_url": self._links.url(mail, MailAction.NOT_ME) if here else "",
        }


def is_waiting(job: Job) -> bool:
    """Whether its owner can print it now."""
    return job.state is JobState.PENDING_HELD and job.prepared and not job.has(Reason.DOCUMENT_PASSWORD_ERROR)


def is_settled(job: Job) -> bool:
    """Whether its fate is known: prepared, failed, or waiting for a word."""
    return job.prepared or job.state.ended or job.has(Reason.DOCUMENT_PASSWORD_ERROR)


def _pictures(waiting: Sequence[Job]) -> list[str]:
    """job/page of the first pages of each, some of all together."""
    first = [f"{job.id}/{picture.number}" for job in waiting for picture in job.thumbnails[:1]]
    further = [f"{job.id}/{picture.number}" for job in waiting for picture in job.thumbnails[1:PICTURES]]
    return [*first, *further][:PICTURES]
