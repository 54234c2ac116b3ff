"""A house in which every page has something to show, as people and guests have it after a year."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID, uuid4

import pyotp

from gateway.domain.account import Receipt
from gateway.domain.capabilities import Capabilities
from gateway.domain.copier import Counter
from gateway.domain.credential import LinkedIdentity, Passkey
from gateway.domain.credit import Entry, EntryKind
from gateway.domain.directory import FieldMap, LdapSettings, Secrets
from gateway.domain.discovered import Discovered
from gateway.domain.events import JobRecord
from gateway.domain.group import GroupKind
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.mail import Mail, MailFile, MailState
from gateway.domain.person import Person
from gateway.domain.price import Tariff
from gateway.domain.project import ProjectPolicy
from gateway.domain.rights import Role
from gateway.domain.site import Zone, parse_network
from gateway.domain.terminal import Terminal
from gateway.domain.user import SYSTEM, Actor
from gateway.domain.webhook import Delivery, DeliveryState, Webhook
from gateway.errors import NotAuthenticated
from gateway.services.doctor import Doctor
from gateway.services.mail_links import MailAction
from gateway.services.network_doctor import ProbeReport
from gateway.services.network_view import NameView, Reached, View
from gateway.services.setup import DEVICE, PRINTER, STEP, Step
from gateway.services.terminal_desk import COUNTED
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Settings
from tests.fakes_doctor import FakeSurroundings, heard_of
from tests.fakes_mail import BoxStatus, FakeMailbox, an_envelope
from tests.fakes_projects import a_project
from tests.terminal_house import TerminalHouse
from tests.webprint.signin_house import providers
from tests.webprint.web_house import PASSWORD, House, a_page, busy_day

TARIFF = Tariff(grey=Decimal("0.05"), color=Decimal("0.25"), currency="EUR")
OWN_WORDS = ("Its owner asked at the desk why it failed", "Telephone with a long name")
MONTH = 30 * 86400.0


@dataclass(kw_only=True)
class Full:
    """`jobs` by their part in the tour; `guest` is the value of a guest's cookie; `tokens` of links in letters."""

    house: House
    jobs: dict[str, Job]
    guest: str = ""
    tokens: dict[str, str] = field(default_factory=dict)


async def full_house() -> Full:
    identity = IdentitySettings(providers=providers())
    house = await House(
        settings=Settings(
            data="unused",
            site={"name": "Papertap"},
            identity=identity,
            registration={"enabled": True},
            credit={"enabled": True, "overdraft": 2},
        )
    ).open()
    full = Full(house=house, jobs=await busy_day(house))
    await house.printers.change_printer("find-me", guests=True, tariff=TARIFF)
    await house.printers.add_device(
        "annex", "socket://192.0.2.7:9100", info="Annex", capabilities=Capabilities(color=False)
    )
    await house.identity.change_user("alice", email="alice.ode@example.org")
    await house.identity.add_user("newcomer", password=PASSWORD)
    await house.identity.add_user("ada", password=PASSWORD, role=Role.ADMINISTRATOR)
    await _more_jobs(full)
    await _a_guest(full)
    await _a_year(house)
    await _credentials(house)
    await _letters(full)
    await _credit(house)
    await _directories(full)
    _restores(full)
    await _projects(full)
    await _a_site(house)
    await _a_network(full)
    await _terminals(full)
    await _staff(full)
    await _programs(house)
    await house.delegates.grant(Actor(user="alice"), "bob")
    await house.delegates.grant(Actor(user="bob"), "alice")
    return full


async def _credit(house: House) -> None:
    """Every kind of entry; bob has less than his job costs."""
    entries = (
        ("alice", "20.00", EntryKind.TOP_UP, "olga", OWN_WORDS[1], None),
        ("alice", "-0.15", EntryKind.CHARGE, "", "", 7),
        ("alice", "-0.10", EntryKind.CHARGE, "", "lobby", None),
        ("alice", "-1.00", EntryKind.ADJUSTMENT, "olga", OWN_WORDS[1], None),
        ("alice", "0.15", EntryKind.REFUND, "olga", OWN_WORDS[1], 7),
        ("bob", "-2.00", EntryKind.CHARGE, "", "", 8),
    )
    for number, (owner, amount, kind, by, text, job) in enumerate(entries):
        await house.jobs.credit.post(
            Entry(
                owner=owner,
                amount=Decimal(amount),
                currency="EUR",
                kind=kind,
                key=str(number),
                at=house.clock.now() - 3600,
                by=by,
                text=text,
                job_id=job,
            )
        )
    low = await house.jobs.credit.balance("alice", "EUR")
    await house.personal.notices.low_balance(low, "low/1")


