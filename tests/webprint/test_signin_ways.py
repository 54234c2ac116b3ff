"""Providers, passkeys and links as pages: where they lead, whom they trust, and what an attacker tries at them."""

from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

import pytest

from gateway.errors import Unavailable
from gateway.services.ports import Claims
from tests.webprint.signin_house import (
    LAN_ADDRESS,
    LINK,
    add_passkey,
    alert_of,
    asked_of,
    at_provider,
    link_of,
    passkey_answer,
    signin_house,
)
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def house() -> House:
    return await signin_house()


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app(), site=SECURE, address=LAN_ADDRESS) as one:
        one.client.headers["user-agent"] = AGENT
        await one.get("/signin")
        yield one


# --- the sign-in page --------------------------------------------------------------------------------------------


async def test_the_page_offers_all_that_is_set_up(visitor: Visitor) -> None:
    page = (await visitor.get("/signin?next=/jobs/7")).text
    assert 'href="/signin/oidc/corp?next=/jobs/7"' in page
    assert "Continue with Corp &amp; Co" in page
    assert "Use a passkey" in page
    assert 'href="/signin/mail?next=/jobs/7"' in page


async def test_the_page_offers_nothing_that_is_not(house: House) -> None:
    house.sign_in.mailer.enabled = False
    async with visiting(house.app(), site="https://192.0.2.10:8443", address=LAN_ADDRESS) as visitor:
        page = (await visitor.get("/signin")).text
        assert "Use a passkey" not in page, "by an address there are none"
        assert "/signin/mail" not in page
        assert (await visitor.get("/signin/mail")).status_code == 409
    async with visiting(house.app(sign_in=None), site=SECURE, address=LAN_ADDRESS) as visitor:
        page = (await visitor.get("/signin")).text
        assert "Continue with" not in page
        assert (await visitor.get("/signin/mail")).status_code == 404


async def test_staying_signed_in_is_a_choice(visitor: Visitor, house: House) -> None:
    answer = await visitor.post("/signin", {"with": "password", "name": "alice", "password": PASSWORD, "stay": "1"})
    cookies = {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}
    assert f"Max-Age={30 * 86400}" in cookies["__Host-papertap-stay"]
    assert "Max-Age" not in cookies["__Host-papertap"]
    (session,) = await house.identity.sessions_of("alice")
    assert (bool(session.phone), session.browser) == (True, "Firefox, Linux")


# --- providers ---------------------------------------------------------------------------------------------------


async def test_there_and_back(visitor: Visitor, house: House) -> None:
    there = await visitor.get("/signin/oidc/corp?next=/jobs/7&stay=1")
    assert there.status_code == 303
    assert there.headers["location"].startswith("https://login.corp.example/authorize?")
    asked = asked_of(there)
    assert asked["redirect_uri"] == f"{SECURE}/signin/oidc/corp/callback"
    house.sign_in.providers["corp"].codes["code"] = ALICE_AT_CORP
    back = await visitor.get(f"/signin/oidc/corp/callback?state={asked['state']}&code=code")
    assert (back.status_code, back.headers["location"]) == (303, "/jobs/7")
    (session,) = await house.identity.sessions_of("alice")
    assert (session.method, bool(session.phone)) == ("oidc:corp", True)


ALICE_AT_CORP = Claims(
    issuer="https://login.corp.example", subject="s-alice", email="alice@example.org", email_verified=True
)


async def test_a_cookie_that_was_planted_is_no_session_afterwards(visitor: Visitor, house: House) -> None:
    visitor.client.cookies.set("__Host-papertap", "planted", domain="print.example")
    back = await visitor.get(await at_provider(house, visitor))
    assert back.status_code == 303
    assert await house.identity.session("planted") is None
    cookie = next(one for one in back.headers.get_list("set-cookie") if one.startswith("__Host-papertap="))
    assert "planted" not in cookie


