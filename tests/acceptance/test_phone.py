"""A phone in front of a printer, in Chromium: the camera reads the screen, the worker works without a network, files are
shared into the upload, and a push message is shown.
"""

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import segno
from PIL import Image
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from gateway.domain.job import JobState
from gateway.domain.phone import Presence
from gateway.domain.user import Actor
from gateway.services.presence import ShownCode
from tests.peers.manners import ARGUMENTS
from tests.webprint.web_house import PASSWORD, House, serving

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
VIDEO = (640, 480)


def film(text: str, file: Path) -> None:
    """What a camera sees that is held in front of a code: a y4m film, since Chromium plays no other without help."""
    png = io.BytesIO()
    segno.make(text, error="m", micro=False).save(png, kind="png", scale=6, border=4)
    code = Image.open(png).convert("L").resize((400, 400), Image.Resampling.NEAREST).rotate(7, fillcolor=150)
    picture = Image.new("L", VIDEO, 150)
    picture.paste(code, (110, 40))
    flat = bytes([128]) * (VIDEO[0] * VIDEO[1] // 2)
    frame = b"FRAME\n" + picture.tobytes() + flat
    file.write_bytes(f"YUV4MPEG2 W{VIDEO[0]} H{VIDEO[1]} F10:1 Ip A1:1 C420mpeg2\n".encode() + frame * 10)


class Hall:
    """A house that is served, whose copy room has a screen with changing codes; `camera` looks at one of them."""

    def __init__(self, house: House, shown: ShownCode, stack: AsyncExitStack) -> None:
        self.house, self.shown, self.stack, self.url = house, shown, stack, ""

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        context: BrowserContext = await self.browser.new_context(**PHONE, permissions=["notifications"])
        page = await context.new_page()
        page.set_default_timeout(60_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
        yield page
        await context.close()
        assert wrong == []

    async def sign_in(self, page: Page) -> None:
        await page.goto(f"{self.url}/signin")
        await page.get_by_label("Name").fill("alice")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await page.wait_for_url("**/jobs")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    house = await House().open()
    await house.printers.change_device("copy-room", presence=Presence.CODE)
    secret = await house.phone.codes.enrol("copy-room", Actor(user="olga"))
    screen = await house.phone.codes.screen(secret, "copy-room")
    assert screen is not None
    shown = house.phone.codes.show(screen)
    async with AsyncExitStack() as stack:
        made = Hall(house, shown, stack)
        made.url = await stack.enter_async_context(serving(house.app()))
        video = tmp_path_factory.mktemp("film") / "screen.y4m"
        film(f"{made.url}/p/copy-room?c={shown.code}", video)
        playwright = await stack.enter_async_context(async_playwright())
        camera = [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ]
        made.browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*ARGUMENTS, *camera])
        stack.push_async_callback(made.browser.close)
        yield made


async def test_the_camera_reads_the_screen_and_a_tap_prints(hall: Hall) -> None:
    job = await hall.house.add(name="Timetable.pdf")
    async with hall.page() as page:
        await hall.sign_in(page)
        await page.get_by_role("navigation", name="App").get_by_role("link", name="Print").click()
        await page.get_by_role("button", name="Open the camera").click()
        await page.wait_for_url("**/p/copy-room?c=*")
        await expect(page.get_by_text("Timetable.pdf")).to_be_visible()
        assert hall.house.jobs.rows[job.id].state is JobState.PENDING_HELD
        await page.get_by_role("button", name=str(hall.shown.number), exact=True).click()
        await expect(page.get_by_text("on its way to Copy room")).to_be_visible()
        assert hall.house.jobs.rows[job.id].output_device == "copy-room"


async def until(page: Page, expression: str) -> None:
    """Asked from outside: our pages let no text become a script, which waiting within them needs."""
    end = time.monotonic() + 60
    while not await page.evaluate(expression):
        assert time.monotonic() < end, expression
        await asyncio.sleep(0.05)


async def active(page: Page) -> None:
    """
    A worker of the registration runs; sharing, pushes and navigation need no more.

    Not that it controls the page: one that was still loading when the worker claimed its pages stays without until the next.
    """
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")


async def test_files_that_another_app_shares_land_in_the_upload(hall: Hall) -> None:
    async with hall.page() as page:
        await hall.sign_in(page)
        await active(page)
        await page.evaluate(
            """() => { const form = document.createElement("form"), field = document.createElement("input");
            [form.method, form.action, form.enctype] = ["post", "/share", "multipart/form-data"];
            [field.type, field.name] = ["file", "file"];
            const files = new DataTransfer();
            files.items.add(new File(["hello"], "Shared letter.txt", {type: "text/plain"}));
            field.files = files.files; form.append(field); document.body.append(form); form.submit(); }"""
        )
        await page.wait_for_url("**/upload")
        await expect(page.locator("#upload-list")).to_contain_text("Shared letter.txt")


async def test_a_push_message_is_shown(hall: Hall) -> None:
    async with hall.page() as page:
        await hall.sign_in(page)
        await active(page)
        session = await page.context.new_cdp_session(page)
        registered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def note(event: dict[str, Any]) -> None:
            for one in event["registrations"]:
                if one["scopeURL"].startswith(hall.url) and not registered.done():
                    registered.set_result(one["registrationId"])

        session.on("ServiceWorker.workerRegistrationUpdated", note)
        await session.send("ServiceWorker.enable")
        message = {
            "origin": hall.url,
            "registrationId": await asyncio.wait_for(registered, 60),
            "data": '{"title": "Ready to print", "body": "A document waits for you.", "url": "/jobs/1", "tag": "job-1"}',
        }
        await session.send("ServiceWorker.deliverPushMessage", message)
        shown = """async () => { const worker = await navigator.serviceWorker.ready;
          for (let turn = 0; turn < 400; turn += 1) {
            const [one] = await worker.getNotifications();
            if (one) return [one.title, one.body, one.tag, one.data.url];
            await new Promise((done) => setTimeout(done, 50)); }
          return []; }"""
        assert await page.evaluate(shown) == ["Ready to print", "A document waits for you.", "job-1", "/jobs/1"]


async def test_without_a_network_the_last_list_is_shown_and_signing_out_forgets_it(hall: Hall) -> None:
    await hall.house.add(name="Minutes of May.pdf")
    app = hall.house.app()
    async with AsyncExitStack() as server:
        url = await server.enter_async_context(serving(app))
        port = int(url.rpartition(":")[2])
        async with hall.page() as page:
            hall.url, other = url, hall.url
            await hall.sign_in(page)
            await active(page)
            await page.goto(f"{url}/jobs")
            kept = "caches.match('/offline/list').then((one) => one ? one.text() : '')"
            await until(page, f"{kept}.then((text) => text.includes('Minutes of May'))")
            await server.aclose()
            await page.goto(f"{url}/jobs")
            await expect(page.get_by_role("heading", name="No connection")).to_be_visible()
            await expect(page.get_by_role("heading", name=re.compile("As of .*, not up to date"))).to_be_visible()
            await expect(page.get_by_text("Minutes of May.pdf")).to_be_visible()
            await page.goto(f"{url}/jobs")
            await expect(page.get_by_text("Minutes of May.pdf")).to_be_visible()
            await page.get_by_role("link", name="Print from outside").click()
            await expect(page.get_by_role("heading", name="Print from outside")).to_be_visible()
            async with serving(app, port=port):
                await page.goto(f"{url}/jobs")
                await page.get_by_role("button", name="Sign out").click()
                await page.wait_for_url("**/signin?done=out")
                await until(page, "caches.has('papertap-list').then((one) => !one)")
            hall.url = other