async def _terminals(full: Full) -> None:
    """A reader with a test tap, one that locked itself, codes for a phone, and a printer that ails a little."""
    rooms = TerminalHouse(full.house)
    _, terminal = await rooms.enrolled("lobby-box", "lobby")
    rooms.desk.probe.arm(terminal.uuid)
    await rooms.desk.tap(terminal, "0077732223", address="10.0.0.7")
    _, locked = await rooms.enrolled("locked-box", "library")
    await rooms.terminals.lock(locked, COUNTED)
    await _copies(rooms, terminal)
    for name, card in (("approve", None), ("approve card", "hash")):
        code = rooms.phones.show(name, station="copy-room", title="Copy room", card=card)
        full.tokens |= {name: code.text, f"{name} number": code.number}
    network = FakeSurroundings(announced=False)
    network.without("media-col-ready", "urf-supported")
    full.house.doctor = Doctor(surroundings=network, clock=full.house.clock)
    await _networks(full)


async def _networks(full: Full) -> None:
    """Seen from two interfaces, and by probes from a network that is well and one that is not."""
    house = full.house
    one = heard_of(house.printers.default(), "192.0.2.10")
    house.network.views = [
        View(place="eth0 (192.0.2.10)", address="192.0.2.10", heard=one),
        View(place="docker0 (172.17.0.1)", address="172.17.0.1", left_out=True),
        View(place="wlan0 (10.0.0.1)", address="10.0.0.1"),
    ]
    doctor, silent = house.network.doctor(), View(place="", address="", own=False)
    away = Reached(host="print.example", port=8631, address="192.0.2.10", error="it took too long")
    well = replace(away, tls="TLSv1.3", status=0, error="")
    every = tuple(each for printer in house.printers.all() for each in heard_of(printer))
    for address, reached, names in (
        ("10.1.2.3", well, NameView(resolver="10.1.2.1", heard=every)),
        ("10.7.7.7", away, NameView(resolver="10.7.7.1", rcode=5)),
    ):
        await doctor.new_probe(Actor(user="ada"), "print.example")
        report = ProbeReport(
            machine="library-pc", system="Linux", address=address, multicast=silent, names=names, reached=(reached,)
        )
        await doctor.take(house.network.codes[-1], report, address)


async def _copies(rooms: TerminalHouse, terminal: Terminal) -> None:
    """Counted, with nothing to count, unclear, and not settled yet."""
    copiers, alice, device = rooms.desk.copiers, Actor(user="alice"), rooms.house.printers.device("lobby")
    readings = ((10, 14, 20), (14, 14, 20), (14, 3, 20))
    for number, (before, after, scans) in enumerate(readings):
        began = {Counter.COPIES: before, Counter.COLOR_COPIES: before, Counter.SCANS: 20}
        ended = {Counter.COPIES: after, Counter.COLOR_COPIES: after, Counter.SCANS: scans}
        await copiers.begin(terminal, device, alice, str(number), began)
        await copiers.end(terminal, str(number), ended)
    await copiers.begin(terminal, device, alice, "open", {Counter.COPIES: 1})


async def _more_jobs(full: Full) -> None:
    house, now = full.house, full.house.clock.now()
    full.jobs["locked"] = await house.add(
        name="Payslip.pdf", reasons=(Reason.DOCUMENT_PASSWORD_ERROR,), printable=None, pages=None, media_sheets=None
    )
    full.jobs["long"] = await house.add(name="Donaudampfschifffahrtsgesellschaftskapitän " * 3, favourite=True)
    full.jobs["bob"] = await house.add(owner="bob", name="Meeting notes")
    records = [
        JobRecord(job_id=full.jobs["report"].id, at=now - 200, what=what, by=by, text=text)
        for what, by, text in (
            ("received", "intake", "document 1, 2400000 octets"),
            ("prepared", "preparation", "12 pages"),
            ("released to Copy room", "alice", ""),
            ("held again", "delivery", "The gateway was interrupted."),
            ("paid in cash", "olga", "0.60 EUR"),
        )
    ]
    await house.change(full.jobs["report"].id, *records)


