"""A house in which every page has something to show, as people and guests have it after a year."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import uuid4

from gateway.domain.account import Receipt
from gateway.domain.capabilities import Capabilities
from gateway.domain.credential import LinkedIdentity, Passkey
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.price import Tariff
from gateway.domain.user import Actor
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Settings
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
    house = await House(settings=Settings(data="unused", site={"name": "Papertap"}, identity=identity)).open()
    full = Full(house=house, jobs=await busy_day(house))
    await house.printers.change_printer("find-me", guests=True, tariff=TARIFF)
    await house.printers.add_device(
        "annex", "socket://192.0.2.7:9100", info="Annex", capabilities=Capabilities(color=False)
    )
    await house.identity.change_user("alice", email="alice.ode@example.org")
    await house.identity.add_user("newcomer", password=PASSWORD)
    await _more_jobs(full)
    await _a_guest(full)
    await _a_year(house)
    await _credentials(house)
    await _letters(full)
    await house.delegates.grant(Actor(user="alice"), "bob")
    await house.delegates.grant(Actor(user="bob"), "alice")
    return full


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
    await personal.addresses.ask(user, "new@example.org", base="https://print.example", language="en")
    full.tokens["verify"] = _token(house.mailer.letters[-1].values["url"])
    olga = Actor(user="olga", address="192.0.2.17", via="web")
    await personal.access_log.note(full.jobs["broken"], olga, "pages", OWN_WORDS[0])
    await personal.access_log.note(expiring, olga, "details")


def _token(url: str) -> str:
    return url.partition("token=")[2]
