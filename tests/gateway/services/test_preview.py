"""What comes out: by the delivery's plan, to the owner only, bounded, and not made twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.capabilities import Capabilities
from gateway.domain.document import Document
from gateway.domain.job import Job, JobState
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Busy, Forbidden, FormatError, Locked, NotFound, NotPossible, Unavailable
from gateway.services.ports import ConverterCrashed, Rendered
from gateway.services.preview import Preview, Previewed
from gateway.services.preview_store import KEPT_SECONDS, LONGEST_LINE, Made, Pictures
from tests.fakes import FakeClock, FakeConverter, fake_pdf
from tests.fakes_numbers import MemorySideNumbers
from tests.gateway.services.house import ALICE, BOB, OPERATOR, PHONE, House


class NotingConverter(FakeConverter):
    """`asked` is what each preview was asked for; each waits for `open`, and `most` were at work at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.now = self.most = 0

    async def preview(
        self, source: AsyncIterator[bytes], picture: Callable[[int, bytes], Awaitable[None]], **wanted: Any
    ) -> Rendered:
        self.asked.append(wanted)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.open.wait()
            return await super().preview(source, picture, **wanted)
        finally:
            self.now -= 1


class PreviewHouse(House):
    def __init__(self) -> None:
        super().__init__()
        self.converter: NotingConverter = NotingConverter()
        self.preview = self.opened()

    def opened(self, together: int = 1) -> Preview:
        return Preview(
            release=self.release,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            converter=self.converter,
            clock=self.clock,
            numbers=MemorySideNumbers(),
            together=together,
        )

    async def waiting(self, pages: int = 3, **fields: Any) -> Job:
        plain, wrapped = self.keyring.new_key()
        printable = await self.sealed(fake_pdf(pages), plain)
        given = {"printable": printable, "key": wrapped, "pages": pages, "owner": "alice"}
        return await self.held(**given | fields)

    async def show(self, job: Job, actor: Actor = ALICE, **options: Any) -> Previewed:
        changes = options.pop("changes", {})
        return await self.preview.sides(job.id, actor, changes, **{"device": "laser", "sides": [1, 2, 3]} | options)


@pytest.fixture
async def house() -> PreviewHouse:
    house = await PreviewHouse.built()
    assert isinstance(house, PreviewHouse)
    return house


def numbers(shown: Previewed) -> list[int]:
    return [side for side, _ in shown.pictures]


# --- what is shown


async def test_sides_and_what_they_make_of_paper(house: PreviewHouse) -> None:
    shown = await house.show(await house.waiting(3), width=300)
    assert numbers(shown) == [1, 2, 3]
    assert b"side 2, 300 wide" in shown.pictures[1][1]
    assert (shown.sides, shown.counts.impressions, shown.counts.media_sheets) == (3, 3, 3)
    assert shown.device.name == "laser"


async def test_changes_are_applied_and_the_row_stays_as_it_is(house: PreviewHouse) -> None:
    job = await house.waiting(8)
    shown = await house.show(job, changes={"number_up": 4, "sides": "two-sided-long-edge"})
    assert (shown.copy.impressions, shown.copy.media_sheets) == (2, 1)
    assert house.converter.asked[0]["ticket"].number_up == 4
    assert await house.jobs.get(job.id) == job


@pytest.mark.parametrize("device", ["laser", "inkjet"])  # one makes copies itself, for the other we do
async def test_one_copy_is_shown_and_all_are_counted(house: PreviewHouse, device: str) -> None:
    shown = await house.show(await house.waiting(3), device=device, changes={"copies": 5})
    assert house.converter.asked[0]["copies"] == 1
    assert (shown.copy.impressions, shown.sides) == (3, 3)
    assert (shown.counts.impressions, shown.counts.media_sheets) == (15, 15)


async def test_a_cover_comes_once_and_its_back_is_a_side(house: PreviewHouse) -> None:
    shown = await house.show(
        await house.waiting(3), changes={"copies": 2, "job_sheets": "standard", "sides": "two-sided-long-edge"}
    )
    assert (shown.counts.impressions, shown.counts.media_sheets) == (7, 5)
    assert shown.sides == 5  # cover, its back, three pages