HOOK = UUID(int=77)


async def _programs(house: House) -> None:
    """A webhook that fails after some success, and a token."""
    now = house.clock.now()
    hook = Webhook(
        id=HOOK,
        name="Cost centre ledger",
        url="https://hooks.example.org/papertap",
        kinds=("job-completed", "device-state-changed"),
        secret=b"wrapped",
        created_at=now - 90_000,
        told_at=now - 7200,
        failing_since=now - 3600,
    )
    await house.webhook_rows.save_webhook(hook)
    rows = (
        (DeliveryState.DELIVERED, 200, ""),
        (DeliveryState.GIVEN_UP, 500, "It answered 500."),
        (DeliveryState.WAITING, None, "It could not be reached: nobody listens there."),
    )
    for number, (state, status, answer) in enumerate(rows):
        delivery = Delivery(
            webhook=HOOK,
            event=UUID(int=number),
            kind="job-completed",
            body="{}",
            state=state,
            created_at=now - 7200 + number,
            due_at=now,
            tries=number,
            status=status,
            answer=answer,
        )
        await house.webhook_rows.put(delivery)
    ada = await house.identity.actor_of(await house.identity.get("ada"), address="", via="test")
    await house.programs.tokens.add(ada, "Nightly report", ["reports", "jobs:own"], networks=["10.20.0.0/16"])


async def _a_guest(full: Full) -> None:
    house = full.house
    full.guest, guest = await house.guests.open(
        house.printers.get("find-me"), address="127.0.0.1", label="Blue jacket", place="copy-room"
    )
    full.jobs["guest"] = await house.add_with_picture(a_page(7, boarding=True), owner=guest.name, name="Ticket.pdf")
    full.jobs["guest done"] = await house.add(
        owner=guest.name, name="Map.pdf", state=JobState.COMPLETED, reasons=(), output_device="lobby"
    )
    _, other = await house.guests.open(house.printers.get("find-me"), address="127.0.0.1", label="At table four")
    full.jobs["slip"] = await house.add_with_picture(a_page(2), owner=other.name, name="Recipe.pdf")


async def _a_year(house: House) -> None:
    for month in range(11):
        house.jobs.ledger.append(
            Receipt(
                release_id=uuid4(),
                job_id=1,
                owner="alice",
                printer="find-me",
                device="lobby",
                at=house.clock.now() - month * MONTH,
                impressions=40 + month * 13 % 50,
                media_sheets=25,
                color=month % 3 == 0,
                confirmed=True,
                amount=Decimal("3.40"),
                currency="EUR",
            )
        )


async def _credentials(house: House) -> None:
    alice, now, rows = await house.identity.get("alice"), house.clock.now(), house.sign_in.credentials
    await house.sign_in.methods.app_passwords.add(alice, "Scanner app")
    await rows.add_passkey(
        Passkey(
            id=uuid4(),
            user=alice.uuid,
            credential=b"one",
            public_key=b"key",
            sign_count=1,
            rp_id="localhost",
            name="Telephone with a long name",
            created_at=now,
            used_at=now,
        )
    )
    await rows.add_identity(
        LinkedIdentity(
            id=uuid4(),
            user=alice.uuid,
            issuer="https://login.corp.example",
            subject="s",
            provider="corp",
            email="alice.ode@department.example.org",
            created_at=now,
        )
    )
    await house.identity.open_session(alice, method="passkey", address="2001:db8::17", browser="Safari, iPhone")


