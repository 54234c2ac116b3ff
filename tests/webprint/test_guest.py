"""Guests: from the sticker to paper without an account, and nobody else's documents on the way."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from gateway.domain.job import Job, JobState
from gateway.domain.price import Tariff
from gateway.settings import Settings
from tests.fakes import fake_pdf
from tests.webprint.test_upload import append, create, form, settled
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House
from webprint.policy import POLICY, Access

PDF = fake_pdf(3)
TARIFF = Tariff(grey=Decimal("0.05"), color=Decimal("0.25"), sheets=(("iso_a4", Decimal("0.01")),), currency="EUR")
OWN = sorted(path for method, path in POLICY if POLICY[method, path] is Access.GUEST)


async def a_house(release: str = "here", **guests: object) -> House:
    house = await House(settings=Settings(data="unused", guests={"release": release, **guests})).open()
    await house.printers.change_printer("find-me", guests=True, tariff=TARIFF)
    return house


@asynccontextmanager
async def a_guest(house: House, place: str = "copy-room", name: str = "a.pdf") -> AsyncIterator[tuple[Visitor, Job]]:
    """Somebody who scanned a sticker and uploaded something."""
    async with visiting(house.app()) as guest:
        await guest.get(f"/p/{place}")
        answer = await form(guest, [(name, PDF, "application/pdf")], path=f"/p/{place}")
        assert answer.status_code == 303, answer.text
        await settled(house)
        await guest.get(answer.headers["location"])
        yield guest, house.jobs.rows[int(answer.headers["location"].rpartition("/")[2])]


async def text_of(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == status
    return html.unescape(answer.text)


async def test_a_sticker_leads_to_the_printer_with_its_prices() -> None:
    house = await a_house()
    async with visiting(house.app()) as stranger:
        text = await text_of(stranger, "/p/copy-room")
        for told in ("Copy room", "2nd floor, B-204", "€0.05 a page", "€0.25 a page in colour", "€0.01 a sheet A4"):
            assert told in text
        assert "Find me" in await text_of(stranger, "/p/find-me")
        assert "cookie" not in text.lower()
        await text_of(stranger, "/p/nowhere", 404)
        assert "Sign in to print" in await text_of(stranger, "/p/direct")


async def test_who_is_signed_in_sees_the_own_jobs_there(alice: Visitor) -> None:
    assert "Nothing is waiting" in await text_of(alice, "/p/copy-room")


async def test_from_the_sticker_to_paper_and_again() -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        assert job.owner is not None
        assert job.owner.startswith("guest:")
        text = await text_of(guest, f"/guest/jobs/{job.id}")
        assert "3 pages on 3 sheets" in text
        assert "€0.18" in text
        assert "Where to print" not in text, "there is but the one that was scanned"
        answer = await guest.post(f"/guest/jobs/{job.id}/print", {"device": "copy-room", "copies": "2"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/guest/jobs/{job.id}")
        row = house.jobs.rows[job.id]
        assert (row.state, row.output_device, row.ticket.copies) == (JobState.PENDING, "copy-room", 2)
        await house.change(job.id, state=JobState.PROCESSING, impressions=6, impressions_completed=2)
        assert "Printing 2/6" in await text_of(guest, f"/guest/jobs/{job.id}")
        await house.change(job.id, state=JobState.COMPLETED, ended_at=house.clock.now(), reasons=())
        text = await text_of(guest, f"/guest/jobs/{job.id}")
        assert "Done, take your pages." in text
        assert "destroyed in 10 minutes" in text
        answer = await guest.post(f"/guest/jobs/{job.id}/again")
        copy = house.jobs.rows[int(answer.headers["location"].rpartition("/")[2])]
        assert (copy.state, copy.output_device) == (JobState.PENDING, "copy-room")
        await house.change(job.id, key=None)
        assert "has been destroyed" in await text_of(guest, f"/guest/jobs/{job.id}")


async def test_only_at_the_device_that_was_scanned() -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        answer = await guest.post(f"/guest/jobs/{job.id}/print", {"device": "lobby"})
        assert answer.status_code == 404
        assert house.jobs.rows[job.id] == job


async def test_where_the_code_is_asked_for_nothing_prints_from_the_page() -> None:
    house = await a_house("code")
    async with a_guest(house) as (guest, job):
        text = await text_of(guest, f"/guest/jobs/{job.id}")
        code = re.findall(r'class="code">(\d{3}) (\d{3})<', text)[0]
        assert "Keep these options" in text
        assert (await guest.get("/guest/code.svg")).text.startswith("<?xml")
        answer = await guest.post(f"/guest/jobs/{job.id}/print", {"device": "copy-room"})
        assert answer.status_code == 403
        assert "type your code" in answer.text
        assert house.jobs.rows[job.id] == job
        await guest.post(f"/guest/jobs/{job.id}/save", {"layout": "2", "picks": "3,1r90"})
        row = house.jobs.rows[job.id]
        assert (row.ticket.number_up, [pick.page for pick in row.ticket.page_picks]) == (2, [3, 1])
        assert (row.impressions, row.media_sheets) == (1, 1)
        actor = await house.guests.by_code("".join(code), address="192.0.2.1", terminal="lobby")
        assert actor.user == job.owner
        assert " ".join(code) in await text_of(guest, "/guest"), "shown again in the same browser"


async def test_one_guest_is_nobody_to_another() -> None:
    house = await a_house()
    async with a_guest(house) as (_, job), a_guest(house) as (other, own):
        assert own.owner != job.owner
        for path in OWN:
            address = path.replace("{id:int}", str(job.id)).replace("{number:int}", "1")
            if "{id:int}" not in path:
                continue
            method = "GET" if ("GET", path) in POLICY else "POST"
            answer = await (other.get(address) if method == "GET" else other.post(address))
            assert answer.status_code == 404, address
        assert house.jobs.rows[job.id] == job
        assert job.name not in (await other.get("/guest")).text or own.name == job.name


async def test_a_guest_reaches_nothing_of_the_portal() -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        for path in ("/jobs", f"/jobs/{job.id}", "/upload", f"/jobs/{job.id}/pages/1.png"):
            answer = await guest.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/signin")
        assert (await guest.post("/jobs/release", {"job": str(job.id), "device": "lobby"})).status_code in {303, 403}
        assert "Sign out" not in (await guest.get("/guest")).text
        assert house.jobs.rows[job.id] == job


@pytest.mark.parametrize("path", OWN)
async def test_strangers_and_users_are_no_guests(path: str) -> None:
    house = await a_house()
    job = await house.add()
    address = path.replace("{id:int}", str(job.id)).replace("{number:int}", "1")
    method = "GET" if ("GET", path) in POLICY else "POST"
    for name in ("", "alice"):
        async with visiting(house.app()) as visitor:
            await visitor.get("/guest")
            if name:
                await visitor.sign_in(name)
            answer = await (visitor.get(address) if method == "GET" else visitor.post(address))
            assert (answer.status_code, answer.headers["location"]) == (303, "/guest")
    assert house.jobs.rows[job.id] == job


@pytest.mark.parametrize("path", sorted(path for path in OWN if ("POST", path) in POLICY))
@pytest.mark.parametrize(
    ("token", "headers"),
    [("guess", {}), (None, {"origin": "https://evil.example"}), (None, {"sec-fetch-site": "cross-site"})],
)
async def test_no_form_is_taken_from_elsewhere(path: str, token: str | None, headers: dict[str, str]) -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        answer = await guest.post(
            path.replace("{id:int}", str(job.id)), {"device": "copy-room"}, token=token, headers=headers
        )
        assert answer.status_code == 403
        assert house.jobs.rows[job.id] == job


async def test_a_guest_by_tus_gets_a_cookie_and_a_token_of_its_own() -> None:
    house = await a_house()
    async with visiting(house.app()) as guest:
        await guest.get("/p/find-me")
        made = await create(guest, len(PDF), printer="find-me", place="find-me", guest="Zoë")
        assert made.status_code == 201
        assert "papertap-guest" in made.headers["set-cookie"]
        old, guest.token = guest.token, made.headers["papertap-token"]
        assert old != guest.token
        assert (await append(guest, made.headers["location"], PDF)).status_code == 204
        await settled(house)
        (job,) = house.jobs.rows.values()
        assert (await guest.get(f"/upload/jobs/{job.id}")).json()["at"] == f"/guest/jobs/{job.id}"
        assert job.requested_name == "Zoë"


async def test_a_guest_on_plain_http_in_the_house_s_network_works_unless_it_is_turned_off() -> None:
    for allowed, status in ((True, 303), (False, 403)):
        house = await a_house(plain_http=allowed)
        site = "http://papertap.local:8080"
        async with visiting(house.app(), site=site, address="192.168.1.7") as guest:
            await guest.get("/p/find-me")
            answer = await form(guest, [("a.pdf", PDF, "application/pdf")], path="/p/find-me")
            assert answer.status_code == status


async def test_more_pages_than_guests_get_are_not_printed() -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        answer = await guest.post(f"/guest/jobs/{job.id}/print", {"copies": "200"})
        assert answer.status_code == 403
        assert "guests print at most 500 at once" in html.unescape(answer.text)
        assert house.jobs.rows[job.id] == job


async def test_a_guest_deletes_and_it_is_gone() -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        await guest.post(f"/guest/jobs/{job.id}/delete")
        assert house.jobs.rows[job.id].state is JobState.CANCELED
        assert (await guest.post(f"/guest/jobs/{job.id}/delete")).status_code == 409


async def test_the_price_follows_the_options() -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        for query, told in (("", "€0.18"), ("?copies=2", "€0.36"), ("?layout=2", "€0.12"), ("?picks=2", "€0.06")):
            assert told in await text_of(guest, f"/guest/jobs/{job.id}/quote{query}")
        assert "is not a number of copies" in await text_of(guest, f"/guest/jobs/{job.id}/quote?copies=x")


async def test_an_unchanged_page_answers_304() -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job):
        state = (await guest.get(f"/guest/jobs/{job.id}")).headers["etag"]
        assert (await guest.get(f"/guest/jobs/{job.id}", **{"if-none-match": state})).status_code == 304
        await guest.post(f"/guest/jobs/{job.id}/print", {})
        assert (await guest.get(f"/guest/jobs/{job.id}", **{"if-none-match": state})).status_code == 200


async def test_too_many_guests_of_one_address_wait() -> None:
    house = await a_house(jobs_per_hour=2)
    for expected in (303, 303, 429):
        async with visiting(house.app(), address="203.0.113.9", site="http://papertap.local:8080") as guest:
            await guest.get("/p/find-me")
            answer = await form(guest, [("a.pdf", PDF, "application/pdf")], path="/p/find-me")
            assert answer.status_code == expected
    await house.intake.stop()
    assert [one.outcome for one in await house.attempts.attempts()].count("throttled") == 1


async def test_a_guest_may_give_a_name_for_the_staff() -> None:
    house = await a_house()
    async with visiting(house.app()) as guest:
        assert 'name="guest"' in await text_of(guest, "/p/find-me")
        await form(guest, [("a.pdf", PDF, "application/pdf")], {"guest": "Zoë <b>"}, path="/p/find-me")
        (job,) = house.jobs.rows.values()
        assert job.requested_name == "Zoë <b>"
        named = await house.guests.named(job.owner)
        assert named is not None
        assert named.label == "Zoë <b>"


async def test_a_stranger_from_another_network_is_written_down() -> None:
    settings = Settings(data="unused", uploads={"networks": ("10.0.0.0/8",)})
    house = await House(settings=settings).open()
    await house.printers.change_printer("find-me", guests=True)
    async with visiting(house.app()) as guest:
        await guest.get("/guest")
        await guest.get("/signin")
        assert (await create(guest, 9, printer="find-me")).status_code == 403
        assert (await guest.get("/p/find-me")).status_code == 403
    await house.intake.stop()
    (attempt,) = await house.attempts.attempts()
    assert (attempt.outcome, attempt.printer) == ("forbidden", "find-me")
