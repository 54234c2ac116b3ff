"""The page of one's proofs and sessions: what it shows, what it asks a fresh proof for, and that it is one's own."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from gateway.domain.credential import LinkedIdentity
from gateway.errors import NotAuthenticated
from gateway.services.identity import Identity
from tests.fakes import FakeHasher
from tests.webprint.signin_house import LAN_ADDRESS, add_passkey, alert_of, passkey_answer, signin_house
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import PASSWORD, PIN, House
from webprint.policy import POLICY, RECENT_SECONDS, Access, is_recent

PAGE = "/account/security"
NOBODYS = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def house() -> House:
    return await signin_house()


@pytest.fixture
async def alice(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app(), site=SECURE, address=LAN_ADDRESS) as visitor:
        assert (await visitor.sign_in()).status_code == 303
        await visitor.get(PAGE)
        yield visitor


def address_of(path: str) -> str:
    """A path of the policy with something in its places."""
    filled = path.replace("{id}", NOBODYS).replace("{tag}", "0" * 16).replace("{provider}", "corp")
    return filled.replace("{secret}", "abc")


RECENT = sorted(row for row, access in POLICY.items() if access is Access.RECENT)
OWN = sorted(row for row in POLICY if row[1].startswith((PAGE, "/signin/confirm")))


# --- the policy --------------------------------------------------------------------------------------------------


ENDS = {"sessions", "phones"}  # ending something lets nobody in


def test_what_lets_somebody_in_for_good_asks_for_a_fresh_proof() -> None:
    changes = {
        row for row in POLICY if row[1].startswith(PAGE) and row[0] == "POST" and not ENDS & set(row[1].split("/"))
    }
    assert changes <= set(RECENT)
    assert ("GET", f"{PAGE}/link/{{provider}}") in RECENT


@pytest.mark.parametrize(("method", "path"), OWN)
async def test_strangers_are_led_to_the_sign_in(house: House, method: str, path: str) -> None:
    async with visiting(house.app(), site=SECURE, address=LAN_ADDRESS) as visitor:
        await visitor.get("/signin")
        answer = await (visitor.get if method == "GET" else visitor.post)(address_of(path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin?next=")


@pytest.mark.parametrize(("method", "path"), [row for row in RECENT if row[1].startswith(PAGE)])
@pytest.mark.parametrize("passes", [RECENT_SECONDS, -3600.0])
async def test_an_old_proof_leads_to_the_confirmation_and_back(
    alice: Visitor, house: House, method: str, path: str, passes: float
) -> None:
    house.clock.tick(passes) if passes > 0 else house.clock.jump(-30.0)
    answer = await (alice.get if method == "GET" else alice.post)(address_of(path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin/confirm?next=%2Faccount%2Fsecurity")


async def test_until_then_it_is_fresh(alice: Visitor, house: House) -> None:
    house.clock.tick(RECENT_SECONDS - 1)
    assert (await alice.post(f"{PAGE}/app-passwords", {"name": "Phone"})).status_code == 200


def test_nobody_and_nothing_are_not_recent() -> None:
    assert not is_recent(None, 1000.0)


# --- confirming --------------------------------------------------------------------------------------------------


async def test_confirming_with_the_password_gives_a_new_cookie(alice: Visitor, house: House) -> None:
    house.clock.tick(RECENT_SECONDS)
    before = alice.client.cookies["__Host-papertap"]
    page = await alice.get(f"/signin/confirm?next={PAGE}")
    assert "Confirm that it is you" in page.text
    answer = await alice.post("/signin/confirm", {"with": "password", "password": PASSWORD, "next": PAGE})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert alice.client.cookies["__Host-papertap"] != before
    assert await house.identity.session(before) is None
    await alice.get(PAGE)
    assert (await alice.post(f"{PAGE}/app-passwords", {"name": "Phone"})).status_code == 200
    assert len(await house.identity.sessions_of("alice")) == 1


async def test_who_is_fresh_is_not_asked(alice: Visitor) -> None:
    assert (await alice.get(f"/signin/confirm?next={PAGE}")).headers["location"] == PAGE


async def test_a_wrong_password_confirms_nothing_and_is_counted(alice: Visitor, house: House) -> None:
    house.clock.tick(RECENT_SECONDS)
    await alice.get("/signin/confirm")
    for _ in range(5):
        answer = await alice.post("/signin/confirm", {"with": "password", "password": "guess"})
        assert answer.status_code == 401
    answer = await alice.post("/signin/confirm", {"with": "password", "password": PASSWORD})
    assert answer.status_code == 429
    assert "retry-after" in answer.headers
    assert (await alice.post(f"{PAGE}/app-passwords", {"name": "Phone"})).status_code == 303


async def test_a_pin_confirms_only_who_has_nothing_better(alice: Visitor, house: House) -> None:
    house.clock.tick(RECENT_SECONDS)
    page = await alice.get("/signin/confirm")
    assert 'name="pin"' not in page.text
    answer = await alice.post("/signin/confirm", {"with": "pin", "pin": PIN})
    assert answer.status_code == 400
    await house.identity.add_user("pinny", pin="739154")
    async with visiting(house.app(), site=SECURE, address="198.51.100.9") as pinny:
        await pinny.get("/signin?with=pin")
        assert (await pinny.post("/signin", {"with": "pin", "name": "pinny", "pin": "739154"})).status_code == 303
        await pinny.get(PAGE)
        assert (await pinny.post(f"{PAGE}/app-passwords", {"name": "x"})).status_code == 303, "a PIN is no such proof"
        assert 'name="pin"' in (await pinny.get(f"/signin/confirm?next={PAGE}")).text
        assert (await pinny.post("/signin/confirm", {"with": "pin", "pin": "739154"})).status_code == 303
        await pinny.get(PAGE)
        assert (await pinny.post(f"{PAGE}/app-passwords", {"name": "x"})).status_code == 200


async def test_the_page_offers_what_this_user_has(alice: Visitor, house: House) -> None:
    row = LinkedIdentity(
        id=uuid4(), user=(await house.identity.get("alice")).uuid, issuer="i", subject="s", provider="corp"
    )
    await house.sign_in.credentials.add_identity(row)
    await add_passkey(alice)
    house.clock.tick(RECENT_SECONDS)
    page = (await alice.get("/signin/confirm?next=/jobs")).text
    for wanted in ("Use a passkey", "Confirm with Corp &amp; Co", "Send me a link by mail", 'name="password"'):
        assert wanted in page
    assert "Confirm with Campus" not in page


async def test_anothers_passkey_confirms_nothing(alice: Visitor, house: House) -> None:
    async with visiting(house.app(), site=SECURE, address="198.51.100.9") as bob:
        await bob.sign_in("bob")
        await add_passkey(bob)
    house.clock.tick(RECENT_SECONDS)
    await alice.get("/signin/confirm")
    credential = await passkey_answer(alice)
    answer = await alice.post("/signin/confirm", {"with": "passkey", "credential": credential})
    assert answer.status_code in {400, 401}


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "javascript:alert(1)"])
async def test_after_confirming_one_stays_on_our_pages(alice: Visitor, house: House, wanted: str) -> None:
    house.clock.tick(RECENT_SECONDS)
    await alice.get("/signin/confirm")
    answer = await alice.post("/signin/confirm", {"with": "password", "password": PASSWORD, "next": wanted})
    assert answer.headers["location"] == "/jobs"


# --- passkeys, linked accounts, app passwords --------------------------------------------------------------------


async def test_a_passkey_is_added_renamed_and_removed_and_a_mail_tells_of_it(alice: Visitor, house: House) -> None:
    await add_passkey(alice, "Blue <b>phone</b>")
    page = (await alice.get(f"{PAGE}?done=passkey")).text
    assert "Blue &lt;b&gt;phone" in page
    found = re.search(r"/account/security/passkeys/([0-9a-f-]{36})/remove", page)
    assert found
    await alice.post(f"{PAGE}/passkeys/{found[1]}/rename", {"name": "Green phone"})
    assert "Green phone" in (await alice.get(PAGE)).text
    assert (await alice.post(f"{PAGE}/passkeys/{found[1]}/remove")).headers["location"] == f"{PAGE}?done=removed"
    told = [(one.kind, one.to, one.values["name"]) for one in house.sign_in.mailer.letters]
    assert told == [
        ("sign-in-method-added", "alice@example.org", "Blue <b>phone</b>"),
        ("sign-in-method-removed", "alice@example.org", "Green phone"),
    ]
    assert house.sign_in.mailer.letters[0].values["link"] == f"{SECURE}{PAGE}"


async def test_without_a_mail_server_it_works_all_the_same(alice: Visitor, house: House) -> None:
    house.sign_in.mailer.enabled = False
    assert (await add_passkey(alice)).status_code == 303


async def test_the_last_way_in_stays(house: House) -> None:
    await house.identity.set_password("bob", None)
    async with visiting(house.app(), site=SECURE, address=LAN_ADDRESS) as bob:
        cookie, _ = await house.identity.open_session(await house.identity.get("bob"), method="oidc:corp", address="x")
        bob.client.cookies.set("__Host-papertap", cookie, domain="print.example")
        await bob.get(PAGE)
        await add_passkey(bob)
        page = (await bob.get(PAGE)).text
        found = re.search(r"/account/security/passkeys/([0-9a-f-]{36})/remove", page)
        assert found
        answer = await bob.post(f"{PAGE}/passkeys/{found[1]}/remove")
    assert answer.status_code == 409
    assert "only way to sign in" in alert_of(answer)


@pytest.mark.parametrize("what", ["passkeys", "identities", "app-passwords"])
@pytest.mark.parametrize("name", [NOBODYS, "x", "..", "1' OR '1'='1"])
async def test_ids_of_nobody_or_of_others(alice: Visitor, what: str, name: str) -> None:
    answer = await alice.post(f"{PAGE}/{what}/{name}/remove")
    assert answer.status_code in {404, 405}


async def test_an_app_password_is_shown_once_and_prints(alice: Visitor, house: House) -> None:
    page = (await alice.post(f"{PAGE}/app-passwords", {"name": "My <i>phone</i>"})).text
    found = re.search(r"<code>([a-z2-9-]{23})</code>", page)
    assert found
    assert found[1] not in (await alice.get(PAGE)).text
    assert "My &lt;i&gt;phone" in page
    printing = Identity(
        users=house.users,
        hasher=FakeHasher(),
        clock=house.clock,
        settings=house.settings.identity,
        app_passwords=house.sign_in.methods.app_passwords,
    )
    assert (await printing.basic("alice", found[1], address="192.0.2.77")).user == "alice"
    row = re.search(r"/app-passwords/([0-9a-f-]{36})/remove", page)
    assert row
    await alice.get(PAGE)
    await alice.post(f"{PAGE}/app-passwords/{row[1]}/remove")
    with pytest.raises(NotAuthenticated):
        await printing.basic("alice", found[1], address="192.0.2.77")
    await alice.post("/signout")
    await alice.get("/signin")
    answer = await alice.post("/signin", {"with": "password", "name": "alice", "password": found[1]})
    assert answer.status_code == 401, "it opens no page"


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b"])
async def test_names_that_are_none(alice: Visitor, name: str) -> None:
    answer = await alice.post(f"{PAGE}/app-passwords", {"name": name})
    assert answer.status_code == 400
    assert alert_of(answer)


async def test_names_from_elsewhere_are_shown_as_text(alice: Visitor, house: House) -> None:
    user = await house.identity.get("alice")
    bad = '"><script>alert(1)</script>'
    await house.sign_in.credentials.add_identity(
        LinkedIdentity(id=uuid4(), user=user.uuid, issuer="i", subject="s", provider=bad, email=bad)
    )
    await house.identity.open_session(user, method=f"oidc:{bad}", address=bad, browser=bad)
    page = (await alice.get(PAGE)).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 4


# --- sessions ----------------------------------------------------------------------------------------------------


async def test_one_or_all_other_sessions_are_ended(alice: Visitor, house: House) -> None:
    user = await house.identity.get("alice")
    phone, _ = await house.identity.open_session(user, method="passkey", address="192.0.2.5", browser="Safari, iPhone")
    desk, _ = await house.identity.open_session(user, method="mail", address="192.0.2.6", browser="Edge, Windows")
    page = (await alice.get(PAGE)).text
    for told in ("Safari, iPhone", "Edge, Windows", "192.0.2.5", "Passkey", "Link by mail", "This one"):
        assert told in page
    found = await house.identity.session(phone)
    assert found
    assert (await alice.post(f"{PAGE}/sessions/{found[0].tag}/end")).status_code == 303
    assert await house.identity.session(phone) is None
    assert await house.identity.session(desk)
    await alice.get(PAGE)
    await alice.post(f"{PAGE}/sessions/end-others")
    assert await house.identity.session(desk) is None
    assert (await alice.get(PAGE)).status_code == 200, "the own one goes on"


async def test_anothers_session_is_not_ended(alice: Visitor, house: House) -> None:
    cookie, session = await house.identity.open_session(
        await house.identity.get("bob"), method="password", address="192.0.2.5"
    )
    await alice.post(f"{PAGE}/sessions/{session.tag}/end")
    await alice.get(PAGE)
    await alice.post(f"{PAGE}/sessions/end-others")
    assert await house.identity.session(cookie)


async def test_a_browser_that_stays_keeps_its_end_when_it_is_confirmed(house: House) -> None:
    async with visiting(house.app(), site=SECURE, address=LAN_ADDRESS) as visitor:
        await visitor.get("/signin")
        await visitor.post("/signin", {"with": "password", "name": "alice", "password": PASSWORD, "stay": "1"})
        (phone,) = house.phone_rows.phones.rows.values()
        house.clock.tick(20 * 86400)
        await visitor.get("/signin/confirm")
        answer = await visitor.post("/signin/confirm", {"with": "password", "password": PASSWORD})
    assert answer.status_code == 303
    (after,) = await house.identity.sessions_of("alice")
    assert (after.phone, after.proved_at) == (str(phone.id), house.clock.now())
    assert house.phone_rows.phones.rows[phone.id].expires_at == phone.expires_at, "no life is added"


async def test_pages_tell_from_where_they_are_used_and_what_a_page_asks_by_itself_does_not(
    house: House, alice: Visitor
) -> None:
    identity = house.identity
    [session] = await identity.sessions_of("alice")
    identity.whereabouts.note(session.id_hash, "198.51.100.7")
    await alice.get("/jobs", **{"papertap-live": "1"})
    assert identity.whereabouts.at(LAN_ADDRESS, 60) == []
    await alice.get("/jobs")
    assert identity.whereabouts.at(LAN_ADDRESS, 60) == [session.id_hash]
