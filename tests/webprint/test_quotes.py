"""Price and fitness of a selection, told before it is sent, and offers that need one tap."""

import html
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.job import Job, JobState
from gateway.domain.personal import Preferences
from gateway.domain.price import Tariff
from gateway.domain.ticket import JobTicket
from tests.webprint.visitor import Visitor
from tests.webprint.web_house import House

TARIFF = Tariff(grey=Decimal("0.05"), color=Decimal("0.25"), sheet=Decimal("0.01"), currency="EUR")


@pytest.fixture
async def priced(house: House) -> House:
    await house.printers.change_printer("find-me", tariff=TARIFF)
    return house


async def a_grey_device(house: House) -> None:
    await house.printers.add_device(
        "annex",
        "socket://192.0.2.7:9100",
        info="Annex",
        location="2nd floor, B-210",
        capabilities=Capabilities(color=False, duplex=False),
    )


async def quote(visitor: Visitor, *jobs: Job, **fields: str) -> str:
    pairs = [*(f"job={job.id}" for job in jobs), *(f"{name}={value}" for name, value in fields.items())]
    answer = await visitor.get(f"/jobs/quote?{'&'.join(pairs)}")
    assert answer.status_code == 200
    return html.unescape(answer.text)


async def row(house: House, job: Job) -> Job:
    found = await house.jobs.get(job.id)
    assert found is not None
    return found


async def test_what_one_costs_stands_on_its_card_and_page(alice: Visitor, priced: House) -> None:
    job = await priced.add(pages=10, impressions=10, media_sheets=10)
    assert '<span class="price">€0.60</span>' in (await alice.get("/jobs")).text
    assert "<dt>Price</dt><dd>€0.60</dd>" in (await alice.get(f"/jobs/{job.id}")).text


async def test_where_printing_is_free_nothing_is_said_of_money(alice: Visitor, house: House) -> None:
    job = await house.add(pages=10)
    assert 'class="price"' not in (await alice.get("/jobs")).text
    told = await quote(alice, job, device="copy-room")
    assert "10 pages on 10 sheets" in told
    assert "€" not in told


async def test_the_selection_is_summed_and_follows_the_options(alice: Visitor, priced: House) -> None:
    one, two = await priced.add(pages=10), await priced.add(pages=2, ticket=JobTicket(sides="two-sided-long-edge"))
    told = await quote(alice, one, two, device="copy-room")
    assert "12 pages on 11 sheets" in told
    assert "€0.71" in told
    assert "Two-sided saves €0.05" in told
    told = await quote(alice, one, two, device="copy-room", copies="2", sides="two-sided-long-edge", layout="2")
    assert "12 pages on 8 sheets" in told
    assert "€0.68" in told
    assert "saves" not in told


async def test_a_wrong_option_is_told_in_its_place(alice: Visitor, priced: House) -> None:
    job = await priced.add()
    assert "runs backwards" in await quote(alice, job, pages="9-1")
    assert "not known here" in await quote(alice, job, sides="three")
    assert "No job is selected" in await quote(alice)


async def test_others_jobs_have_no_quote(alice: Visitor, priced: House) -> None:
    job = await priced.add(owner="bob", pages=7)
    told = await quote(alice, job)
    assert "There is no job" in told
    assert "7 pages" not in told


async def test_what_a_printer_lacks_is_said_before_it_is_sent(alice: Visitor, house: House) -> None:
    await a_grey_device(house)
    job = await house.add(color=True, ticket=JobTicket(sides="two-sided-long-edge"))
    told = await quote(alice, job, device="annex")
    assert "Annex does not have two-sided printing, colour." in told
    assert 'name="instead" value="copy-room"' in told
    assert "Print at Copy room (2nd floor, B-204)" in told, "the nearest of those that can"
    assert 'name="adapt" value="grey,one-sided"' in told
    assert "Print in black and white, one-sided here" in told
    assert "does not have" not in await quote(alice, job, device="annex", color="monochrome", sides="one-sided")


async def test_a_printer_in_error_is_said_and_another_offered(alice: Visitor, house: House) -> None:
    job = await house.add()
    told = await quote(alice, job, device="library")
    assert "Library cannot print now: out of paper." in told
    assert 'value="copy-room"' in told
    assert "adapt" not in told


async def test_what_does_not_fit_is_not_sent_but_offered(alice: Visitor, house: House) -> None:
    await a_grey_device(house)
    colored, plain = await house.add(name="Poster", color=True), await house.add(name="Letter")
    await alice.get("/jobs")
    answer = await alice.post("/jobs/release", {"job": [str(colored.id), str(plain.id)], "device": "annex"})
    text = html.unescape(answer.text)
    assert "<b>Letter</b> on its way to Annex." in text
    assert "<b>Poster</b> Annex does not have colour." in text
    assert (await row(house, colored)).state is JobState.PENDING_HELD
    assert f'value="{colored.id}" checked' in text, "one tap on an offer prints it"
    tap = {"job": str(colored.id), "device": "annex"}
    await alice.post("/jobs/release", tap | {"adapt": "grey"})
    sent = await row(house, colored)
    assert (sent.output_device, sent.ticket.print_color_mode) == ("annex", "monochrome")


async def test_a_tap_on_the_other_printer_goes_there(alice: Visitor, house: House) -> None:
    job = await house.add()
    await alice.get("/jobs")
    await alice.post("/jobs/release", {"job": str(job.id), "device": "library", "instead": "copy-room"})
    assert (await row(house, job)).output_device == "copy-room"


