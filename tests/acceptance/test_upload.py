"""Uploads in Chromium: a guest with a phone in front of a printer, and people who arrange their pages.

Pictures of the pages go to the folder that PAPERTAP_PICTURES names.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.price import Tariff
from gateway.services.ports import Prepared
from gateway.settings import Settings
from tests.acceptance.browsers import ARGUMENTS, CONTRAST, DESKTOP, NARROW, PHONE, SMALL, WIDE, picture
from tests.fakes import fake_pdf
from tests.peers.axe import violations
from tests.webprint.web_house import PASSWORD, DrawingConverter, House, a_page, serving

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.xdist_group("upload"),
    pytest.mark.asyncio(loop_scope="module"),
]

PDF = fake_pdf(3, color=True)
TARIFF = Tariff(grey=Decimal("0.05"), color=Decimal("0.25"), sheet=Decimal("0.01"), currency="EUR")
# Counts what a hand does: each press of a finger or a button on the page.
COUNT = """() => { window.touches = Number(sessionStorage.touches ?? 0);
  addEventListener("pointerdown", () => { sessionStorage.touches = Number(sessionStorage.touches ?? 0) + 1; }, true); }"""


class Picturing(DrawingConverter):
    """Thumbnails that a browser shows."""

    async def prepare(self, *given: Any, **wanted: Any) -> Prepared:
        thumbnail: Callable[[int, bytes], Awaitable[None]] = wanted["thumbnail"]

        async def drawn(number: int, _octets: bytes) -> None:
            await thumbnail(number, a_page(number))

        return await super().prepare(*given, **wanted | {"thumbnail": drawn})


class Stage:
    def __init__(self, house: House, url: str, browser: Browser) -> None:
        self.house, self.url, self._browser = house, url, browser
        self.complaints: list[str] = []

    @asynccontextmanager
    async def page(self, size: tuple[int, int] = PHONE, **context: Any) -> AsyncIterator[Page]:
        """Anything that the browser complains about, above all violations of the content policy, fails the test."""
        width, height = size
        async with await self._browser.new_context(viewport={"width": width, "height": height}, **context) as opened:
            page = await opened.new_page()
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("console", lambda said: self.complaints.append(said.text) if "Policy" in said.text else None)
            yield page
        assert not self.complaints

    async def sign_in(self, page: Page) -> None:
        await page.goto(f"{self.url}/signin")
        await page.get_by_label("Name").fill("alice")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await page.wait_for_url("**/jobs")

    def job(self, page: Page) -> Job:
        return self.house.jobs.rows[int(page.url.partition("/jobs/")[2].partition("?")[0])]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    settings = Settings(data="unused", site={"name": "Papertap"}, guests={"release": "here"})
    house = await House(settings=settings, converter=Picturing()).open()
    await house.printers.change_printer("find-me", guests=True, tariff=TARIFF)
    worker = asyncio.create_task(house.preparation().run())
    async with serving(house.app()) as url:
        yield Stage(house, url, browser)
    worker.cancel()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("Ticket.pdf", "Plan.pdf")]
    for path in paths:
        path.write_bytes(PDF)
    return paths


async def test_a_walk_up_guest_has_paper_after_six_touches_at_most(stage: Stage, files: list[Path]) -> None:
    """JOURNEYS 1: the sticker's link is the first touch; nothing is typed."""
    async with stage.page(has_touch=True, is_mobile=True) as page:
        await page.add_init_script(f"({COUNT})()")
        begun = time.monotonic()
        await page.goto(f"{stage.url}/p/copy-room")
        await expect(page.get_by_role("heading", name="Copy room")).to_be_visible()
        await expect(page.get_by_text("€0.05 a page", exact=True)).to_be_visible()
        async with page.expect_file_chooser() as chooser:
            await page.locator("[data-picker]").tap()
        await (await chooser.value).set_files(files[0])
        await page.wait_for_url("**/guest/jobs/*")
        await expect(page.get_by_text("3 pages on 3 sheets").first).to_be_visible()
        await expect(page.get_by_text("€0.78").first).to_be_visible()
        await page.get_by_role("button", name="Print at Copy room").tap()
        await expect(page.get_by_text("Copy room").first).to_be_visible()
        job = stage.job(page)
        touches = 1 + 1 + await page.evaluate("Number(sessionStorage.touches)")  # the link, and the file in the chooser
        assert touches <= 6
        assert touches == 4
        assert time.monotonic() - begun < 60
        assert (job.output_device, job.owner is not None and job.owner.startswith("guest:")) == ("copy-room", True)

        await stage.house.change(
            job.id, state=JobState.PROCESSING, reasons=(Reason.JOB_PRINTING,), impressions=3, impressions_completed=1
        )
        await expect(page.get_by_text("Printing 1/3 · Copy room")).to_be_visible()
        await stage.house.change(job.id, state=JobState.COMPLETED, reasons=(), ended_at=stage.house.clock.now())
        await expect(page.get_by_text("Done, take your pages.")).to_be_visible()
        await page.get_by_role("button", name="Print again").tap()
        await expect(page.get_by_role("heading", name="Ticket.pdf")).to_be_visible()
        assert [row.output_device for row in stage.house.jobs.rows.values()] == ["copy-room", "copy-room"]


