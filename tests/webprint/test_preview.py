"""What comes out: the section of a job's page, its pictures, and the release of exactly what was shown."""

import html
import re
from dataclasses import replace

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.formats import PCL
from gateway.domain.house import HouseRules
from gateway.domain.job import JobState, Reason
from gateway.domain.user import Actor
from gateway.errors import FormatError, Unavailable
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House, a_page

PNG = b"\x89PNG\r\n\x1a\n"


async def page(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = await visitor.get(path)
    assert answer.status_code == status
    return html.unescape(answer.text)


def pictures(text: str) -> list[str]:
    """Of what comes out; those of the page editor are taken from the document as it was sent."""
    return re.findall(r'<img src="(/jobs/\d+/sides/(?![^"]*picks=none)[^"]+)"', text)


def hidden(text: str) -> dict[str, str]:
    """What the release beside the preview carries."""
    form = text[text.index('id="preview-release"') :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[: form.index("</form>")])
    return {name: value for name, value in found if name != "csrf"}


# --- what is shown


async def test_all_sides_as_they_come_out_counted_on_the_result(alice: Visitor, house: House) -> None:
    job = await house.add(pages=7)
    text = await page(alice, f"/jobs/{job.id}?sides=two-sided-long-edge&copies=2&device=lobby")
    assert "What comes out" in text
    assert "2 copies: 14 pages on 8 sheets" in text
    assert re.findall(r'alt="(Sheet[^"]+)"', text)[-2:] == ["Sheet 3, back", "Sheet 4, front"]
    addresses = pictures(text)
    assert len(addresses) == 7
    for address in addresses:
        answer = await alice.get(address)
        assert (answer.status_code, answer.content[:8]) == (200, PNG)
    assert answer.headers["cache-control"].startswith("private")
    assert house.converter.calls == ["preview"] * 2, "five at a time"


async def test_options_change_what_is_shown(alice: Visitor, house: House) -> None:
    job = await house.add(pages=8)
    plain, four = await page(alice, f"/jobs/{job.id}"), await page(alice, f"/jobs/{job.id}?layout=4")
    assert (len(pictures(plain)), len(pictures(four))) == (8, 2)
    assert "2 pages on 2 sheets" in four
    assert 'name="layout" value="4" checked' in four
    assert "8 pages on 4 sheets" in await page(alice, f"/jobs/{job.id}?sides=two-sided-long-edge")
    assert "4 pages on 2 sheets" in await page(alice, f"/jobs/{job.id}?layout=booklet")
    assert "5 pages on 5 sheets" in await page(alice, f"/jobs/{job.id}?pages=odd,last")
    assert 'width="440" height="622"' in four
    assert 'width="440" height="311"' in await page(alice, f"/jobs/{job.id}?layout=2")
    large = re.findall(r'<a href="(/jobs/\d+/sides/1.png[^"]+)"', four)[0]
    assert (await alice.get(large)).content[16:20] == (1200).to_bytes(4, "big"), "the width in its header"


async def test_the_printers_own_rules_are_told(alice: Visitor, house: House) -> None:
    job = await house.add(pages=4)
    assert "This printer" not in await page(alice, f"/jobs/{job.id}")
    await house.printers.change_printer(job.printer, house=HouseRules(force_grey=True, force_duplex=True, bates="X"))
    text = await page(alice, f"/jobs/{job.id}")
    for told in (
        "This printer prints in grey.",
        "This printer prints on both sides.",
        "This printer numbers each side.",
    ):
        assert told in text
    assert "4 pages on 2 sheets" in text


async def test_a_print_file_is_not_shown_and_can_be_released(alice: Visitor, house: House) -> None:
    job = await house.add(pages=3)
    assert job.printable is not None
    await house.change(job.id, printable=replace(job.printable, format=PCL))
    text = await page(alice, f"/jobs/{job.id}")
    assert "goes to the printer as it is" in text
    assert not pictures(text)
    assert "disabled" not in text[text.index('id="preview-release"') :].partition("</form>")[0]
    assert (await alice.get(f"/jobs/{job.id}/sides/1.png")).status_code == 409


async def test_many_sides_come_in_pages(alice: Visitor, house: House) -> None:
    job = await house.add(pages=45)
    text = await page(alice, f"/jobs/{job.id}?color=monochrome")
    assert len(pictures(text)) == 20
    assert "Earlier sides" not in text
    for count, begin in ((20, 21), (5, 41)):
        further = re.findall(r'href="(\?[^"]+)#preview">Further', text)[0]
        text = await page(alice, f"/jobs/{job.id}{further}")
        assert "color=monochrome" in further
        assert len(pictures(text)) == count
        assert f"/sides/{begin}.png" in pictures(text)[0]
    assert "Earlier sides" in text
    assert "Further sides" not in text


async def test_the_release_carries_what_was_shown(alice: Visitor, house: House) -> None:
    job = await house.add(pages=6)
    query = "copies=3&pages=1-4&sides=two-sided-long-edge&color=monochrome&layout=2&scaling=fill&border=yes&toner=light"
    text = await page(alice, f"/jobs/{job.id}?{query}&image=yes&device=lobby")
    fields = hidden(text)
    assert fields["device"] == "lobby"
    answer = await alice.post("/jobs/release", fields)
    assert "3 copies, on its way to Lobby" in answer.text
    row = await house.jobs.get(job.id)
    assert row is not None
    ticket = row.ticket
    assert (row.state, row.output_device) == (JobState.PENDING, "lobby")
    assert (ticket.copies, ticket.page_ranges, ticket.sides) == (3, ((1, 4),), "two-sided-long-edge")
    assert (ticket.number_up, ticket.print_scaling, ticket.page_border) == (2, "fill", True)
    assert (ticket.print_color_mode, ticket.toner_save, ticket.as_image) == ("monochrome", "light", True)


async def test_the_device_shown_is_the_device_released_at(alice: Visitor, house: House) -> None:
    job = await house.add()
    for asked, shown in (("lobby", "lobby"), ("library", "copy-room"), ("nowhere", "copy-room")):
        text = await page(alice, f"/jobs/{job.id}?device={asked}")
        assert hidden(text)["device"] == shown
        assert all(f"device={shown}" in address for address in pictures(text))


async def test_while_no_device_prints_it_is_shown_and_not_released(alice: Visitor, house: House) -> None:
    job = await house.add()
    for name in ("copy-room", "lobby"):
        await house.printers.set_device_status(name, DeviceStatus(state=DeviceState.STOPPED))
    text = await page(alice, f"/jobs/{job.id}")
    assert len(pictures(text)) == 1
    assert "device" not in hidden(text)
    assert '<button class="button primary big" disabled>' in text


# --- what is refused, in words


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("copies=0", "not a number of copies"),
        ("copies=x", "not a number of copies"),
        ("pages=9-1", "runs backwards"),
        ("pages=40", "This document has 3 pages"),
        ("layout=5", "not known here"),
        ("scaling=huge", "not known here"),
        ("border=maybe", "not known here"),
        ("toner=none", "not known here"),
        ("image=1", "not known here"),
        ("sides=none", "not known here"),
        ("from=x", "cannot be read"),
    ],
)
async def test_options_that_make_no_sense(alice: Visitor, house: House, query: str, said: str) -> None:
    job = await house.add(pages=3)
    text = await page(alice, f"/jobs/{job.id}?{query}", 400)
    assert said in text
    assert not pictures(text)
    assert '<button class="button primary big" disabled>' in text
    assert "What happened" in text, "the rest of the page is there"
    if not query.startswith("from"):
        assert (await alice.get(f"/jobs/{job.id}/sides/1.png?{query}")).status_code == 400


