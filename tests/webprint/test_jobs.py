"""The list of jobs and all that can be done from it."""

import html

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import ReleasePolicy
from gateway.domain.ticket import JobTicket
from tests.fakes import a_held_job
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House, a_page, busy_day
from webprint.own import EVERYBODY_SHOWN


async def row(house: House, job: Job) -> Job:
    found = await house.jobs.get(job.id)
    assert found is not None
    return found


async def text_of(visitor: Visitor, path: str = "/jobs") -> str:
    answer = await visitor.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.text)


# --- seeing ------------------------------------------------------------------------------------------------------


async def test_an_empty_list_says_what_to_do_next(alice: Visitor) -> None:
    text = await text_of(alice)
    assert "Nothing is waiting" in text
    assert 'href="/#how"' in text
    assert "Where to print" not in text


async def test_each_condition_of_a_job_is_told_in_words(alice: Visitor, house: House) -> None:
    await busy_day(house)
    text = await text_of(alice)
    for said in (
        "Waiting for you: release at any printer",
        "12 pages",
        "6 sheets",
        "Colour",
        "Two-sided",
        "2.4 MB",
        "AirPrint / IPP, 5 minutes ago",
        "Expires in 23 hours",
        "Expires in 1 hour",
        "Kept as favourite",
        "2 copies",
        "Did it come out? · Lobby",
        "Printing · Lobby",
        "11 of 30",
        "Being prepared",
        "Printed · Copy room",
        "Not printed: the document is damaged",
        "Page 2 cannot be read. Save the document anew and send it again.",
    ):
        assert said in text, said


async def test_no_keyword_of_the_protocol_is_shown(alice: Visitor, house: House) -> None:
    for number, reason in enumerate(Reason):
        state = list(JobState)[number % len(JobState)]
        await house.add(name=f"Job {number}", state=state, reasons=(reason,), pages=None)
    text = await text_of(alice)
    for reason in Reason:
        if "-" in reason.value:
            assert reason.value not in text


async def test_names_from_outside_are_shown_as_text(alice: Visitor, house: House) -> None:
    nasty = '"><img src=x onerror=alert(1)>{{ 7*7 }}'
    job = await house.add(name=nasty, message=nasty, notes=(nasty,), source=nasty)
    for path in ("/jobs", f"/jobs/{job.id}"):
        answer = await alice.get(path)
        assert "<img src=x" not in answer.text
        assert nasty in html.unescape(answer.text)


async def test_thumbnails_are_the_owners_only(alice: Visitor, house: House) -> None:
    picture = a_page(1)
    job = await house.add_with_picture(picture)
    answer = await alice.get(f"/jobs/{job.id}/pages/1.png")
    assert answer.content == picture
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"].startswith("private")
    assert (await alice.get(f"/jobs/{job.id}/pages/2.png")).status_code == 404
    async with visiting(house.app()) as operator:
        await operator.sign_in("olga")
        assert f"/jobs/{job.id}/pages/" not in await text_of(operator, "/jobs?all=1")


async def test_a_picture_that_cannot_be_read_is_refused_in_words(alice: Visitor, house: House) -> None:
    job = await house.add_with_picture(a_page(1))
    await house.spool.destroy([job.thumbnails[0].id])
    assert (await alice.get(f"/jobs/{job.id}/pages/1.png")).status_code == 503


async def test_a_single_waiting_job_is_ticked_several_are_not(alice: Visitor, house: House) -> None:
    await house.add()
    assert (await text_of(alice)).count(" checked") == 2  # the job and the printer
    await house.add()
    assert (await text_of(alice)).count(" checked") == 1
    assert (await text_of(alice, "/jobs?select=all")).count(" checked") == 3


async def test_printers_that_cannot_print_say_why_and_cannot_be_chosen(alice: Visitor, house: House) -> None:
    await house.add()
    text = await text_of(alice)
    assert 'value="library" disabled' in text
    assert "Out of paper" in text
    assert 'value="copy-room" checked' in text


