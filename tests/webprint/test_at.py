"""In front of a printer with a phone: from the sticker to paper, with and without a proof of standing there."""

import html
import re
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.job import Job, JobState
from gateway.domain.phone import Presence
from gateway.domain.price import Tariff
from gateway.domain.user import Actor
from gateway.settings import Settings
from tests.webprint.station import standing
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

AT = "/p/copy-room"


async def text_of(visitor: Visitor, path: str = AT, status: int = 200) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text)


async def printed(house: House, job: Job) -> bool:
    row = house.jobs.rows[job.id]
    return row.state is JobState.PENDING and row.output_device is not None


# --- the sticker -----------------------------------------------------------------------------------------------------


async def test_the_page_shows_the_place_the_jobs_and_the_total(alice: Visitor, house: House) -> None:
    tariff = Tariff(grey=Decimal("0.10"), color=Decimal("0.10"), currency="EUR")
    await house.printers.change_printer("find-me", tariff=tariff)
    jobs = [await house.add(name=f"Report {n}", pages=3, impressions=3, media_sheets=3) for n in "12"]
    await house.add(owner="bob", name="Not mine")
    text = await text_of(alice)
    for told in ("Copy room", "2nd floor, B-204", "Ready", "Report 1", "Report 2", "€0.60", "Print 2 jobs"):
        assert told in text
    assert "Not mine" not in text
    answer = await alice.post(f"{AT}/release", {"job": [str(job.id) for job in jobs]})
    assert answer.status_code == 200
    assert answer.text.count("on its way to Copy room") == 2
    assert [house.jobs.rows[job.id].output_device for job in jobs] == ["copy-room"] * 2


async def test_the_number_leads_to_the_same_page(alice: Visitor, house: House) -> None:
    number = await house.phone.numbers.of(house.printers.device("copy-room"))
    assert "Copy room" in await text_of(alice, f"/p/{number}")
    answer = await alice.get(f"/p?number={number[:2]}%20{number[2:]}")
    assert (answer.status_code, answer.headers["location"]) == (303, AT)
    for wrong in ("/p?number=", "/p?number=12", "/p?number=<script>", "/p/99999"):
        assert (await alice.get(wrong)).status_code == 404


async def test_options_count_and_what_does_not_come_out_there_is_told(alice: Visitor, house: House) -> None:
    job = await house.add(pages=3)
    await alice.get(AT)
    answer = await alice.post(f"{AT}/release", {"job": str(job.id), "copies": "0"})
    assert answer.status_code == 400
    assert not await printed(house, job)
    await alice.post(f"{AT}/release", {"job": str(job.id), "copies": "2", "pages": "1-2"})
    assert house.jobs.rows[job.id].ticket.copies == 2
    assert (await alice.post(f"{AT}/release", {})).status_code == 400
    assert (await alice.post(f"{AT}/release", {"job": "999"})).status_code == 404


async def test_a_stopped_device_offers_the_nearest_one_in_one_tap(alice: Visitor, house: House) -> None:
    job = await house.add()
    text = await text_of(alice, "/p/library")
    assert "Library cannot print now" in text
    found = re.search(r'formaction="/p/library/release" name="instead" value="([a-z-]+)"', text)
    assert found
    await alice.post("/p/library/release", {"job": str(job.id), "instead": found[1]})
    assert house.jobs.rows[job.id].output_device == found[1]


async def test_a_printer_with_several_devices_asks_which(alice: Visitor, house: House) -> None:
    job = await house.add()
    text = await text_of(alice, "/p/find-me")
    assert 'name="device" value="lobby"' in text
    await alice.post("/p/find-me/release", {"job": str(job.id)})
    assert not await printed(house, job)
    await alice.post("/p/find-me/release", {"job": str(job.id), "device": "lobby"})
    assert house.jobs.rows[job.id].output_device == "lobby"


async def test_a_stranger_signs_in_and_comes_back(house: House) -> None:
    async with visiting(house.app()) as visitor:
        text = await text_of(visitor)
        assert "/signin?next=%2Fp%2Fcopy-room" in text
        assert "for people with an account" in text
        text = await text_of(visitor, f"{AT}?c={'A' * 48}")
        assert f"next=%2Fp%2Fcopy-room%3Fc%3D{'A' * 48}" in text
        await visitor.get("/signin")
        fields = {"with": "password", "name": "alice", "password": "correct horse", "next": f"{AT}?c={'A' * 48}"}
        answer = await visitor.post("/signin", fields)
        assert answer.headers["location"] == f"{AT}?c={'A' * 48}"


# --- the screen beside it --------------------------------------------------------------------------------------------


class Screen:
    """The code that an enrolled screen shows, as a phone reads it."""

    def __init__(self, house: House, station: str = "copy-room") -> None:
        self.house, self.station = house, station

    async def open(self) -> "Screen":
        secret = await self.house.phone.codes.enrol(self.station, Actor(user="olga"))
        found = await self.house.phone.codes.screen(secret, self.station)
        assert found is not None
        self.row = found
        return self

    def now(self) -> tuple[str, int]:
        shown = self.house.phone.codes.show(self.row)
        return shown.code, shown.number