async def test_the_answer_in_another_browser(visitor: Visitor, house: House) -> None:
    """Login CSRF: an attacker gives somebody the end of a sign-in of their own."""
    path = await at_provider(house, visitor)
    async with visiting(house.app(), site=SECURE, address="198.51.100.7") as victim:
        await victim.get("/signin")
        answer = await victim.get(path)
        assert answer.status_code == 401
        assert "Start it again" in alert_of(answer)
        assert (await victim.get("/jobs")).status_code == 303
    assert house.sign_in.providers["corp"].codes, "the code was not used up"


async def test_an_answer_is_good_once(visitor: Visitor, house: House) -> None:
    path = await at_provider(house, visitor)
    assert (await visitor.get(path)).status_code == 303
    await visitor.get("/jobs")
    await visitor.post("/signout")
    house.sign_in.providers["corp"].codes["code"] = ALICE_AT_CORP
    assert (await visitor.get(path)).status_code == 401


async def test_the_answer_of_one_provider_at_anothers_address(visitor: Visitor, house: House) -> None:
    path = await at_provider(house, visitor)
    house.sign_in.providers["campus"].codes["code"] = ALICE_AT_CORP
    answer = await visitor.get(path.replace("/corp/", "/campus/"))
    assert answer.status_code == 401
    assert "another provider" in alert_of(answer)


@pytest.mark.parametrize(
    "query", ["", "?state=x", "?code=y", "?state=x&code=y", "?error=<script>alert(1)</script>&state=x", "?state=%00"]
)
async def test_answers_that_nobody_asked_for(visitor: Visitor, query: str) -> None:
    answer = await visitor.get(f"/signin/oidc/corp/callback{query}")
    assert answer.status_code == 401
    assert "<script>alert" not in answer.text
    assert 'name="password"' in answer.text, "one can go on from there"


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/jobs", "/\\evil.example", "/jobs/%2e%2e/%2e%2e//evil.example", "/signout"],
)
async def test_one_comes_back_to_our_pages_only(visitor: Visitor, house: House, wanted: str) -> None:
    state = asked_of(await visitor.get(f"/signin/oidc/corp?next={quote(wanted, safe='')}"))["state"]
    house.sign_in.providers["corp"].codes["code"] = ALICE_AT_CORP
    back = await visitor.get(f"/signin/oidc/corp/callback?state={state}&code=code")
    assert back.headers["location"] == "/jobs"


@pytest.mark.parametrize("path", ["/signin/oidc/none", "/signin/oidc/none/callback?state=x&code=y"])
async def test_a_provider_that_is_none(visitor: Visitor, path: str) -> None:
    assert (await visitor.get(path)).status_code == 404


async def test_a_provider_that_is_away_leaves_the_other_ways(visitor: Visitor, house: House) -> None:
    house.sign_in.providers["corp"].refusal = Unavailable("Corp & Co does not answer now.")
    answer = await visitor.get("/signin/oidc/corp")
    assert answer.status_code == 503
    assert "does not answer" in alert_of(answer)
    assert 'name="password"' in answer.text


async def test_another_site_does_not_start_a_sign_in(visitor: Visitor, house: House) -> None:
    answer = await visitor.get("/signin/oidc/corp", **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert house.sign_in.pending.rows == {}


# --- hosts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8443", "print.example:666", "print.example.evil.example", "localhost:8443", "[::1]"],
)
async def test_a_host_that_is_not_ours_gets_into_no_link_and_no_redirect(house: House, host: str) -> None:
    async with visiting(house.app(), site=f"https://{host}", address=LAN_ADDRESS) as visitor:
        await visitor.get("/signin")
        answer = await visitor.get("/signin/oidc/corp")
        assert answer.status_code == 400
        assert "does not know itself" in alert_of(answer)
        await visitor.get("/signin/mail")
        assert (await visitor.post("/signin/mail", {"email": "alice@example.org"})).status_code == 400
        assert (await visitor.post("/signin/passkey/options")).status_code == 400
    await house.sign_in.methods.links.settle()
    assert house.sign_in.mailer.letters == []
    assert house.sign_in.pending.rows == {}