async def test_a_secure_printer_offers_its_own_device_only(alice: Visitor, house: House) -> None:
    await house.printers.add_printer("boss", policy=ReleasePolicy.SECURE, devices=("lobby",), info="Boss")
    await house.add(printer="boss")
    text = await text_of(alice)
    assert "release at Lobby" in text
    assert 'value="lobby"' in text
    assert 'value="copy-room"' not in text


async def test_an_unchanged_list_is_an_empty_answer(alice: Visitor, house: House) -> None:
    job = await house.add()
    state = (await alice.get("/jobs")).headers["etag"]
    assert (await alice.get("/jobs", **{"if-none-match": state})).status_code == 304
    await house.change(job.id, impressions=7, pages=7)
    assert (await alice.get("/jobs", **{"if-none-match": state})).status_code == 200
    state = (await alice.get("/jobs")).headers["etag"]
    await house.printers.set_device_status("copy-room", DeviceStatus(state=DeviceState.STOPPED, message="Jam"))
    answer = await alice.get("/jobs", **{"if-none-match": state})
    assert answer.status_code == 200
    assert "Jam" in answer.text


async def test_what_waits_is_shown_however_much_was_printed_since(alice: Visitor, house: House) -> None:
    await house.add(name="Old but waiting")
    ended = {"state": JobState.COMPLETED, "reasons": (), "ended_at": house.clock.now()}
    jobs = [await house.add(name=f"Printed no. {number:03}", **ended) for number in range(75)]
    text = await text_of(alice)
    assert "Old but waiting" in text
    assert "Printed no. 045" in text
    assert "Printed no. 044" not in text
    assert f'href="/jobs?before={jobs[45].id}"' in text
    older = await text_of(alice, f"/jobs?before={jobs[45].id}")
    assert "Printed no. 015" in older
    assert "Old but waiting" not in older
    assert "before=" not in await text_of(alice, f"/jobs?before={jobs[15].id}")


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=" + "9" * 30, "select=%00", "all=1", "q=%FF"])
async def test_odd_queries_show_the_plain_list(alice: Visitor, query: str) -> None:
    assert "My jobs" in await text_of(alice, f"/jobs?{query}")


async def test_the_detail_page_tells_what_happened(alice: Visitor, house: House) -> None:
    job = await house.add_with_picture(a_page(1), a_page(2), pages=5, state=JobState.COMPLETED, reasons=())
    record = JobRecord(job_id=job.id, at=house.clock.now(), what="released to Copy room", by="alice", text="Why not")
    await house.change(job.id, record)
    text = await text_of(alice, f"/jobs/{job.id}")
    for said in (
        "Arrived",
        "Released to Copy room</b> by alice",
        "Why not",
        "3 more pages",
        'alt="Page 2"',
        "just now",
    ):
        assert said in text, said


async def test_the_detail_page_names_persons_and_not_parts_of_the_program(alice: Visitor, house: House) -> None:
    job = await house.add(source="web")
    records = [JobRecord(job_id=job.id, at=house.clock.now(), what="prepared", by="preparation")]
    await house.change(job.id, *records)
    answer = await alice.get(f"/jobs/{job.id}")
    assert "<b>Prepared</b></span>" in answer.text
    state = answer.headers["etag"]
    assert (await alice.get(f"/jobs/{job.id}", **{"if-none-match": state})).status_code == 304
    await house.change(job.id, favourite=True)
    assert (await alice.get(f"/jobs/{job.id}", **{"if-none-match": state})).status_code == 200


# --- releasing ---------------------------------------------------------------------------------------------------


async def test_release_at_a_chosen_printer(alice: Visitor, house: House) -> None:
    one, two = await house.add(name="One"), await house.add(name="Two")
    await alice.get("/jobs")
    answer = await alice.post("/jobs/release", {"job": [str(one.id), str(two.id)], "device": "lobby"})
    assert answer.status_code == 200
    assert answer.text.count("on its way to Lobby") == 2
    for job in (one, two):
        after = await row(house, job)
        assert (after.state, after.output_device, after.released_by) == (JobState.PENDING, "lobby", "alice")
        assert after.ticket == job.ticket