async def test_pages_are_arranged_by_mouse_and_keyboard_and_the_price_follows(stage: Stage, files: list[Path]) -> None:
    async with stage.page(DESKTOP) as page:
        await stage.sign_in(page)
        await page.goto(f"{stage.url}/upload")
        await page.locator("[data-picker]").set_input_files(files[0])
        await page.wait_for_url("**/jobs/*")
        await page.get_by_text("Arrange pages").click()
        order = "[...document.querySelectorAll('.tile:not(.off)')].map((one) => one.dataset.page).join()"
        for picture in await page.locator(".tile img").all():
            await expect(picture).to_have_js_property("complete", True)
        begun = await page.evaluate("performance.now()")
        await page.get_by_role("button", name="Leave out page 2").click()
        await expect(page.locator("#quote")).to_contain_text("€0.52")
        assert await page.evaluate("performance.now()") - begun < 1000, "with the browser's own time around it"
        await page.get_by_role("button", name="Turn page 3").click()
        await page.get_by_role("img", name="Page 3").locator("..").focus()
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.press("ArrowLeft")
        assert await page.evaluate(order) == "3,1"
        await expect(page.locator("#arrange-said")).to_contain_text("Page 3 is now at place 1.")
        await expect(page.get_by_role("button", name="Print at")).to_be_enabled()
        await expect(page.get_by_text("2 pages on 2 sheets").first).to_be_visible()
        one, three = page.locator('[data-page="1"] .tile-page'), page.locator('[data-page="3"] .tile-page')
        await one.drag_to(three)
        assert await page.evaluate(order) == "1,3"
        await page.get_by_role("radio", name="Two-sided", exact=True).check()
        await page.get_by_role("button", name="One copy more").click()
        await expect(page.get_by_text("2 copies: 4 pages on 2 sheets").first).to_be_visible()
        job = stage.job(page)
        await page.get_by_role("button", name="Print at").click()
        await expect(page.locator("#notes")).to_contain_text("on its way to")
        ticket = stage.house.jobs.rows[job.id].ticket
        assert [(pick.page, pick.rotate) for pick in ticket.page_picks] == [(1, 0), (3, 90)]
        assert (ticket.copies, ticket.sides) == (2, "two-sided-long-edge")


async def test_pages_are_arranged_by_touch(stage: Stage, files: list[Path]) -> None:
    async with stage.page(has_touch=True, is_mobile=True) as page:
        await page.goto(f"{stage.url}/p/copy-room")
        await page.locator("[data-picker]").set_input_files(files[0])
        await page.wait_for_url("**/guest/jobs/*")
        await page.get_by_text("Arrange pages").tap()
        await page.get_by_role("button", name="Leave out page 1").tap()
        grab = page.locator('[data-page="3"] .tile-page')
        await grab.scroll_into_view_if_needed()
        box, to = await grab.bounding_box(), await page.locator('[data-page="2"] .tile-page').bounding_box()
        assert box is not None
        assert to is not None
        finger = await page.context.new_cdp_session(page)
        path = [(box["x"] + 20, box["y"] + 20), (to["x"] + 60, to["y"] + 30), (to["x"] + 30, to["y"] + 30)]
        for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove"), path, strict=True):
            await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        await expect(page.locator('input[name="picks"]').first).to_have_value("3,2")


async def test_an_upload_goes_on_after_the_connection_broke(stage: Stage, tmp_path: Path) -> None:
    """The first try loses its connection after some octets: the second sends only the rest."""
    large, sent = tmp_path / "large.pdf", list[tuple[str, str]]()
    large.write_bytes(PDF + b"x" * 300_000)
    async with stage.page(DESKTOP) as page:
        await stage.sign_in(page)
        await page.goto(f"{stage.url}/upload")

        async def half(route: Route) -> None:
            headers = route.request.headers
            sent.append((route.request.method, headers.get("upload-offset", "")))
            if route.request.method != "PATCH" or len([1 for method, _ in sent if method == "PATCH"]) > 1:
                return await route.continue_()
            octets = large.read_bytes()[:100_000]
            await page.context.request.fetch(
                route.request.url, method="PATCH", headers=headers | {"upload-offset": "0"}, data=octets
            )
            return await route.abort("connectionreset")

        await page.route("**/upload/files/*", half)
        await page.locator("[data-picker]").set_input_files(large)
        await page.wait_for_url("**/jobs/*")
    assert sent == [("PATCH", "0"), ("HEAD", ""), ("PATCH", "100000")]
    (job,) = stage.house.jobs.rows.values()
    assert job.size == large.stat().st_size