@pytest.mark.parametrize("site", ["https://print.example", SECURE, "https://192.0.2.10:8443", "https://PRINT.example"])
async def test_our_own_names_do(house: House, site: str) -> None:
    async with visiting(house.app(), site=site, address=LAN_ADDRESS) as visitor:
        await visitor.get("/signin")
        assert (await visitor.get("/signin/oidc/corp")).headers["location"].startswith("https://login.corp.example")


async def test_a_wildcard_of_the_certificate_stands_for_one_label(house: House) -> None:
    app = house.app(hosts=lambda: ("*.corp.example",))
    for host, status in (("print.corp.example", 303), ("a.b.corp.example", 400), ("corp.example", 400)):
        async with visiting(app, site=f"https://{host}", address=LAN_ADDRESS) as visitor:
            await visitor.get("/signin")
            assert (await visitor.get("/signin/oidc/corp")).status_code == status, host


async def test_with_a_base_url_links_lead_there_whatever_was_asked() -> None:
    house = await signin_house(base_url="https://papers.example/")
    for site in (SECURE, "https://evil.example"):
        async with visiting(house.app(), site=site, address=LAN_ADDRESS) as visitor:
            await visitor.get("/signin")
            answer = await visitor.get("/signin/oidc/corp?next=/jobs/7")
            there = urlsplit(answer.headers["location"])
            assert (there.netloc, there.path) == ("papers.example", "/signin/oidc/corp")
            again = await visitor.get("/signin/oidc/corp?there=1")
            assert asked_of(again)["redirect_uri"] == "https://papers.example/signin/oidc/corp/callback"
            await visitor.get("/signin/mail")
            await visitor.post("/signin/mail", {"email": "alice@example.org"})
    await house.sign_in.methods.links.settle()
    assert {urlsplit(one.values["link"]).netloc for one in house.sign_in.mailer.letters} == {"papers.example"}


# --- links -------------------------------------------------------------------------------------------------------


async def test_a_link_signs_in_where_it_was_asked_for(visitor: Visitor, house: House) -> None:
    path = await link_of(house, visitor)
    assert house.sign_in.mailer.letters[-1].values["link"].startswith(LINK)
    answer = await visitor.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?all=1")
    (session,) = await house.identity.sessions_of("alice")
    assert session.method == "mail"
    async with visiting(house.app(), site=SECURE, address=LAN_ADDRESS) as again:
        assert (await again.get(path)).status_code == 401


async def test_a_mail_scanner_burns_nothing(visitor: Visitor, house: House) -> None:
    path = await link_of(house, visitor)
    async with visiting(house.app(), site=SECURE, address="203.0.113.5") as scanner:
        for _ in range(3):
            answer = await scanner.client.get(path)
            assert answer.status_code == 200
            assert "Sign in as Alice Ode?" in answer.text
        await scanner.client.head(path)
    assert (await visitor.client.head(path)).status_code == 200, "not even in the browser that asked"
    assert (await visitor.get(path)).status_code == 303