async def test_pages_chosen_by_words_are_told_as_they_were_written(alice: Visitor, house: House) -> None:
    job = await house.add()
    await alice.post("/jobs/release", {"job": str(job.id), "device": "lobby", "pages": "1, ODD, 3-last"})
    after = (await row(house, job)).ticket
    assert (after.page_words, after.page_ranges[0]) == (("odd",), (1, 1))
    held = await house.add(ticket=after)
    assert "Pages 1, 3-last, odd" in (await alice.get(f"/jobs/{held.id}")).text


async def test_options_changed_at_release(alice: Visitor, house: House) -> None:
    job = await house.add(ticket=JobTicket(media="iso_a4_210x297mm"))
    fields = {"copies": "3", "sides": "two-sided-long-edge", "color": "monochrome", "pages": "1-3, 7"}
    answer = await alice.post("/jobs/release", {"job": str(job.id), "device": "lobby", **fields})
    assert "3 copies, on its way to Lobby" in answer.text
    assert (await row(house, job)).ticket == JobTicket(
        media="iso_a4_210x297mm",
        copies=3,
        sides="two-sided-long-edge",
        print_color_mode="monochrome",
        page_ranges=((1, 3), (7, 7)),
    )


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("copies", "0", "number from 1 to 999"),
        ("copies", "1000", "number from 1 to 999"),
        ("copies", "-1", "number from 1 to 999"),
        ("copies", "1e3", "number from 1 to 999"),
        ("copies", "٣", "number from 1 to 999"),
        ("pages", "3-1", "runs backwards"),
        ("pages", "a-b", "is not a page range"),
        ("sides", "three-sided", "not known here"),
        ("color", "red", "not known here"),
    ],
)
async def test_options_that_make_no_sense_print_nothing(
    alice: Visitor, house: House, field: str, value: str, says: str
) -> None:
    job, _ = await house.add(), await house.add()
    answer = await alice.post("/jobs/release", {"job": str(job.id), "device": "lobby", field: value})
    assert answer.status_code == 400
    assert says in answer.text
    assert f'value="{job.id}" checked' in answer.text, "what was ticked stays ticked"
    assert await row(house, job) == job


async def test_refusals_are_told_job_by_job_and_stop_no_other(alice: Visitor, house: House) -> None:
    good = await house.add(name="Good one")
    gone = await house.add(name="Gone one", state=JobState.CANCELED, reasons=(Reason.JOB_CANCELED_BY_USER,))
    ids = [str(gone.id), str(good.id), "4711"]
    answer = await alice.post("/jobs/release", {"job": ids, "device": "copy-room"})
    text = html.unescape(answer.text)
    assert "only a held job can be released" in text
    assert "There is no job 4711 of yours." in text
    assert "<b>Good one</b> on its way to Copy room" in text
    assert (await row(house, good)).state is JobState.PENDING


async def test_a_printer_out_of_paper_is_refused_with_another_named(alice: Visitor, house: House) -> None:
    job = await house.add()
    answer = await alice.post("/jobs/release", {"job": str(job.id), "device": "library"})
    text = html.unescape(answer.text)
    assert "Library cannot print now" in text
    assert 'name="instead" value="copy-room"' in text, "one tap"
    assert (await row(house, job)).state is JobState.PENDING_HELD


@pytest.mark.parametrize("device", ["nowhere", "../lobby", "<b>"])
async def test_printers_that_do_not_exist(alice: Visitor, house: House, device: str) -> None:
    job = await house.add()
    answer = await alice.post("/jobs/release", {"job": str(job.id), "device": device})
    assert "cannot be released at" in html.unescape(answer.text)
    assert "<b>&#34;" not in answer.text
    assert await row(house, job) == job


@pytest.mark.parametrize("ids", [[], ["x"], ["1" * 30], ["-1"], ["1"] * 0 + [str(n) for n in range(1, 300)]])
async def test_selections_that_cannot_be_read(alice: Visitor, house: House, ids: list[str]) -> None:
    job = await house.add()
    answer = await alice.post("/jobs/release", {"job": ids, "device": "lobby"})
    assert answer.status_code == 400
    assert await row(house, job) == job


