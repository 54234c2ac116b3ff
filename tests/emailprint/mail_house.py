"""E-mail to print on whole fakes: a house, a mailbox, and a DNS that says what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

from emailprint.addresses import AddressBook
from emailprint.answering import Answering
from emailprint.headers import Tap
from emailprint.making import MailJobs
from emailprint.printing import MailPrinting
from emailprint.proof import SenderProof
from emailprint.reading import MailReader
from emailprint.replies import Replies
from emailprint.resolver import DnsTrouble, Resolver
from emailprint.rows import MailRows
from emailprint.work import MailWork
from gateway.domain.job import Job
from gateway.domain.letter import Letter
from gateway.domain.mail import Mail
from gateway.domain.mailbox import MailRules
from gateway.services.incoming_mail import IncomingMail
from gateway.services.limits import mail_policies
from gateway.services.mail_links import MailLinks
from gateway.services.ports import JobQuery, MailPart
from gateway.settings import Settings
from tests.fakes import fake_pdf
from tests.fakes_mail import FakeOpener, an_envelope
from tests.webprint.web_house import PASSWORD, House

PDF = MailPart(kind="file", name="report.pdf", format="application/pdf", size=60_000)
ADA = "ada@example.org"
SPF_OF_ADA = {("example.org", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"]}
BASE = "https://print.example:8443"


class FakeDns:
    """`records` by (name, kind); `away`: nobody answers."""

    def __init__(self, records: dict[tuple[str, str], list[str]] | None = None) -> None:
        self.records = records or {}
        self.away = False
        self.asked: list[tuple[str, str]] = []

    def ask(self, name: str, kind: str) -> list[str]:
        self.asked.append((name, kind))
        if self.away:
            raise DnsTrouble(name)
        return self.records.get((name, kind), [])


class MailHouse:
    """`await MailHouse.built()` knows ada@example.org, whose domain vouches for 192.0.2.7."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.clock = house.clock
        self.mails = house.mails
        self.mailer = house.mailer
        self.dns = FakeDns(dict(SPF_OF_ADA))
        self.opener = FakeOpener((PDF, fake_pdf(3, pad=100)))
        self.incoming = IncomingMail(
            mails=self.mails,
            intake=house.intake,
            spool=house.spool,
            keyring=house.keyring,
            clock=house.clock,
            largest=house.settings.smtp.max_message,
        )
        self.links = MailLinks(
            mails=self.mails,
            jobs=house.jobs,
            users=house.users,
            release=house.release,
            keyring=house.keyring,
            spool=house.spool,
            clock=house.clock,
            base=lambda: BASE,
            wake=self.incoming.arrived.set,
        )
        house.identity.limits.table |= mail_policies(house.settings.smtp)
        self.book = AddressBook(printers=house.printers, domains=house.settings.smtp.domains)
        self.registrations: Any = None
        self.rows = MailRows(mails=self.mails, spool=house.spool, keyring=house.keyring, clock=house.clock)
        self.work = self.worker()

    @classmethod
    async def built(cls, **smtp: Any) -> "MailHouse":
        settings = Settings(data="unused", smtp=smtp)  # type: ignore[arg-type]  # reason: as from a file
        built = cls(await House(settings=settings).open())
        await built.house.identity.add_user("ada", email=ADA, password=PASSWORD)
        return built

    def worker(self, *, resolver: Resolver | None = None) -> MailWork:
        """One that knows nothing of what another has begun."""
        house = self.house
        answering = Answering(
            rows=self.rows,
            mails=self.mails,
            jobs=house.jobs,
            guests=house.guests,
            replies=Replies(links=self.links, printers=house.printers, currency="EUR", time_zone=""),
            links=self.links,
            mailer=house.mailer,
            limits=house.identity.limits,
            clock=house.clock,
            settings=house.settings,
        )
        return MailWork(
            incoming=self.incoming,
            mails=self.mails,
            rows=self.rows,
            reader=MailReader(
                rows=self.rows,
                book=self.book,
                proof=SenderProof(resolver=resolver or self.dns),
                addresses=house.personal.addresses,
                users=house.users,
                preferences=house.personal.preferences,
                mailer=house.mailer,
                language=house.settings.site.language,
            ),
            printing=MailPrinting(
                rows=self.rows,
                making=MailJobs(intake=house.intake, jobs=house.jobs, opener=self.opener),
                identity=house.identity,
                guests=house.guests,
                links=self.links,
                answering=answering,
                clock=house.clock,
                registrations=self.registrations,
            ),
            answering=answering,
            clock=house.clock,
            settings=house.settings,
            name="mail-worker",
        )

    async def rules(self, printer: str = "find-me", **rules: Any) -> None:
        await self.house.printers.change_printer(printer, mail=MailRules(**rules))

    async def receive(self, message: EmailMessage | bytes, **envelope: Any) -> Mail:
        octets = message if isinstance(message, bytes) else message.as_bytes()
        recipients = envelope.pop("recipients", ("find-me@print.example",))
        tap = Tap()

        async def body() -> AsyncIterator[bytes]:
            for at in range(0, len(octets), 1000):
                tap.feed(octets[at : at + 1000])
                yield octets[at : at + 1000]

        return await self.incoming.accept(an_envelope(*recipients, **envelope), body(), tap.identity)

    async def worked(self) -> None:
        """All that is due, with jobs prepared as they come."""
        preparation = asyncio.ensure_future(self.house.preparation().run())
        await self.clock.settle()
        resting = self.clock.sleepers
        task = asyncio.ensure_future(self.work.run_once())
        for _ in range(60):
            await self.until_asleep(task, than=resting)
            if task.done():
                break
            await self.clock.advance(0.5)
        preparation.cancel()
        await asyncio.gather(preparation, return_exceptions=True)
        await task

    async def until_asleep(self, task: "asyncio.Future[None]", *, than: int = 0) -> None:
        """Signatures are looked at in a thread, which the clock of a test knows nothing of."""
        async with asyncio.timeout(60):
            while not task.done() and self.clock.sleepers <= than:
                await asyncio.sleep(0.001)

    async def jobs(self) -> list[Job]:
        return await self.house.jobs.find(JobQuery(limit=None))

    async def row(self, mail: Mail) -> Mail:
        found = await self.mails.mail(mail.id)
        assert found is not None
        return found

    @property
    def letters(self) -> list[Letter]:
        return self.mailer.letters


def a_message(**headers: str) -> EmailMessage:
    """From Ada to us, about a report; a header of None is left out."""
    message = EmailMessage()
    plain = {
        "From": f"Ada <{ADA}>",
        "To": "find-me@print.example",
        "Subject": "Report",
        "Message-ID": "<1@example.org>",
        "Date": "Mon, 30 Nov 2026 12:00:00 +0000",
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in (plain | named).items():
        if value:
            message[name] = value
    message.set_content("The report.\n")
    return message


def rows_of(letter: Letter) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(letter.values["file_rows"])
    return found


def token_of(url: str) -> str:
    return url.partition("token=")[2]
