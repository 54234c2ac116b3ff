"""Makes jobs of the mails that were taken in, and answers their senders; each step can be done again after a crash.

The row says how far a mail is. RECEIVED: who wrote it, and what becomes of it. PRINTING: its jobs exist, and its answer
waits until they are prepared, but not for long.
"""

import asyncio
import logging
from dataclasses import replace

from emailprint.answering import Answering
from emailprint.headers import Heading
from emailprint.policy import Fate
from emailprint.printing import UNKNOWN, MailPrinting
from emailprint.reading import MailReader, Read
from emailprint.rows import MailRows
from gateway.domain.letter import one_line
from gateway.domain.mail import Mail, MailState
from gateway.errors import PapertapError, TooLarge
from gateway.services.incoming_mail import IncomingMail
from gateway.services.ports import Clock, MailStore
from gateway.settings import Settings

LEASE = 600.0
TOGETHER = 16  # mails under way at once
POLL_SECONDS = 1.0
READING = 2  # mails taken apart at once
AGAIN_SECONDS = 10.0
PURGE_SECONDS = 600.0
LARGE = TooLarge(
    "The mail is larger than what is fetched here. Send its files in several mails, or upload them."
).message

log = logging.getLogger(__name__)


class MailWork:
    """`run` works for as long as the process serves; `name` is what its claims are under."""

    def __init__(
        self,
        *,
        incoming: IncomingMail,
        mails: MailStore,
        rows: MailRows,
        reader: MailReader,
        printing: MailPrinting,
        answering: Answering,
        clock: Clock,
        settings: Settings,
        name: str,
    ) -> None:
        self._incoming = incoming
        self._mails = mails
        self._rows = rows
        self._reader = reader
        self._printing = printing
        self._answering = answering
        self._clock = clock
        self._settings = settings
        self._name = name
        self._reading = asyncio.Semaphore(READING)
        self._purged_at: float | None = None

    async def recover(self, *, alone: bool) -> None:
        """At the start: what a process that died had claimed is free again."""
        if alone:
            await self._mails.release_claims()

    async def run(self) -> None:
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._incoming.arrived.clear()
                free = TOGETHER - len(under_way)
                for mail in await self._claimed(free):
                    task = tasks.create_task(self._step(mail))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                await self._pause()

    async def _claimed(self, limit: int) -> list[Mail]:
        if limit <= 0:
            return []
        try:
            await self._purge()
            return await self._mails.claim(self._name, now=self._clock.now(), lease=LEASE, limit=limit)
        except PapertapError as error:
            log.warning("mails wait: %s", error)
            return []

    async def run_once(self) -> None:
        """All that is due now, one after another."""
        while claimed := await self._mails.claim(self._name, now=self._clock.now(), lease=LEASE, limit=TOGETHER):
            for mail in claimed:
                await self._step(mail)
        await self._purge()

    async def _pause(self) -> None:
        woken = asyncio.ensure_future(self._incoming.arrived.wait())
        slept = asyncio.ensure_future(self._clock.sleep(POLL_SECONDS))
        try:
            await asyncio.wait({woken, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            slept.cancel()

    async def _step(self, mail: Mail) -> None:
        """One mail goes on as far as it can now. What fails is logged, and tried again."""
        try:
            if mail.state is MailState.RECEIVED:
                async with self._reading:
                    mail = await self._read(mail)
            if mail.state is MailState.PRINTING and mail.due_at <= self._clock.now():
                await self._answering.answer(mail)
        except (PapertapError, OSError) as error:
            log.warning("mail %d waits: %s", mail.id, error)
            await self._again(mail)
        except Exception:
            # A defect, or a mail that nobody has thought of: it must not come back for ever.
            log.exception("mail %d cannot be worked on", mail.id)
            await self._again(mail)

    async def _again(self, mail: Mail) -> None:
        def change(row: Mail) -> Mail:
            tries = row.tries + 1
            wait = min(600.0, AGAIN_SECONDS * 2.0 ** min(tries - 1, 6))
            return replace(row, tries=tries, due_at=self._clock.now() + wait, claimed_by=None, claimed_until=None)

        try:
            await self._rows.change(mail, change)
        except PapertapError as error:
            log.warning("mail %d waits for its claim to lapse: %s", mail.id, error)

    # -- RECEIVED

    async def _read(self, mail: Mail) -> Mail:
        if mail.object_id is None or mail.key is None:
            return await self._rows.refused(mail, "Its message is gone.")
        found = await self._reader.look(mail)
        mail = await self._introduced(mail, found)
        if (why := _never(mail, found)) is not None:
            return await self._rows.refused(mail, why)
        fates = {fate for _, _, fate in found.fates}
        if mail.envelope.cut:
            return await self._answering.tell(mail, found, LARGE)
        if fates & {Fate.OWN, Fate.GUEST}:
            return await self._printing.make(mail, found)
        return await self._unprinted(mail, found, fates)

    async def _unprinted(self, mail: Mail, found: Read, fates: set[Fate]) -> Mail:
        if Fate.ASK in fates and self._answering.answerable(mail, found):
            return await self._answering.ask(mail, found)
        if Fate.TELL in fates:
            return await self._answering.tell(mail, found, UNKNOWN)
        why = f"The sender is {found.writer.standing.name.lower()} and nobody known here."
        return await self._rows.refused(mail, why)

    async def _introduced(self, mail: Mail, found: Read) -> Mail:
        """The row knows who wrote it, before anything is made of it."""
        language = await self._reader.language(found)

        def change(row: Mail) -> Mail:
            return replace(
                row,
                from_address=found.writer.address or "",
                language=language,
                subject=one_line(found.heading.subject, 150),
                message_id=_message_id(found.heading),
            )

        return await self._rows.change(mail, change)

    async def _purge(self) -> None:
        now = self._clock.monotonic()
        if self._purged_at is not None and now - self._purged_at < PURGE_SECONDS:
            return
        self._purged_at = now
        wall = self._clock.now()
        for mail in await self._mails.expired(received_before=wall - self._settings.jobs.hold_seconds):
            await self._rows.refused(mail, "Nobody opened the link in time.")
        while await self._mails.purge_mails(before=wall - self._settings.smtp.kept_seconds, limit=500) == 500:
            pass


def _never(mail: Mail, found: Read) -> str | None:
    """Why it is no document of anybody's: what machines tell each other is not printed."""
    signed_in = mail.envelope.user is not None
    if found.heading.bounce or (not mail.envelope.sender and not signed_in):
        return "It is a report of a mail system, or what a machine answered."
    if found.heading.from_list:
        return "It came by a mailing list."
    if not found.fates:
        return "Its printer takes no mail any more."
    return None


def _message_id(heading: Heading) -> str:
    """For the thread in the sender's mailbox; only one that cannot be anything else."""
    text = heading.first("message-id").strip()
    fits = 3 < len(text) < 250 and text.isascii() and text.isprintable() and text[0] == "<" and text[-1] == ">"
    return text if fits and not set(text[1:-1]) & set('<> ,;"()') and text.count("@") == 1 else ""