@pytest.mark.parametrize("adapt", ["", "paint", "grey,paint", "grey," * 40])
async def test_only_known_changes_are_made(alice: Visitor, house: House, adapt: str) -> None:
    job = await house.add()
    await alice.get("/jobs")
    await alice.post("/jobs/release", {"job": str(job.id), "device": "lobby", "adapt": adapt})
    assert (await row(house, job)).ticket.print_color_mode == ("monochrome" if "grey" in adapt else None)


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"copies": "3"}, {"copies": 3}),
        ({"pages": "1-2,last"}, {"page_ranges": ((1, 2),), "page_words": ("last",)}),
        ({"pages": "all"}, {"page_ranges": ()}),
        ({"sides": "two-sided-short-edge"}, {"sides": "two-sided-short-edge"}),
        ({"color": "monochrome"}, {"print_color_mode": "monochrome"}),
        ({"layout": "4"}, {"number_up": 4}),
        ({"layout": "booklet"}, {"imposition_template": "signature", "number_up": 1}),
        ({"scaling": "none"}, {"print_scaling": "none"}),
        ({"toner": "light"}, {"toner_save": "light"}),
        ({"border": "yes"}, {"page_border": True}),
        ({"image": "yes"}, {"as_image": True}),
    ],
)
async def test_every_option_at_release(
    alice: Visitor, house: House, fields: dict[str, str], changed: dict[str, Any]
) -> None:
    job = await house.add(
        pages=5, ticket=JobTicket(page_ranges=((2, 3),)) if fields.get("pages") == "all" else JobTicket()
    )
    await alice.get("/jobs")
    await alice.post("/jobs/release", {"job": str(job.id), "device": "lobby", **fields})
    ticket = (await row(house, job)).ticket
    assert {name: getattr(ticket, name) for name in changed} == changed


async def test_a_job_that_came_back_offers_the_next_printer_in_one_tap(alice: Visitor, house: House) -> None:
    await house.printers.set_device_status("copy-room", DeviceStatus(state=DeviceState.STOPPED, message="Jam"))
    message = "Copy room cannot print now: Jam. Lobby (Ground floor) can: release it there. Your job keeps waiting."
    job, other = await house.add(message=message), await house.add()
    text = (await alice.get("/jobs")).text
    assert f'formaction="/jobs/{job.id}/release" name="instead" value="lobby"' in text
    assert f"/jobs/{other.id}/release" not in text, "nothing went wrong with it"
    assert f'formaction="/jobs/{job.id}/release"' in (await alice.get(f"/jobs/{job.id}")).text
    await alice.get("/jobs")
    await alice.post(
        f"/jobs/{job.id}/release", {"instead": "lobby", "job": str(other.id), "copies": "9", "device": "copy-room"}
    )
    sent = await row(house, job)
    assert (sent.state, sent.output_device, sent.ticket.copies) == (JobState.PENDING, "lobby", 1)
    assert (await row(house, other)).state is JobState.PENDING_HELD


async def test_a_proof_leaves_the_rest_waiting(alice: Visitor, house: House) -> None:
    job = await house.add(ticket=JobTicket(copies=4))
    assert f"/jobs/{job.id}/proof" in (await alice.get("/jobs")).text
    answer = await alice.post(f"/jobs/{job.id}/proof", {"device": "lobby"})
    assert "one copy is on its way to Lobby. 3 copies keep waiting." in answer.text
    assert (await row(house, job)).ticket.copies == 3
    one = await house.add()
    assert f"/jobs/{one.id}/proof" not in (await alice.get("/jobs")).text
    answer = await alice.post(f"/jobs/{one.id}/proof", {"device": "lobby"})
    assert answer.status_code == 409
    assert "first of several copies" in answer.text


async def test_a_private_job_says_so(alice: Visitor, house: House) -> None:
    job = await house.add()
    answer = await alice.post(f"/jobs/{job.id}/private")
    assert "is private now" in answer.text
    assert (await row(house, job)).private
    assert f'formaction="/jobs/{job.id}/private"' not in answer.text
    assert "Only its owner sees its pages" in (await alice.get(f"/jobs/{job.id}")).text


async def test_three_times_longer_and_then_no_more(alice: Visitor, house: House) -> None:
    job = await house.add(expires_at=house.clock.now() + 3600)
    await alice.get("/jobs")
    for _ in range(3):
        assert f"/jobs/{job.id}/extend" in (await alice.get("/jobs")).text
        assert "is kept longer" in (await alice.post(f"/jobs/{job.id}/extend")).text
    assert f"/jobs/{job.id}/extend" not in (await alice.get("/jobs")).text
    assert "extended 3 times already" in (await alice.post(f"/jobs/{job.id}/extend")).text


async def test_the_list_opens_as_its_owner_wants_it(alice: Visitor, house: House) -> None:
    jobs = [await house.add(), await house.add()]
    user = await house.identity.get("alice")
    await house.personal.preferences.save(user, Preferences(select_all=True, device="lobby"))
    text = (await alice.get("/jobs")).text
    assert all(f'value="{job.id}" checked' in text for job in jobs)
    assert 'value="lobby" checked' in text
    await house.printers.set_device_status("lobby", DeviceStatus(state=DeviceState.STOPPED))
    assert 'value="copy-room" checked' in (await alice.get("/jobs")).text, "one that can print"


async def test_the_device_that_suits_is_chosen(alice: Visitor, house: House) -> None:
    await a_grey_device(house)
    await house.add(color=True)
    assert 'value="copy-room" checked' in (await alice.get("/jobs")).text