async def test_elsewhere_it_asks_and_then_leads_to_the_list_without_staying(visitor: Visitor, house: House) -> None:
    await visitor.get("/signin/mail")
    await visitor.post("/signin/mail", {"email": "alice@example.org", "next": "/account/security", "stay": "1"})
    await house.sign_in.methods.links.settle()
    path = urlsplit(house.sign_in.mailer.letters[-1].values["link"]).path
    async with visiting(house.app(), site=SECURE, address="203.0.113.5") as other:
        await other.get(path)
        assert (await other.post(path, token="guess")).status_code == 403, "a click on our own page is needed"
        answer = await other.post(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/jobs")
    (session,) = await house.identity.sessions_of("alice")
    assert not session.phone


async def test_a_known_and_an_unknown_address_read_the_same(visitor: Visitor, house: House) -> None:
    pages = []
    for address in ("alice@example.org", "nobody@example.org"):
        await visitor.get("/signin/mail")
        answer = await visitor.post("/signin/mail", {"email": address})
        pages.append((answer.status_code, answer.text, {**answer.headers} | {"content-length": ""}))
    assert pages[0] == pages[1]
    await house.sign_in.methods.links.settle()
    assert len(house.sign_in.mailer.letters) == 1


@pytest.mark.parametrize("address", ["", "alice", "a@b\r\nBcc: x@y.example", "<script>@x"])
async def test_what_is_no_address_is_told(visitor: Visitor, address: str) -> None:
    await visitor.get("/signin/mail")
    answer = await visitor.post("/signin/mail", {"email": address})
    assert answer.status_code == 400
    assert "mail address" in alert_of(answer)
    assert "<script>@" not in answer.text


@pytest.mark.parametrize("secret", ["x", "a" * 43, "%00", "..%2f..%2fsignout"])
async def test_links_that_are_none(visitor: Visitor, secret: str) -> None:
    assert (await visitor.get(f"/signin/mail/{secret}")).status_code in {401, 404}


# --- passkeys ----------------------------------------------------------------------------------------------------


async def test_a_passkey_signs_in_and_the_session_is_new(visitor: Visitor, house: House) -> None:
    await visitor.sign_in()
    assert (await add_passkey(visitor)).headers["location"] == "/account/security?done=passkey"
    await visitor.get("/jobs")
    await visitor.post("/signout")
    await visitor.get("/signin")
    answer = await visitor.post(
        "/signin/passkey", {"credential": await passkey_answer(visitor), "next": "/jobs/7", "stay": "1"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs/7")
    (session,) = await house.identity.sessions_of("alice")
    assert (session.method, bool(session.phone)) == ("passkey", True)


async def test_a_challenge_is_for_the_browser_that_got_it(visitor: Visitor, house: House) -> None:
    await visitor.sign_in()
    await add_passkey(visitor)
    await visitor.get("/jobs")
    await visitor.post("/signout")
    await visitor.get("/signin")
    credential = await passkey_answer(visitor)
    async with visiting(house.app(), site=SECURE, address="198.51.100.7") as other:
        await other.get("/signin")
        assert (await other.post("/signin/passkey", {"credential": credential})).status_code == 401


@pytest.mark.parametrize("credential", ["", "{", "x" * 40_000])
async def test_answers_that_make_no_sense(visitor: Visitor, credential: str) -> None:
    answer = await visitor.post("/signin/passkey", {"credential": credential})
    assert answer.status_code == 401
    assert alert_of(answer)


async def test_by_an_address_the_reason_is_told(house: House) -> None:
    async with visiting(house.app(), site="https://192.0.2.10:8443", address=LAN_ADDRESS) as visitor:
        await visitor.get("/signin")
        answer = await visitor.post("/signin/passkey/options")
        assert answer.status_code == 403
        assert "host name" in answer.json()["error"]


# --- over plain connections --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/signin/oidc/corp"),
        ("GET", "/signin/oidc/corp/callback?state=x&code=y"),
        ("GET", "/signin/mail/abc"),
        ("POST", "/signin/mail"),
        ("POST", "/signin/mail/abc"),
        ("POST", "/signin/passkey"),
        ("POST", "/signin/passkey/options"),
    ],
)
async def test_nothing_begins_or_ends_over_a_plain_connection(house: House, method: str, path: str) -> None:
    async with visiting(house.app(), site="http://print.example:8080", address=LAN_ADDRESS) as visitor:
        answer = await (visitor.get(path) if method == "GET" else visitor.post(path))
    assert answer.status_code in {400, 403}
    assert "set-cookie" not in answer.headers
    assert house.sign_in.pending.rows == {}
