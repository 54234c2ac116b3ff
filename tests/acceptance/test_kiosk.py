"""The release station in Chromium: cards, the number pad, the countdown, the next person at once, and the desk.

Pictures of the pages go to the folder that PAPERTAP_PICTURES names, for the documentation.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from playwright.async_api import Error as PlaywrightError

from gateway.adapters.db import database_url, migrate, open_database
from gateway.adapters.devices import Limits, drivers
from gateway.domain.job import JobState
from gateway.domain.kiosk import KioskProof
from gateway.services.delivery import Delivery
from gateway.settings import Delivery as DeliverySettings
from gateway.settings import Settings
from ipp.virtual import Features, Misbehaviour, VirtualPrinter, count_only
from tests.acceptance.browsers import picture
from tests.acceptance.test_pages import tab_to
from tests.fakes import a_held_job
from tests.fakes_numbers import MemorySideNumbers
from tests.peers.axe import violations
from tests.peers.manners import ARGUMENTS, CONTRAST, SMALL
from tests.webprint.web_house import PASSWORD, PIN, House, a_page, busy_day, serving

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

TABLET, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)
CARD, STAFF, NEW = "04A2197F", "0499AA02", "04BEEF01"
LOOKS = [("light", ""), ("dark", ""), ("light", "contrast=high"), ("dark", "contrast=high"), ("light", "size=large")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


class Stage:
    """A house that is served, with a station in front of its copy room."""

    def __init__(self, house: House, url: str, browser: Browser) -> None:
        self.house, self.url, self._browser = house, url, browser

    def at(self, path: str = "") -> str:
        return f"{self.url}/kiosk/copy-room{path}"

    @asynccontextmanager
    async def page(self, size: tuple[int, int] = TABLET, **context: Any) -> AsyncIterator[Page]:
        """Anything that the browser complains about, above all violations of the content policy, fails the test."""
        complaints: list[str] = []
        width, height = size
        async with await self._browser.new_context(viewport={"width": width, "height": height}, **context) as opened:
            page = await opened.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
            yield page
        assert not complaints


@asynccontextmanager
async def a_stage(browser: Browser, **given: Any) -> AsyncIterator[Stage]:
    jobs = given.pop("jobs", None)
    settings = Settings(data="unused", **given)
    house = await (House(settings=settings, jobs=jobs) if jobs is not None else House(settings=settings)).open()
    await house.identity.add_card("alice", CARD)
    await house.identity.add_card("olga", STAFF)
    async with serving(house.app()) as url:
        yield Stage(house, url, browser)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    async with a_stage(browser) as one:
        yield one


async def hold(page: Page, card: str) -> None:
    """As a reader or scanner types it: a key each few milliseconds, capital letters with Shift, then Enter."""
    keys = await page.context.new_cdp_session(page)
    shift = {"key": "Shift", "code": "ShiftLeft", "windowsVirtualKeyCode": 16}
    events: list[dict[str, Any]] = []
    for letter in card:
        held = [shift] if letter.isupper() else []
        events += [{"type": "rawKeyDown"} | one for one in held]
        events += [{"type": "keyDown", "key": letter, "text": letter}, {"type": "keyUp", "key": letter}]
        events += [{"type": "keyUp"} | one for one in held]
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    events += [{"type": "keyDown", "text": "\r"} | enter, {"type": "keyUp"} | enter]
    # A page that Enter has sent away may never say that it heard it.
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            await asyncio.gather(*(keys.send("Input.dispatchKeyEvent", event) for event in events))


async def type_pin(page: Page, digits: str = PIN) -> None:
    pad = page.get_by_role("group", name="Digits")
    for digit in digits:
        await pad.get_by_role("button", name=digit, exact=True).click()
    await pad.get_by_role("button", name="Sign in").click()


async def test_pin_to_list_to_sent(stage: Stage) -> None:
    jobs = [await stage.house.add_with_picture(a_page(n), name=f"Plan {n}") for n in range(2)]
    async with stage.page(has_touch=True) as page:
        await page.goto(stage.at())
        await type_pin(page)
        await expect(page.get_by_role("checkbox")).to_have_count(2)
        assert await page.get_by_role("checkbox", checked=True).count() == 2
        await page.get_by_role("checkbox", name="Plan 1").uncheck()
        await expect(page.get_by_role("button", name="Print 1 job")).to_be_enabled()
        await page.get_by_role("checkbox", name="Plan 0").uncheck()
        await expect(page.get_by_role("button", name="Print 0 jobs")).to_be_disabled()
        await page.get_by_role("checkbox", name="Plan 0").check()
        await page.get_by_role("checkbox", name="Plan 1").check()
        await page.get_by_role("button", name="Print 2 jobs").click()
        await expect(page.get_by_text("Last release: 2 jobs on their way")).to_be_visible()
        await expect(page.get_by_role("heading", name="Hold your card to the reader")).to_be_visible()
        for job in jobs:
            await stage.house.change(job.id, state=JobState.COMPLETED)
        await expect(page.get_by_text("Last release: 2 jobs printed")).to_be_visible()
    rows = [stage.house.jobs.rows[job.id] for job in jobs]
    assert {row.output_device for row in rows} == {"copy-room"}


async def test_a_card_wherever_the_focus_is(stage: Stage) -> None:
    await stage.house.add(name="Plan")
    async with stage.page() as page:
        for prepare in (
            lambda: page.get_by_label("PIN").focus(),
            lambda: page.get_by_role("link", name="Name").focus(),
            lambda: page.locator("body").click(position={"x": 5, "y": 5}),
        ):
            await page.goto(stage.at())
            await prepare()
            await hold(page, CARD)
            await expect(page.get_by_role("checkbox", name="Plan")).to_be_visible()
            await page.get_by_role("button", name="Sign out").click()
            await expect(page.get_by_label("PIN")).to_have_value("")


async def test_what_a_person_types_is_no_card(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(stage.at())
        await page.get_by_label("PIN").focus()
        await page.keyboard.type(PIN, delay=80)
        await expect(page.get_by_label("PIN")).to_have_value(PIN)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="My jobs")).to_be_visible()


async def test_an_unknown_card_is_added_in_two_touches_and_a_pin(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(stage.at())
        await hold(page, NEW)
        await expect(page.get_by_role("heading", name="This card is not known here")).to_be_visible()
        await type_pin(page)
        await page.get_by_role("button", name="Add this card").click()
        await expect(page.get_by_role("status").get_by_text("The card is yours now")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Hold your card to the reader")).to_be_visible()
        await hold(page, NEW)
        await expect(page.get_by_role("heading", name="My jobs")).to_be_visible()


async def test_card_and_pin(stage: Stage) -> None:
    await stage.house.printers.change_printer("find-me", kiosk_proofs=(KioskProof.CARD_PIN,))
    async with stage.page() as page:
        await page.goto(stage.at())
        await expect(page.get_by_label("PIN")).to_have_count(0)
        await hold(page, CARD)
        await expect(page.get_by_role("heading", name="Card read. Now your PIN.")).to_be_visible()
        await type_pin(page)
        await expect(page.get_by_role("heading", name="My jobs")).to_be_visible()


async def test_the_next_card_is_the_next_person(stage: Stage) -> None:
    await stage.house.add(name="Plan of alice")
    async with stage.page() as page:
        await page.goto(stage.at())
        await type_pin(page)
        await expect(page.get_by_text("Plan of alice")).to_be_visible()
        await hold(page, STAFF)
        await expect(page.get_by_text("Nothing is waiting")).to_be_visible()
        await expect(page.get_by_text("Plan of alice")).to_have_count(0)


async def test_the_countdown_signs_out_and_a_touch_starts_it_anew(browser: Browser) -> None:
    async with a_stage(browser, identity={"kiosk_seconds": 3}) as stage, stage.page() as page:
        await stage.house.add(name="Plan")
        await page.goto(stage.at())
        await type_pin(page)
        await expect(page.locator("[data-count]")).to_have_text("1", timeout=4000)
        await page.get_by_role("button", name="I’m still here").click()
        await expect(page.locator("[data-count]")).to_have_text("3")
        await expect(page.get_by_role("heading", name="Hold your card to the reader")).to_be_visible(timeout=6000)
        assert "papertap-kiosk" not in {cookie["name"] for cookie in await page.context.cookies()}


async def test_a_session_that_ended_on_the_server_leaves_the_screen(stage: Stage) -> None:
    await stage.house.add(name="Plan")
    async with stage.page() as page:
        await page.goto(stage.at())
        await type_pin(page)
        await expect(page.get_by_text("Plan")).to_be_visible()
        stage.house.clock.tick(31)
        await expect(page.get_by_role("heading", name="Hold your card to the reader")).to_be_visible()
        await expect(page.get_by_text("Plan")).to_have_count(0)


async def test_the_back_button_shows_nothing_of_who_was_here(stage: Stage) -> None:
    await stage.house.add_with_picture(a_page(1), name="Plan of alice")
    async with stage.page() as page:
        await page.goto(stage.at())
        await type_pin(page)
        await expect(page.get_by_text("Plan of alice")).to_be_visible()
        await page.get_by_role("button", name="Delete selected").click()
        await expect(page.get_by_role("heading", name="Delete this job?")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Hold your card to the reader")).to_be_visible()
        for _ in range(3):
            with suppress(PlaywrightError):  # the browser asks before it would send a form again
                await page.go_back()
            await expect(page.get_by_text("Plan of alice")).to_have_count(0)


async def test_the_next_person_while_a_slow_device_takes_the_first_ones_job(browser: Browser, tmp_path: Path) -> None:
    """The device stops taking octets in mid-document; nobody at the station notices, and nothing is lost."""
    async with (
        VirtualPrinter(tmp_path, features=Features(speed=0), render=count_only) as printer,
        a_stage(browser) as stage,
        stage.page() as page,
    ):
        house = stage.house
        await house.printers.change_device("copy-room", uri=printer.uri("ipp"))
        first = await house.add(name="Of alice", pages=3, impressions=3, media_sheets=3)
        second = await house.add(name="Of bob", owner="bob", pages=1, impressions=1, media_sheets=1)
        await printer.misbehave(Misbehaviour(stall=20))
        async with delivering(house):
            await page.goto(stage.at())
            await hold(page, CARD)
            began = time.monotonic()
            await page.get_by_role("button", name="Print 1 job").click()
            await expect(page.get_by_text("Last release: 1 job on its way")).to_be_visible()
            await page.get_by_role("link", name="Name", exact=True).click()
            ready = time.monotonic() - began
            await page.get_by_label("Name").fill("bob")
            await page.get_by_label("Password", exact=True).fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_role("button", name="Print 1 job").click()
            await expect(page.get_by_text("Last release: 1 job on its way")).to_be_visible()
            assert house.jobs.rows[first.id].state is JobState.PROCESSING, "still being taken"
            assert house.jobs.rows[second.id].state is JobState.PENDING
            await printer.behave()
            async with asyncio.timeout(60):
                while not all(house.jobs.rows[job.id].state.ended for job in (first, second)):
                    await asyncio.sleep(0.05)
            await expect(page.get_by_text("Last release: 1 job printed")).to_be_visible()
    print(f"ready for the next person {ready * 1000:.0f} ms after the touch")
    assert [house.jobs.rows[job.id].state for job in (first, second)] == [JobState.COMPLETED] * 2
    assert len(printer.jobs) == 2


@asynccontextmanager
async def delivering(house: House) -> AsyncIterator[None]:
    """A delivery worker on real sockets; the gateway's clock runs a little faster than the wall's."""

    async def pinned(_name: str, _sha256: str) -> None:
        return None

    worker = Delivery(
        jobs=house.jobs,
        printers=house.printers,
        spool=house.spool,
        keyring=house.keyring,
        converter=house.converter,
        drivers=drivers(clock=house.clock, on_pin=pinned, limits=Limits(stall=60.0, poll=0.2)),
        events=house.events,
        clock=house.clock,
        numbers=MemorySideNumbers(),
        settings=DeliverySettings(),
        name="worker-1",
    )

    async def run_clock() -> None:
        while True:
            await house.clock.advance(0.02)
            await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(run_clock())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=60)


async def test_badge_to_list_with_ten_thousand_held_jobs(browser: Browser, tmp_path: Path) -> None:
    """JOURNEYS: 700 ms. Told, not judged: the machine of a test is anybody's."""
    settings = Settings(data=tmp_path)
    await migrate(database_url(settings))
    database = await open_database(settings)
    try:
        held = [a_held_job(owner=f"user{n % 500}", name=f"Job {n}") for n in range(9_990)]
        await database.jobs.add([*held, *(a_held_job(owner="alice", name=f"Plan {n}") for n in range(10))])
        async with a_stage(browser, jobs=database.jobs) as stage, stage.page() as page:
            took = []
            for _ in range(3):
                await page.goto(stage.at())
                began = time.monotonic()
                await hold(page, CARD)
                await page.get_by_role("button", name="Print 10 jobs").wait_for()
                took.append(time.monotonic() - began)
                await page.get_by_role("button", name="Sign out").click()
            print("badge to list: " + ", ".join(f"{seconds * 1000:.0f} ms" for seconds in took))
    finally:
        await database.close()


