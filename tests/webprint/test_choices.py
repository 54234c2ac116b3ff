"""What to print of a document: the form on the job's page, and what comes of it."""

import html
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.domain.document import DocumentFacts, Inspection, Sheet
from gateway.domain.facts import kept
from gateway.domain.job import Job, JobState
from gateway.domain.ticket import JobTicket
from tests.fake_documents import XLSX
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BOOK = Inspection(sheets=(Sheet(name="Sums"), Sheet(name="Secrets <b>", hidden=True), Sheet(name="Plan")), comments=2)
TEXT = Inspection(comments=1, tracked_changes=4)


async def held(house: House, *found: Inspection, form: str = XLSX, **fields: Any) -> Job:
    job = await house.add(**fields)
    documents = [replace(job.documents[0], format=form, number=number) for number, _ in enumerate(found, 1)]
    facts = kept((), [DocumentFacts(format=form, pages=(), inspection=one) for one in found])
    return await house.change(job.id, documents=tuple(documents), facts=facts)


async def row(house: House, job: Job) -> Job:
    found = await house.jobs.get(job.id)
    assert found is not None
    return found


async def page(visitor: Visitor, job: Job) -> str:
    answer = await visitor.get(f"/jobs/{job.id}")
    assert answer.status_code == 200
    return answer.text


async def test_the_sheets_are_listed_and_the_hidden_ones_not_ticked(alice: Visitor, house: House) -> None:
    text = await page(alice, await held(house, BOOK))
    assert "What to print of this document" in text
    ticks = [line for line in text.splitlines() if 'name="sheet"' in line]
    assert ["checked" in line for line in ticks] == [True, False, True]
    assert ["hidden" in line for line in ticks] == [False, True, False]
    assert "Secrets &lt;b&gt;" in ticks[1]
    assert "With its 2 comments" in text
    assert "tracked change" not in text


async def test_a_choice_sends_the_job_to_be_prepared_again(alice: Visitor, house: House) -> None:
    job = await held(house, BOOK)
    fields: dict[str, str | list[str]] = {
        "sheet": ["2", "3"],
        "own_area": "A1:D20",
        "fit_width": "yes",
        "comments": "yes",
    }
    answer = await alice.post(f"/jobs/{job.id}/convert", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{job.id}")
    after = await row(house, job)
    assert (after.state, after.prepared) == (JobState.PENDING, False)
    wanted = ConversionChoice(sheets=(2, 3), print_area="A1:D20", fit_width=True, comments=True)
    assert after.ticket.conversion == wanted
    assert "What to print" not in await page(alice, job), "there is nothing to choose while it is prepared"


async def test_what_was_chosen_is_shown_again(alice: Visitor, house: House) -> None:
    chosen = ConversionChoice(sheets=(2,), print_area="B2:C3", comments=True)
    text = await page(alice, await held(house, BOOK, ticket=JobTicket(conversion=chosen)))
    ticks = [line for line in text.splitlines() if 'name="sheet"' in line]
    assert ["checked" in line for line in ticks] == [False, True, False]
    assert 'value="B2:C3"' in text
    assert 'name="comments" value="yes" checked' in text


async def test_the_sheets_that_are_printed_anyway_are_no_choice(alice: Visitor, house: House) -> None:
    job = await held(house, BOOK, ticket=JobTicket(conversion=ConversionChoice(sheets=(2,))))
    await alice.post(f"/jobs/{job.id}/convert", {"sheet": ["1", "3"], "area": "author"})
    assert (await row(house, job)).ticket.conversion == AS_AUTHORED


async def test_comments_and_changes_of_a_text(alice: Visitor, house: House) -> None:
    job = await held(house, TEXT, form=DOCX)
    text = await page(alice, job)
    assert "With its 1 comment<" in text
    assert "Show its 4 tracked changes" in text
    assert 'name="sheet"' not in text
    await alice.post(f"/jobs/{job.id}/convert", {"changes": "yes"})
    assert (await row(house, job)).ticket.conversion == ConversionChoice(changes=True)


async def test_of_several_workbooks_no_sheets_are_offered(alice: Visitor, house: House) -> None:
    text = await page(alice, await held(house, BOOK, BOOK))
    assert 'name="sheet"' not in text
    assert "With its 4 comments" in text


@pytest.mark.parametrize("found", [Inspection(), Inspection(macros=True, external_links=3)])
async def test_where_nothing_can_be_chosen_there_is_no_form(alice: Visitor, house: House, found: Inspection) -> None:
    assert "What to print" not in await page(alice, await held(house, found))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Tick at least one"),
        ({"sheet": "4"}, "cannot be read"),
        ({"sheet": "0"}, "cannot be read"),
        ({"sheet": "one"}, "cannot be read"),
        ({"sheet": "1", "own_area": "all of it"}, "no print area"),
        ({"sheet": "1", "area": "own"}, ""),
    ],
)
async def test_what_is_not_there_is_refused(alice: Visitor, house: House, fields: dict[str, str], said: str) -> None:
    job = await held(house, BOOK)
    answer = await alice.post(f"/jobs/{job.id}/convert", fields)
    if said:
        assert answer.status_code == 400
        assert said in html.unescape(answer.text)
        assert await row(house, job) == job
    else:
        assert (await row(house, job)).ticket.conversion == ConversionChoice(sheets=(1,))


async def test_nobody_chooses_for_another(house: House) -> None:
    job = await held(house, BOOK)
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        answer = await bob.post(f"/jobs/{job.id}/convert", {"sheet": "2"})
    assert answer.status_code == 404
    assert await row(house, job) == job
