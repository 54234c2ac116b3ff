"""Stations, phones and readers with programs that none of us wrote: Chromium twice, zbar, websockets' own client."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway.app.site import Site
from gateway.domain.terminal import CodeFor
from mobile_api.terminals import create_terminals
from tests.gateway.adapters.http.serving import serving
from tests.peers.manners import ARGUMENTS
from tests.terminal_house import CARD, OTHER, TerminalHouse, a_terminal_house, talking

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

TABLET, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


class Stage:
    """A house with terminals, served by our own listener, and browsers in it."""

    def __init__(self, rooms: TerminalHouse, url: str, browser: Browser) -> None:
        self.rooms, self.url, self._browser = rooms, url, browser

    @asynccontextmanager
    async def station(self) -> AsyncIterator[Page]:
        async with await self._browser.new_context(viewport=TABLET) as context:  # type: ignore[arg-type]
            page = await context.new_page()
            await page.goto(f"{self.url}/kiosk/copy-room")
            yield page

    @asynccontextmanager
    async def phone(self, name: str) -> AsyncIterator[Page]:
        """Signed in to the portal."""
        house = self.rooms.house
        cookie, _ = await house.identity.open_session(
            await house.identity.get(name), method="password", address="127.0.0.1", browser="Safari, iPhone"
        )
        async with await self._browser.new_context(viewport=PHONE, is_mobile=True) as context:  # type: ignore[arg-type]
            await context.add_cookies([{"name": "papertap", "value": cookie, "url": self.url}])
            yield await context.new_page()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    rooms = await a_terminal_house()
    await rooms.house.add(name="Quarterly report")

    async def health() -> tuple[str, ...]:
        return ()

    async def nobody(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError("nobody prints here")

    site = Site(
        ipp=nobody,
        pages=rooms.house.app(),
        health=health,
        metrics=bytes,
        mounted={"/terminals/": create_terminals(rooms.hub)},
    )
    async with serving(site) as listener:
        yield Stage(rooms, f"http://127.0.0.1:{listener.port}", browser)


async def scanned(station: Page, tmp_path: Path) -> tuple[str, str]:
    """(the code of the picture, as zbar reads it; the number beside it)."""
    await expect(station.locator(".k-phone-qr svg")).to_be_visible()
    picture = tmp_path / "code.png"
    await station.locator(".k-phone-qr").screenshot(path=picture)
    found = await asyncio.to_thread(
        subprocess.run, ["zbarimg", "--raw", "-q", str(picture)], capture_output=True, text=True, check=True
    )
    match = re.fullmatch(r"https://.+/approve/([A-Za-z0-9_-]+)", found.stdout.strip())
    assert match is not None, found.stdout
    return match[1], await station.locator(".k-phone-number b").inner_text()


async def test_a_phone_signs_the_station_in_once(stage: Stage, tmp_path: Path) -> None:
    async with stage.station() as station, stage.phone("alice") as phone, stage.phone("bob") as other:
        code, number = await scanned(station, tmp_path)
        await phone.goto(f"{stage.url}/approve/{code}")
        await expect(phone.get_by_role("heading", level=1)).to_have_text("Sign in at Copy room?")
        await phone.get_by_role("button", name=number, exact=True).click()
        await expect(phone.get_by_text("you are signed in there")).to_be_visible()
        await expect(station.get_by_role("heading", name="My jobs")).to_be_visible()
        await expect(station.locator(".k-who")).to_contain_text("Safari, iPhone")
        await expect(station.get_by_text("Quarterly report")).to_be_visible()
        await other.goto(f"{stage.url}/approve/{code}")
        await expect(other.get_by_text(re.compile("does not wait|used already"))).to_be_visible()


async def test_the_wrong_number_opens_nothing(stage: Stage, tmp_path: Path) -> None:
    async with stage.station() as station, stage.phone("alice") as phone:
        code, number = await scanned(station, tmp_path)
        await phone.goto(f"{stage.url}/approve/{code}")
        wrong = [text for text in await phone.locator(".approve-numbers button").all_inner_texts() if text != number]
        await phone.get_by_role("button", name=wrong[0], exact=True).click()
        await expect(phone.get_by_text("another number")).to_be_visible()
        await station.wait_for_timeout(2000)
        await expect(station.get_by_role("heading", name="My jobs")).to_have_count(0)


async def test_a_stranger_s_phone_is_asked_to_sign_in_and_comes_back(stage: Stage, tmp_path: Path) -> None:
    async with stage.station() as station:
        code, _ = await scanned(station, tmp_path)
        async with stage.phone("alice") as phone:
            await phone.context.clear_cookies()
            await phone.goto(f"{stage.url}/approve/{code}")
            assert f"next=%2Fapprove%2F{code}" in phone.url


async def test_an_unknown_card_becomes_that_of_the_phone(stage: Stage, tmp_path: Path) -> None:
    async with stage.station() as station, stage.phone("bob") as phone:
        await station.evaluate(
            "number => { const form = document.getElementById('card-form'); form.elements.card.value = number;"
            " form.submit(); }",
            OTHER,
        )
        await expect(station.get_by_role("heading", name="This card is not known here")).to_be_visible()
        code, number = await scanned(station, tmp_path)
        await phone.goto(f"{stage.url}/approve/{code}")
        await expect(phone.get_by_role("heading", level=1)).to_have_text("Add your card?")
        await phone.get_by_role("button", name=number, exact=True).click()
        await expect(station.get_by_role("heading", name="My jobs")).to_be_visible()
        assert len((await stage.rooms.house.identity.get("bob")).cards) == 1


async def test_a_reader_of_another_box_signs_the_paired_page_in_and_no_other(stage: Stage) -> None:
    rooms = stage.rooms
    key, _ = await rooms.enrolled()
    async with stage.station() as paired, stage.station() as stranger:
        code = await rooms.terminals.new_code("box", CodeFor.SCREEN)
        await paired.goto(f"{stage.url}/kiosk/copy-room/pair")
        await paired.get_by_label("Code").fill(code)
        await paired.get_by_role("button", name="Pair", exact=True).click()
        await expect(paired).to_have_url(f"{stage.url}/kiosk/copy-room")
        while not rooms.screens.watched(next(iter(rooms.store.rows))):
            await asyncio.sleep(0.05)
        async with talking(stage.url, key) as peer:
            (feedback,) = await peer.ask("card", raw=CARD)
            assert feedback["code"] == "look-at-screen"
        await expect(paired.get_by_role("heading", name="My jobs")).to_be_visible()
        await expect(stranger.get_by_role("heading", name="My jobs")).to_have_count(0)


async def test_a_page_of_another_site_opens_no_socket(stage: Stage, browser: Browser) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto("about:blank")
        code = await page.evaluate(
            "url => new Promise((done) => { const s = new WebSocket(url); s.onopen = () => done('open');"
            " s.onclose = (event) => done(event.code); })",
            stage.url.replace("http", "ws") + "/terminals/v1/screen",
        )
    assert code == 1006
