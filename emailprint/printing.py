"""Makes the jobs of a mail, for whoever was found to have written it: a user, or a guest of its own."""

import logging
from dataclasses import replace

from emailprint.answering import Answering
from emailprint.making import MailJobs, Order
from emailprint.options import of_subject
from emailprint.policy import Fate, Standing
from emailprint.reading import Read
from emailprint.rows import MailRows
from gateway.domain.letter import folded
from gateway.domain.mail import Mail, MailFile, MailState
from gateway.domain.user import Actor, is_guest
from gateway.errors import Forbidden, FormatError, Refusal
from gateway.services.guests import Guests
from gateway.services.identity import Identity
from gateway.services.mail_links import MailLinks
from gateway.services.ports import Clock
from gateway.services.registration import Registrations

TRIES = 3  # of a mail that the sandbox breaks on

# As refusals, because that is what their readers are told, in their language.
UNKNOWN = Forbidden(
    "Only people who are known here may print by mail on this printer. Sign in on our pages and add this address to your "
    "account, or upload the document there."
).message
NOTHING = FormatError("There was nothing in the mail that could be printed: no attachment, and no text.").message
NO_FILES = FormatError(
    "There was nothing in the mail that this printer prints. Attach the document to the mail."
).message
ALONE = Forbidden("This printer asks strangers to confirm first. Write to it alone.").message

log = logging.getLogger(__name__)


class MailPrinting:
    def __init__(
        self,
        *,
        rows: MailRows,
        making: MailJobs,
        identity: Identity,
        guests: Guests,
        links: MailLinks,
        answering: Answering,
        clock: Clock,
        registrations: Registrations | None = None,
    ) -> None:
        self._rows = rows
        self._making = making
        self._identity = identity
        self._guests = guests
        self._links = links
        self._answering = answering
        self._clock = clock
        self._registrations = registrations

    async def make(self, mail: Mail, found: Read) -> Mail:
        """A job, or a refusal, for each file and recipient; then its answer is due."""
        actor = await self._actor(mail, found)
        files: list[MailFile] = []
        remarks: list[str] = []
        for recipient, destination, fate in found.fates:
            printer = destination.printer
            if fate not in {Fate.OWN, Fate.GUEST}:
                refusal = ALONE if fate is Fate.ASK else UNKNOWN
                files.append(MailFile(name=mail.subject or "E-mail", printer=printer.name, refusal=refusal))
                continue
            order = Order(
                digest=mail.digest,
                recipient=folded(recipient),
                printer=printer,
                actor=actor,
                words=(*destination.words, *of_subject(found.heading.subject)),
                name=mail.subject or "E-mail",
            )
            final = mail.tries + 1 >= TRIES
            made = await self._making.make(order, self._rows.message(mail), final=final)
            files += made.files
            remarks += made.unknown
            if not made.files:
                nothing = NOTHING if printer.mail.parts.value in {"auto", "both"} else NO_FILES
                files.append(MailFile(name=mail.subject or "E-mail", printer=printer.name, refusal=nothing))
        if is_guest(actor.user):
            await self._guests.keep(actor.user or "")
            await self._invite(mail)
        answering = self._answering.answerable(mail, found)

        def change(row: Mail) -> Mail:
            return replace(
                row,
                state=MailState.PRINTING if answering else MailState.DONE,
                owner=actor.user,
                files=tuple(files),
                remarks=tuple(dict.fromkeys(remarks))[:20],
                object_id=None,
                tries=0,
                due_at=self._clock.now(),
            )

        return await self._rows.over(mail, change)

    async def _actor(self, mail: Mail, found: Read) -> Actor:
        if found.user is not None and found.writer.standing is Standing.PROVEN:
            actor = await self._identity.actor_of(found.user, address=mail.envelope.address, via="mail")
            return replace(actor, claimed=found.user.name)
        guest = await self._guests.admit(
            self._links.guest_secret(mail), address=mail.envelope.address, label=found.writer.address or ""
        )
        return self._guests.actor_of(guest, address=mail.envelope.address, via="mail")

    async def _invite(self, mail: Mail) -> None:
        """Whoever has proved the address may become a user (row 37), where people may register at all."""
        if self._registrations is None or not self._registrations.enabled or not mail.confirmed:
            return
        name = mail.from_address.partition("@")[0]
        try:
            await self._registrations.begin(mail.from_address, name, "mail", language=mail.language)
        except Refusal as refusal:  # it prints as a guest all the same
            log.info("the writer of mail %d is not invited to register: %s", mail.id, refusal)