async def test_several_documents_ask_for_the_last_back(house: PreviewHouse) -> None:
    documents = tuple(
        Document(id=f"d{n}", format="application/pdf", size=1, sha256="", pages=pages)
        for n, pages in enumerate((3, 2), 1)
    )
    job = await house.waiting(5, documents=documents, ticket=JobTicket(sides="two-sided-long-edge"))
    shown = await house.show(job)
    assert [asked["sides"] for asked in house.converter.asked] == [[1, 2, 3], [6]]
    assert shown.copy.media_sheets == 3


async def test_the_plan_is_the_deliverys(house: PreviewHouse) -> None:
    """What the device cannot, what the Printer's defaults say, and the format that it takes."""
    await house.printers.change_device(
        "laser", capabilities=Capabilities(formats=("image/urf",), duplex=False, color=False)
    )
    await house.printers.change_printer("find-me", defaults={"print-color-mode": "monochrome"})
    await house.show(await house.waiting())
    asked = house.converter.asked[0]
    assert (asked["format"], asked["ticket"].sides, asked["ticket"].print_color_mode) == (
        "image/urf",
        "one-sided",
        "monochrome",
    )
    assert not asked["capabilities"].color


async def test_without_a_device_the_one_that_suits_is_shown(house: PreviewHouse) -> None:
    await house.printers.change_device("laser", capabilities=Capabilities(duplex=False))
    job = await house.waiting(ticket=JobTicket(sides="two-sided-long-edge"))
    assert (await house.show(job, device=None)).device.name == "inkjet"


async def test_stamps_are_filled_in_as_at_delivery(house: PreviewHouse) -> None:
    await house.show(await house.waiting(name="Plan.pdf"))
    assert dict(house.converter.particulars[0].variables)["name"] == "Plan.pdf"


# --- to whom


@pytest.mark.parametrize("actor", [BOB, OPERATOR, PHONE, Actor(claimed="alice", address=ALICE.address)])
async def test_only_the_owner_sees_pages(house: PreviewHouse, actor: Actor) -> None:
    job = await house.waiting()
    await house.show(job)  # also of what is kept
    with pytest.raises(NotFound):
        await house.show(job, actor)


async def test_a_pin_hides_the_pages_of_an_unclaimed_job(house: PreviewHouse) -> None:
    job = await house.waiting(owner=None, requested_name="mobile", address=PHONE.address, password_hash="x")
    with pytest.raises(Forbidden, match="PIN"):
        await house.show(job, PHONE)


# --- refusals in words


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"sides": []}, "1 to 20 sides"),
        ({"sides": range(1, 22)}, "1 to 20 sides"),
        ({"sides": [0]}, "1 to 20 sides"),
        ({"width": 199}, "200 to 1200"),
        ({"width": 1201}, "200 to 1200"),
        ({"changes": {"page_ranges": ((7, 9),)}}, "has 3 pages"),
        ({"changes": {"copies": 0}}, "copies"),
        ({"changes": {"nonsense": 1}}, "nonsense"),
    ],
)
async def test_what_makes_no_sense_is_said(house: PreviewHouse, options: dict[str, Any], text: str) -> None:
    with pytest.raises(BadRequest, match=text):
        await house.show(await house.waiting(), **options)
    assert not house.converter.asked


async def test_what_the_device_has_not_is_said_before_it_is_drawn(house: PreviewHouse) -> None:
    await house.printers.change_device("laser", capabilities=Capabilities(duplex=False))
    with pytest.raises(NotPossible, match="Laser does not have two-sided printing"):
        await house.show(await house.waiting(), changes={"sides": "two-sided-long-edge"})
    with pytest.raises(NotFound, match="cannot be released"):
        await house.show(await house.waiting(), device="nowhere")


async def test_a_document_that_is_not_there(house: PreviewHouse) -> None:
    with pytest.raises(NotPossible, match="still being prepared"):
        await house.show(await house.waiting(printable=None))
    with pytest.raises(NotPossible, match="destroyed"):
        await house.show(await house.waiting(key=None, printable=None, state=JobState.COMPLETED))


