"""Signing in with programs that none of us wrote: OpenID providers of npm, a browser's authenticator, its mail link.

Pictures of the pages go to the folder that PAPERTAP_PICTURES names.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from gateway.adapters.clock import SystemClock
from gateway.adapters.oidc import OidcProvider
from gateway.adapters.passkeys import WebAuthn
from gateway.domain.credential import LinkedIdentity, Passkey
from gateway.settings import Identity as IdentitySettings
from gateway.settings import OpenId, Settings
from tests.acceptance.browsers import ARGUMENTS, CONTRAST, DESKTOP, NARROW, PHONE, SMALL, WIDE, picture
from tests.fakes_identity import FakeSignIn
from tests.peers.axe import violations
from tests.peers.oidc import Client, oidc_providers
from tests.peers.processes import free_port
from tests.webprint.web_house import PASSWORD, PIN, House, serving

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("signin"),
]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """The providers' issuers, and the port under which we are known to them."""

    issuers: dict[str, str]
    port: int


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    port = free_port()
    clients = [
        Client(name=name, id=f"papertap-{name}", secret=f"secret-of-{name}", redirect_uri=_callback(port, name))
        for name in ("corp", "campus")
    ]
    with oidc_providers(*clients) as issuers:
        yield Elsewhere(issuers=issuers, port=port)


def _callback(port: int, name: str) -> str:
    return f"http://localhost:{port}/signin/oidc/{name}/callback"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        await launched.close()


class Stage:
    """A house with real providers and real passkeys, served under the name localhost."""

    def __init__(self, house: House, browser: Browser, url: str) -> None:
        self.house, self.url, self._browser = house, url, browser
        self.complaints: list[str] = []

    @asynccontextmanager
    async def page(self, size: tuple[int, int] = PHONE, **context: Any) -> AsyncIterator[Page]:
        """Anything that the browser complains about, above all violations of the content policy, fails the test."""
        width, height = size
        context = {"viewport": {"width": width, "height": height}, "service_workers": "block"} | context
        async with await self._browser.new_context(**context) as opened:
            page = await opened.new_page()
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("console", lambda said: self.complaints.append(said.text) if "Policy" in said.text else None)
            yield page
        assert not self.complaints

    @asynccontextmanager
    async def with_authenticator(self, size: tuple[int, int] = PHONE) -> AsyncIterator[tuple[Page, Any, str]]:
        async with self.page(size) as page:
            session = await page.context.new_cdp_session(page)
            await session.send("WebAuthn.enable", {"enableUI": False})
            added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
            yield page, session, added["authenticatorId"]

    async def sign_in(self, page: Page, name: str = "alice") -> None:
        await page.goto(f"{self.url}/signin")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/jobs")

    async def age_proofs(self, name: str = "alice") -> None:
        """As if ten minutes had passed since the last proof."""
        for session in await self.house.users.sessions_of(name):
            await self.house.users.save_session(replace(session, proved_at=session.proved_at - 601))

    async def at_provider(self, page: Page, account: str) -> None:
        await page.get_by_label("Account").fill(account)
        await page.get_by_role("button", name="Go on").click()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser, elsewhere: Elsewhere) -> AsyncIterator[Stage]:
    providers = tuple(
        OpenId(
            name=name,
            label=name.title(),
            issuer=issuer,
            client_id=f"papertap-{name}",
            client_secret=f"secret-of-{name}",
            create_users=name == "campus",
        )
        for name, issuer in elsewhere.issuers.items()
    )
    clock = SystemClock()
    settings = Settings(data="unused", site={"name": "Papertap"}, identity=IdentitySettings(providers=providers))
    house = await House(settings=settings, clock=clock).open()  # type: ignore[arg-type]  # reason: tokens tell the real time
    await house.identity.change_user("alice", email="alice@example.org")
    house.sign_in = FakeSignIn(
        identity=house.identity,
        users=house.users,
        clock=clock,
        settings=settings.identity,
        authenticators=WebAuthn(),
        provider=lambda one: OidcProvider(one, clock=clock),
    )
    async with serving(house.app(), port=elsewhere.port):
        yield Stage(house, browser, f"http://localhost:{elsewhere.port}")


# --- providers ---------------------------------------------------------------------------------------------------