async def test_a_guests_code(stage: Stage) -> None:
    house = stage.house
    await house.printers.change_printer("find-me", guests=True)
    cookie, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99")
    job = await house.add(owner=guest.name, name="My photo")
    code = house.guests.code(guest, cookie)
    async with stage.page(PHONE) as page:
        await page.goto(stage.at("?mode=code"))
        await type_pin(page, code)
        await page.get_by_role("button", name="Print 1 job").click()
        await expect(page.get_by_text("Last release: 1 job on its way")).to_be_visible()
        assert house.jobs.rows[job.id].output_device == "copy-room"
        await house.add(owner=guest.name, name="Another")
        await page.goto(stage.at())
        await hold(page, f"https://print.example/guest?code={code}")
        await expect(page.get_by_text("Another")).to_be_visible()


async def test_the_staff_desk_at_a_station(stage: Stage) -> None:
    house = stage.house
    await house.printers.change_printer("find-me", guests=True)
    _, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99", label="Mrs Smith")
    job = await house.add_with_picture(a_page(1), owner=guest.name, name="Ticket.pdf")
    await house.add(name="Plan of alice")
    async with stage.page() as page:
        await page.goto(stage.at())
        async with page.expect_navigation():  # a card is read by the page that is there
            await page.get_by_role("link", name="Staff").click()
        await hold(page, STAFF)
        await page.get_by_role("searchbox", name="Search jobs").fill("ticket")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Ticket.pdf")).to_be_visible()
        await page.get_by_label("Amount in EUR").fill("0,30")
        await page.get_by_role("button", name="Note it").click()
        await expect(page.get_by_role("status").get_by_text("Noted: €0.30 paid in cash.")).to_be_visible()
        await page.get_by_label("Reason").fill("She asked me to check the first page")
        await page.get_by_role("button", name="Look at the pages").click()
        picture = page.get_by_role("img", name="Page 1")
        assert await picture.evaluate("async (one) => { await one.decode(); return one.naturalWidth }") > 100
        await page.get_by_role("button", name="New code").click()
        code = (await page.locator(".d-code").inner_text()).replace(" ", "")
        assert (await house.guests.by_code(code, address="10.0.0.1", terminal="x")).user == guest.name
        await page.get_by_role("link", name="Done").click()
        await page.get_by_role("button", name="Print", exact=True).click()
        await expect(page.get_by_role("status").get_by_text("On its way to Copy room.")).to_be_visible()
        assert house.jobs.rows[job.id].released_by == "olga"
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Hold your card to the reader")).to_be_visible()


