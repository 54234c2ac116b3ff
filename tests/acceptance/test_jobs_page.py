"""My jobs in Chromium: live without a reload, few touches, prices before the tap, one tap when a printer fails, links."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway.domain.account import Receipt
from gateway.domain.capabilities import Capabilities
from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.price import Tariff
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from tests.acceptance.browsers import picture
from tests.peers.axe import violations
from tests.peers.manners import ARGUMENTS, CONTRAST, DESKTOP, NARROW, PHONE, SMALL
from tests.webprint.web_house import PASSWORD, House, busy_day, serving

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("jobs-page"),
]

TARIFF = Tariff(grey=Decimal("0.05"), color=Decimal("0.25"), currency="EUR")
SECOND = 1000  # milliseconds
# What reaches beyond the window, innermost last.
WIDE = """[...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .slice(-4).map((one) => one.outerHTML.slice(0, 120))"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


@dataclass(kw_only=True)
class Scene:
    """A house with its busy day, served, with somebody who tells pages what happens."""

    house: House
    url: str
    jobs: dict[str, Job]
    browser: Browser

    @asynccontextmanager
    async def page(self, size: tuple[int, int] = PHONE, *, user: str = "alice", **context: Any) -> AsyncIterator[Page]:
        """Signed in, at the list. Whatever the browser complains about fails the test."""
        complaints: list[str] = []
        viewport = {"width": size[0], "height": size[1]}
        async with await self.browser.new_context(viewport=viewport, **context) as opened:  # type: ignore[arg-type]  # reason: it is one
            page = await opened.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
            if user:
                await page.goto(f"{self.url}/signin")
                await page.get_by_label("Name").fill(user)
                await page.get_by_label("Password", exact=True).fill(PASSWORD)
                await page.get_by_role("button", name="Sign in", exact=True).click()
                await page.wait_for_url("**/jobs")
            yield page
        assert not complaints

    def happened(self, event: Event, job: Job) -> None:
        now = self.house.clock.now()
        self.house.events.publish(Happening(event=event, at=now, printer=job.printer, job_id=job.id, owner=job.owner))

    async def row(self, name: str) -> Job:
        row = await self.house.jobs.get(self.jobs[name].id)
        assert row is not None
        return row

    async def connected(self, pages: int = 1) -> None:
        for _ in range(1000):
            if self.house.live.pages >= pages:
                return
            await asyncio.sleep(0.01)
        pytest.fail("no page listens")


@pytest_asyncio.fixture(loop_scope="module")
async def scene(browser: Browser) -> AsyncIterator[Scene]:
    house = await House().open()
    jobs = await busy_day(house)
    teller = asyncio.create_task(house.live.run())
    async with serving(house.app()) as url:
        yield Scene(house=house, url=url, jobs=jobs, browser=browser)
        teller.cancel()
        await asyncio.gather(teller, return_exceptions=True)


class Touches:
    """Counts the deliberate touches of a journey."""

    def __init__(self) -> None:
        self.count = 0

    async def on(self, place: Any) -> None:
        self.count += 1
        await place.click()


async def test_from_the_list_to_sent_in_three_touches_at_most(scene: Scene) -> None:
    async with scene.page() as page:
        touches = Touches()
        await touches.on(page.get_by_role("checkbox", name="Select Quarterly report"))
        await expect(page.locator("#quote")).to_contain_text("12 pages on 6 sheets")
        await touches.on(page.get_by_role("button", name="Print 1 job at Copy room"))
        await expect(page.locator("#notes")).to_contain_text("on its way to Copy room")
        assert touches.count <= 3
        assert (await scene.row("report")).state is JobState.PENDING


async def test_everything_in_one_touch(scene: Scene) -> None:
    async with scene.page() as page:
        touches = Touches()
        await touches.on(page.get_by_role("button", name="Print all"))
        await expect(page.locator("#notes").get_by_text("on its way to")).to_have_count(3)
        assert touches.count == 1


async def test_news_are_there_within_a_second_by_events(scene: Scene) -> None:
    """Without one poll: only the events ask for the list."""
    asked: list[str] = []
    async with scene.page(DESKTOP) as page:
        await scene.connected()
        await page.wait_for_timeout(300)
        page.on("request", lambda request: asked.append(request.url))
        await page.wait_for_timeout(2500)
        assert not asked, "a page that is told does not poll"
        job = await scene.house.add(name="Just arrived")
        scene.happened(Event.JOB_CREATED, job)
        await expect(page.get_by_role("link", name="Just arrived")).to_be_visible(timeout=SECOND)
        assert [url for url in asked if url.endswith("/jobs")], "asked for because of the event"


async def test_progress_moves_without_asking_for_the_list(scene: Scene) -> None:
    async with scene.page() as page:
        await scene.connected()
        await page.wait_for_timeout(300)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        job = await scene.house.change(scene.jobs["printing"].id, impressions_completed=29)
        scene.happened(Event.JOB_PROGRESS, job)
        await expect(page.get_by_text("29 of 30")).to_be_visible(timeout=SECOND)
        assert not asked


async def test_a_refused_stream_falls_back_to_polling(scene: Scene) -> None:
    async with scene.page() as page:
        await page.route("**/jobs/events*", lambda route: route.fulfill(status=429))
        await page.reload()
        await scene.house.add(name="Told by asking")
        await expect(page.get_by_role("link", name="Told by asking")).to_be_visible(timeout=4 * SECOND)


async def test_signed_out_elsewhere_the_page_goes_to_sign_in(scene: Scene) -> None:
    async with scene.page() as page:
        await scene.connected()
        await scene.house.identity.close_sessions_of("alice")
        scene.happened(Event.JOB_CREATED, await scene.house.add())
        await page.wait_for_url("**/signin*", timeout=5 * SECOND)


async def test_the_price_follows_ticks_and_options_before_the_tap(scene: Scene) -> None:
    await scene.house.printers.change_printer("find-me", tariff=TARIFF)
    async with scene.page(DESKTOP) as page:
        quote = page.locator("#quote")
        await page.get_by_role("checkbox", name="Select Boarding pass").check()
        await expect(quote).to_contain_text("€0.05")
        await page.get_by_role("checkbox", name="Select Contract draft").check()
        await expect(quote).to_contain_text("9 pages on 5 sheets")
        await expect(quote).to_contain_text("€0.45")
        await page.get_by_text("Change how it prints").click()
        await page.get_by_label("Copies").fill("3")
        await expect(quote).to_contain_text("€0.75")
        await page.get_by_label("Copies").fill("")
        await page.get_by_label("Layout").select_option("2 pages on a side")
        await expect(quote).to_contain_text("€0.25")


async def test_a_grey_printer_says_so_and_two_taps_are_offered(scene: Scene) -> None:
    await scene.house.printers.add_device(
        "annex", "socket://192.0.2.7:9100", info="Annex", capabilities=Capabilities(color=False)
    )
    async with scene.page() as page:
        await page.get_by_role("checkbox", name="Select Quarterly report").check()
        await page.get_by_role("radio", name="Annex").check()
        quote = page.locator("#quote")
        await expect(quote).to_contain_text("Annex does not have colour.")
        await expect(quote.get_by_role("button", name="Print at Copy room")).to_be_visible()
        touches = Touches()
        await touches.on(quote.get_by_role("button", name="Print in black and white here"))
        await expect(page.locator("#notes")).to_contain_text("on its way to Annex")
        assert touches.count == 1
        job = await scene.row("report")
        assert (job.output_device, job.ticket.print_color_mode) == ("annex", "monochrome")


async def test_tray_empty_print_there_in_one_touch(scene: Scene) -> None:
    """Journey 7: the job came back, and the page itself says where to go."""
    async with scene.page() as page:
        await scene.connected()
        await scene.house.printers.set_device_status(
            "copy-room", DeviceStatus(state=DeviceState.STOPPED, message="Tray 2 is empty.")
        )
        job = await scene.house.change(
            scene.jobs["tickets"].id, message="Copy room cannot print now: Tray 2 is empty. Your job keeps waiting."
        )
        scene.happened(Event.JOB_STATE_CHANGED, job)
        touches = Touches()
        await touches.on(page.locator(f"#job-{job.id}").get_by_role("button", name="Print at Lobby (Ground floor)"))
        await expect(page.locator("#notes")).to_contain_text("on its way to Lobby")
        assert touches.count == 1
        assert (await scene.row("tickets")).output_device == "lobby"


async def test_a_proof_from_the_jobs_own_page(scene: Scene) -> None:
    async with scene.page() as page:
        await page.goto(f"{scene.url}/jobs/{scene.jobs['contract'].id}")
        await page.get_by_role("button", name="One copy first").click()
        await expect(page.locator("#notes")).to_contain_text("1 copy keeps waiting.")


async def test_a_link_from_making_to_paper(scene: Scene) -> None:
    async with scene.page() as page, scene.page(user="") as stranger:
        await page.goto(f"{scene.url}/jobs/{scene.jobs['report'].id}")
        await page.get_by_text("Make a link that prints this once").click()
        await page.get_by_label("Show the first page").check()
        await page.get_by_role("button", name="Make a link").click()
        link = await page.get_by_label("Link", exact=True).input_value()
        assert await violations(page) == []
        await page.reload()
        await expect(page.get_by_label("Link", exact=True)).to_have_count(0)
        await expect(page.get_by_text("Open link")).to_have_count(1)

        await stranger.goto(link)
        await expect(stranger.get_by_role("heading", name="alice shares a document with you")).to_be_visible()
        first = stranger.get_by_role("img", name="First page of the document")
        assert await first.evaluate("async (one) => { await one.decode(); return one.naturalWidth }") > 0
        assert await violations(stranger) == []
        await stranger.get_by_role("radio", name="Lobby").check()
        await stranger.get_by_role("button", name="Print it once").click()
        await expect(stranger.get_by_role("status")).to_contain_text("comes out at Lobby")
        await stranger.goto(link)
        await expect(stranger.locator("main")).to_contain_text("does not work any more")


@pytest.mark.parametrize("size", [DESKTOP, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_keep_the_rules(scene: Scene, size: tuple[int, int], scheme: str) -> None:
    """axe, contrast, targets, no sideways scrolling; and a picture of each to look at."""
    await _furnish(scene)
    async with scene.page(size, color_scheme=scheme) as page:
        for name, path in (
            ("jobs", "/jobs"),
            ("job", f"/jobs/{scene.jobs['report'].id}"),
            ("history", "/history"),
            ("history-found", "/history?q=nothing"),
            ("delegates", "/account/delegates"),
        ):
            await page.goto(scene.url + path)
            if name == "jobs":
                await page.get_by_role("checkbox", name="Select Quarterly report").check()
                await page.get_by_role("radio", name="Annex").check()
                await expect(page.locator("#quote")).to_contain_text("does not have")
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            await picture(page, f"{name}-{size[0]}-{scheme}")
            assert wide <= 0, f"{path} scrolls sideways: {await page.evaluate(WIDE)}"
            assert await page.evaluate(CONTRAST) == []
            assert await page.evaluate(SMALL) == []
            assert await violations(page) == []


async def _furnish(scene: Scene) -> None:
    house = scene.house
    await house.printers.change_printer("find-me", tariff=TARIFF)
    await house.printers.add_device(
        "annex", "socket://192.0.2.7:9100", info="Annex", capabilities=Capabilities(color=False)
    )
    await house.delegates.grant(Actor(user="alice"), "bob")
    await house.delegates.grant(Actor(user="bob"), "alice")
    await house.add(owner="bob", name="Bob's own minutes")
    await house.change(scene.jobs["tickets"].id, message="Library cannot print now: out of paper.", private=True)
    for month in range(11):
        at = house.clock.now() - month * 30 * 86400
        house.jobs.ledger.append(
            Receipt(
                release_id=uuid4(),
                job_id=1,
                owner="alice",
                printer="find-me",
                device="lobby",
                at=at,
                impressions=40 + month * 13 % 50,
                media_sheets=25,
                color=month % 3 == 0,
                confirmed=True,
                amount=Decimal("3.40"),
                currency="EUR",
            )
        )
    await house.add(
        name="Old minutes",
        state=JobState.CANCELED,
        reasons=(Reason.JOB_CANCELED_AFTER_TIMEOUT,),
        ticket=JobTicket(),
        ended_at=house.clock.now() - 90000,
        key=None,
    )