async def test_print_all_releases_what_waits_and_nothing_else(alice: Visitor, house: House) -> None:
    day = await busy_day(house)
    others = await house.add(owner="bob")
    answer = await alice.post("/jobs/release-all", {"device": "copy-room"})
    assert answer.text.count("on its way to Copy room") == 3
    for name in ("report", "tickets", "contract"):
        assert (await row(house, day[name])).state is JobState.PENDING
    assert await row(house, others) == others
    assert await row(house, day["ask"]) == day["ask"]


async def test_an_operators_print_all_is_about_his_own_jobs(house: House) -> None:
    job = await house.add()
    async with visiting(house.app()) as operator:
        await operator.sign_in("olga")
        await operator.post("/jobs/release-all", {"device": "lobby", "all": "1"})
    assert await row(house, job) == job


async def test_a_second_release_of_the_same_page_prints_nothing_twice(alice: Visitor, house: House) -> None:
    job = await house.add()
    for _ in range(2):
        answer = await alice.post("/jobs/release", {"job": str(job.id), "device": "lobby"})
    assert "only a held job can be released" in answer.text
    assert (await row(house, job)).version == 1


# --- the rest ----------------------------------------------------------------------------------------------------


async def test_deleting_asks_first(alice: Visitor, house: House) -> None:
    one, two = await house.add(name="One"), await house.add(name="Two")
    ids = [str(one.id), str(two.id)]
    answer = await alice.post("/jobs/delete", {"job": ids})
    assert "Delete 2 jobs?" in answer.text
    assert (await row(house, one)).state is JobState.PENDING_HELD
    answer = await alice.post("/jobs/delete", {"job": ids, "sure": "yes"})
    assert answer.text.count("is deleted.") == 2
    after = await row(house, two)
    assert (after.state, after.reasons) == (JobState.CANCELED, (Reason.JOB_CANCELED_BY_USER,))


async def test_deleting_one_from_its_menu(alice: Visitor, house: House) -> None:
    job = await house.add(name="One")
    assert "Delete this job?" in (await alice.post(f"/jobs/{job.id}/delete")).text
    await alice.post(f"/jobs/{job.id}/delete", {"sure": "yes"})
    assert (await row(house, job)).state is JobState.CANCELED


async def test_favourite_and_back(alice: Visitor, house: House) -> None:
    job = await house.add()
    assert "is a favourite now" in (await alice.post(f"/jobs/{job.id}/favourite", {"on": "yes"})).text
    assert (await row(house, job)).favourite
    await alice.post(f"/jobs/{job.id}/favourite", {"on": "no"})
    assert not (await row(house, job)).favourite


async def test_keeping_longer_has_an_end(alice: Visitor, house: House) -> None:
    job = await house.add()
    for _ in range(3):
        assert (await alice.post(f"/jobs/{job.id}/extend")).status_code == 200
    answer = await alice.post(f"/jobs/{job.id}/extend")
    assert answer.status_code == 403
    assert "it cannot wait longer" in answer.text


async def test_printing_again(alice: Visitor, house: House) -> None:
    job = await house.add(name="Again", state=JobState.COMPLETED, ended_at=house.clock.now(), expires_at=None)
    assert f"/jobs/{job.id}/reprint" in await text_of(alice)
    answer = await alice.post(f"/jobs/{job.id}/reprint")
    assert "is waiting again" in answer.text
    assert len(house.jobs.rows) == 2


async def test_printing_again_after_the_document_is_gone(alice: Visitor, house: House) -> None:
    job = await house.add(state=JobState.COMPLETED, key=None, ended_at=house.clock.now())
    assert f"/jobs/{job.id}/reprint" not in await text_of(alice)
    answer = await alice.post(f"/jobs/{job.id}/reprint")
    assert answer.status_code == 409
    assert "Send it again" in answer.text


@pytest.mark.parametrize(("answer", "state"), [("came-out", JobState.COMPLETED), ("not-out", JobState.PENDING_HELD)])
async def test_an_uncertain_job_asks_and_takes_the_answer(
    alice: Visitor, house: House, answer: str, state: JobState
) -> None:
    job = (await busy_day(house))["ask"]
    await house.change(job.id, release_id=job.uuid)
    text = await text_of(alice)
    assert "Look into its tray" in text
    assert f"/jobs/{job.id}/{answer}" in text
    await alice.post(f"/jobs/{job.id}/{answer}")
    assert (await row(house, job)).state is state