async def test_what_was_typed_stays(alice: Visitor, house: House) -> None:
    job = await house.add()
    answer = await alice.get(f"/jobs/{job.id}?pages=%22%3E%3Cscript%3E")
    assert answer.status_code == 400
    assert "<script>" not in answer.text.replace("<script src", "")
    assert 'value=""><script>"' in html.unescape(answer.text)


@pytest.mark.parametrize("query", ["width=199", "width=1201", "width=x", "width=99999999"])
async def test_pictures_have_bounds(alice: Visitor, house: House, query: str) -> None:
    job = await house.add()
    assert (await alice.get(f"/jobs/{job.id}/sides/1.png?{query}")).status_code == 400


@pytest.mark.parametrize("number", ["0", "2", "999999999999999999999"])
async def test_there_is_no_such_side(alice: Visitor, house: House, number: str) -> None:
    job = await house.add()
    assert (await alice.get(f"/jobs/{job.id}/sides/{number}.png")).status_code in {400, 404}


async def test_what_cannot_be_laid_out_offers_an_image(alice: Visitor, house: House) -> None:
    job = await house.add()
    house.converter.failure = FormatError("Page 1 has a letter that nobody can draw.")
    text = await page(alice, f"/jobs/{job.id}?layout=2")
    assert "Page 1 has a letter that nobody can draw." in text
    (address,) = re.findall(r'href="([^"]+)#preview">Print as image', text)
    assert address == f"/jobs/{job.id}?layout=2&image=yes"
    assert '<button class="button primary big" disabled>' in text, "it would fail at the printer"
    assert "Print as image</a>" not in await page(alice, address), "that was it"