async def test_failures_of_the_pipeline(house: PreviewHouse) -> None:
    job = await house.waiting()
    house.converter.failure = ConverterCrashed("signal 11")
    with pytest.raises(FormatError, match="Print as image"):
        await house.show(job)
    house.converter.failure = Unavailable("No jails.")
    with pytest.raises(Unavailable, match="No jails"):
        await house.show(job)
    house.converter.failure = None
    assert numbers(await house.show(job)) == [1, 2, 3], "a failure is not kept"


async def test_a_locked_keyring_refuses(house: PreviewHouse) -> None:
    job = await house.waiting()
    house.keyring.locked = True
    with pytest.raises(Locked):
        await house.show(job)


# --- bounded


async def test_pictures_are_made_once(house: PreviewHouse) -> None:
    job = await house.waiting(3)
    first = await house.show(job)
    assert await house.show(job) == first
    assert numbers(await house.show(job, sides=[2])) == [2]
    assert numbers(await house.show(job, sides=[3, 4, 5])) == [3], "there are no more"
    assert (await house.show(job, changes={"copies": 9})).counts.impressions == 27
    assert len(house.converter.asked) == 1


@pytest.mark.parametrize(
    "options", [{"changes": {"number_up": 2}}, {"width": 500}, {"changes": {"print_color_mode": "monochrome"}}]
)
async def test_what_looks_different_is_made_anew(house: PreviewHouse, options: dict[str, Any]) -> None:
    job = await house.waiting(3)
    await house.show(job)
    await house.show(job, **options)
    assert len(house.converter.asked) == 2


async def test_another_version_of_the_row_is_made_anew(house: PreviewHouse) -> None:
    job = await house.waiting(3)
    await house.show(job)
    await house.release.change(job.id, ALICE, {"number_up": 2})
    assert (await house.show(job)).sides == 2


async def test_pictures_are_let_go(house: PreviewHouse) -> None:
    job = await house.waiting(3)
    await house.show(job)
    await house.clock.advance(KEPT_SECONDS)
    await house.show(job)
    assert len(house.converter.asked) == 2


async def test_one_person_waits_in_line_and_is_answered_from_what_was_made(house: PreviewHouse) -> None:
    house.preview = house.opened(together=4)
    job = await house.waiting(3)
    house.converter.open.clear()
    tasks = [asyncio.create_task(house.show(job)) for _ in range(6)]
    await settled()
    house.converter.open.set()
    assert len({shown.pictures for shown in await asyncio.gather(*tasks)}) == 1
    assert len(house.converter.asked) == 1


async def test_only_so_many_are_made_together(house: PreviewHouse) -> None:
    house.preview = house.opened(together=2)
    people = [replace(ALICE, user=f"user{n}") for n in range(5)]
    jobs = [await house.waiting(owner=person.user) for person in people]
    house.converter.open.clear()
    tasks = [asyncio.create_task(house.show(job, person)) for job, person in zip(jobs, people, strict=True)]
    await settled()
    house.converter.open.set()
    await asyncio.gather(*tasks)
    assert (house.converter.most, len(house.converter.asked)) == (2, 5)


async def test_a_line_has_an_end(house: PreviewHouse) -> None:
    job = await house.waiting()
    house.converter.open.clear()
    tasks = [asyncio.create_task(house.show(job, width=200 + n)) for n in range(LONGEST_LINE)]
    await settled()
    with pytest.raises(Busy):
        await house.show(job)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    house.converter.open.set()
    assert numbers(await house.show(job)) == [1, 2, 3], "who went away leaves the line"


def test_the_store_has_an_end() -> None:
    pictures = Pictures(FakeClock(), octets=100)
    made = Made(copy=Rendered(format="application/pdf", impressions=1, media_sheets=1), sides=1)
    for name in "abc":
        pictures.keep(name, made, [(1, b"x" * 40)])
    assert pictures.octets == 80
    assert pictures.find("a", [1]) is None
    assert pictures.find("b", [1]) is not None
    pictures.keep("d", made, [(1, b"y" * 40)])
    assert pictures.find("c", [1]) is None, "it was not asked for longest"
    pictures.keep("d", made, [(1, b"z" * 10)])
    assert pictures.octets == 50


async def settled() -> None:
    for _ in range(60):
        await asyncio.sleep(0)