async def test_an_account_elsewhere_signs_in_and_is_known_from_then_on(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(f"{stage.url}/jobs?all=1")
        await page.get_by_role("link", name="Continue with Corp").click()
        await stage.at_provider(page, "alice")
        await page.wait_for_url("**/jobs?all=1")
        await expect(page.get_by_text("alice").first).to_be_visible()
        await page.goto(f"{stage.url}/account/security")
        await expect(page.get_by_text("Corp").first).to_be_visible()
        await expect(page.get_by_text("alice@example.org")).to_be_visible()
        (session,) = await stage.house.identity.sessions_of("alice")
        assert (session.method, session.browser) == ("oidc:corp", "Chrome, Linux")
    alice = await stage.house.identity.get("alice")
    (linked,) = await stage.house.sign_in.methods.oidc.identities_of(alice)
    assert linked.subject == "corp|alice"


async def test_an_unverified_address_signs_nobody_in(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(f"{stage.url}/signin")
        await page.get_by_role("link", name="Continue with Corp").click()
        await stage.at_provider(page, "unverified-alice")
        await expect(page.get_by_role("alert").first).to_contain_text("Nobody here is known by this account")
        await expect(page.get_by_label("Name")).to_be_visible()


async def test_who_refuses_over_there_reads_it_here(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(f"{stage.url}/signin")
        await page.get_by_role("link", name="Continue with Corp").click()
        await page.get_by_role("button", name="Refuse").click()
        await expect(page.get_by_role("alert").first).to_contain_text("Corp did not sign you in")


async def test_a_provider_that_may_makes_a_user(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(f"{stage.url}/signin")
        await page.get_by_role("link", name="Continue with Campus").click()
        await stage.at_provider(page, "carol")
        await page.wait_for_url("**/jobs")
    carol = await stage.house.identity.get("carol")
    assert (carol.full_name, carol.email) == ("carol of campus", "carol@example.org")


async def test_linking_and_confirming_with_a_provider(stage: Stage) -> None:
    """An account that no address ties, linked while signed in, then a fresh proof asked for over there."""
    async with stage.page(DESKTOP) as page:
        await stage.sign_in(page, "bob")
        await page.goto(f"{stage.url}/account/security")
        await page.get_by_role("link", name="Link Corp").click()
        await stage.at_provider(page, "unverified-robert")
        await expect(page.get_by_role("status").first).to_contain_text("The account is linked")
        await stage.age_proofs("bob")
        await page.get_by_label("Where you will use it").fill("Phone")
        await page.get_by_role("button", name="Make one").click()
        await expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
        before = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}["papertap"]
        await page.get_by_role("link", name="Confirm with Corp").click()
        await stage.at_provider(page, "unverified-robert")
        await page.wait_for_url("**/account/security")
        after = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}["papertap"]
        assert before != after, "the session has a new cookie"
        assert await stage.house.identity.session(before) is None
        await page.get_by_label("Where you will use it").fill("Phone")
        await page.get_by_role("button", name="Make one").click()
        password = await page.locator(".once code").inner_text()
        assert (await stage.house.sign_in.methods.app_passwords.user_of("bob", password)) is not None
        await page.reload()
        assert password not in await page.content(), "shown once"


async def test_another_account_over_there_confirms_nothing(stage: Stage) -> None:
    async with stage.page() as page:
        await page.goto(f"{stage.url}/signin")
        await page.get_by_role("link", name="Continue with Corp").click()
        await stage.at_provider(page, "alice")
        await page.wait_for_url("**/jobs")
        await stage.age_proofs()
        await page.goto(f"{stage.url}/signin/confirm?next=/account/security")
        await page.get_by_role("link", name="Confirm with Corp").click()
        await stage.at_provider(page, "mallory")
        await expect(page.get_by_role("alert").first).to_contain_text("This is not the account at Corp")


# --- passkeys ----------------------------------------------------------------------------------------------------


async def add_passkey(stage: Stage, page: Page, name: str = "Work phone") -> None:
    await page.goto(f"{stage.url}/account/security")
    await page.get_by_label("Name of the new passkey").fill(name)
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("status").first).to_contain_text("The passkey is added")


async def test_a_passkey_is_made_and_signs_in(stage: Stage) -> None:
    async with stage.with_authenticator() as (page, session, authenticator):
        await stage.sign_in(page)
        await add_passkey(stage, page)
        await expect(page.get_by_text("Work phone")).to_be_visible()
        (made,) = (await session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator}))["credentials"]
        assert (made["isResidentCredential"], made["rpId"]) == (True, "localhost")

        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/jobs")  # the browser offers the passkey by itself, and its user is there at once
        (kept,) = await stage.house.sign_in.methods.passkeys.of(await stage.house.identity.get("alice"))
        assert (kept.name, kept.rp_id) == ("Work phone", "localhost")
        assert kept.sign_count > 1
        assert kept.used_at is not None


