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
from tests.peers.axe import violations
from tests.peers.languages import TEXTS, left_in_english
from tests.peers.manners import ARGUMENTS, BEYOND, CONTRAST, DESKTOP, NARROW, PHONE, SMALL
from tests.webprint.full_house import OWN_WORDS, Full, full_house
from tests.webprint.web_house import PASSWORD, PIN, serving
from webprint.policy import POLICY

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

LOCALES = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}
NO_PAGES = {
    *("/qr.svg", "/ca.pem", "/static/{name}", "/language", "/jobs/events", "/jobs/quote", "/s/{token}/page.png"),
    *("/signin/oidc/{provider}", "/signin/oidc/{provider}/callback", "/signin/confirm/oidc/{provider}"),
    *("/account/security/link/{provider}", "/upload/files/{id}", "/upload/jobs/{id:int}", "/guest/code.svg"),
    *("/guest/jobs/{id:int}/quote", "/kiosk/{station}/last"),
}
"""What programs, pictures and redirects are, and pieces of pages."""
# A form of the page that is open, as its buttons would send it.
SEND = """([action, fields]) => { const form = document.createElement("form"); form.method = "post"; form.action = action;
  const token = document.querySelector("input[name=csrf]");
  for (const [name, value] of [["csrf", token ? token.value : ""], ...Object.entries(fields)]) {
    const one = document.createElement("input"); one.type = "hidden"; one.name = name; one.value = value; form.append(one); }
  document.body.append(form); form.submit(); }"""