@pytest.fixture
async def screen(house: House) -> Screen:
    await house.printers.change_device("copy-room", presence=Presence.CODE)
    return await Screen(house).open()


async def test_the_static_code_prints_nothing_where_presence_is_asked_for(
    alice: Visitor, house: House, screen: Screen
) -> None:
    job = await house.add()
    text = await text_of(alice)
    assert "scan the code that changes" in text
    assert 'name="number"' not in text
    for fields in ({}, {"number": "10"}, {"c": "A" * 48, "number": "10"}, {"c": AT, "number": "10"}):
        await alice.post(f"{AT}/release", {"job": str(job.id)} | fields)
        assert not await printed(house, job)
    answer = await alice.post("/jobs/release", {"job": str(job.id), "device": "copy-room"})
    assert "Scan the code" in answer.text, "and not from the list of jobs either"
    assert not await printed(house, job)


async def test_the_changing_code_and_its_number_print(alice: Visitor, house: House, screen: Screen) -> None:
    job = await house.add()
    code, number = screen.now()
    text = await text_of(alice, f"{AT}?c={code}")
    assert len(re.findall(r'name="number" value="\d\d"', text)) == 3
    fields = {"job": str(job.id), "c": code, "number": str(number)}
    assert "on its way" in (await alice.post(f"{AT}/release", fields)).text
    assert await printed(house, job)
    other = await house.add()
    await alice.post(f"{AT}/release", fields | {"job": str(other.id)})
    assert not await printed(house, other), "a replay"


@pytest.mark.parametrize("abuse", ["other screen", "other person", "too late", "wrong number", "clock back"])
async def test_what_is_relayed_swapped_late_or_guessed_prints_nothing(
    alice: Visitor, house: House, screen: Screen, abuse: str
) -> None:
    job = await house.add()
    code, number = screen.now()
    if abuse == "other screen":
        code, number = (await Screen(house, "lobby").open()).now()
    if abuse == "other person":
        async with visiting(house.app()) as bob:
            await bob.sign_in("bob")
            await bob.get(f"{AT}?c={code}")
    if abuse == "too late":
        house.clock.tick(60)
    text = await text_of(alice, f"{AT}?c={code}", status=200 if abuse in {"wrong number", "clock back"} else 401)
    if abuse == "wrong number":
        number = next(int(n) for n in re.findall(r'name="number" value="(\d\d)"', text) if int(n) != number)
    if abuse == "clock back":
        house.clock.jump(-600)
        assert (await alice.get(AT)).status_code in {200, 303}
    await alice.post(f"{AT}/release", {"job": str(job.id), "c": code, "number": str(number)})
    assert not await printed(house, job)


async def test_a_touch_at_the_screen_prints(alice: Visitor, house: House) -> None:
    await house.printers.change_device("copy-room", presence=Presence.PANEL)
    job = await house.add()
    assert "It’s me" in await text_of(alice)
    answer = await alice.post(f"{AT}/release", {"job": str(job.id)})
    assert answer.status_code == 303
    wait = answer.headers["location"]
    number = re.search(r'class="at-number"[^>]*>(\d\d)<', await text_of(alice, wait))
    assert number
    assert not await printed(house, job)
    async with standing(house.app()) as person:
        await person.get("/kiosk/copy-room")
        assert "It’s me" not in html.unescape((await person.get("/kiosk/copy-room")).text), "no screen of the house"
        (row,) = house.phone.panel.waiting("copy-room")
        assert (await person.post("/kiosk/copy-room/touch", {"wait": row.id})).status_code == 403
        await person.enter(
            "/kiosk/copy-room", **{"with": "password", "mode": "desk", "name": "olga", "password": PASSWORD}
        )
        assert (await person.post("/kiosk/copy-room/screen")).status_code == 303
        await person.leave("/kiosk/copy-room")
        front = html.unescape((await person.get("/kiosk/copy-room")).text)
        assert "alice" in front
        assert number[1] in front
        assert (await person.post("/kiosk/copy-room/touch", {"wait": row.id})).status_code == 303
    assert await printed(house, job)
    assert "on its way to Copy room" in await text_of(alice, wait)
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        assert (await bob.get(wait)).status_code == 404


async def test_without_a_touch_the_phone_is_told(alice: Visitor, house: House) -> None:
    await house.printers.change_device("copy-room", presence=Presence.PANEL)
    job = await house.add()
    await alice.get(AT)
    wait = (await alice.post(f"{AT}/release", {"job": str(job.id)})).headers["location"]
    house.clock.tick(61)
    assert "Nobody touched the screen" in await text_of(alice, wait, status=401)
    assert not await printed(house, job)