async def _letters(full: Full) -> None:
    """Addresses, cards, notices and what others looked at."""
    house, personal = full.house, full.house.personal
    now, user = house.clock.now(), await house.identity.get("alice")
    await house.people.personal.add_address(user.uuid, "ode.printing@a-rather-long-name.example.org", now)
    user = await personal.cards.add(user, "04A2197F", label="Blue badge")
    expiring = await house.add(name="Timetable.pdf", expiry_warned=True, expires_at=now + 3000)
    for job in (expiring, full.jobs["broken"], full.jobs["ask"]):
        await personal.notices.look(job.id)
    full.tokens["keep"] = _token(house.mailer.letters[0].values["extend_url"])
    _, phone = await house.phone.staying.begin(user, name="Safari, iPhone", method="password", address="192.0.2.5")
    await personal.notices.copied(user, phone, "203.0.113.9")
    await personal.addresses.ask(user, "new@example.org", base="https://print.example", language="en")
    full.tokens["verify"] = _token(house.mailer.letters[-1].values["url"])
    await house.joining.people.registrations.begin("tourist@example.org", "Tara Tourist", "web")
    full.tokens["register"] = _token(house.mailer.letters[-1].values["link"])
    olga = Actor(user="olga", address="192.0.2.17", via="web")
    await personal.access_log.note(full.jobs["broken"], olga, "pages", OWN_WORDS[0])
    await personal.access_log.note(expiring, olga, "details")
    await _mailed(full)


async def _mailed(full: Full) -> None:
    """Two mails: one whose job waits, and one whose sender was asked by a link."""
    house = full.house
    _, key = house.keyring.new_key()
    job = await house.add(name="Club minutes.pdf", source="mail")
    given = {"object_id": None, "key": key, "size": 9, "received_at": house.clock.now(), "from_address": "a@b.org"}
    envelope = an_envelope()
    file = MailFile(name="Club minutes.pdf", printer="find-me", job=job.id)
    mail = Mail(
        uuid=uuid4(),
        digest="a",
        envelope=envelope,
        state=MailState.DONE,
        owner="alice",
        subject="Club minutes",
        files=(file,),
        **given,
    )
    asked = replace(mail, uuid=uuid4(), digest="b", state=MailState.ASKED, files=(), owner=None)
    for action, row in ((MailAction.DELETE, mail), (MailAction.NOT_ME, mail), (MailAction.CONFIRM, asked)):
        full.tokens[action.value] = _token(house.mail_links.url(await house.mails.add(row), action))
    works = BoxStatus(ok=True, text="IMAP, IDLE", at=house.clock.now() - 180, taken=12)
    fails = BoxStatus(
        ok=False,
        text="imap.example.org refuses: Authentication failed. Check user and password, and whether it allows this way in.",
        at=house.clock.now() - 20,
    )
    boxes = (FakeMailbox(status=works), FakeMailbox(name="dead", status=fails, broken=True), FakeMailbox(name="new"))
    house.mail_desk = replace(
        house.mail_desk, mailboxes=boxes, write=_written, refused=lambda: {"550 5.1.1": 7.0, "450 4.7.1": 1.0}
    )


async def _written(_address: str, _language: str) -> str:
    return "250 2.0.0 4711"


async def _a_network(full: Full) -> None:
    """Found printers, and a set-up that somebody has left half-way; the link is another that opens nothing yet."""
    house, network = full.house, full.house.house_ports.network
    network.announced = [
        Discovered(
            name="Kyoto 9 [A1:B2]",
            model="Kyoto LaserPro 9",
            location="3rd floor, C-301",
            addresses=("192.0.2.41", "2001:db8::41"),
            uris=("ipps://192.0.2.41:631/ipp/print", "socket://192.0.2.41:9100"),
            told_by=("mdns",),
        )
    ]
    network.machines["192.0.2.50"] = Discovered(
        model="Oslo InkJet 3", identity="serial:X1", addresses=("192.0.2.50",), told_by=("snmp",)
    )
    house.administration.search.start("192.0.2.40-192.0.2.60")
    await house.administration.search.finished()
    await house.printers.change_device("library", pinned_certificate="0f" * 32)
    full.tokens["welcome"] = await house.administration.setup.new_link(by_shell=True) or ""
    await house.house_ports.values.put({STEP: Step.SITE, DEVICE: "copy-room", PRINTER: "find-me"})


def _token(url: str) -> str:
    return url.partition("token=")[2]


