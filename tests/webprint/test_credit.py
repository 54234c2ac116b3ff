"""Credit on the pages: what one has and will have, the statement, the desk's top-up, and what staff corrects."""

import re
from decimal import Decimal

import pytest

from gateway.domain.credit import Entry, EntryKind
from gateway.domain.job import SHORT_OF_CREDIT
from gateway.domain.price import Tariff
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.settings import Settings
from tests.builders import NOW
from tests.webprint.station import COPY_ROOM, standing
from tests.webprint.visitor import visiting
from tests.webprint.web_house import PASSWORD, House

D = Decimal
ON = Settings(data="unused", site={"name": "Papertap"}, credit={"enabled": True})
CAROL = Actor(user="carol", role=Role.CASHIER)


@pytest.fixture
async def house() -> House:
    opened = await House(settings=ON).open()
    await opened.printers.change_printer("find-me", tariff=Tariff(grey=D("0.05"), currency="EUR"))
    await opened.identity.add_user("carol", password=PASSWORD, role=Role.CASHIER)
    await opened.identity.add_user("ada", password=PASSWORD, role=Role.ADMINISTRATOR)
    return opened


async def pay(house: House, amount: str, kind: EntryKind = EntryKind.TOP_UP, **fields: object) -> Entry:
    key = str(len(house.jobs.credit.rows))
    entry = Entry(owner="alice", amount=D(amount), currency="EUR", kind=kind, key=key, at=NOW, **fields)  # type: ignore[arg-type]
    return await house.jobs.credit.post(entry)


async def test_the_list_tells_what_is_there_and_what_will_be(house: House) -> None:
    await pay(house, "0.20")
    job = await house.add(pages=3)
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        page = (await alice.get("/jobs")).text
        assert "Credit €0.20" in page
        assert "Credit after it: €0.05" in page
        quote = (await alice.get(f"/jobs/quote?job={job.id}&device=copy-room&copies=2")).text
        assert "€0.10 of credit are missing" in quote
        other = await house.add(pages=3, owner="bob")
        refused = await alice.post("/jobs/release", {"job": str(job.id), "device": "copy-room", "copies": "2"})
        assert "€0.10 are missing to print this for €0.30: ask at the desk to add credit." in refused.text
        sent = await alice.post("/jobs/release", {"job": str(job.id), "device": "copy-room"})
        assert "Credit €0.05" in sent.text
    assert (await house.jobs.get(other.id)) == other


async def test_a_job_that_waits_for_credit_says_so_and_offers_no_other_device(house: House) -> None:
    message = "0.15 EUR are missing to print this for 0.15 EUR: ask at the desk to add credit."
    await house.add(printer="direct", pages=3, reasons=SHORT_OF_CREDIT, message=message)
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        page = (await alice.get("/jobs")).text
    assert "Waiting for credit" in page
    assert "€0.15 are missing to print this for €0.15" in page
    assert 'name="instead"' not in page


async def test_in_front_of_a_printer_a_phone_and_a_station_tell_it_too(house: House) -> None:
    await house.add(pages=3)
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        assert "€0.15 of credit are missing. Ask at the desk to add credit." in (await alice.get("/p/copy-room")).text
        await pay(house, "1")
        assert "Credit after it: €0.85" in (await alice.get("/p/copy-room")).text
    async with standing(house.app()) as alice:
        await alice.enter()
        page = (await alice.get(COPY_ROOM)).text
        assert "Credit €1.00" in page
        assert "Credit after it: €0.85" in page