async def test_a_machine_without_jails_still_releases(alice: Visitor, house: House) -> None:
    job = await house.add_with_picture(a_page(1))
    house.converter.failure = Unavailable("Documents cannot be opened on this machine.")
    text = await page(alice, f"/jobs/{job.id}")
    assert "Documents cannot be opened on this machine." in text
    assert '<button class="button primary big">' in text
    assert f"/jobs/{job.id}/pages/1.png" in text, "the thumbnails remain"


async def test_a_front_without_previews_says_so(house: House) -> None:
    job = await house.add_with_picture(a_page(1))
    async with visiting(house.app(preview=None)) as visitor:
        await visitor.sign_in()
        text = await page(visitor, f"/jobs/{job.id}?copies=2")
        assert "Previews are not made on this server" in text
        assert f"/jobs/{job.id}/pages/1.png" in text
        assert (await visitor.get(f"/jobs/{job.id}/sides/1.png")).status_code == 404
        assert (await visitor.get(f"/jobs/{job.id}?copies=0")).status_code == 400
        answer = await visitor.post("/jobs/release", hidden(text))
    assert "2 copies, on its way to Copy room" in answer.text


# --- to whom


async def test_nobody_else_sees_what_comes_out(house: House) -> None:
    job = await house.add_with_picture(a_page(1))
    for name, status in (("bob", 404), ("olga", 200)):
        async with visiting(house.app()) as visitor:
            await visitor.sign_in(name)
            answer = await visitor.get(f"/jobs/{job.id}")
            assert answer.status_code == status
            assert "What comes out" not in answer.text
            assert (await visitor.get(f"/jobs/{job.id}/sides/1.png")).status_code == 404
    assert not house.converter.calls


async def test_only_what_waits_is_previewed(alice: Visitor, house: House) -> None:
    for state, reason in ((JobState.PROCESSING, Reason.JOB_PRINTING), (JobState.COMPLETED, Reason.JOB_PRINTING)):
        job = await house.add_with_picture(a_page(1), state=state, reasons=(reason,), output_device="lobby")
        assert "What comes out" not in await page(alice, f"/jobs/{job.id}")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason.DOCUMENT_FORMAT_ERROR, "save it as PDF, and send that"),
        (Reason.UNSUPPORTED_DOCUMENT_FORMAT, "save it as PDF in the program"),
        (Reason.DOCUMENT_PERMISSION_ERROR, "may be printed"),
    ],
)
async def test_a_document_that_failed_says_what_to_try(alice: Visitor, house: House, reason: Reason, said: str) -> None:
    job = await house.add(state=JobState.ABORTED, reasons=(Reason.ABORTED_BY_SYSTEM, reason), key=None)
    text = await page(alice, f"/jobs/{job.id}")
    assert "What to try" in text
    assert said in text


# --- the release form of the list


async def test_the_list_takes_the_same_options(alice: Visitor, house: House) -> None:
    job = await house.add(pages=8)
    text = await page(alice, "/jobs")
    for name in ("layout", "scaling", "image"):
        assert f'<select name="{name}">' in text
    fields = {"job": str(job.id), "device": "lobby", "layout": "booklet", "scaling": "none", "image": "yes"}
    assert (await alice.post("/jobs/release", fields)).status_code == 200
    row = await house.jobs.get(job.id)
    assert row is not None
    assert (row.ticket.booklet, row.ticket.print_scaling, row.ticket.as_image) == (True, "none", True)


async def test_the_list_refuses_what_makes_no_sense_and_keeps_the_rest(alice: Visitor, house: House) -> None:
    job = await house.add()
    answer = await alice.post("/jobs/release", {"job": str(job.id), "layout": "2", "scaling": "huge"})
    assert answer.status_code == 400
    assert '<option value="2" selected>' in answer.text
    assert '<details class="options" open>' in answer.text
    assert await house.jobs.get(job.id) == job


async def test_all_pages_can_be_asked_for_by_word(alice: Visitor, house: House) -> None:
    job = await house.add(pages=4)
    await house.release.change(job.id, Actor(user="alice"), {"page_ranges": ((1, 2),)})
    assert "2 pages" in await page(alice, f"/jobs/{job.id}")
    assert "4 pages" in await page(alice, f"/jobs/{job.id}?pages=All")