async def test_files_are_dropped_and_pasted_and_refusals_are_told(stage: Stage) -> None:
    async with stage.page(DESKTOP) as page:
        await stage.sign_in(page)
        await page.goto(f"{stage.url}/upload")
        drop = """([type, names]) => { const data = new DataTransfer();
          for (const name of names) data.items.add(new File([atob(document.body.dataset.pdf)], name, {type: name.endsWith("exe") ? "application/x-msdownload" : "application/pdf"}));
          const key = type === "paste" ? "clipboardData" : "dataTransfer";
          const event = type === "paste" ? new ClipboardEvent(type, {bubbles: true, clipboardData: data}) : new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data});
          document.querySelector(".drop").dispatchEvent(event); }"""
        await page.evaluate("(pdf) => { document.body.dataset.pdf = btoa(pdf) }", PDF.decode("latin-1"))
        await page.evaluate(drop, ["drop", ["virus.exe", "<b>Bold<b>.pdf"]])
        await expect(page.locator(".upload-row.bad")).to_contain_text("cannot be printed")
        await expect(page.get_by_role("link", name="Go on with the others")).to_be_visible()
        assert await page.locator(".upload-row b b").count() == 0
        await page.evaluate(drop, ["paste", ["Pasted.pdf"]])
        await page.wait_for_url("**/jobs/*")
    assert sorted(job.name for job in stage.house.jobs.rows.values()) == ["<b>Bold<b>.pdf", "Pasted.pdf"]


async def test_several_files_are_one_job_in_their_order(stage: Stage, files: list[Path]) -> None:
    async with stage.page(DESKTOP) as page:
        await stage.sign_in(page)
        await page.goto(f"{stage.url}/upload")
        await page.locator("[data-picker]").set_input_files(files)
        await page.wait_for_url("**/jobs/*")
        assert [document.name for document in stage.job(page).documents] == ["Ticket.pdf", "Plan.pdf"]
        await page.goto(f"{stage.url}/upload")
        await page.get_by_label("Each file as a job of its own").check()
        await page.locator("[data-picker]").set_input_files(files)
        await page.wait_for_url("**/jobs")
        assert len(stage.house.jobs.rows) == 3


async def test_without_scripts_it_is_a_plain_form(stage: Stage, files: list[Path]) -> None:
    async with stage.page(java_script_enabled=False) as page:
        await page.goto(f"{stage.url}/p/copy-room")
        await page.locator("[data-picker]").set_input_files(files[0])
        await page.get_by_role("button", name="Upload").click()
        await page.wait_for_url("**/guest/jobs/*")
        await page.reload()
        await page.get_by_role("button", name="Print at Copy room").click()
        assert stage.job(page).output_device == "copy-room"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_fits_and_can_be_read(stage: Stage, files: list[Path], scheme: str) -> None:
    for size, name in ((NARROW, "narrow"), (PHONE, "phone"), (DESKTOP, "desktop")):
        async with stage.page(size, color_scheme=scheme) as page:
            await page.goto(f"{stage.url}/p/copy-room")
            await page.locator("[data-picker]").set_input_files(files)
            await page.wait_for_url("**/guest/jobs/*")
            waiting = page.url
            for what, address in (
                ("sticker", f"{stage.url}/p/copy-room"),
                ("editor", waiting),
                ("guest", f"{stage.url}/guest"),
            ):
                await page.goto(address)
                for summary in await page.locator("details > summary").all():
                    await summary.click()
                for image in await page.locator("img").all():
                    await image.evaluate("(one) => { one.loading = 'eager' }")
                await page.wait_for_load_state("networkidle")
                await picture(page, f"upload-{what}-{name}-{scheme}")
                assert await page.evaluate(WIDE) <= size[0], f"{what} scrolls sideways"
                assert await page.evaluate(CONTRAST) == [], what
                assert await page.evaluate(SMALL) == [], what
                if size is PHONE:
                    assert await violations(page) == [], what
    async with stage.page(DESKTOP, color_scheme=scheme) as page:
        await stage.sign_in(page)
        await page.goto(f"{stage.url}/upload")
        await picture(page, f"upload-page-desktop-{scheme}")
        assert await violations(page) == []
