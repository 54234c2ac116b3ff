"""The pages in Chromium: by touch, by keyboard, without scripts, narrow and dark, and attacked from another origin.

Pictures of the pages go to the folder that PAPERTAP_PICTURES names, for the documentation.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from gateway.domain.job import Job, JobState, Reason
from tests.acceptance.browsers import picture
from tests.peers.axe import violations
from tests.peers.manners import ARGUMENTS, CONTRAST, DESKTOP, NARROW, PHONE, SMALL
from tests.webprint.web_house import PASSWORD, PIN, House, busy_day, serving

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

PAGES = ("/", "/signin", "/signin?with=pin", "/jobs", "/jobs/{report}", "/jobs?all=1", "/nothing")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


class Stage:
    """A house that is served, its busy day, and pages in the browser that look at it."""

    def __init__(self, house: House, url: str, jobs: dict[str, Job], browser: Browser) -> None:
        self.house, self.url, self.jobs, self._browser = house, url, jobs, browser
        self.complaints: list[str] = []

    def address(self, path: str) -> str:
        return self.url + path.replace("{report}", str(self.jobs["report"].id))

    @asynccontextmanager
    async def page(self, size: tuple[int, int] = PHONE, **context: Any) -> AsyncIterator[Page]:
        """Anything that the browser complains about, above all violations of the content policy, fails the test."""
        width, height = size
        async with await self._browser.new_context(viewport={"width": width, "height": height}, **context) as opened:
            page = await opened.new_page()
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("console", lambda said: self.complaints.append(said.text) if "Policy" in said.text else None)
            page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
            yield page
        assert not self.complaints

    async def sign_in(self, page: Page, name: str = "alice") -> None:
        await page.goto(self.address("/signin"))
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/jobs")

    async def row(self, name: str) -> Job:
        row = await self.house.jobs.get(self.jobs[name].id)
        assert row is not None
        return row


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    house = await House().open()
    jobs = await busy_day(house)
    async with serving(house.app(lan_host=lambda: "papertap.local")) as url:
        yield Stage(house, url, jobs, browser)


async def test_from_sign_in_to_paper(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(stage.address("/"))
        await page.get_by_role("link", name="Sign in and release").click()
        await page.get_by_role("link", name="PIN").click()
        await page.get_by_label("Name").fill("alice")
        await page.get_by_label("PIN").fill(PIN)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Waiting for you 3")).to_be_visible()

        await page.get_by_role("checkbox", name="Select Quarterly report 2026.pdf").check()
        await expect(page.get_by_role("button", name="Print 1 job at Copy room")).to_be_visible()
        await page.get_by_text("Change how it prints").click()
        await page.get_by_label("Copies").fill("3")
        await page.get_by_role("textbox", name="Pages").fill("1-4")
        await page.get_by_label("Colour").last.select_option("Black and white")
        await page.get_by_role("radio", name="Lobby").check()
        await page.get_by_role("button", name="Print 1 job at Lobby").click()

        await expect(page.locator("#notes")).to_contain_text("Quarterly report 2026.pdf 3 copies, on its way to Lobby.")
        assert page.url == stage.address("/jobs")
        job = await stage.row("report")
        assert (job.state, job.output_device, job.ticket.copies) == (JobState.PENDING, "lobby", 3)
        assert (job.ticket.page_ranges, job.ticket.print_color_mode) == (((1, 4),), "monochrome")

        card = page.locator(f"#job-{stage.jobs['tickets'].id}")
        await card.locator("summary").click()
        await card.get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("heading", name="Delete this job?")).to_be_visible()
        await page.get_by_role("button", name="Delete").click()
        await expect(page.locator("#notes")).to_contain_text("Boarding pass Lisbon is deleted.")
        assert (await stage.row("tickets")).state is JobState.CANCELED

        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("status")).to_contain_text("You are signed out")


async def test_over_tls_with_the_strict_cookie(stage: Stage, tmp_path: Path) -> None:
    authority, pem = trustme.CA(), tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    async with serving(stage.house.app(), tls=pem) as stage.url, stage.page(ignore_https_errors=True) as page:
        await stage.sign_in(page)
        (cookie,) = await page.context.cookies()
        assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-papertap", True, True)
        await page.get_by_role("button", name="Print all").click()
        await expect(page.get_by_role("status").get_by_text("on its way to Copy room")).to_have_count(3)
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("status")).to_contain_text("You are signed out")
        assert "__Host-papertap" not in {one["name"] for one in await page.context.cookies()}


async def test_three_touches_from_list_to_sent(stage: Stage) -> None:
    async with stage.page() as page:
        await stage.sign_in(page)
        await page.get_by_role("checkbox", name="Select all").check()
        await page.get_by_role("button", name="Print 3 jobs at Copy room").click()
        await expect(page.get_by_role("status").get_by_text("on its way to Copy room")).to_have_count(3)


async def test_refusals_reach_the_person(stage: Stage) -> None:
    async with stage.page() as page:
        await stage.sign_in(page)
        await page.get_by_role("checkbox", name="Select Quarterly").check()
        await stage.house.change(stage.jobs["report"].id, state=JobState.CANCELED)
        await page.get_by_role("button", name="Print 1 job").click()
        await expect(page.locator("#notes")).to_contain_text("only a held job can be released")


async def test_keyboard_alone(stage: Stage) -> None:
    async with stage.page(DESKTOP) as page:
        await page.goto(stage.address("/signin"))
        await expect(page.get_by_label("Name")).to_be_focused()
        await page.keyboard.type("alice")
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/jobs")
        await tab_to(page, "input[value='{}']".format(stage.jobs["tickets"].id))
        await page.keyboard.press("Space")
        await tab_to(page, "summary:has-text('More for Boarding')")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Escape")
        await tab_to(page, "input[name=device]")
        await page.keyboard.press("ArrowDown")
        await tab_to(page, "#print")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "the focus is seen"
        await page.keyboard.press("Enter")
        await expect(page.locator("#notes")).to_contain_text("on its way to Lobby")
        assert (await stage.row("tickets")).output_device == "lobby"


async def tab_to(page: Page, selector: str, *, most: int = 60) -> None:
    wanted = await page.locator(selector).first.element_handle()
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await page.evaluate("(one) => document.activeElement === one", wanted):
            return
    pytest.fail(f"{selector} is not reached by the Tab key")


async def test_without_scripts(stage: Stage) -> None:
    async with stage.page(java_script_enabled=False) as page:
        await stage.sign_in(page)
        await page.get_by_role("link", name="Select all").click()
        assert await page.locator("input[name=job]:checked").count() == 3
        await page.get_by_role("button", name="Print selected").last.click()
        assert await page.locator(".notice.good").count() == 3
        assert (await stage.row("report")).state is JobState.PENDING


async def test_the_list_follows_what_happens(stage: Stage) -> None:
    """Within two polls, with ticks and open options left alone."""
    async with stage.page() as page:
        await stage.sign_in(page)
        await page.get_by_role("checkbox", name="Select Quarterly").check()
        await page.get_by_text("Change how it prints").click()
        await page.get_by_label("Copies").fill("7")
        await stage.house.change(stage.jobs["printing"].id, impressions_completed=29)
        await stage.house.add(name="Just arrived")
        await expect(page.get_by_text("29 of 30")).to_be_visible()
        await expect(page.get_by_text("Just arrived").first).to_be_visible()
        await expect(page.get_by_role("checkbox", name="Select Quarterly")).to_be_checked()
        await expect(page.get_by_label("Copies")).to_have_value("7")
        await expect(page.get_by_role("button", name="Print 1 job")).to_be_visible()


async def test_the_page_of_one_job_follows_what_happens(stage: Stage) -> None:
    async with stage.page() as page:
        await stage.sign_in(page)
        await page.goto(stage.address(f"/jobs/{stage.jobs['printing'].id}"))
        await expect(page.get_by_text("Printing · Lobby")).to_be_visible()
        await stage.house.change(stage.jobs["printing"].id, state=JobState.COMPLETED, reasons=())
        await expect(page.get_by_text("Printed · Lobby")).to_be_visible()


async def test_what_comes_out_follows_the_options(stage: Stage) -> None:
    """Without a reload, and released is exactly what was shown."""
    async with stage.page() as page:
        await stage.sign_in(page)
        await page.goto(stage.address("/jobs/{report}"))
        await expect(page.get_by_text("12 pages on 6 sheets").first).to_be_visible()
        await expect(page.get_by_role("img", name="Sheet 6, back")).to_have_count(1)
        await expect(page.get_by_role("button", name="Show what comes out")).to_be_hidden()
        await page.get_by_text("Change how it prints").click()
        await page.get_by_role("radio", name="4 on a side").focus()
        await page.get_by_role("radio", name="4 on a side").check()
        await expect(page.get_by_text("3 pages on 2 sheets").first).to_be_visible()
        await expect(page.get_by_role("radio", name="4 on a side")).to_be_focused()
        await page.get_by_role("textbox", name="Pages").fill("99")
        await expect(page.get_by_role("button", name="Print at")).to_be_disabled()
        await page.get_by_role("textbox", name="Pages").blur()
        await expect(page.get_by_role("alert")).to_contain_text("This document has 12 pages")
        await page.get_by_role("textbox", name="Pages").fill("1-8")
        await page.get_by_role("radio", name="Lobby").check()
        await expect(page.get_by_role("button", name="Print at Lobby, 2 pages on 1 sheet")).to_be_enabled()
        first = page.get_by_role("img", name="Sheet 1, front")
        assert await first.evaluate("async (one) => { await one.decode(); return one.naturalWidth }") == 440
        assert "layout=4" in page.url
        await page.get_by_role("button", name="Print at Lobby").click()
        await expect(page.locator("#notes")).to_contain_text("on its way to Lobby")
        ticket = (await stage.row("report")).ticket
        assert (ticket.number_up, ticket.page_ranges) == (4, ((1, 8),))


async def test_what_comes_out_without_scripts(stage: Stage) -> None:
    async with stage.page(java_script_enabled=False) as page:
        await stage.sign_in(page)
        await page.goto(stage.address("/jobs/{report}"))
        await page.get_by_role("radio", name="Booklet").check()
        await page.get_by_role("button", name="Show what comes out").click()
        await expect(page.get_by_text("6 pages on 3 sheets").first).to_be_visible()
        await page.get_by_role("button", name="Print at Copy room").click()
        await expect(page.locator("#notes")).to_contain_text("on its way to Copy room")
        assert (await stage.row("report")).ticket.booklet


async def test_a_first_job_brings_the_release_panel(stage: Stage) -> None:
    async with stage.page() as page:
        await stage.sign_in(page, "bob")
        await expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
        await stage.house.add(name="My first", owner="bob")
        await expect(page.get_by_role("button", name="Print 1 job at Copy room")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_fits_and_can_be_read(stage: Stage, scheme: str) -> None:
    await stage.house.add(name="W" * 200, printer="find-me", message="m" * 300)
    await stage.house.add(name="Donaudampfschifffahrtsgesellschaft " * 5, state=JobState.ABORTED, reasons=())
    async with stage.page(NARROW, color_scheme=scheme) as page:
        await stage.sign_in(page, "olga")
        for path in PAGES:
            await page.goto(stage.address(path))
            for summary in await page.locator("details:not(.more) > summary").all():
                if not await summary.evaluate("(one) => one.parentElement.open"):
                    await summary.click()
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= NARROW[0], f"{path} scrolls sideways"
            assert await page.evaluate(CONTRAST) == [], path
            assert await page.evaluate(SMALL) == [], path
            assert await violations(page) == [], path
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(15, 21, 18)") is (scheme == "dark")


async def test_text_at_twice_its_size_still_fits(stage: Stage) -> None:
    async with stage.page((640, 800)) as page:
        await stage.sign_in(page)
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 640


async def test_scripts_in_names_stay_text(stage: Stage) -> None:
    nasty = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    job = await stage.house.add(name=nasty, message=nasty, reasons=(Reason.JOB_RELEASE_WAIT,))
    async with stage.page() as page:
        await stage.sign_in(page)
        await expect(page.get_by_role("link", name=nasty)).to_be_visible()
        await stage.house.change(job.id, message=nasty + "!")
        await expect(page.get_by_text(nasty + "!")).to_be_visible()
        await page.goto(stage.address(f"/jobs/{job.id}"))
        await expect(page.get_by_role("heading", name=nasty)).to_be_visible()


async def test_a_page_of_another_origin_cannot_act(stage: Stage) -> None:
    """Another port of this host: the browser sends the cookie along, since that is the same site."""
    job = stage.jobs["tickets"]
    form = f"""<form method=post action="{stage.address(f"/jobs/{job.id}/delete")}"><input name=sure value=yes>
      <input name=csrf value=guess><button>Win a prize</button></form>"""

    async def lure(request: Request) -> HTMLResponse:
        return HTMLResponse(form)

    async with serving(Starlette(routes=[Route("/", lure)])) as evil, stage.page() as page:
        await stage.sign_in(page)
        await page.goto(evil)
        async with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
            await page.get_by_role("button", name="Win a prize").click()
        assert (await answer.value).status == 403
        await expect(page.get_by_text("Another site sent this form")).to_be_visible()
        assert "cookie" in await (await answer.value).request.all_headers()
    assert (await stage.row("tickets")).state is JobState.PENDING_HELD


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
async def test_pictures(stage: Stage, device: str, size: tuple[int, int], scheme: str) -> None:
    look = f"{device}-{scheme}"
    async with stage.page(size, color_scheme=scheme) as page:
        await page.goto(stage.address("/"))
        await picture(page, f"start-{look}", whole=False)
        await page.goto(stage.address("/signin"))
        await picture(page, f"signin-{look}", whole=False)
        await stage.sign_in(page)
        del stage.house.jobs.rows[stage.jobs["ask"].id]
        await page.goto(stage.address("/jobs"))
        await page.get_by_role("checkbox", name="Select Quarterly").check()
        await picture(page, f"jobs-{look}", whole=False)
        await page.goto(stage.address("/jobs/{report}?layout=2#preview"))
        await page.evaluate("for (const one of document.images) one.loading = 'eager'")
        seen = "[...document.images].filter((one) => one.loading !== 'lazy' && one.getBoundingClientRect().left < innerWidth)"
        await page.evaluate(f"Promise.all({seen}.map((one) => one.decode()))")
        await picture(page, f"preview-{look}", whole=False)
