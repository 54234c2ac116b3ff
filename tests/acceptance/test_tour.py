"""One tour over every page that a person can see: in each language, as a phone, narrow and wide, light and dark.

Its stops are held against the table of routes, so that a page without a stop fails. A picture of each goes to the
folder that PAPERTAP_PICTURES names; without it there are none, since several hundred take their time.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gateway.domain.share import Payer
from gateway.domain.user import Actor
from tests.acceptance.tour_stops import AT, NO_PAGES, TOUR, Stop
from tests.peers.axe import violations
from tests.peers.languages import TEXTS, left_in_english
from tests.peers.manners import ARGUMENTS, BEYOND, CONTRAST, COVERED, DESKTOP, NARROW, PHONE, SMALL
from tests.webprint.full_house import OWN_WORDS, Full, full_house
from tests.webprint.web_house import PASSWORD, serving
from webprint.policy import POLICY

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

LOCALES = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}
# A form of the page that is open, as its buttons would send it; a name with an @ is a file with that text in it.
SEND = """([action, fields]) => { const form = document.createElement("form"); form.method = "post"; form.action = action;
  const token = document.querySelector("input[name=csrf]");
  for (const [name, value] of [["csrf", token ? token.value : ""], ...Object.entries(fields)]) {
    const one = document.createElement("input"); one.type = "hidden"; one.name = name.replace("@", "");
    if (name.startsWith("@")) { const files = new DataTransfer(); files.items.add(new File([value], "file"));
      one.type = "file"; one.files = files.files; form.enctype = "multipart/form-data"; } else { one.value = value; }
    form.append(one); }
  document.body.append(form); form.submit(); }"""
# Pictures that are on their way and texts that come by script; nothing moves while a picture is taken.
SETTLED = """async () => { for (const one of document.images) one.loading = "eager";
  await Promise.all([...document.images].map((one) => one.decode().catch(() => {}))); }"""


async def test_every_page_is_a_stop() -> None:
    shown = {path for method, path in POLICY if method == "GET" and not path.endswith(".png")}
    assert shown - NO_PAGES - {stop.route for stop in TOUR} == set()
    assert {path for method, path in POLICY if method == "GET"} >= NO_PAGES


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


@dataclass(kw_only=True)
class Walk:
    """One tour in one language: a browser of its own for each who, and what was seen on the way."""

    full: Full
    url: str
    language: str
    browser: Browser
    pictures: Path | None
    looks: tuple[tuple[str, tuple[int, int], str], ...]
    stack: AsyncExitStack
    pages: dict[str, Page] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    async def prepare(self) -> None:
        """What a tour uses up: a link, a person who leaves, a newcomer."""
        house, jobs = self.full.house, self.full.jobs
        job = await house.add_with_picture(name="Club poster.pdf")
        share, _ = await house.shares.make(
            job.id, Actor(user="alice"), seconds=None, payer=Payer.SHARER, shows_page=False
        )
        await house.add(owner=None, address="127.0.0.1", created_at=house.clock.now(), name="Secret.pdf")
        leaver = f"leaver-{self.language}"
        await house.identity.add_user(leaver, password=PASSWORD)
        self.names = {name: str(one.id) for name, one in jobs.items()} | self.full.tokens
        self.names |= {"share": share, "leaver": leaver}

    async def page_of(self, who: str) -> Page:
        if who not in self.pages:
            context = await self.stack.enter_async_context(
                await self.browser.new_context(locale=LOCALES[self.language], reduced_motion="reduce")
            )
            page = await context.new_page()
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
            page.on("console", lambda said: self.wrong.append(said.text) if "Policy" in said.text else None)
            self.pages[who] = page
            await self._enter(context, page, who)
        return self.pages[who]

    async def _enter(self, context: BrowserContext, page: Page, who: str) -> None:
        if who == "guest":
            await context.add_cookies([{"name": "papertap-guest", "value": self.full.guest, "url": self.url}])
        user = {"stale": "bob", "leaver": self.names["leaver"]}.get(who, who)
        if user not in {"alice", "bob", "olga", "ada", "dora", "newcomer", self.names["leaver"]}:
            return
        await page.goto(f"{self.url}/signin")
        await self._sent(page, "/signin", {"with": "password", "name": user, "password": PASSWORD})
        if who == "stale":
            for session in await self.full.house.users.sessions_of("bob"):
                await self.full.house.users.save_session(replace(session, proved_at=session.proved_at - 601))

    async def _sent(self, page: Page, action: str, fields: dict[str, str]) -> int:
        async with page.expect_navigation() as answer:
            await page.evaluate(SEND, [action, fields])
        got = await answer.value
        return got.status if got else 0

    async def visit(self, stop: Stop) -> None:
        page = await self.page_of(stop.who)
        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await page.emulate_media(color_scheme="light")
        answer = None
        if not (stop.send and stop.path == AT and page.url.startswith(self.url + AT)):
            answer = await page.goto(self.url + self._filled(stop.path))
        status = answer.status if answer else 0
        if stop.send:
            action, fields = stop.send
            fields = {name: self._filled(value) for name, value in fields.items()}
            status = await self._sent(page, self._filled(action), fields)
        if status != stop.status:
            self.wrong.append(f"{stop.name}: status {status}")
        if stop.opens:
            await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        await page.evaluate(SETTLED)
        await self._judge(stop, page)

    async def _judge(self, stop: Stop, page: Page) -> None:
        if await page.evaluate("document.documentElement.lang") != self.language:
            self.wrong.append(f"{stop.name}: not in {self.language}")
        for text in await page.evaluate(TEXTS):
            self.texts.setdefault(text, stop.name)
        for device, size, scheme in self.looks:
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for script in (CONTRAST, SMALL, BEYOND, COVERED):
                if found := await page.evaluate(script):
                    self.wrong.append(f"{stop.name} {device} {scheme}: {found}")
            if self.pictures:
                await page.screenshot(
                    path=self.pictures / f"{stop.name}-{self.language}-{device}-{scheme}.png", full_page=True
                )
        if self.language == "en":  # its rules look at what is the same in every language, and take the most time
            self.wrong += [f"{stop.name}: {one}" for one in await violations(page)]

    def _filled(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace("{" + name + "}", value)
        return text


BROKEN = "Page 2 cannot be read. Save the document anew and send it again."  # as a device said it
LOOKS = {
    "en": (("narrow", NARROW, "light"), ("desktop", DESKTOP, "dark")),
    "de": (("phone", PHONE, "light"), ("narrow", NARROW, "dark"), ("desktop", DESKTOP, "light")),
    "fr": (("narrow", NARROW, "light"), ("desktop", DESKTOP, "light"), ("phone", PHONE, "dark")),
}


@pytest.fixture(scope="module")
def folder() -> Path | None:
    named = os.environ.get("PAPERTAP_PICTURES")
    if not named:
        return None
    path = Path(named) / "tour"
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest_asyncio.fixture(loop_scope="module")
async def house() -> AsyncIterator[tuple[Full, str]]:
    """One for each tour: it uses codes up."""
    full = await full_house()
    async with serving(full.house.app()) as url:
        yield full, url


@pytest.mark.timeout(1200)  # every page of the house, one after the other
@pytest.mark.parametrize("language", LOCALES)
async def test_every_page_in(language: str, house: tuple[Full, str], browser: Browser, folder: Path | None) -> None:
    full, url = house
    async with AsyncExitStack() as stack:
        walk = Walk(
            full=full,
            url=url,
            language=language,
            browser=browser,
            pictures=folder,
            looks=LOOKS[language],
            stack=stack,
        )
        await walk.prepare()
        for stop in TOUR:
            await walk.visit(stop)
        if language != "en":
            walk.wrong += left_in_english(language, walk.texts, (*OWN_WORDS, BROKEN))
        assert walk.wrong == [], "\n".join(walk.wrong)