async def test_the_screen_shows_a_code_only_where_staff_set_it_up(house: House) -> None:
    async with standing(house.app()) as person:
        assert "k-code" not in (await person.get("/kiosk/copy-room")).text
        await person.enter("/kiosk/copy-room")  # alice is nobody's staff
        assert (await person.post("/kiosk/copy-room/screen")).status_code == 403
        await person.enter(
            "/kiosk/copy-room", **{"with": "password", "mode": "desk", "name": "olga", "password": PASSWORD}
        )
        assert "Show codes on this screen" in (await person.get("/kiosk/copy-room/desk")).text
        await person.post("/kiosk/copy-room/screen")
        await person.leave("/kiosk/copy-room")
        for path in ("/kiosk/copy-room", "/kiosk/copy-room/last"):
            text = (await person.get(path)).text
            assert "k-code" in text
            assert "<svg" in text
        assert "k-code" not in (await person.get("/kiosk/lobby")).text, "bound to where it stands"


# --- printed without signing in --------------------------------------------------------------------------------------


async def a_house(**guests: Any) -> House:
    house = await House(settings=Settings(data="unused", guests={"release": "here", **guests})).open()
    await house.printers.change_printer("find-me", guests=True)
    return house


async def unclaimed(house: House, **fields: Any) -> Job:
    given = {"owner": None, "address": "127.0.0.1", "created_at": house.clock.now(), "name": "Love letter.pdf"}
    return await house.add(**given | fields)


async def test_who_is_signed_in_claims_by_the_label(alice: Visitor, house: House) -> None:
    job = await unclaimed(house)
    assert f"{AT}/claim" in await text_of(alice)
    text = await text_of(alice, f"{AT}/claim")
    assert "Love letter" not in text, "others behind this address read it, too"
    assert len(re.findall(r'name="label"', text)) == 5
    label = house.phone.claims.label(job)
    answer = await alice.post(f"{AT}/claim", {"job": str(job.id), "label": label})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AT}?done=claimed")
    text = await text_of(alice, f"{AT}?done=claimed")
    assert "Love letter.pdf" in text
    assert "/account/printers" in text
    assert house.jobs.rows[job.id].owner == "alice"


async def test_a_wrong_label_closes_the_job(alice: Visitor, house: House) -> None:
    job = await unclaimed(house)
    labels = re.findall(r'name="label" value="([^"]+)"', await text_of(alice, f"{AT}/claim"))
    wrong = next(label for label in labels if label != house.phone.claims.label(job))
    answer = await alice.post(f"{AT}/claim", {"job": str(job.id), "label": wrong})
    assert answer.status_code == 403
    assert "A wrong label was chosen" in answer.text
    answer = await alice.post(f"{AT}/claim", {"job": str(job.id), "label": house.phone.claims.label(job)})
    assert answer.status_code == 403
    assert house.jobs.rows[job.id].owner is None


async def test_a_guest_claims_without_an_account_and_prints() -> None:
    house = await a_house()
    job = await unclaimed(house)
    async with visiting(house.app()) as guest:
        assert f"{AT}/claim" in await text_of(guest)
        await guest.get(f"{AT}/claim")
        answer = await guest.post(f"{AT}/claim", {"job": str(job.id), "label": house.phone.claims.label(job)})
        assert answer.headers["location"] == f"/guest/jobs/{job.id}"
        assert "Love letter.pdf" in await text_of(guest, f"/guest/jobs/{job.id}")
        await guest.post(f"/guest/jobs/{job.id}/print", {"device": "copy-room"})
    assert await printed(house, job)


async def test_strangers_are_told_nothing_of_what_is_not_for_guests(house: House) -> None:
    job = await unclaimed(house)
    async with visiting(house.app()) as stranger:
        text = await text_of(stranger, f"{AT}/claim")
        assert 'name="label"' not in text
        assert "/signin?next=" in text
        await stranger.get(f"{AT}/claim")
        answer = await stranger.post(f"{AT}/claim", {"job": str(job.id), "label": house.phone.claims.label(job)})
    assert answer.status_code == 403
    assert house.jobs.rows[job.id].owner is None


async def test_from_another_address_there_is_nothing(house: House) -> None:
    await unclaimed(house, address="192.0.2.77")
    async with visiting(house.app()) as visitor:
        await visitor.sign_in()
        assert "Nothing came from this phone" in await text_of(visitor, f"{AT}/claim")
        for form in ({}, {"job": "x"}, {"job": "9" * 30}):
            assert (await visitor.post(f"{AT}/claim", form)).status_code == 400


async def test_a_guest_with_the_screens_code_prints_where_codes_are_typed_else() -> None:
    house = await a_house(release="code")
    await house.printers.change_device("copy-room", presence=Presence.CODE)
    screen = await Screen(house).open()
    job = await unclaimed(house)
    async with visiting(house.app()) as guest:
        await guest.get(f"{AT}/claim")
        await guest.post(f"{AT}/claim", {"job": str(job.id), "label": house.phone.claims.label(job)})
        code, number = screen.now()
        text = await text_of(guest, f"{AT}?c={code}")
        assert "Love letter.pdf" in text
        await guest.post(f"{AT}/release", {"job": str(job.id)})
        assert not await printed(house, job)
        await guest.post(f"{AT}/release", {"job": str(job.id), "c": code, "number": str(number)})
    assert await printed(house, job)