async def test_a_passkey_by_its_button_and_for_confirming(stage: Stage) -> None:
    async with stage.with_authenticator() as (page, session, authenticator):
        await stage.sign_in(page)
        await add_passkey(stage, page)
        presence = {"authenticatorId": authenticator, "enabled": False}
        await session.send("WebAuthn.setAutomaticPresenceSimulation", presence)
        quiet, asked, finger = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def hold(route: Route) -> None:
            """The page asks quietly first. What the button asks begins once the finger is on."""
            if quiet.is_set():
                asked.set()
                await finger.wait()
            quiet.set()
            await route.continue_()

        await page.route("**/signin/passkey/options", hold)
        await page.get_by_role("button", name="Sign out").click()
        button = page.get_by_role("button", name="Use a passkey")
        await expect(button).to_be_visible()
        await page.get_by_text("Stay signed in for 30 days").click()
        await asyncio.wait_for(quiet.wait(), 60)
        await button.click()
        await asyncio.wait_for(asked.wait(), 60)
        await session.send("WebAuthn.setAutomaticPresenceSimulation", presence | {"enabled": True})
        finger.set()
        await page.wait_for_url("**/jobs")
        (now,) = await stage.house.identity.sessions_of("alice")
        assert (now.method, bool(now.phone)) == ("passkey", True)
        (cookie,) = [one for one in await page.context.cookies() if one["name"] == "papertap-stay"]
        assert cookie["expires"] > stage.house.clock.now() + 29 * 86400
        await stage.age_proofs()
        await page.goto(f"{stage.url}/signin/confirm?next=/account/security")
        await page.get_by_role("button", name="Use a passkey").click()
        await page.wait_for_url("**/account/security")


async def test_a_passkey_without_its_owners_finger_is_refused(stage: Stage) -> None:
    async with stage.with_authenticator() as (page, session, authenticator):
        await stage.sign_in(page)
        await add_passkey(stage, page)
        await session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("button", name="Use a passkey").click()
        await expect(page.get_by_role("alert").last).to_contain_text("No passkey was used")
        assert await stage.house.identity.sessions_of("alice") == []


async def test_a_copied_passkey_is_refused(stage: Stage) -> None:
    async with stage.with_authenticator() as (page, _session, _authenticator):
        await stage.sign_in(page)
        await add_passkey(stage, page)
        alice = await stage.house.identity.get("alice")
        (kept,) = await stage.house.sign_in.methods.passkeys.of(alice)
        assert await stage.house.sign_in.credentials.passkey_used(kept.id, sign_count=1000, at=0.0)
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("alert").first).to_contain_text("a copy of it may exist")


async def test_removed_it_opens_nothing_and_the_last_way_stays(stage: Stage) -> None:
    async with stage.with_authenticator() as (page, _session, _authenticator):
        await stage.sign_in(page)
        await add_passkey(stage, page)
        await page.get_by_role("button", name="Remove the passkey Work phone").click()
        await expect(page.get_by_role("status").first).to_contain_text("It is removed")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("alert").first).to_contain_text("This passkey is not known here")


async def test_by_an_address_passkeys_are_not_offered(stage: Stage) -> None:
    async with stage.page() as page:
        by_address = stage.url.replace("localhost", "127.0.0.1")
        await page.goto(f"{by_address}/signin")
        await expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
        await page.get_by_label("Name").fill("alice")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.goto(f"{by_address}/account/security")
        await expect(page.get_by_text("Passkeys need a host name")).to_be_visible()


# --- links by mail -----------------------------------------------------------------------------------------------


async def mailed(stage: Stage, page: Page, address: str = "alice@example.org") -> str:
    await page.goto(f"{stage.url}/signin")
    await page.get_by_role("link", name="Mail").click()
    await page.get_by_label("Your mail address").fill(address)
    await page.get_by_role("button", name="Send me a link").click()
    await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    await stage.house.sign_in.methods.links.settle()
    letters = stage.house.sign_in.mailer.letters
    return letters[-1].values["link"] if letters else ""


async def test_a_link_opened_where_it_was_asked_for(stage: Stage) -> None:
    async with stage.page() as page:
        link = await mailed(stage, page)
        assert link.startswith(f"{stage.url}/signin/mail/")
        tab = await page.context.new_page()
        await tab.goto(link)
        await tab.wait_for_url("**/jobs")
        await page.goto(link)
        await expect(page.get_by_role("alert").first).to_contain_text("Start it again")