# Pictures that are on their way and texts that come by script; nothing moves while a picture is taken.
SETTLED = """async () => { for (const one of document.images) one.loading = "eager";
  await Promise.all([...document.images].map((one) => one.decode().catch(() => {}))); }"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """A page: its route, its address with {names} of the house, who sees it; `send` is a form that leads there."""

    name: str
    route: str
    path: str
    who: str = "alice"
    send: tuple[str, dict[str, str]] | None = None
    status: int = 200
    opens: bool = False


JOB, DESK, KIOSK = "/jobs/{id:int}", "/desk/jobs/{id:int}", "/kiosk/{station}"
AT = "/kiosk/copy-room"
TOUR = (
    Stop(name="start", route="/", path="/", who="stranger"),
    Stop(name="signin", route="/signin", path="/signin", who="stranger"),
    Stop(name="signin-pin", route="/signin", path="/signin?with=pin", who="stranger"),
    Stop(
        name="signin-wrong",
        route="/signin",
        path="/signin",
        who="stranger",
        send=("/signin", {"with": "password", "name": "nobody", "password": "wrong"}),
        status=401,
    ),
    Stop(name="signin-mail", route="/signin/mail", path="/signin/mail", who="stranger"),
    Stop(
        name="signin-mail-sent",
        route="/signin/mail",
        path="/signin/mail",
        who="stranger",
        send=("/signin/mail", {"email": "nobody@example.org"}),
    ),
    Stop(name="signin-link", route="/signin/mail/{secret}", path="/signin/mail/unknown", who="stranger", status=401),
    Stop(name="signin-confirm", route="/signin/confirm", path="/signin/confirm?next=/account/pin", who="stale"),
    Stop(name="start-signed-in", route="/", path="/"),
    Stop(name="jobs", route="/jobs", path="/jobs"),
    Stop(name="jobs-empty", route="/jobs", path="/jobs", who="newcomer"),
    Stop(name="jobs-refused", route="/jobs", path="/jobs", send=("/jobs/release", {}), status=400),
    Stop(name="jobs-all", route="/jobs", path="/jobs?all=1", who="olga"),
    Stop(name="job", route=JOB, path="/jobs/{report}", opens=True),
    Stop(name="job-printing", route=JOB, path="/jobs/{printing}"),
    Stop(name="job-ask", route=JOB, path="/jobs/{ask}"),
    Stop(name="job-locked", route=JOB, path="/jobs/{locked}"),
    Stop(name="job-preparing", route=JOB, path="/jobs/{preparing}"),
    Stop(name="job-broken", route=JOB, path="/jobs/{broken}"),
    Stop(name="job-done", route=JOB, path="/jobs/{done}"),
    Stop(name="job-delete", route=JOB, path="/jobs/{report}", send=("/jobs/{report}/delete", {})),
    Stop(name="jobs-delete", route="/jobs", path="/jobs", send=("/jobs/delete", {"job": "{report}"})),
    Stop(
        name="job-share",
        route=JOB,
        path="/jobs/{contract}",
        send=("/jobs/{contract}/share", {"lasting": "24h", "payer": "sharer", "page": "yes"}),
    ),
    Stop(name="shared", route="/s/{token}", path="/s/{share}", who="stranger"),
    Stop(
        name="shared-sent",
        route="/s/{token}",
        path="/s/{share}",
        who="stranger",
        send=("/s/{share}", {"device": "lobby"}),
    ),
    Stop(name="shared-gone", route="/s/{token}", path="/s/unknown", who="stranger", status=404),
    Stop(name="history", route="/history", path="/history"),
    Stop(name="history-empty", route="/history", path="/history?q=nothing"),
    Stop(name="delegates", route="/account/delegates", path="/account/delegates"),
    Stop(name="account", route="/account", path="/account"),
    Stop(name="security", route="/account/security", path="/account/security"),
    Stop(name="pin", route="/account/pin", path="/account/pin"),
    Stop(
        name="pin-wrong", route="/account/pin", path="/account/pin", send=("/account/pin", {"pin": "1111"}), status=400
    ),
    Stop(name="password", route="/account/password", path="/account/password"),
    Stop(name="cards", route="/account/cards", path="/account/cards"),
    Stop(name="addresses", route="/account/addresses", path="/account/addresses"),
    Stop(
        name="address-confirm",
        route="/account/addresses/confirm",
        path="/account/addresses/confirm?token={verify}",
        who="stranger",
    ),
    Stop(name="notices", route="/account/notices", path="/account/notices"),
    Stop(name="notices-empty", route="/account/notices", path="/account/notices", who="newcomer"),
    Stop(name="keep", route="/keep", path="/keep?token={keep}", who="stranger"),
    Stop(name="data", route="/account/data", path="/account/data"),
    Stop(name="erase", route="/account/data/erase", path="/account/data/erase"),
    Stop(
        name="erased",
        route="/account/data/erase",
        path="/account/data/erase",
        who="leaver",
        send=("/account/data/erase", {"name": "{leaver}"}),
    ),
    Stop(name="upload", route="/upload", path="/upload"),
    Stop(name="sticker", route="/p/{name}", path="/p/copy-room", who="passer"),
    Stop(name="sticker-again", route="/p/{name}", path="/p/copy-room", who="guest"),
    Stop(name="guest", route="/guest", path="/guest", who="guest"),
    Stop(name="guest-empty", route="/guest", path="/guest", who="passer"),
    Stop(name="guest-job", route="/guest/jobs/{id:int}", path="/guest/jobs/{guest}", who="guest", opens=True),
    Stop(name="guest-job-done", route="/guest/jobs/{id:int}", path="/guest/jobs/{guest done}", who="guest"),
    Stop(name="kiosk-choose", route="/kiosk", path="/kiosk", who="stranger"),
    Stop(name="kiosk", route=KIOSK, path=AT, who="standing"),
    Stop(name="kiosk-name", route=KIOSK, path=f"{AT}?with=password", who="standing"),
    Stop(name="kiosk-code", route=KIOSK, path=f"{AT}?mode=code", who="standing"),
    Stop(name="kiosk-staff", route=KIOSK, path=f"{AT}?mode=desk", who="standing"),
    Stop(
        name="kiosk-wrong",
        route=KIOSK,
        path=AT,
        who="standing",
        send=(f"{AT}/in", {"with": "pin", "pin": "700001"}),
        status=401,
    ),
    Stop(
        name="kiosk-unknown-card",
        route=KIOSK,
        path=AT,
        who="standing",
        send=(f"{AT}/in", {"with": "card", "card": "04BEEF01"}),
    ),
    Stop(name="kiosk-jobs", route=KIOSK, path=AT, who="standing", send=(f"{AT}/in", {"with": "pin", "pin": PIN})),
    Stop(name="kiosk-delete", route=KIOSK, path=AT, who="standing", send=(f"{AT}/delete", {"job": "{report}"})),
    Stop(name="kiosk-out", route=KIOSK, path=AT, who="standing", send=(f"{AT}/out", {})),
    Stop(
        name="kiosk-desk",
        route=f"{KIOSK}/desk",
        path=f"{AT}?mode=desk",
        who="staff",
        send=(f"{AT}/in", {"with": "password", "mode": "desk", "name": "olga", "password": PASSWORD}),
    ),
    Stop(name="kiosk-desk-job", route=f"{KIOSK}{DESK}", path=f"{AT}/desk/jobs/{{report}}", who="staff"),
    Stop(name="kiosk-nowhere", route=KIOSK, path="/kiosk/nowhere", who="stranger", status=404),
    Stop(name="desk", route="/desk", path="/desk", who="olga"),
    Stop(name="desk-guests", route="/desk", path="/desk?who=guests", who="olga"),
    Stop(name="desk-empty", route="/desk", path="/desk?q=nobody", who="olga"),
    Stop(name="desk-job", route=DESK, path="/desk/jobs/{report}", who="olga"),
    Stop(
        name="desk-look",
        route=DESK,
        path="/desk/jobs/{slip}",
        who="olga",
        send=("/desk/jobs/{slip}/look", {"reason": OWN_WORDS[0]}),
    ),
    Stop(name="desk-delete", route=DESK, path="/desk/jobs/{slip}", who="olga", send=("/desk/jobs/{slip}/delete", {})),
    Stop(name="desk-slip", route=DESK, path="/desk/jobs/{slip}", who="olga", send=("/desk/jobs/{slip}/code", {})),
    Stop(name="nowhere", route="/", path="/nothing", who="stranger", status=404),
    Stop(name="not-allowed", route="/desk", path="/desk", status=403),
    Stop(name="not-there", route=JOB, path="/jobs/99999", status=404),
)


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
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
            page.on("console", lambda said: self.wrong.append(said.text) if "Policy" in said.text else None)
            self.pages[who] = page
            await self._enter(context, page, who)
        return self.pages[who]

    async def _enter(self, context: BrowserContext, page: Page, who: str) -> None:
        if who == "guest":
            await context.add_cookies([{"name": "papertap-guest", "value": self.full.guest, "url": self.url}])
        user = {"stale": "bob", "leaver": self.names["leaver"]}.get(who, who)
        if user not in {"alice", "bob", "olga", "newcomer", self.names["leaver"]}:
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
            for script in (CONTRAST, SMALL, BEYOND):
                if found := await page.evaluate(script):
                    self.wrong.append(f"{stop.name} {device} {scheme}: {found}")
            if self.pictures:
                await page.screenshot(
                    path=self.pictures / f"{stop.name}-{self.language}-{device}-{scheme}.png", full_page=True
                )
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[tuple[Full, str]]:
    full = await full_house()
    async with serving(full.house.app()) as url:
        yield full, url


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