async def test_without_scripts(stage: Stage) -> None:
    job = await stage.house.add(name="Plan")
    async with stage.page(PHONE, java_script_enabled=False) as page:
        await page.goto(stage.at())
        await expect(page.get_by_label("Card", exact=True)).to_be_focused()
        await page.keyboard.type(CARD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Plan")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("PIN").fill(PIN)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Print selected").last.click()
        await expect(page.get_by_text("Last release: 1 job on its way")).to_be_visible()
    assert stage.house.jobs.rows[job.id].state is JobState.PENDING


async def test_keyboard_alone(stage: Stage) -> None:
    job = await stage.house.add(name="Plan")
    other = await stage.house.add(name="Other")
    async with stage.page() as page:
        await page.goto(stage.at())
        await tab_to(page, "input[name=pin]")
        await page.keyboard.type(PIN, delay=70)
        await page.keyboard.press("Enter")
        await tab_to(page, f"input[value='{other.id}']")
        await page.keyboard.press("Space")
        await tab_to(page, ".k-bar .primary")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "the focus is seen"
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").get_by_text("1 job is on its way")).to_be_visible()
    assert stage.house.jobs.rows[job.id].state is JobState.PENDING
    assert stage.house.jobs.rows[other.id].state is JobState.PENDING_HELD


