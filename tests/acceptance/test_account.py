"""The account in Chromium: by touch and by keyboard, narrow and wide, light and dark, by axe's rules, without scripts.

Pictures go to the folder that PAPERTAP_PICTURES names.
"""

import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from gateway.domain.job import JobState, Reason
from gateway.domain.user import Actor
from tests.acceptance.browsers import picture
from tests.peers.axe import violations
from tests.peers.manners import ARGUMENTS, CONTRAST, SMALL
from tests.webprint.web_house import PASSWORD, House, serving

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("account"),
]

PHONE, DESKTOP, NARROW = (390, 844), (1280, 800), (320, 640)
PAGES = {
    "account": "/account",
    "pin": "/account/pin",
    "password": "/account/password",
    "cards": "/account/cards",
    "addresses": "/account/addresses",
    "notices": "/account/notices",
    "data": "/account/data",
    "erase": "/account/data/erase",
    "confirm": "/account/addresses/confirm?token={verify}",
    "keep": "/keep?token={keep}",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


class Stage:
    """A served house in which alice has something of everything."""

    def __init__(self, house: House, url: str, browser: Browser, tokens: dict[str, str]) -> None:
        self.house, self.url, self._browser, self._tokens = house, url, browser, tokens

    def at(self, path: str) -> str:
        return self.url + path.format(**self._tokens)

    @asynccontextmanager
    async def page(self, size: tuple[int, int] = PHONE, **context: Any) -> AsyncIterator[Page]:
        """Signed in as alice; anything that the browser complains about fails the test."""
        complaints: list[str] = []
        width, height = size
        async with await self._browser.new_context(viewport={"width": width, "height": height}, **context) as opened:
            page = await opened.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
            await page.goto(self.at("/signin"))
            await page.get_by_label("Name").fill("alice")
            await page.get_by_label("Password", exact=True).fill(PASSWORD)
            await page.get_by_role("button", name="Sign in", exact=True).click()
            await page.wait_for_url("**/jobs")
            yield page
        assert not complaints


def token(url: str) -> str:
    return url.partition("token=")[2]


async def furnish(house: House) -> dict[str, str]:
    """An account with something of everything; the tokens of the links that its owner was sent."""
    personal, now = house.personal, house.clock.now()
    await house.identity.change_user("alice", email="alice.ode@example.org")
    user = await house.identity.get("alice")
    await house.people.personal.add_address(user.uuid, "ode.printing@a-rather-long-name.example.org", now)
    user = await personal.cards.add(user, "04A2197F", label="Company badge")
    user = await personal.cards.add(user, "0499AA02")
    expiring = await house.add(name="Quarterly report 2026.pdf", expiry_warned=True, expires_at=now + 3000)
    failed = await house.add(
        name="scan_0017.pdf",
        state=JobState.ABORTED,
        reasons=(Reason.DOCUMENT_FORMAT_ERROR,),
        message="Page 2 cannot be read. Save the document anew and send it again.",
        ended_at=now,
    )
    asked = await house.add(name="Minutes.docx", state=JobState.PROCESSING_STOPPED, reasons=(Reason.OUTCOME_UNKNOWN,))
    for job in (expiring, failed, asked):
        await personal.notices.look(job.id)
    keep = house.mailer.letters[0].values["extend_url"]
    await personal.addresses.ask(user, "new@example.org", base="https://print.example", language="en")
    verify = house.mailer.letters[-1].values["url"]
    olga = Actor(user="olga", address="192.0.2.17", via="web")
    await personal.access_log.note(failed, olga, "pages", "Its owner asked at the desk why it failed")
    await personal.access_log.note(expiring, olga, "details")
    return {"keep": token(keep), "verify": token(verify)}


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    house = await House().open()
    tokens = await furnish(house)
    async with serving(house.app()) as url:
        yield Stage(house, url, browser, tokens)


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")])
async def test_every_page_is_for_everybody(stage: Stage, size: tuple[int, int], scheme: str) -> None:
    """Contrast, size of targets, no scrolling sideways at 320 px, axe's rules; and a picture of each."""
    device = "phone" if size == PHONE else "desktop"
    async with stage.page(size, color_scheme=scheme) as page:
        for name, path in PAGES.items():
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            answer = await page.goto(stage.at(path))
            assert answer is not None
            assert answer.status == 200, name
            assert await page.evaluate(CONTRAST) == [], name
            assert await page.evaluate(SMALL) == [], name
            if scheme == "light":
                assert await violations(page) == [], name
            await picture(page, f"account-{name}-{device}-{scheme}")
            await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
            assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW[0], name


async def test_choices_notices_and_proofs(stage: Stage) -> None:
    async with stage.page() as page:
        await page.get_by_role("link", name="Notices, 4 are new").click()
        await expect(page.get_by_text("scan_0017.pdf was not printed")).to_be_visible()
        await page.get_by_role("button", name="I have seen them").click()
        await expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()

        await page.get_by_role("link", name="Account", exact=True).click()
        await page.get_by_label("Where I usually print").select_option("Lobby")
        await page.get_by_role("checkbox", name="A job was printed By mail").check()
        await page.get_by_role("checkbox", name="A job expires soon Here").uncheck()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        assert await page.get_by_role("checkbox", name="A job was printed By mail").is_checked()
        assert not await page.get_by_role("checkbox", name="A job expires soon Here").is_checked()

        await page.get_by_role("link", name="PIN").click()
        await page.get_by_role("button", name="Make a new PIN").click()
        pin = await page.get_by_role("status").inner_text()
        assert re.fullmatch(r"\d{6}", pin)
        assert (await stage.house.identity.sign_in_pin(pin, address="10.0.0.1")).name == "alice"
        await page.get_by_role("link", name="I know it now").click()
        await expect(page.get_by_role("heading", name="Account")).to_be_visible()

        # A reader that types: it ends each number with Return.
        await page.get_by_role("link", name="Cards").click()
        await page.get_by_label("A word for it").fill("Spare")
        await page.get_by_label("Card number").press_sequentially("04BEEF01")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_have_text("The card is yours now.")
        await page.get_by_role("button", name="Remove Spare").click()
        await expect(page.get_by_text("Spare")).to_have_count(0)


async def test_an_address_by_the_link_of_its_mail(stage: Stage) -> None:
    async with stage.page(DESKTOP) as page:
        await page.goto(stage.at(PAGES["confirm"]))
        await page.get_by_role("button", name="Yes, it is mine").click()
        await expect(page.get_by_role("status")).to_have_text("The address is yours now.")
        await page.get_by_role("button", name="Send mails here: new@example.org").click()
        assert (await stage.house.identity.get("alice")).email == "new@example.org"
        answer = await page.goto(stage.at(PAGES["confirm"]))
        assert answer is not None
        assert answer.status == 404


async def test_a_copy_and_the_end_without_scripts(stage: Stage, tmp_path: Path) -> None:
    async with stage.page(java_script_enabled=False) as page:
        await page.goto(stage.at("/account/data"))
        await expect(page.get_by_text("Reason: Its owner asked at the desk why it failed")).to_be_visible()
        await page.get_by_label("Also my documents that still exist").check()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Download my data").click()
        await (await download.value).save_as(tmp_path / "data.zip")
        assert {"README.txt", "jobs.json", "access-log.json"} <= set(zipfile.ZipFile(tmp_path / "data.zip").namelist())

        await page.get_by_role("link", name="Erase my account").click()
        await page.get_by_label("Type your name, alice, to confirm").fill("Alice")
        await page.get_by_role("button", name="Erase for good").click()
        await expect(page.get_by_role("heading", name="Your account is erased")).to_be_visible()
        await page.goto(stage.at("/account"))
        await expect(page).to_have_url(re.compile("/signin"))
    assert (await stage.house.identity.get("alice")).disabled


async def test_another_site_changes_nothing(stage: Stage) -> None:
    """A page of another origin sends forms with the visitor's cookies, as far as the browser lets it."""
    form = "".join(
        f'<form method="post" action="{stage.at(path)}"><input name="{field}" value="{value}"></form>'
        for path, field, value in (
            ("/account/data/erase", "name", "alice"),
            ("/account/pin", "random", "yes"),
            ("/account", "full_name", "Mallory"),
            ("/account/cards", "card", "04BADBAD"),
        )
    )

    async def evil(_request: Request) -> HTMLResponse:
        return HTMLResponse(f"<!doctype html>{form}")

    before = await stage.house.identity.get("alice")
    async with serving(Starlette(routes=[Route("/", evil)])) as other, stage.page() as page:
        for place in range(4):
            await page.goto(other.replace("127.0.0.1", "localhost"))
            async with page.expect_navigation():
                await page.evaluate(f"document.forms[{place}].submit()")
    assert await stage.house.identity.get("alice") == before
