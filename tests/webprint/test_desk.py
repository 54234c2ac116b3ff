"""The desk's pages, at a screen of its own and at a station."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from gateway.domain.job import JobState
from gateway.domain.price import Tariff
from tests.webprint.station import COPY_ROOM, Person, standing
from tests.webprint.test_kiosk_policy import signed_in
from tests.webprint.web_house import PASSWORD, House, a_page


@pytest.fixture
async def olga(house: House) -> AsyncIterator[Person]:
    await house.printers.change_printer("find-me", guests=True)
    async with standing(house.app()) as person:
        await signed_in(house, person, "olga")
        yield person


async def a_guest(house: House, label: str = "") -> tuple[str, str]:
    cookie, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99", label=label)
    return guest.name, house.guests.code(guest, cookie)


async def test_the_list_shows_who_waits_and_nothing_of_the_documents(olga: Person, house: House) -> None:
    guest, _ = await a_guest(house, label="Mrs Smith")
    await house.add_with_picture(a_page(1), name="Report")
    await house.add(owner=guest, name="Photo")
    await house.add(name="My divorce", private=True)
    page = await olga.get("/desk")
    for text in ("Report", "Photo", "Mrs Smith", "Private document"):
        assert text in page.text
    assert "My divorce" not in page.text
    assert "/pages/" not in page.text
    page = await olga.get("/desk?who=guests")
    assert "Photo" in page.text
    assert "Report" not in page.text


async def test_a_code_leads_to_the_job(olga: Person, house: House) -> None:
    guest, code = await a_guest(house)
    job = await house.add(owner=guest)
    answer = await olga.get(f"/desk?q={code}")
    assert answer.headers["location"] == f"/desk/jobs/{job.id}"
    assert "Nothing found" in (await olga.get("/desk?q=nobody")).text


async def test_release_for_a_guest(olga: Person, house: House) -> None:
    guest, _ = await a_guest(house, label="Mrs Smith")
    job = await house.add(owner=guest)
    page = await olga.get(f"/desk/jobs/{job.id}")
    assert "Print for Mrs Smith" in page.text
    answer = await olga.post(f"/desk/jobs/{job.id}/release", {"device": "lobby"})
    assert "On its way to Lobby." in answer.text
    row = await house.change(job.id)
    assert (row.output_device, row.released_by) == ("lobby", "olga")
    assert "Print for" not in answer.text
    again = await olga.post(f"/desk/jobs/{job.id}/release", {"device": "lobby"})
    assert again.status_code == 409


async def test_cash_is_noted_and_shown(olga: Person, house: House) -> None:
    await house.printers.change_printer("find-me", tariff=Tariff(grey=Decimal("0.10"), currency="EUR"))
    job = await house.add(pages=3, impressions=3, media_sheets=3)
    assert "<b>€0.30</b>" in (await olga.get(f"/desk/jobs/{job.id}")).text
    answer = await olga.post(f"/desk/jobs/{job.id}/paid", {"amount": "0,30"})
    assert "Noted: €0.30 paid in cash." in answer.text
    assert "Paid: €0.30" in (await olga.get(f"/desk/jobs/{job.id}")).text
    wrong = await olga.post(f"/desk/jobs/{job.id}/paid", {"amount": "much"})
    assert wrong.status_code == 400
    assert "is no amount" in wrong.text


async def test_a_slip_with_a_new_code(olga: Person, house: House) -> None:
    guest, _ = await a_guest(house)
    job = await house.add(owner=guest)
    await olga.get(f"/desk/jobs/{job.id}")
    answer = await olga.post(f"/desk/jobs/{job.id}/code")
    told = re.search(r'class="d-code"[^>]*>(\d{3}) (\d{3})<', answer.text)
    assert told is not None
    assert "<svg" in answer.text
    assert (await house.guests.by_code(told[1] + told[2], address="10.0.0.1", terminal="x")).user == guest
    assert "Given a new code" in (await olga.get(f"/desk/jobs/{job.id}")).text
    assert told[1] + told[2] not in (await olga.get(f"/desk/jobs/{job.id}")).text, "shown once"


async def test_pages_are_seen_with_a_reason_only(olga: Person, house: House) -> None:
    job = await house.add_with_picture(a_page(1))
    picture = f"/desk/jobs/{job.id}/pages/1.png"
    await olga.get(f"/desk/jobs/{job.id}")
    assert (await olga.get(picture)).status_code == 404
    assert (await olga.post(f"/desk/jobs/{job.id}/look", {"reason": "no"})).status_code == 400
    answer = await olga.post(f"/desk/jobs/{job.id}/look", {"reason": "She asked me to check page 1"})
    assert picture in answer.text
    assert "Looked at" in answer.text
    got = await olga.get(picture)
    assert got.content == a_page(1)
    assert got.headers["cache-control"] == "no-store"


async def test_a_private_job_offers_no_look(olga: Person, house: House) -> None:
    job = await house.add_with_picture(a_page(1), private=True, name="My divorce")
    page = await olga.get(f"/desk/jobs/{job.id}")
    assert "Look at the pages" not in page.text
    assert "My divorce" not in page.text
    answer = await olga.post(f"/desk/jobs/{job.id}/look", {"reason": "I am curious about it"})
    assert answer.status_code == 403


async def test_keeping_and_deleting(olga: Person, house: House) -> None:
    job = await house.add()
    await olga.get(f"/desk/jobs/{job.id}")
    assert "It is kept longer." in (await olga.post(f"/desk/jobs/{job.id}/extend")).text
    assert (await house.change(job.id)).extensions == 1
    assert "Delete this job?" in (await olga.post(f"/desk/jobs/{job.id}/delete")).text
    assert "It is deleted." in (await olga.post(f"/desk/jobs/{job.id}/delete", {"sure": "yes"})).text
    assert (await house.change(job.id)).state is JobState.CANCELED


async def test_unlocking_a_name(olga: Person, house: House) -> None:
    for _ in range(5):
        with pytest.raises(Exception, match="not right"):
            await house.identity.sign_in_password("alice", "wrong", address="10.0.0.1")
    await olga.get("/desk")
    answer = await olga.post("/desk/unlock", {"name": "alice"})
    assert "alice</b> may try again now" in answer.text
    assert "was not locked here" in (await olga.post("/desk/unlock", {"name": "<b>bob"})).text


async def test_names_stay_text(olga: Person, house: House) -> None:
    nasty = "<script>alert(1)</script>"
    guest, _ = await a_guest(house, label=nasty)
    job = await house.add(owner=guest, name=nasty, message=nasty)
    assert nasty not in (await olga.get("/desk")).text
    assert nasty not in (await olga.get(f"/desk/jobs/{job.id}")).text
    assert nasty not in (await olga.get(f"/desk?q={nasty}")).text


async def test_the_desk_of_a_station(house: House) -> None:
    await house.identity.add_card("olga", "0499AA02")
    job = await house.add(name="Plan of alice")
    async with standing(house.app()) as person:
        page = await person.get(f"{COPY_ROOM}?mode=desk")
        assert "Staff desk" in page.text
        answer = await person.enter(**{"with": "card", "card": "0499AA02", "mode": "desk"})
        assert answer.headers["location"] == f"{COPY_ROOM}/desk"
        page = await person.get(f"{COPY_ROOM}/desk")
        assert f'href="{COPY_ROOM}/desk/jobs/{job.id}"' in page.text
        page = await person.get(f"{COPY_ROOM}/desk/jobs/{job.id}")
        assert re.search(r'value="copy-room" checked', page.text), "where one stands"
        await person.post(f"{COPY_ROOM}/desk/jobs/{job.id}/release", {"device": "copy-room"})
        assert (await house.change(job.id)).released_by == "olga"
        house.clock.tick(31)
        assert (await person.get(f"{COPY_ROOM}/desk")).status_code == 303


async def test_the_desk_of_a_station_is_for_staff(house: House) -> None:
    async with standing(house.app()) as person:
        answer = await person.enter(**{"with": "password", "name": "bob", "password": PASSWORD, "mode": "desk"})
        assert answer.status_code == 401
        assert "for the people who run the printers" in answer.text
        assert not person.inside