@pytest.mark.parametrize(("scheme", "look"), LOOKS)
async def test_every_page_fits_and_can_be_read(stage: Stage, scheme: str, look: str) -> None:
    house = stage.house
    await house.printers.change_printer("find-me", guests=True)
    await busy_day(house)
    await house.add(name="W" * 200, message="m" * 300)
    await house.add(owner="olga", name="Donaudampfschifffahrtsgesellschaft " * 5)
    async with stage.page(NARROW, color_scheme=scheme) as page:

        async def check(what: str) -> None:
            await page.wait_for_load_state("load")
            assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], f"{what} scrolls sideways"
            assert await page.evaluate(CONTRAST) == [], what
            assert await page.evaluate(SMALL) == [], what
            if not look:  # the rules look at the same elements in all of them
                assert await violations(page) == [], what

        await page.goto(f"{stage.url}/kiosk")
        await check("the choice")
        await page.goto(stage.at(f"?{look}"))
        for path in ("", "?with=password", "?mode=code", "?mode=desk"):
            await page.goto(stage.at(path))
            await check(path)
        await page.goto(stage.at())
        await type_pin(page, "700001")
        await expect(page.get_by_role("alert")).to_be_visible()
        await check("a wrong PIN")
        await hold(page, NEW)
        await expect(page.get_by_role("heading", name="This card is not known here")).to_be_visible()
        await check("an unknown card")
        await type_pin(page)
        await expect(page.get_by_role("heading", name="My jobs")).to_be_visible()
        await check("jobs")
        if look:
            return
        await page.get_by_role("button", name="Delete selected").click()
        await expect(page.get_by_role("heading", name="Delete 4 jobs?")).to_be_visible()
        await check("sure?")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Hold your card to the reader")).to_be_visible()
        await page.goto(stage.at("?mode=desk"))
        await hold(page, STAFF)
        await expect(page.get_by_role("heading", name="Desk", exact=True)).to_be_visible()
        await check("the desk")
        await page.locator(".d-job a").first.click()
        await page.get_by_role("link", name="Back to the desk").wait_for()
        await check("a job at the desk")
        await page.goto(stage.at("/nothing"))
        await check("no page")