async def test_a_link_opened_elsewhere_asks_first(stage: Stage) -> None:
    async with stage.page() as asker, stage.page(java_script_enabled=False) as other:
        link = await mailed(stage, asker)
        await other.goto(link)
        await expect(other.get_by_role("heading", name="Sign in as Alice Ode?")).to_be_visible()
        await other.get_by_role("button", name="Sign in here").click()
        await other.wait_for_url("**/jobs")


async def test_nobodys_address_looks_the_same(stage: Stage) -> None:
    async with stage.page() as page:
        assert await mailed(stage, page, "nobody@example.org") == ""


async def test_confirming_by_a_link(stage: Stage) -> None:
    async with stage.page() as page:
        await stage.sign_in(page)
        await stage.age_proofs()
        await page.goto(f"{stage.url}/signin/confirm?next=/account/security")
        await page.get_by_role("button", name="Send me a link by mail").click()
        await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        await page.goto(stage.house.sign_in.mailer.letters[-1].values["link"])
        await page.wait_for_url("**/account/security")


# --- sessions ----------------------------------------------------------------------------------------------------


async def test_sessions_are_seen_and_ended_from_elsewhere(stage: Stage) -> None:
    async with stage.page() as phone, stage.page(DESKTOP) as desk:
        await stage.sign_in(phone)
        await stage.sign_in(desk)
        await desk.goto(f"{stage.url}/account/security")
        await expect(desk.get_by_text("This one")).to_have_count(1)
        await desk.get_by_role("button", name="Sign out Chrome, Linux").click()
        await expect(desk.get_by_role("status").first).to_contain_text("Signed out there")
        await phone.goto(f"{stage.url}/jobs")
        await phone.wait_for_url("**/signin?next=*")
        await desk.goto(f"{stage.url}/jobs")
        assert desk.url.endswith("/jobs")


async def test_name_and_pin_without_scripts(stage: Stage) -> None:
    async with stage.page(java_script_enabled=False) as page:
        await page.goto(f"{stage.url}/signin")
        await page.get_by_role("link", name="PIN").click()
        await page.get_by_label("Name").fill("alice")
        await page.get_by_label("PIN").fill(PIN)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/jobs")
        await page.goto(f"{stage.url}/account/security")
        await page.get_by_label("Where you will use it").fill("Phone")
        await page.get_by_role("button", name="Make one").click()
        await expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()


# --- how it looks ------------------------------------------------------------------------------------------------

STRANGERS = ("/signin", "/signin?with=pin", "/signin/mail", "/signin/oidc/corp/callback?state=x&code=y")
OWN = ("/account/security", "/signin/confirm?next=/account/security")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, DESKTOP])
async def test_pages_fit_and_can_be_read(stage: Stage, size: tuple[int, int], scheme: str) -> None:
    await furnish(stage)
    async with stage.page(size, color_scheme=scheme) as page:
        for paths in (STRANGERS, OWN):
            for path in paths:
                await page.goto(stage.url + path)
                name = path.split("?")[0].strip("/").replace("/", "-") + ("-pin" if "pin" in path else "")
                await picture(page, f"{name}-{size[0]}-{scheme}")
                assert await page.evaluate(WIDE) <= size[0], path
                assert await page.evaluate(CONTRAST) == [], path
                assert await page.evaluate(SMALL) == [], path
                assert await violations(page) == [], path
            if paths is STRANGERS:
                await stage.sign_in(page)
                await page.goto(f"{stage.url}/account/security")
                await page.get_by_label("Where you will use it").fill("Another phone")
                await page.get_by_role("button", name="Make one").click()
                await picture(page, f"security-shown-{size[0]}-{scheme}")
                await stage.age_proofs()


async def furnish(stage: Stage) -> None:
    """One of everything that the page can list."""
    house = stage.house
    alice = await house.identity.get("alice")
    await house.sign_in.methods.app_passwords.add(alice, "A phone with a very long name that has to wrap somewhere")
    now, rows = house.clock.now(), house.sign_in.credentials
    await rows.add_passkey(
        Passkey(
            id=uuid4(),
            user=alice.uuid,
            credential=b"one",
            public_key=b"key",
            sign_count=1,
            rp_id="localhost",
            name="Telephone with a long name",
            created_at=now,
            used_at=now,
        )
    )
    await rows.add_identity(
        LinkedIdentity(
            id=uuid4(),
            user=alice.uuid,
            issuer="https://login.example",
            subject="s",
            provider="corp",
            email="alice.ode.with.a.long.address@department.example.org",
            created_at=now,
        )
    )
    for method, browser in (("passkey", "Safari, iPhone"), ("mail", "")):
        await house.identity.open_session(alice, method=method, address="2001:db8::17", browser=browser)
