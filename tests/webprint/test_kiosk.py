"""The release station without scripts: in, jobs, out; and everything that must not stay, leak or be guessed there."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.domain.job import JobState, Reason
from gateway.domain.kiosk import KioskProof
from gateway.domain.price import Tariff
from gateway.domain.ticket import JobTicket
from gateway.settings import Settings
from tests.webprint.station import COPY_ROOM, Person, standing
from tests.webprint.visitor import SECURE, visiting
from tests.webprint.web_house import PASSWORD, PIN, House, a_page

CARD = "04A2197F"
LAN = "http://print.example:8080"


@pytest.fixture
async def person(house: House) -> AsyncIterator[Person]:
    await house.identity.add_card("alice", CARD)
    async with standing(house.app()) as one:
        yield one


async def a_house(**kiosk: object) -> House:
    house = await House(settings=Settings(data="unused", kiosk=kiosk)).open()
    await house.identity.add_card("alice", CARD)
    return house


# --- ways in


async def test_choosing_a_station(person: Person) -> None:
    page = await person.get("/kiosk")
    assert 'href="/kiosk/copy-room"' in page.text
    assert "Out of paper" in page.text, "the library's device"


async def test_by_pin(person: Person) -> None:
    assert 'inputmode="numeric"' in (await person.get(COPY_ROOM)).text
    answer = await person.enter()
    assert (answer.status_code, answer.headers["location"]) == (303, COPY_ROOM)
    assert "My jobs" in (await person.get(COPY_ROOM)).text


async def test_by_name_and_password(person: Person) -> None:
    await person.enter(**{"with": "password", "name": "bob", "password": PASSWORD})
    assert '<p class="k-who">bob</p>' in (await person.get(COPY_ROOM)).text


async def test_by_card(person: Person) -> None:
    await person.enter(**{"with": "card", "card": "04:a2:19:7f"})
    assert '<p class="k-who">alice</p>' in (await person.get(COPY_ROOM)).text


async def test_by_code(person: Person, house: House) -> None:
    assert "with=code" not in (await person.get(COPY_ROOM)).text
    await house.printers.change_printer("find-me", guests=True)
    cookie, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99")
    job = await house.add(owner=guest.name, name="My photo")
    await house.add(name="Plan of alice")
    code = house.guests.code(guest, cookie)
    await person.enter(**{"with": "code", "code": f"{code[:3]} {code[3:]}"})
    page = await person.get(COPY_ROOM)
    assert "My photo" in page.text
    assert "Plan of alice" not in page.text
    assert guest.name not in page.text
    assert (await person.post(f"{COPY_ROOM}/release", {"job": str(job.id)})).status_code == 303
    assert (await house.change(job.id)).output_device == "copy-room"


async def test_a_scanned_slip_is_a_code(person: Person, house: House) -> None:
    await house.printers.change_printer("find-me", guests=True)
    cookie, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99")
    address = f"https://print.example/guest?code={house.guests.code(guest, cookie)}"
    assert (await person.enter(**{"with": "card", "card": address})).status_code == 303
    assert person.inside


async def test_a_wrong_proof_is_told_and_signs_nobody_in(person: Person) -> None:
    answer = await person.enter(pin="000007")
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "000007" not in answer.text
    assert not person.inside


async def test_too_many_tries_tell_how_long_to_wait(person: Person) -> None:
    for guess in range(20):
        assert (await person.enter(pin=f"7{guess:05d}")).status_code == 401
    answer = await person.enter()
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"


async def test_card_and_pin(person: Person, house: House) -> None:
    await house.printers.change_printer("find-me", kiosk_proofs=(KioskProof.CARD_PIN,))
    answer = await person.enter(**{"with": "card", "card": CARD})
    assert answer.headers["location"] == f"{COPY_ROOM}?ask=pin&mode=own"
    page = await person.get(answer.headers["location"])
    assert "Now your PIN" in page.text
    assert CARD not in page.text
    wrong = await person.post(f"{COPY_ROOM}/in", {"with": "second", "ask": "pin", "pin": "000007"})
    assert wrong.status_code == 401
    assert "Now your PIN" in wrong.text, "asked again"
    right = await person.post(f"{COPY_ROOM}/in", {"with": "second", "ask": "pin", "pin": PIN})
    assert (right.status_code, right.headers["location"]) == (303, COPY_ROOM)
    assert "papertap-kiosk-card" not in person.client.cookies


async def test_a_pin_without_the_card_before_it_is_nothing(person: Person, house: House) -> None:
    await house.printers.change_printer("find-me", kiosk_proofs=(KioskProof.CARD_PIN,))
    answer = await person.enter(**{"with": "second", "ask": "pin"})
    assert answer.status_code == 401
    assert "Hold your card to the reader again" in answer.text


async def test_a_new_card_is_added_by_signing_in_another_way(person: Person, house: House) -> None:
    answer = await person.enter(**{"with": "card", "card": "0499AA01"})
    assert answer.headers["location"] == f"{COPY_ROOM}?ask=way&mode=own"
    assert "This card is not known here" in (await person.get(answer.headers["location"])).text
    await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
    assert "Add this card" in (await person.get(COPY_ROOM)).text
    answer = await person.post(f"{COPY_ROOM}/card", {"answer": "add"})
    assert "The card is yours now" in answer.text
    assert len((await house.identity.get("alice")).cards) == 2
    assert "Add this card" not in (await person.get(COPY_ROOM)).text
    await person.enter(**{"with": "card", "card": "0499AA01"})
    assert "alice" in (await person.get(COPY_ROOM)).text


async def test_a_card_that_was_lent_for_the_day_ends_with_it(person: Person, house: House) -> None:
    await person.enter(**{"with": "card", "card": "0499AA01"})
    await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
    await person.get(COPY_ROOM)
    answer = await person.post(f"{COPY_ROOM}/card", {"answer": "add", "days": "1"})
    assert "The card is yours for 1 day." in answer.text
    house.clock.tick(86400 - 1)
    assert await house.personal.cards.purge() == 0
    house.clock.tick(2)
    assert await house.personal.cards.purge() == 1
    assert (await house.identity.get("alice")).cards == (house.identity.card_hash(CARD),)


@pytest.mark.parametrize("days", ["2", "-1", "x", "99999"])
async def test_a_card_is_lent_for_no_other_span(person: Person, house: House, days: str) -> None:
    await person.enter(**{"with": "card", "card": "0499AA01"})
    await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
    await person.get(COPY_ROOM)
    answer = await person.post(f"{COPY_ROOM}/card", {"answer": "add", "days": days})
    assert "lent for 1, 7 or 30 days" in answer.text
    assert len((await house.identity.get("alice")).cards) == 1


async def test_who_does_not_want_the_card_is_not_asked_again(person: Person, house: House) -> None:
    await person.enter(**{"with": "card", "card": "0499AA01"})
    await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
    await person.get(COPY_ROOM)
    assert "Add this card" not in (await person.post(f"{COPY_ROOM}/card", {"answer": "no"})).text
    assert len((await house.identity.get("alice")).cards) == 1


async def test_the_next_person_is_not_offered_the_card_of_the_one_before(person: Person, house: House) -> None:
    await person.enter(**{"with": "card", "card": "0499AA01"})
    await person.get(COPY_ROOM)  # cancelled
    await person.enter(**{"with": "password", "name": "bob", "password": PASSWORD})
    assert "Add this card" not in (await person.get(COPY_ROOM)).text
    assert (await house.identity.get("bob")).cards == ()


async def test_with_enough_cards_the_oldest_gives_way() -> None:
    house = await a_house(cards=1)
    async with standing(house.app()) as person:
        await person.enter(**{"with": "card", "card": "0499AA01"})
        await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
        assert "Replace the oldest" in (await person.get(COPY_ROOM)).text
        await person.post(f"{COPY_ROOM}/card", {"answer": "replace"})
    assert (await house.identity.get("alice")).cards == (house.identity.card_hash("0499AA01"),)


async def test_names_to_choose_from_where_a_site_allows_it() -> None:
    house = await a_house(user_list=True)
    async with standing(house.app()) as person:
        page = await person.get(f"{COPY_ROOM}?with=password")
        assert "<option>bob</option>" in page.text
    house = await a_house()
    async with standing(house.app()) as person:
        assert "bob" not in (await person.get(f"{COPY_ROOM}?with=password")).text


# --- jobs


async def test_all_jobs_at_one_touch_and_the_next_person_at_once(person: Person, house: House) -> None:
    jobs = [await house.add(), await house.add()]
    await person.enter()
    assert (await person.get(COPY_ROOM)).text.count(" checked") == 2
    answer = await person.post(f"{COPY_ROOM}/release", {"job": [str(job.id) for job in jobs]})
    assert (answer.status_code, answer.headers["location"]) == (303, COPY_ROOM)
    assert answer.headers["clear-site-data"] == '"cache"'
    assert not person.inside
    page = await person.get(COPY_ROOM)
    assert "Last release: 2 jobs on their way" in page.text
    assert "alice" not in page.text
    await person.enter(**{"with": "password", "name": "bob", "password": PASSWORD})
    assert "Nothing is waiting" in (await person.get(COPY_ROOM)).text


async def test_what_became_of_the_last_release(person: Person, house: House) -> None:
    jobs = [await house.add() for _ in range(3)]
    await person.enter()
    await person.post(f"{COPY_ROOM}/release", {"all": "1"})
    await house.change(jobs[0].id, state=JobState.COMPLETED)
    await house.change(jobs[1].id, state=JobState.COMPLETED)
    await house.change(jobs[2].id, state=JobState.PROCESSING_STOPPED, reasons=(Reason.OUTCOME_UNKNOWN,))
    page = await person.get(f"{COPY_ROOM}/last")
    assert "Last release: 2 jobs printed, 1 job needs help: sign in to see" in page.text
    assert "alice" not in page.text


async def test_who_leaves_something_stays_signed_in(person: Person, house: House) -> None:
    first, second = await house.add(name="First"), await house.add(name="Second")
    await person.enter()
    answer = await person.post(f"{COPY_ROOM}/release", {"job": str(first.id)})
    assert answer.status_code == 200
    assert "1 job is on its way" in answer.text
    assert person.inside
    assert f'value="{second.id}" checked' in answer.text


async def test_a_refusal_is_told_and_the_job_stays_ticked(person: Person, house: House) -> None:
    job = await house.add(name="Plan")
    await person.enter()
    await house.store.save_device(
        replace(await _device(house, "copy-room"), status=DeviceStatus(state=DeviceState.UNREACHABLE))
    )
    await house.printers.refresh()
    answer = await person.post(f"{COPY_ROOM}/release", {"job": str(job.id)})
    assert "Copy room cannot print now" in answer.text
    assert "Print at Lobby" in answer.text, "the device that can"
    assert await house.jobs.get(job.id) == job
    answer = await person.post(f"{COPY_ROOM}/release", {"job": str(job.id), "device": "lobby"})
    assert answer.status_code == 303
    assert (await house.change(job.id)).output_device == "lobby"


async def test_no_touch_at_all_with_release_on_tap() -> None:
    house = await a_house(release_on_tap=True)
    jobs = [await house.add(), await house.add()]
    async with standing(house.app()) as person:
        answer = await person.enter(**{"with": "card", "card": CARD})
        assert answer.status_code == 303
        assert not person.inside
        assert "2 jobs on their way" in (await person.get(COPY_ROOM)).text
        assert (await house.change(jobs[0].id)).output_device == "copy-room"
        await house.add(name="For later")
        await person.enter()
        assert "For later" in (await person.get(COPY_ROOM)).text, "a PIN shows the list"


async def test_release_on_tap_shows_the_list_where_nothing_can_be_printed() -> None:
    house = await a_house(release_on_tap=True)
    job = await house.add(name="Plan")
    async with standing(house.app()) as person:
        await person.enter("/kiosk/library", **{"with": "card", "card": CARD})
        page = await person.get("/kiosk/library")
    assert "Plan" in page.text
    assert "Print at" in page.text
    assert await house.jobs.get(job.id) == job


async def test_what_the_device_has_not_is_said_and_helped_with_one_touch(person: Person, house: House) -> None:
    plain = Capabilities(color=False, duplex=False)
    await house.store.save_device(replace(await _device(house, "copy-room"), capabilities=plain))
    await house.printers.refresh()
    leaflet = await house.add(
        name="Leaflet", color=True, ticket=JobTicket(sides="two-sided-long-edge", print_color_mode="color")
    )
    letter = await house.add(name="Letter", ticket=JobTicket(sides="one-sided"))
    await person.enter()
    page = await person.get(COPY_ROOM)
    assert "Copy room does not have two-sided printing, colour." in page.text
    assert "Print in black and white, one-sided" in page.text
    assert 'name="device" value="lobby">Print at Lobby' in page.text
    refused = await person.post(f"{COPY_ROOM}/release", {"job": str(leaflet.id)})
    assert "does not have" in refused.text
    both = {"job": [str(leaflet.id), str(letter.id)], "adapt": "grey one-sided"}
    assert (await person.post(f"{COPY_ROOM}/release", both)).status_code == 303
    row = await house.change(leaflet.id)
    assert (row.output_device, row.ticket.print_color_mode, row.ticket.sides) == (
        "copy-room",
        "monochrome",
        "one-sided",
    )
    assert (await house.change(letter.id)).ticket == letter.ticket, "it needed no change"


async def test_an_unknown_way_to_adapt(person: Person, house: House) -> None:
    job = await house.add()
    await person.enter()
    answer = await person.post(f"{COPY_ROOM}/release", {"job": str(job.id), "adapt": "grey everything"})
    assert answer.status_code == 400
    assert await house.jobs.get(job.id) == job


async def test_a_printers_station_asks_where(person: Person, house: House) -> None:
    job = await house.add()
    at = "/kiosk/find-me"
    await person.enter(at)
    assert 'name="device" value="lobby"' in (await person.get(at)).text
    assert (await person.post(f"{at}/release", {"job": str(job.id), "device": "lobby"})).status_code == 303
    assert (await house.change(job.id)).output_device == "lobby"


async def test_what_it_costs(person: Person, house: House) -> None:
    await house.printers.change_printer("find-me", tariff=Tariff(grey=Decimal("0.05"), currency="EUR"))
    await house.add(pages=4, impressions=4, media_sheets=4)
    await house.add(pages=2, impressions=2, media_sheets=2)
    await person.enter()
    page = await person.get(COPY_ROOM)
    assert "€0.20" in page.text
    assert "All together <b>€0.30</b>" in page.text


async def test_jobs_that_come_out_elsewhere_say_where(person: Person, house: House) -> None:
    await house.printers.change_printer("find-me", devices=("lobby",))
    await house.add(name="Plan")
    await person.enter()
    assert "Comes out at Lobby, not here." in (await person.get(COPY_ROOM)).text


async def test_did_it_come_out(person: Person, house: House) -> None:
    stopped = {"state": JobState.PROCESSING_STOPPED, "reasons": (Reason.OUTCOME_UNKNOWN,), "output_device": "copy-room"}
    job = await house.add(name="Minutes", **stopped)
    await person.enter()
    assert "Yes, all came out" in (await person.get(COPY_ROOM)).text
    assert "is waiting again" in (await person.post(f"{COPY_ROOM}/jobs/{job.id}/answer", {"out": "no"})).text
    assert (await house.change(job.id)).state is JobState.PENDING_HELD
    again = await person.post(f"{COPY_ROOM}/jobs/{job.id}/answer", {"out": "yes"})
    assert again.status_code == 409


async def test_deleting_asks_once(person: Person, house: House) -> None:
    job = await house.add(name="Plan")
    await person.enter()
    assert "Delete this job?" in (await person.post(f"{COPY_ROOM}/delete", {"job": str(job.id)})).text
    assert await house.jobs.get(job.id) == job
    await person.post(f"{COPY_ROOM}/delete", {"job": str(job.id), "sure": "yes"})
    assert (await house.change(job.id)).state is JobState.CANCELED


@pytest.mark.parametrize("action", ["release", "delete"])
@pytest.mark.parametrize("jobs", [[], ["x"], ["-1"], ["9" * 30], ["1"] * 1 + [str(n) for n in range(2, 300)]])
async def test_selections_that_make_no_sense(person: Person, action: str, jobs: list[str]) -> None:
    await person.enter()
    answer = await person.post(f"{COPY_ROOM}/{action}", {"job": jobs})
    assert answer.status_code == 400
    assert "Nothing was" in answer.text


# --- sessions


async def test_a_station_signs_out_by_itself(person: Person, house: House) -> None:
    await house.add(name="Plan")
    await person.enter()
    page = await person.get(COPY_ROOM)
    assert 'http-equiv="refresh" content="31;url=/kiosk/copy-room?idle=1"' in page.text
    house.clock.tick(31)
    page = await person.get(f"{COPY_ROOM}?idle=1")
    assert "Plan" not in page.text
    assert "Hold your card" in page.text
    assert page.headers["clear-site-data"] == '"cache"'
    assert not person.inside


async def test_still_here(person: Person, house: House) -> None:
    await person.enter()
    for _ in range(3):
        house.clock.tick(25)
        answer = await person.post(f"{COPY_ROOM}/here")
        assert answer.headers["location"] == COPY_ROOM
    house.clock.tick(25)
    assert (await person.post(f"{COPY_ROOM}/here", headers={"papertap-quiet": "yes"})).status_code == 204
    house.clock.tick(25)
    assert "k-who" in (await person.get(COPY_ROOM, **{"papertap-live": "yes"})).text
    house.clock.tick(10)
    assert "k-who" not in (await person.get(COPY_ROOM)).text, "what a page sends by itself is no sign of life"


async def test_pictures_and_news_keep_nobody_signed_in(person: Person, house: House) -> None:
    job = await house.add_with_picture(a_page(1))
    await person.enter()
    for _ in range(3):
        house.clock.tick(9)
        picture = await person.get(f"{COPY_ROOM}/jobs/{job.id}/pages/1.png")
        assert picture.status_code == 200
        await person.get(COPY_ROOM, **{"papertap-live": "yes"})
    house.clock.tick(9)
    assert (await person.get(f"{COPY_ROOM}/jobs/{job.id}/pages/1.png")).status_code == 303


async def test_nothing_of_the_last_person_stays(person: Person, house: House) -> None:
    job = await house.add_with_picture(a_page(1), name="Plan")
    await person.enter()
    cookie = person.client.cookies["papertap-kiosk"]
    page = await person.get(COPY_ROOM)
    picture = await person.get(f"{COPY_ROOM}/jobs/{job.id}/pages/1.png")
    assert page.headers["cache-control"] == "no-store"
    assert picture.headers["cache-control"] == "no-store"
    answer = await person.leave()
    assert answer.headers["clear-site-data"] == '"cache"'
    for path in (COPY_ROOM, f"{COPY_ROOM}/jobs/{job.id}/pages/1.png"):  # as the back button asks
        again = await person.get(path, cookie=f"papertap-kiosk={cookie}")
        assert "Plan" not in again.text
        assert b"PNG" not in again.content


async def test_a_card_held_while_somebody_else_is_signed_in_is_the_next_person(person: Person, house: House) -> None:
    await house.identity.add_card("bob", "0499AA01")
    await house.add(name="Plan of alice")
    await person.enter()
    before = person.client.cookies["papertap-kiosk"]
    page = await person.get(COPY_ROOM)
    token = re.search(r'id="card-form".*?name="csrf" value="([^"]+)"', page.text, re.DOTALL)
    assert token is not None
    await person.post(f"{COPY_ROOM}/in", {"with": "card", "card": "0499AA01"}, token=token[1])
    assert person.client.cookies["papertap-kiosk"] != before
    page = await person.get(COPY_ROOM)
    assert "Plan of alice" not in page.text
    assert "bob" in page.text
    assert await house.kiosk.sessions.find(before, address="127.0.0.1") is None


async def test_the_cookie_is_for_the_station_alone(house: House) -> None:
    async with standing(house.app(), site=SECURE, address="10.0.0.9") as person:
        await person.get(COPY_ROOM)
        answer = await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("__Secure-papertap-kiosk="))
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "path=/kiosk", "samesite=strict", "secure"}


async def test_a_stations_cookie_is_nothing_elsewhere(person: Person, house: House) -> None:
    await person.enter()
    value = person.client.cookies["papertap-kiosk"]
    async with visiting(house.app()) as visitor:
        answer = await visitor.get("/jobs", cookie=f"papertap={value}; papertap-kiosk={value}")
        assert answer.status_code == 303
        assert (await visitor.get("/desk", cookie=f"papertap={value}; papertap-kiosk={value}")).status_code == 303


async def test_a_portal_session_is_nothing_at_a_station(house: House) -> None:
    cookie, _ = await house.identity.open_session(
        await house.identity.get("alice"), method="password", address="127.0.0.1"
    )
    async with visiting(house.app()) as visitor:
        page = await visitor.get(COPY_ROOM, cookie=f"papertap={cookie}; papertap-kiosk={cookie}")
    assert "Hold your card" in page.text


async def test_a_cookie_from_before_does_not_become_the_session(person: Person) -> None:
    person.client.cookies.set("papertap-kiosk", "planted", domain="127.0.0.1", path="/kiosk")
    await person.get(COPY_ROOM)
    answer = await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
    assert "papertap-kiosk=planted" not in str(answer.headers.get_list("set-cookie"))
    assert answer.status_code == 303


# --- where


async def test_a_station_opens_from_the_site_only(house: House) -> None:
    async with standing(house.app(), site=SECURE, address="203.0.113.5") as person:
        for path in ("/kiosk", COPY_ROOM, f"{COPY_ROOM}/last"):
            answer = await person.get(path)
            assert answer.status_code == 403
            assert "networks of this site" in answer.text
        answer = await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})
        assert answer.status_code == 403
        assert not person.inside


async def test_over_the_network_without_tls_one_is_led_to_tls(house: House) -> None:
    async with standing(house.app(), site=LAN, address="10.0.0.9") as person:
        answer = await person.get(f"{COPY_ROOM}?mode=desk")
        assert answer.headers["location"] == "https://print.example:8443/kiosk/copy-room?mode=desk"
        assert (await person.post(f"{COPY_ROOM}/in", {"with": "pin", "pin": PIN})).status_code == 403


async def test_a_printer_whose_browser_knows_no_tls() -> None:
    house = await a_house(plain_http=True)
    async with standing(house.app(), site=LAN, address="10.0.0.9") as person:
        assert (await person.enter()).status_code == 303
        assert person.inside
        assert (await person.get("/jobs")).status_code == 303, "the portal itself stays closed"


async def test_without_stations_there_are_none(house: House) -> None:
    async with standing(house.app(kiosk=None, desk=None)) as person:
        for path in ("/kiosk", COPY_ROOM):
            answer = await person.get(path)
            assert answer.status_code == 404
            assert "no release stations here" in answer.text


async def test_no_such_station(person: Person) -> None:
    for path in ("/kiosk/nothing", "/kiosk/%2e%2e", "/kiosk/a%2fb", "/kiosk/" + "x" * 3000):
        assert (await person.get(path)).status_code == 404


# --- looks


async def test_contrast_and_size_are_remembered(person: Person) -> None:
    await person.get(f"{COPY_ROOM}?contrast=high")
    await person.get(f"{COPY_ROOM}?size=large")
    assert 'class="kiosk high large"' in (await person.get(COPY_ROOM)).text
    await person.get(f"{COPY_ROOM}?contrast=normal")
    assert 'class="kiosk large"' in (await person.get(COPY_ROOM)).text


async def test_names_and_texts_stay_text(person: Person, house: House) -> None:
    nasty = "<script>alert(1)</script>"
    await house.add(name=nasty, message=nasty)
    await person.enter()
    assert nasty not in (await person.get(COPY_ROOM)).text
    answer = await person.enter(**{"with": "password", "name": f'"{nasty}', "password": "x"})
    assert nasty not in answer.text
    assert nasty not in (await person.get(f"{COPY_ROOM}?mode={nasty}&with={nasty}&ask={nasty}")).text


async def _device(house: House, name: str) -> Device:
    found = await house.store.device(name)
    assert found is not None
    return found
