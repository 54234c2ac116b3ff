"""Finds out about a mail what is made of it: who wrote it, as far as that is proved, and where its copies go."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emailprint.addresses import AddressBook, Destination
from emailprint.headers import Heading, Tap
from emailprint.policy import Fate, Standing, Writer, decide
from emailprint.rows import MailRows
from gateway.domain.letter import folded
from gateway.domain.mail import Mail
from gateway.domain.user import User
from gateway.errors import NotFound
from gateway.i18n import negotiate
from gateway.services.addresses import Addresses
from gateway.services.ports import Mailer, UserStore
from gateway.services.preferences import PreferenceBook

if TYPE_CHECKING:
    from emailprint.proof import SenderProof  # its libraries come with the first mail


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What was found out. `fates` are (recipient, where it leads, what becomes of the mail there)."""

    heading: Heading
    writer: Writer
    user: User | None
    fates: tuple[tuple[str, Destination, Fate], ...]


class MailReader:
    """`language` is the house's, for a writer who tells none."""

    def __init__(
        self,
        *,
        rows: MailRows,
        book: AddressBook,
        proof: "SenderProof",
        addresses: Addresses,
        users: UserStore,
        preferences: PreferenceBook,
        mailer: Mailer,
        language: str,
    ) -> None:
        self._rows = rows
        self._book = book
        self._proof = proof
        self._addresses = addresses
        self._users = users
        self._preferences = preferences
        self._mailer = mailer
        self._language = language

    async def look(self, mail: Mail) -> Read:
        tap = Tap()
        async for chunk in self._rows.message(mail):
            tap.feed(chunk)
            if tap.ended:
                break
        heading = tap.heading
        user, writer = await self._writer(mail, heading)
        fates: list[tuple[str, Destination, Fate]] = []
        for recipient in mail.envelope.recipients:
            try:
                destination = self._book.find(recipient)
            except NotFound:
                continue  # the printer went between the 250 and now
            fates.append((recipient, destination, decide(writer, destination.printer, mailer=self._mailer.enabled)))
        return Read(heading=heading, writer=writer, user=user, fates=tuple(fates))

    async def language(self, found: Read) -> str:
        chosen = ""
        if found.user is not None:
            chosen = (await self._preferences.of(found.user)).language
        return negotiate(chosen, *found.heading.languages, self._language)

    async def _writer(self, mail: Mail, heading: Heading) -> tuple[User | None, Writer]:
        """Whoever signed in wrote it; else the author, as far as it is proved."""
        author = heading.author
        if mail.envelope.user is not None:
            user = await self._users.user(mail.envelope.user)
            if user is not None and not user.disabled:
                own = author if author and await self._is_of(author, user) else user.email
                return user, Writer(standing=Standing.PROVEN, address=own or user.name, known=True)
        if mail.confirmed:
            standing = Standing.PROVEN
        else:
            load, ours = (lambda: self._rows.whole(mail)), self._is_ours(mail)
            standing = await self._proof.check(mail.envelope, heading, load, ours)
        user = await self._addresses.owner_of(author) if author is not None else None
        return user, Writer(standing=standing, address=author, known=user is not None, confirmed=mail.confirmed)

    async def _is_of(self, address: str, user: User) -> bool:
        owner = await self._addresses.owner_of(address)
        return owner is not None and owner.uuid == user.uuid

    def _is_ours(self, mail: Mail) -> Callable[[str], bool]:
        """Whether a mail that names this address in To means us: an address of ours, or of the mailbox it was fetched from."""
        envelope = {folded(one) for one in (*mail.envelope.recipients, *mail.envelope.known_as)}

        def ours(address: str) -> bool:
            if folded(address) in envelope:
                return True
            try:
                self._book.find(address)
            except NotFound:
                return False
            return True

        return ours
