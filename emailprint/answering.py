"""Answers the writers of mails: what became of each file, a question, or why nothing is printed.

One address gets one answer a minute at most, of whatever kind: what comes faster waits for its turn.
"""

import asyncio
import logging
from dataclasses import replace

from emailprint.policy import Standing
from emailprint.reading import Read
from emailprint.replies import Replies, is_settled
from emailprint.rows import MailRows
from gateway.domain.job import Job
from gateway.domain.letter import Letter, folded
from gateway.domain.mail import Mail, MailState
from gateway.domain.user import is_guest
from gateway.errors import BadRequest, NotPossible, Throttled
from gateway.services.guests import Guests
from gateway.services.limits import Kind, Limit, Limits
from gateway.services.mail_links import MailLinks
from gateway.services.ports import Clock, JobStore, Mailer, MailStore
from gateway.settings import Settings

LOOK_SECONDS = 0.25  # between two looks at whether jobs are prepared
BETWEEN_SECONDS = 60.0  # two answers to one address
LAST_ANSWER_SECONDS = 3600.0  # a job that is not prepared by then is told of in the pages alone

log = logging.getLogger(__name__)


class Answering:
    def __init__(
        self,
        *,
        rows: MailRows,
        mails: MailStore,
        jobs: JobStore,
        guests: Guests,
        replies: Replies,
        links: MailLinks,
        mailer: Mailer,
        limits: Limits,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._rows = rows
        self._mails = mails
        self._jobs = jobs
        self._guests = guests
        self._replies = replies
        self._links = links
        self._mailer = mailer
        self._limits = limits
        self._clock = clock
        self._settings = settings
        self._turn = asyncio.Lock()

    def answerable(self, mail: Mail, found: Read) -> bool:
        """Whether a mail can be sent, and a person reads it."""
        sender = mail.envelope.sender or (mail.envelope.user or "")
        readable = found.heading.answerable(sender, found.writer.address) and "@" in mail.from_address
        return self._mailer.enabled and readable

    async def ask(self, mail: Mail, found: Read) -> Mail:
        """A link to the address: the mail waits until it was opened."""
        async with self._turn:
            if (wait := await self._until_next(mail)) > 0:
                return await self._rows.later(mail, wait)
            if (often := self._too_often(mail)) is not None:
                return await self._rows.refused(mail, often)
            hours = self._settings.jobs.hold_seconds / 3600.0
            await self._send(self._replies.ask(mail, to=mail.from_address, hours=hours))
            why = f"The sender is {found.writer.standing.name.lower()} and was asked by a link."

            def change(row: Mail) -> Mail:
                asked = replace(row, state=MailState.ASKED, message=why, replied_at=self._clock.now())
                return replace(asked, claimed_by=None, claimed_until=None)

            return await self._rows.change(mail, change)

    async def tell(self, mail: Mail, found: Read, reason: str) -> Mail:
        """Refused, with a mail where a person reads it and the address is not known to be somebody else's."""
        if found.writer.standing is Standing.FORGED or not self.answerable(mail, found):
            return await self._rows.refused(mail, reason)
        async with self._turn:
            if (wait := await self._until_next(mail)) > 0:
                return await self._rows.later(mail, wait)
            if (often := self._too_often(mail)) is not None:
                return await self._rows.refused(mail, often)
            await self._send(self._replies.refuse(mail, to=mail.from_address, reason=reason))
            return await self._rows.refused(mail, reason, replied=True)

    async def answer(self, mail: Mail) -> None:
        """What became of each file: now, and once more when what was not ready then is."""
        jobs = await self._settled(mail)
        async with self._turn:
            if (wait := await self._until_next(mail)) > 0:
                await self._rows.later(mail, wait)
                return
            settled = all(map(is_settled, jobs))
            answered = mail.answered == 0 or settled
            if answered:
                await self._send(await self._letter(mail, jobs))
            now = self._clock.now()
            over = settled or now - mail.received_at > LAST_ANSWER_SECONDS

            def change(row: Mail) -> Mail:
                return replace(
                    row,
                    state=MailState.DONE if over else MailState.PRINTING,
                    answered=row.answered + answered,
                    replied_at=now if answered else row.replied_at,
                    due_at=now + 5.0,
                    claimed_by=None,
                    claimed_until=None,
                )

            await self._rows.change(mail, change)

    # -- within

    async def _settled(self, mail: Mail) -> list[Job]:
        """The jobs once each one's fate is known, or when the sender has waited long enough."""
        patience = self._settings.smtp.answer_seconds if mail.answered == 0 else 0.0
        while True:
            found = [await self._jobs.get(job_id) for job_id in mail.job_ids]
            jobs = [job for job in found if job is not None]
            if all(map(is_settled, jobs)) or self._clock.now() - mail.received_at >= patience:
                return jobs
            await self._clock.sleep(LOOK_SECONDS)

    async def _until_next(self, mail: Mail) -> float:
        """Seconds until the address may be answered again."""
        last = await self._mails.last_reply(mail.from_address)
        return 0.0 if last is None else max(0.0, last + BETWEEN_SECONDS - self._clock.now())

    def _too_often(self, mail: Mail) -> str | None:
        """Why an address is told no more today."""
        try:
            self._limits.take(Limit(kind=Kind.MAIL_REFUSAL, key=(folded(mail.from_address),)))
        except Throttled as refusal:
            return refusal.message
        return None

    async def _letter(self, mail: Mail, jobs: list[Job]) -> Letter:
        code = ""
        if is_guest(mail.owner):
            secret = self._links.guest_secret(mail)
            guest = await self._guests.named(mail.owner)
            code = self._guests.code(guest, secret) if guest is not None else ""
        return self._replies.answer(mail, jobs, to=mail.from_address, code=code, site_name=self._settings.site.name)

    async def _send(self, letter: Letter) -> None:
        try:
            await self._mailer.send(letter)
        except (BadRequest, NotPossible) as error:
            log.warning("a mail is not answered: %s", error)