async def test_what_came_from_this_device_unsigned_can_be_claimed(alice: Visitor, house: House) -> None:
    mine = await house.add(name="Unsigned", owner=None, address="127.0.0.1")
    other = await house.add(name="From elsewhere", owner=None, address="192.0.2.77")
    text = await text_of(alice)
    assert "Printed from this address without signing in" in text
    assert f"/p/{mine.printer}/claim" in text
    assert "Unsigned" not in text, "somebody else behind the same address may have printed it"
    assert "From elsewhere" not in text
    assert "Nothing is waiting" not in text
    assert (await row(house, other)).owner is None


# --- operators ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("search", "found"), [("tax", "Tax form"), ("BOB", "Tax form"), ("2", "Tax form")])
async def test_an_operator_searches_by_name_owner_and_number(house: House, search: str, found: str) -> None:
    await house.add(name="Poem", owner="alice")
    await house.add(name="Tax form", owner="bob")
    async with visiting(house.app()) as operator:
        await operator.sign_in("olga")
        text = await text_of(operator, f"/jobs?all=1&q={search}")
        assert found in text
        assert "Poem" not in text
        assert "bob" in text
        assert "Nothing found for" in await text_of(operator, "/jobs?all=1&q=nothing-like-it")


async def test_an_operator_releases_for_another_and_comes_back_to_the_search(house: House) -> None:
    job = await house.add(name="Tax form", owner="bob")
    async with visiting(house.app()) as operator:
        await operator.sign_in("olga")
        answer = await operator.post(
            "/jobs/release", {"job": str(job.id), "device": "lobby", "all": "1", "search": "tax"}
        )
    assert "on its way to Lobby" in answer.text
    assert 'data-here="/jobs?all=1&amp;q=tax"' in answer.text
    assert (await row(house, job)).released_by == "olga"


# --- protected documents -----------------------------------------------------------------------------------------


async def test_a_protected_document_asks_for_its_password(alice: Visitor, house: House) -> None:
    key, wrapped = house.keyring.new_key()
    assert key
    job = a_held_job(printable=None, reasons=(Reason.DOCUMENT_PASSWORD_ERROR,), key=wrapped)
    (added,) = await house.jobs.add([job])
    assert "This document is protected" in await text_of(alice)
    page = await text_of(alice, f"/jobs/{added.id}")
    assert f"/jobs/{added.id}/unlock" in page
    answer = await alice.post(f"/jobs/{added.id}/unlock", {"password": "open sesame"})
    assert answer.status_code == 200
    after = await row(house, added)
    assert after.state is JobState.PENDING
    assert after.unlocking is not None
    assert house.spool.objects[after.unlocking.id].data == b"open sesame"


async def test_what_came_of_a_job_that_broke_off_is_taken_by_its_owners_word(alice: Visitor, house: House) -> None:
    job = a_held_job(printable=None, reasons=(Reason.JOB_DATA_INSUFFICIENT,), key=house.keyring.new_key()[1])
    (added,) = await house.jobs.add([job])
    page = await text_of(alice, f"/jobs/{added.id}")
    assert "Incomplete: the sender stopped early" in page
    assert "Take what came" in page
    answer = await alice.post(f"/jobs/{added.id}/take")
    assert "is being prepared as it came." in answer.text
    assert (await row(house, added)).state is JobState.PENDING
    assert "Take what came" not in await text_of(alice, f"/jobs/{added.id}")


async def test_staff_is_told_that_there_are_more(house: House) -> None:
    jobs = [await house.add(name=f"Held no. {number:03}") for number in range(EVERYBODY_SHOWN + 1)]
    async with visiting(house.app()) as olga:
        await olga.sign_in("olga")
        text = await text_of(olga, "/jobs?all=1")
        assert jobs[0].name not in text
        assert jobs[1].name in text
        assert "Only the newest jobs are shown" in text
        assert jobs[0].name in await text_of(olga, "/jobs?all=1&q=no.+000")
