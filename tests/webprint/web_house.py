"""The real services over ports in memory, with people, printers and jobs, behind the pages."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image, ImageDraw, ImageOps
from starlette.applications import Starlette

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.document import Document
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import ReleasePolicy
from gateway.domain.rights import Role
from gateway.domain.ticket import JobTicket
from gateway.services.administration import Administration
from gateway.services.api_tokens import ApiTokens
from gateway.services.charging import Charging
from gateway.services.delegates import Delegates
from gateway.services.desk import Desk
from gateway.services.doctor import Doctor
from gateway.services.dues import Dues
from gateway.services.guests import Guests
from gateway.services.host_names import HostNames
from gateway.services.identity import Identity
from gateway.services.intake import Intake
from gateway.services.kiosk import Kiosk
from gateway.services.kiosk_sessions import KioskSessions
from gateway.services.mail_desk import MailDesk
from gateway.services.mail_links import MailLinks
from gateway.services.mail_watch import MailWatch
from gateway.services.personal import Personal
from gateway.services.phone_services import PhoneServices
from gateway.services.ports import JobChange, Rendered
from gateway.services.preparation import Preparation
from gateway.services.preview import Preview
from gateway.services.printers import Printers
from gateway.services.programs import Programs
from gateway.services.release import Release
from gateway.services.remote_access import RemoteAccess
from gateway.services.shares import Shares
from gateway.services.sites import Sites
from gateway.services.statistics import Statistics
from gateway.services.terminal_desk import TerminalDesk
from gateway.services.uploads import Uploads
from gateway.services.webhooks import Webhooks
from gateway.settings import Remote, Settings
from tests.administration_house import HousePorts, an_administration
from tests.fakes import (
    FakeClock,
    FakeConverter,
    FakeHasher,
    FakeKeyring,
    MemoryAttemptStore,
    MemoryEventBus,
    MemoryJobStore,
    MemoryPrinterStore,
    MemorySpool,
    MemoryUserStore,
    a_device,
    a_document,
    a_held_job,
    a_printer,
    fake_pdf,
)
from tests.fakes_api import MemoryApiTokenStore
from tests.fakes_doctor import FakeNetwork
from tests.fakes_house import FakeHouse
from tests.fakes_identity import FakeSignIn
from tests.fakes_jobs import MemoryHistoryStore, MemoryShareStore
from tests.fakes_mail import MemoryMailStore
from tests.fakes_numbers import MemorySideNumbers
from tests.fakes_people import FakePeople
from tests.fakes_personal import FakeMailer
from tests.fakes_remote import FakeRemoteKeys, MemoryRemoteBrowserStore
from tests.fakes_sites import MemorySiteStore
from tests.fakes_upload import MemoryGuestStore, MemoryUploadStore
from tests.fakes_webhooks import FakeCarrier, MemoryWebhookStore
from tests.personal_house import a_personal
from tests.personal_stores import PersonalStores
from tests.phone_house import PhoneRows, a_push, phone_services
from tests.webprint.setup_house import a_set_up
from webprint import Ports, create_app
from webprint.live import LiveJobs

PASSWORD = "correct horse"
PIN = "284619"


class DrawingConverter(FakeConverter):
    """Pictures that a browser shows: each side with as many pages on it as the ticket says."""

    async def preview(
        self, source: AsyncIterator[bytes], picture: Callable[[int, bytes], Awaitable[None]], **wanted: Any
    ) -> Rendered:
        ticket: JobTicket = wanted["ticket"]

        async def drawn(side: int, octets: bytes) -> None:
            await picture(side, a_side(side, 2 if ticket.booklet else ticket.number_up, wanted["width"]))

        return await super().preview(source, drawn, **wanted)


@dataclass(kw_only=True)
class House:
    """Everything that a test may want to look at or turn."""

    settings: Settings = field(default_factory=lambda: Settings(data="unused", site={"name": "Papertap"}))
    clock: FakeClock = field(default_factory=FakeClock)
    jobs: MemoryJobStore = field(default_factory=MemoryJobStore)
    users: MemoryUserStore = field(default_factory=MemoryUserStore)
    events: MemoryEventBus = field(default_factory=MemoryEventBus)
    keyring: FakeKeyring = field(default_factory=FakeKeyring)
    ports: Ports = field(default_factory=lambda: Ports(http=8080, https=8443, ipp=8631))
    ca: bytes = b"-----BEGIN CERTIFICATE-----\n"
    identity: Identity = field(init=False)
    printers: Printers = field(init=False)
    release: Release = field(init=False)
    charging: Charging = field(init=False)
    grants: MemoryShareStore = field(default_factory=MemoryShareStore)
    delegates: Delegates = field(init=False)
    shares: Shares = field(init=False)
    statistics: Statistics = field(init=False)
    live: LiveJobs = field(init=False)
    preview: Preview = field(init=False)
    guests: Guests = field(init=False)
    guest_rows: MemoryGuestStore = field(default_factory=MemoryGuestStore)
    sign_in: FakeSignIn = field(init=False)
    kiosk: Kiosk = field(init=False)
    intake: Intake = field(init=False)
    uploads: Uploads = field(init=False)
    attempts: MemoryAttemptStore = field(default_factory=MemoryAttemptStore)
    desk: Desk = field(init=False)
    converter: FakeConverter = field(default_factory=DrawingConverter)
    spool: MemorySpool = field(init=False)
    store: MemoryPrinterStore = field(init=False)

    mailer: FakeMailer = field(default_factory=FakeMailer)
    staff: FakeHouse = field(init=False)
    terminals: TerminalDesk | None = None
    doctor: Doctor | None = None
    people: PersonalStores = field(init=False)
    joining: FakePeople = field(init=False)
    personal: Personal = field(init=False)
    mails: MemoryMailStore = field(default_factory=MemoryMailStore)
    mail_links: MailLinks = field(init=False)
    phone: PhoneServices = field(init=False)
    phone_rows: PhoneRows = field(init=False)
    house_ports: HousePorts = field(init=False)
    administration: Administration = field(init=False)
    programs: Programs = field(init=False)
    webhook_rows: MemoryWebhookStore = field(init=False)

    async def open(self) -> "House":
        self.spool = MemorySpool(self.clock)
        self.store = MemoryPrinterStore(
            [
                a_printer("find-me", info="Find me", is_default=True),
                a_printer("direct", info="Reception", policy=ReleasePolicy.DIRECT, devices=("lobby",)),
            ],
            [
                a_device("copy-room", info="Copy room", location="2nd floor, B-204", status=_status(DeviceState.IDLE)),
                a_device("lobby", info="Lobby", location="Ground floor", status=_status(DeviceState.PROCESSING)),
                a_device(
                    "library",
                    info="Library",
                    location="1st floor, A-110",
                    status=DeviceStatus(state=DeviceState.STOPPED, reasons=("media-empty-error",)),
                ),
            ],
        )
        self.printers = Printers(store=self.store, jobs=self.jobs, events=self.events, clock=self.clock)
        await self.printers.refresh()
        self.staff = FakeHouse(users=self.users, clock=self.clock, settings=self.settings.identity)
        self.identity = Identity(
            users=self.users,
            hasher=FakeHasher(),
            clock=self.clock,
            settings=self.settings.identity,
            standings=self.staff.standings,
            second=self.staff.second,
        )
        self.sign_in = FakeSignIn(
            identity=self.identity,
            users=self.users,
            clock=self.clock,
            settings=self.settings.identity,
            credentials=self.staff.credentials,
        )
        self.delegates = Delegates(store=self.grants, users=self.users, clock=self.clock)
        self.charging = Charging(store=self.staff.project_rows, identity=self.identity, clock=self.clock)
        self.release = Release(
            jobs=self.jobs,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            hasher=FakeHasher(),
            events=self.events,
            clock=self.clock,
            settings=self.settings.jobs,
            delegates=self.delegates,
            dues=Dues(enabled=self.settings.credit.enabled),
            charging=self.charging,
        )
        self.shares = Shares(
            store=self.grants,
            release=self.release,
            printers=self.printers,
            limits=self.identity.limits,
            clock=self.clock,
        )
        self.statistics = Statistics(history=MemoryHistoryStore(self.jobs), clock=self.clock)
        self.live = LiveJobs(release=self.release, identity=self.identity, events=self.events, clock=self.clock, pace=0)
        self.preview = Preview(
            release=self.release,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            converter=self.converter,
            clock=self.clock,
            numbers=MemorySideNumbers(),
        )
        self.guests = Guests(
            guests=self.guest_rows,
            hasher=FakeHasher(),
            clock=self.clock,
            limits=self.identity.limits,
            settings=self.settings.guests,
        )
        self.desk = Desk(
            release=self.release,
            jobs=self.jobs,
            identity=self.identity,
            spool=self.spool,
            keyring=self.keyring,
            clock=self.clock,
            currency=lambda: self.settings.site.currency,
            guests=self.guests,
        )
        self.kiosk = Kiosk(
            sessions=KioskSessions(users=self.users, identity=self.identity, clock=self.clock, settings=self.settings),
            identity=self.identity,
            users=self.users,
            printers=self.printers,
            release=self.release,
            jobs=self.jobs,
            clock=self.clock,
            settings=self.settings,
            guests=self.guests,
        )
        self.remote = RemoteAccess(
            store=MemoryRemoteBrowserStore(),
            users=self.users,
            identity=self.identity,
            keys=FakeRemoteKeys(),
            clock=self.clock,
            settings=Remote(relay="wss://relay.example"),
        )
        self._take_documents()
        self.mail_links = MailLinks(
            mails=self.mails,
            jobs=self.jobs,
            users=self.users,
            release=self.release,
            keyring=self.keyring,
            spool=self.spool,
            clock=self.clock,
            base=lambda: "https://print.example:8443",
            wake=lambda: None,
        )
        self.mail_desk = MailDesk(
            mails=self.mails,
            watch=MailWatch(mails=self.mails, clock=self.clock),
            addresses=lambda one: (f"{one.name}@print.example",),
        )
        self.phone_rows, push = a_push(self.clock)
        self.people, self.personal = a_personal(
            push=push,
            jobs=self.jobs,
            users=self.users,
            identity=self.identity,
            printers=self.printers,
            release=self.release,
            mailer=self.mailer,
            spool=self.spool,
            keyring=self.keyring,
            events=self.events,
            clock=self.clock,
            settings=self.settings,
            mails=self.mails,
        )
        self.phone = phone_services(
            rows=self.phone_rows,
            push=push,
            users=self.users,
            identity=self.identity,
            printers=self.printers,
            release=self.release,
            clock=self.clock,
            settings=self.settings,
            notices=self.personal.notices,
        )
        self._take_documents()
        self.joining = FakePeople(
            identity=self.identity,
            users=self.users,
            mailer=self.mailer,
            clock=self.clock,
            preferences=self.personal.preferences,
            addresses=self.personal.addresses,
            settings=self.settings.registration,
        )
        self.house_ports, self.administration = an_administration(
            settings=self.settings,
            users=self.users,
            accounts=self.identity,
            printers=self.printers,
            intake=self.intake,
            clock=self.clock,
            jobs=self.jobs,
            attempts=self.attempts,
        )
        self.webhook_rows = MemoryWebhookStore()
        self.programs = Programs(
            tokens=ApiTokens(
                store=MemoryApiTokenStore(),
                users=self.users,
                identity=self.identity,
                hasher=FakeHasher(),
                audit=self.staff.audit,
                clock=self.clock,
            ),
            webhooks=Webhooks(
                store=self.webhook_rows,
                carrier=FakeCarrier(forbidden="inside"),
                keyring=self.keyring,
                audit=self.staff.audit,
                clock=self.clock,
            ),
        )
        await self.identity.add_user("alice", full_name="Alice Ode", password=PASSWORD, pin=PIN)
        await self.identity.add_user("bob", password=PASSWORD)
        await self.identity.add_user("olga", password=PASSWORD, role=Role.OPERATOR)
        return self

    def _take_documents(self) -> None:
        """What uploads need: the door for documents, and guests."""
        self.intake = Intake(
            spool=self.spool,
            keyring=self.keyring,
            jobs=self.jobs,
            printers=self.printers,
            attempts=self.attempts,
            events=self.events,
            clock=self.clock,
            hasher=FakeHasher(),
            settings=self.settings,
            charging=self.charging,
        )
        self.uploads = Uploads(
            uploads=MemoryUploadStore(),
            guests=self.guests,
            intake=self.intake,
            jobs=self.jobs,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            clock=self.clock,
            hasher=FakeHasher(),
            limits=self.identity.limits,
            settings=self.settings,
        )

        self.sites = Sites(store=MemorySiteStore(), printers=self.printers, events=self.events, clock=self.clock)
        self.network = FakeNetwork(sites=self.sites, audit=self.staff.audit, clock=self.clock)
        self.host_names = HostNames(self.printers, zone="print.example")
        self.setup = a_set_up(self)

    def preparation(self) -> Preparation:
        """A worker that makes what was uploaded printable; `run` it beside the pages."""
        return Preparation(
            jobs=self.jobs,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            converter=self.converter,
            events=self.events,
            clock=self.clock,
            workers=1,
            name="house",
            dues=Dues(enabled=self.settings.credit.enabled),
        )

    def app(self, **changes: Any) -> Starlette:
        given: dict[str, Any] = {
            "release": self.release,
            "preview": self.preview,
            "shares": self.shares,
            "delegates": self.delegates,
            "statistics": self.statistics,
            "live": self.live,
            "personal": self.personal,
            "people": self.joining.people,
            "mail_links": self.mail_links,
            "house": self.staff.services(identity=self.identity, personal=self.personal, people=self.joining.people),
            "mail_desk": self.mail_desk,
            "sign_in": self.sign_in.methods,
            "remote": self.remote,
            "phone": self.phone,
            "hosts": lambda: ("print.example", "192.0.2.10"),
            "kiosk": self.kiosk,
            "terminals": self.terminals,
            "doctor": self.doctor,
            "network": self.network.doctor(),
            "uploads": self.uploads,
            "guests": self.guests,
            "desk": self.desk,
            "administration": self.administration,
            "programs": self.programs,
            "printers": self.printers,
            "sites": self.sites,
            "setup": self.setup,
            "identity": self.identity,
            "settings": self.settings,
            "clock": self.clock,
            "ca_certificate": lambda: self.ca,
            "ports": lambda: self.ports,
        }
        return create_app(**given | changes)

    async def add(self, **fields: Any) -> Job:
        """A held job of alice unless said otherwise, with a printable document under a key of its own."""
        return await self.add_with_picture(**fields)

    async def add_with_picture(self, *pages: bytes, size: int = 1000, **fields: Any) -> Job:
        """`size`: what the document is said to have in octets."""
        plain, wrapped = self.keyring.new_key()
        document = replace(await self.sealed(plain, b"%PDF-1.7 as sent"), size=size)
        given = {
            "documents": (document,),
            "printable": await self.sealed(plain, fake_pdf(fields.get("pages") or 1)),
            "thumbnails": tuple([await self.sealed(plain, png, number) for number, png in enumerate(pages, 1)]),
            "key": wrapped,
            "created_at": self.clock.now() - 300,
        }
        return (await self.jobs.add([a_held_job(**given | fields)]))[0]

    async def sealed(self, key: bytes, data: bytes, number: int = 1) -> Document:
        writer = await self.spool.create(key)
        await writer.write(data)
        object_id, size, sha256 = await writer.commit()
        return a_document(id=object_id, size=size, sha256=sha256, number=number, format="image/png")

    async def change(self, job_id: int, *records: JobRecord, **fields: Any) -> Job:
        """The job after something that other services would have done."""
        return await self.jobs.update(job_id, lambda job: JobChange(job=replace(job, **fields), records=records))


def _status(state: DeviceState) -> DeviceStatus:
    return DeviceStatus(state=state)


async def busy_day(house: House) -> dict[str, Job]:
    """One job in every condition that the list can show."""
    now = house.clock.now()
    done = {"output_device": "copy-room", "ended_at": now - 7200, "created_at": now - 9000, "key": None}
    return {
        "report": await house.add_with_picture(
            *[a_page(n) for n in range(6)],
            name="Quarterly report 2026.pdf",
            pages=12,
            impressions=12,
            media_sheets=6,
            color=True,
            ticket=JobTicket(sides="two-sided-long-edge", print_color_mode="color"),
            size=2_400_000,
            expires_at=now + 23.2 * 3600,
        ),
        "tickets": await house.add_with_picture(
            a_page(7, boarding=True),
            name="Boarding pass Lisbon",
            size=184_000,
            expires_at=now + 5400,
            created_at=now - 20,
        ),
        "contract": await house.add_with_picture(
            a_page(3),
            a_page(4),
            name="Contract draft (signed).pdf",
            pages=4,
            impressions=8,
            media_sheets=4,
            favourite=True,
            expires_at=None,
            ticket=JobTicket(copies=2, sides="two-sided-long-edge"),
            size=512_000,
        ),
        "ask": await house.add(
            name="Minutes.docx",
            state=JobState.PROCESSING_STOPPED,
            reasons=(Reason.OUTCOME_UNKNOWN,),
            output_device="lobby",
            pages=3,
            impressions=3,
            media_sheets=3,
        ),
        "printing": await house.add_with_picture(
            a_page(5),
            name="Handout 7b",
            state=JobState.PROCESSING,
            reasons=(Reason.JOB_PRINTING,),
            output_device="lobby",
            pages=30,
            impressions=30,
            media_sheets=15,
            impressions_completed=11,
        ),
        "preparing": await house.add(
            name="Photo 10:42.jpg",
            state=JobState.PROCESSING,
            reasons=(Reason.JOB_TRANSFORMING,),
            printable=None,
            pages=None,
            media_sheets=None,
            color=None,
            size=4_100_000,
        ),
        "done": await house.add(name="Invoice 4711.pdf", state=JobState.COMPLETED, reasons=(), pages=1, **done),
        "broken": await house.add(
            name="scan_0017.pdf",
            state=JobState.ABORTED,
            reasons=(Reason.DOCUMENT_FORMAT_ERROR,),
            message="Page 2 cannot be read. Save the document anew and send it again.",
            pages=None,
            media_sheets=None,
            color=None,
            **(done | {"output_device": None, "printable": None}),
        ),
    }


def a_page(seed: int, *, boarding: bool = False) -> bytes:
    """A PNG that looks like a page from afar."""
    picture = Image.new("RGB", (212, 300), "white")
    pen = ImageDraw.Draw(picture)
    accents = ["#0b6a55", "#b4541f", "#34568b", "#7a3b69", "#5b5f2b", "#a3241c", "#1f6f8b", "#333333"]
    color = accents[seed % len(accents)]
    if boarding:
        pen.rectangle((14, 20, 198, 120), outline=color, width=3)
        pen.rectangle((14, 20, 198, 44), fill=color)
        for row in range(12):
            for column in range(12):
                if (row * 7 + column * 5 + row * column) % 3 == 0:
                    pen.rectangle((130 + column * 5, 54 + row * 5, 134 + column * 5, 58 + row * 5), fill="black")
        top = 140
    else:
        pen.rectangle((20, 24, 120 + seed * 6 % 60, 36), fill=color)
        top = 52
    for line in range(top, 270, 9):
        if seed % 3 == 0 and 120 < line < 200:
            continue
        pen.rectangle((20, line, 192 - (line * (seed + 3)) % 50, line + 3), fill="#c2c8c5")
    if seed % 3 == 0 and not boarding:
        for bar in range(6):
            height = 15 + (bar * 37 + seed * 11) % 55
            pen.rectangle((30 + bar * 26, 196 - height, 48 + bar * 26, 196), fill=color)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def a_side(side: int, pages: int, width: int) -> bytes:
    """PNG octets of one side with some pages on it, two of them on a sheet that lies across."""
    across, columns = pages in {2, 6}, {1: 1, 2: 2, 4: 2, 6: 3, 9: 3, 16: 4}[pages]
    sheet = Image.new("RGB", (width, round(width / 1.414) if across else round(width * 1.414)), "white")
    rows = pages // columns
    for place in range(pages):
        page: Image.Image = Image.open(io.BytesIO(a_page((side - 1) * pages + place)))
        page = ImageOps.contain(page, (sheet.width // columns, sheet.height // rows))
        sheet.paste(page, (place % columns * sheet.width // columns, place // columns * sheet.height // rows))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


@asynccontextmanager
async def serving(app: Starlette, *, tls: Path | None = None, port: int = 0) -> AsyncIterator[str]:
    """The pages on a free port of this machine: the base URL. `tls`: a PEM file with key and certificate."""
    listener = socket.create_server(("127.0.0.1", port))
    quiet: dict[str, Any] = {"lifespan": "off", "ws": "none", "log_config": None, "access_log": False}
    server = uvicorn.Server(uvicorn.Config(app, ssl_certfile=tls, ssl_keyfile=tls, **quiet))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()