async def test_a_statement_is_ones_own_and_comes_in_pages(house: House) -> None:
    await pay(house, "9", text="cash")
    await pay(house, "-0.15", EntryKind.CHARGE, job_id=7)
    await pay(house, "-0.10", EntryKind.CHARGE, text="tray")
    for _ in range(50):
        await pay(house, "0.01", EntryKind.ADJUSTMENT)
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        assert "€9.25" in (await alice.get("/account")).text
        page = (await alice.get("/account/credit")).text
        assert page.count("Corrected") == 50
        (older,) = re.findall(r'href="(/account/credit\?before=\d+)"', page)
        rest = (await alice.get(older)).text
        assert all(text in rest for text in ("-€0.15", "Job 7", "Copies at tray", "+€9.00", "cash", "then €8.75"))
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        page = (await bob.get("/account/credit")).text
        assert "€0.00" in page
        assert "Corrected" not in page


async def test_a_cashier_adds_at_the_desk_once_for_each_form(house: House) -> None:
    async with visiting(house.app()) as carol:
        await carol.sign_in("carol")
        assert 'action="/desk/credit"' in (await carol.get("/desk")).text
        page = (await carol.get("/desk/credit?name=ALICE")).text
        (key,) = re.findall(r'name="key" value="(\w+)"', page)
        form = {"name": "alice", "amount": "5,50", "text": "cash", "key": key}
        for _ in range(2):
            added = await carol.post("/desk/credit", form)
            assert added.headers["location"] == "/desk/credit?name=alice&done=added"
        assert "€5.50" in (await carol.get(added.headers["location"])).text
        assert "is no amount of EUR" in (await carol.post("/desk/credit", form | {"amount": "five"})).text
        assert "nobody called “nobody”" in (await carol.get("/desk/credit?name=nobody")).text
        assert (await carol.get("/admin/users")).status_code == 403
    assert [entry.amount for entry in await house.jobs.credit.entries("alice")] == [D("5.50")]


async def test_the_desk_at_a_station_adds_too(house: House) -> None:
    async with standing(house.app()) as carol:
        await carol.enter(**{"with": "password", "name": "carol", "password": PASSWORD})
        await carol.get(f"{COPY_ROOM}/desk/credit?name=alice")
        added = await carol.post(f"{COPY_ROOM}/desk/credit", {"name": "alice", "amount": "2", "key": "k"})
        assert added.headers["location"].startswith(f"{COPY_ROOM}/desk/credit?name=alice")


async def test_staff_corrects_gives_back_and_sets_a_limit(house: House) -> None:
    charge = await pay(house, "-0.15", EntryKind.CHARGE, job_id=7)
    user = await house.identity.get("alice")
    at = f"/admin/users/{user.uuid}/credit"
    async with visiting(house.app()) as ada:
        await ada.sign_in("ada")
        assert "-€0.15" in (await ada.get(f"/admin/users/{user.uuid}")).text
        await ada.get(at)
        taken = await ada.post(at, {"amount": "-1", "kind": "adjustment", "text": "typed wrong", "key": "a"})
        assert taken.headers["location"] == f"{at}?done=added"
        why = await ada.post(at, {"amount": "-1", "kind": "adjustment", "key": "b"})
        assert "Write why, in a few words" in why.text
        back = await ada.post(f"{at}/{charge.id}/refund", {"text": "a jam"})
        assert back.headers["location"] == f"{at}?done=refunded"
        limit = await ada.post(f"{at}/overdraft", {"overdraft": "3"})
        assert limit.headers["location"] == f"{at}?done=limit"
        page = (await ada.get(at)).text
        assert all(text in page for text in ("-€1.00", "typed wrong", "Given back", "Job 7 · a jam", 'value="3.00"'))
        await ada.post(f"{at}/overdraft", {"overdraft": ""})
    standing_ = await house.personal.credit.look(CAROL, "alice")
    assert (standing_.balance.amount, standing_.overdraft) == (-1, 0)


async def test_without_credit_nothing_of_it_is_shown() -> None:
    house = await House().open()
    await house.add(pages=3)
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        for path in ("/jobs", "/account", "/p/copy-room"):
            assert "Credit" not in (await alice.get(path)).text
        assert "does not work with credit" in (await alice.get("/account/credit")).text
