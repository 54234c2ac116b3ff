"""Wires e-mail to print: the barrier, the worker, the server, the mailboxes, the answers and their links."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emailprint.addresses import AddressBook
from emailprint.answering import Answering
from emailprint.making import MailJobs
from emailprint.printing import MailPrinting
from emailprint.reading import MailReader
from emailprint.replies import Replies
from emailprint.rows import MailRows
from emailprint.server import MailServer
from emailprint.work import MailWork
from gateway.adapters.certificates import Certificates
from gateway.adapters.http.sockets import listen
from gateway.app.build import Gateway
from gateway.app.first_use import first_use
from gateway.app.personal import site_url
from gateway.errors import StartupError
from gateway.services.incoming_mail import IncomingMail
from gateway.services.mail_desk import MailDesk
from gateway.services.mail_links import MailLinks
from gateway.services.mail_watch import MailWatch
from gateway.services.ports import MailOpener

if TYPE_CHECKING:
    from emailprint.fetching import Fetcher
    from emailprint.proof import SenderProof


@dataclass(frozen=True, kw_only=True, slots=True)
class MailIn:
    """What the ways in, the worker and the pages share."""

    incoming: IncomingMail
    book: AddressBook
    links: MailLinks


def mail_in(gateway: Gateway) -> MailIn:
    settings, database = gateway.settings, gateway.database
    incoming = IncomingMail(
        mails=database.mails,
        intake=gateway.intake,
        spool=gateway.spool,
        keyring=gateway.keyring,
        clock=gateway.clock,
        largest=settings.smtp.max_message,
    )
    return MailIn(
        incoming=incoming,
        book=AddressBook(printers=gateway.printers, domains=settings.smtp.domains),
        links=MailLinks(
            mails=database.mails,
            jobs=database.jobs,
            users=database.users,
            release=gateway.release,
            keyring=gateway.keyring,
            spool=gateway.spool,
            clock=gateway.clock,
            base=lambda: site_url(settings),
            wake=incoming.arrived.set,
        ),
    )


def mail_work(gateway: Gateway, mail: MailIn, opener: MailOpener) -> MailWork:
    settings, database = gateway.settings, gateway.database

    def proof() -> "SenderProof":
        from emailprint.proof import SenderProof  # noqa: PLC0415 - see first_use
        from emailprint.resolver import DnsResolver  # noqa: PLC0415

        return SenderProof(resolver=DnsResolver(settings.smtp.dns, port=settings.smtp.dns_port))

    rows = MailRows(mails=database.mails, spool=gateway.spool, keyring=gateway.keyring, clock=gateway.clock)
    answering = Answering(
        rows=rows,
        mails=database.mails,
        jobs=database.jobs,
        guests=gateway.guests,
        replies=Replies(
            links=mail.links,
            printers=gateway.printers,
            currency=settings.site.currency,
            time_zone=settings.site.time_zone,
        ),
        links=mail.links,
        mailer=gateway.mailer,
        limits=gateway.identity.limits,
        clock=gateway.clock,
        settings=settings,
    )
    return MailWork(
        incoming=mail.incoming,
        mails=database.mails,
        rows=rows,
        reader=MailReader(
            rows=rows,
            book=mail.book,
            proof=first_use(proof),
            addresses=gateway.personal.addresses,
            users=database.users,
            preferences=gateway.personal.preferences,
            mailer=gateway.mailer,
            language=settings.site.language,
        ),
        printing=MailPrinting(
            rows=rows,
            making=MailJobs(intake=gateway.intake, jobs=database.jobs, opener=opener),
            identity=gateway.identity,
            guests=gateway.guests,
            links=mail.links,
            answering=answering,
            clock=gateway.clock,
            registrations=gateway.people.registrations,
        ),
        answering=answering,
        clock=gateway.clock,
        settings=settings,
        name=gateway.worker,
    )


def fetchers(gateway: Gateway, mail: MailIn) -> tuple["Fetcher", ...]:
    """One for each mailbox of the settings; StartupError for two of one name."""
    names = [one.name for one in gateway.settings.mailboxes]
    if len(names) != len(set(names)):
        raise StartupError("Two mailboxes have the same name. Give each its own.")
    if not names:
        return ()
    from emailprint.fetching import Fetcher  # noqa: PLC0415 - clients of mailboxes, where there are any

    return tuple(
        Fetcher(
            one,
            incoming=mail.incoming,
            book=mail.book,
            clock=gateway.clock,
            largest=gateway.settings.smtp.max_message,
        )
        for one in gateway.settings.mailboxes
    )


class MailFront:
    """The listeners as a part of the program's life; `port` and `lmtp_port` are the real ones."""

    def __init__(self, gateway: Gateway, mail: MailIn, certificates: Certificates) -> None:
        self._settings = gateway.settings
        self.fetchers = fetchers(gateway, mail)
        self.incoming = mail.incoming
        given = gateway.settings.smtp
        self.server = MailServer(
            incoming=mail.incoming,
            book=mail.book,
            identity=gateway.identity,
            settings=gateway.settings.smtp,
            context=certificates.context,
            name=gateway.settings.smtp.name or socket.gethostname(),
        )
        self.desk = MailDesk(
            mails=gateway.database.mails,
            watch=MailWatch(mails=gateway.database.mails, clock=gateway.clock),
            addresses=mail.book.addresses_of,
            mailboxes=self.fetchers,
            listening=given.enabled or given.lmtp_port is not None,
            ports=self.ports,
            refused=lambda: self.server.refused,
            write=gateway.mailer.try_out if gateway.mailer.enabled else None,
        )

    async def start(self) -> None:
        given, host = self._settings.smtp, self._settings.listen.host
        smtp = await asyncio.to_thread(listen, host, given.port) if given.enabled else []
        lmtp = await asyncio.to_thread(listen, host, given.lmtp_port) if given.lmtp_port is not None else []
        await self.server.start(smtp, lmtp)

    def ports(self) -> dict[str, int]:
        """Those that are really listened on, by name."""
        found = {"smtp": self.server.port, "lmtp": self.server.lmtp_port}
        return {name: port for name, port in found.items() if port is not None}

    def background(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What fetches mails beside the listeners, and what counts them."""
        work = {f"mailbox-{one.settings.name}": one.run for one in self.fetchers}
        return {"mail-watch": self.desk.watch.run, **work}

    async def stop(self, grace: float) -> None:
        for one in self.fetchers:
            one.stop()
        await self.server.stop(grace)