async def _staff(full: Full) -> None:
    """Groups, roles, deeds, and somebody who has made the first step of two."""
    house, staff = full.house, full.house.staff
    await staff.groups.add(SYSTEM, "Town school", kind=GroupKind.DEPARTMENT, cost_centre="4711")
    await staff.groups.add(SYSTEM, "Class 7b", parent="Town school", label="7b, Miss Lovelace")
    await staff.groups.add_member(SYSTEM, "Class 7b", "alice")
    await staff.roles.give(SYSTEM, "alice", Role.CASHIER)
    await staff.roles.give(SYSTEM, "Town school", Role.DESK, group=True)
    alice = await house.identity.get("alice")
    full.tokens |= {"alice-id": str(alice.uuid), "alice-version": str(alice.version)}
    dora = await house.identity.add_user("dora", password=PASSWORD)
    secret = (await staff.second.begin(dora)).text.replace(" ", "")
    await staff.second.confirm(dora, pyotp.TOTP(secret).at(int(house.clock.now())))
    for _ in range(5):
        with suppress(NotAuthenticated):
            await house.identity.sign_in_password("mallory", "guess", address="198.51.100.9")


def _restores(full: Full) -> None:
    """What an earlier one has left behind."""
    full.house.house_ports.restores.folders = ["before-restore-20261101-080000"]


async def _a_site(house: House) -> None:
    """A place with a small network within its large one."""
    zones = (
        Zone(name="campus", networks=(parse_network("10.20.0.0/16"),)),
        Zone(name="reading", networks=(parse_network("10.20.0.0/24"),), printers=("direct",), groups=("staff",)),
    )
    await house.sites.add("north", info="Nordhaus", location="Hill 7", zones=zones)


async def _projects(full: Full) -> None:
    """Favourites, a default, one that has ended, and a file that waits; find-me takes them, and one was printed for."""
    house, rows = full.house, full.house.staff.project_rows
    await house.printers.change_printer("find-me", projects=ProjectPolicy.OPTIONAL)
    several = (("P-2041", "Harbour Bridge", ()), ("P-2042", "Seenplattenbrücke Nordufer Harbour " * 3, ("Class 7b",)))
    await rows.save_projects(
        [a_project(code, title=title, everyone=not groups, groups=groups) for code, title, groups in several]
    )
    await rows.save_projects([a_project("OLD-7", title="Concert hall", active=False)])
    alice = await house.identity.actor_of(await house.identity.get("alice"), address="", via="test")
    await house.charging.mark_favourite(alice, "P-2041", favourite=True)
    await house.charging.set_default(alice, "P-2041")
    rows.receipts = [
        replace(house.jobs.ledger[0], release_id=uuid4(), project="P-2041", comment="Sheet 4", media_sheets=12)
    ]
    full.tokens["projects"] = await house.staff.project_files.take(_projects_file(), by="ada")


async def _projects_file() -> AsyncIterator[bytes]:
    yield b"code;title;until\nP-2041;Harbour Bridge II;2027-12-31\nbad code;x;\n"


async def _directories(full: Full) -> None:
    """One that was read, somebody who waits for a yes, and a file that waits for its preview."""
    joining = full.house.joining
    settings = LdapSettings(urls=("ldaps://ldap.school.example",), bind_dn="cn=papertap", base="dc=school")
    await joining.book.add(
        "school", settings, Secrets(password="secret"), fields=FieldMap(groups=""), info="Bergschule"
    )
    joining.makers.one.people = [Person(external_id=f"id-{n}", name=f"pupil{n}", full_name="") for n in range(3)]
    await joining.book.run("school", by="ada")
    joining.makers.one.people.append(Person(external_id="id-9", name="pupil9", full_name=""))
    await joining.people.registrations.begin("waiting@example.org", "Tara Tourist", "web")
    await joining.people.registrations.confirm(_token(full.house.mailer.letters[-1].values["link"]))
    full.tokens["import"] = await joining.people.imports.take(_a_file(), by="ada")


async def _a_file() -> AsyncIterator[bytes]:
    yield b"name;mail;card\npupil20;pupil20@example.org;04AA0001\n"