async def test_forced_colours_keep_what_is_chosen_apart(stage: Stage) -> None:
    await stage.house.add(name="Plan")
    await stage.house.add(name="Other")
    async with stage.page(forced_colors="active") as page:
        await page.goto(stage.at())
        await type_pin(page)
        await page.get_by_role("checkbox", name="Other").uncheck()
        chosen, left = page.locator(".k-job", has_text="Plan"), page.locator(".k-job", has_text="Other")
        assert await chosen.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
        assert await left.evaluate("(one) => getComputedStyle(one).outlineStyle") == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("tablet", TABLET), ("phone", PHONE), ("desktop", (1440, 900))])
async def test_pictures(stage: Stage, device: str, size: tuple[int, int], scheme: str) -> None:
    look = f"{device}-{scheme}"
    jobs = await busy_day(stage.house)
    del stage.house.jobs.rows[jobs["ask"].id]

    async with stage.page(size, color_scheme=scheme) as page:
        await page.goto(stage.at())
        await picture(page, f"kiosk-{look}", whole=False)
        await type_pin(page)
        await expect(page.get_by_role("button", name="Print 3 jobs")).to_be_visible()
        await picture(page, f"kiosk-jobs-{look}", whole=False)
        await page.get_by_role("button", name="Sign out").click()
        await page.goto(stage.at("?mode=desk"))
        await hold(page, STAFF)
        await expect(page.get_by_role("heading", name="Desk", exact=True)).to_be_visible()
        await picture(page, f"kiosk-desk-{look}", whole=False)
