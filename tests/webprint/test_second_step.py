"""The second step: what a password alone opens, codes that count once, and who must set one up."""

import re

import pyotp
import pytest

from gateway.domain.credential import Passkey
from gateway.domain.rights import GivenRole, Permission, Role
from gateway.settings import Identity, Settings
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

PAGE = "/account/security/second"
ASK = "/signin/second"


async def a_house(**identity: object) -> House:
    house = await House(settings=Settings(data="unused", identity=Identity(**identity))).open()  # type: ignore[arg-type]  # reason: names settings
    await house.clock.advance(100.0)
    return house


@pytest.fixture
async def house() -> House:
    return await a_house()


async def with_app(house: House, name: str = "alice") -> tuple[pyotp.TOTP, list[str]]:
    """The app of a user, and the recovery codes."""
    user = await house.identity.get(name)
    app = pyotp.TOTP((await house.staff.second.begin(user)).text.replace(" ", ""))
    codes = await house.staff.second.confirm(user, app.at(int(house.clock.now())))
    await house.clock.advance(60.0)
    return app, codes


def now(house: House, app: pyotp.TOTP) -> str:
    return app.at(int(house.clock.now()))


async def first_step(visitor: Visitor, name: str = "alice", to: str = "/history") -> None:
    await visitor.get("/signin")
    answer = await visitor.post("/signin", {"with": "password", "name": name, "password": PASSWORD, "next": to})
    assert answer.status_code == 303
    answer = await visitor.get(to)
    assert answer.headers["location"].startswith(ASK)
    assert (await visitor.get(answer.headers["location"])).status_code == 200


async def test_a_password_alone_opens_nothing(house: House) -> None:
    app, _ = await with_app(house)
    async with visiting(house.app()) as alice:
        await first_step(alice)
        for path in ("/jobs", "/account", "/account/security", PAGE, "/upload", "/desk", "/signin/confirm"):
            answer = await alice.get(path)
            assert answer.headers["location"].startswith(ASK), path
        for path in ("/jobs/release", "/account/security/sessions/end-others", f"{PAGE}/remove"):
            assert (await alice.post(path, {"job": "1"})).status_code in {303, 403}, path
        assert await house.staff.second.has_code(await house.identity.get("alice"))
        answer = await alice.post(ASK, {"code": now(house, app), "next": "/history"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/history")
        assert (await alice.get("/history")).status_code == 200


async def test_the_session_before_the_second_step_is_none_for_others(house: House) -> None:
    app, _ = await with_app(house)
    async with visiting(house.app()) as alice:
        await first_step(alice)
        before = alice.client.cookies["papertap"]
        assert await house.identity.session(before) is None
        assert await house.identity.begun(before) is not None
        await alice.post(ASK, {"code": now(house, app)})
        after = alice.client.cookies["papertap"]
        assert after != before, "what was seen before the step opens nothing after it"
        assert await house.identity.begun(before) is None
        assert await house.identity.session(after) is not None


async def test_a_code_counts_once(house: House) -> None:
    app, _ = await with_app(house)
    code = now(house, app)
    async with visiting(house.app()) as alice, visiting(house.app()) as thief:
        await first_step(alice)
        await first_step(thief)
        assert (await alice.post(ASK, {"code": code})).status_code == 303
        answer = await thief.post(ASK, {"code": code})
        assert answer.status_code == 401
        assert "used before" in answer.text


async def test_a_recovery_code_counts_once_and_in_any_writing(house: House) -> None:
    _, codes = await with_app(house)
    assert len(set(codes)) == 10
    for attempt, status in ((f" {codes[0].upper()} ", 303), (codes[0], 401), (codes[1].replace("-", ""), 303)):
        async with visiting(house.app()) as alice:
            await first_step(alice)
            assert (await alice.post(ASK, {"code": attempt})).status_code == status, attempt
    assert await house.staff.second.codes_left(await house.identity.get("alice")) == 8
    assert ("second-factor.recovered", "user alice") in house.staff.told


async def test_guesses_are_counted(house: House) -> None:
    app, _ = await with_app(house)
    async with visiting(house.app()) as thief:
        await first_step(thief)
        for guess in range(5):
            assert (await thief.post(ASK, {"code": f"{guess:06d}"})).status_code == 401
        answer = await thief.post(ASK, {"code": now(house, app)})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 60
    await house.clock.advance(901.0)
    async with visiting(house.app()) as alice:
        await first_step(alice)
        assert (await alice.post(ASK, {"code": now(house, app)})).status_code == 303


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "\uff11\uff12\uff13\uff14\uff15\uff16", "x" * 5000, "\x00" * 6]
)
async def test_what_is_no_code(house: House, code: str) -> None:
    await with_app(house)
    async with visiting(house.app()) as alice:
        await first_step(alice)
        assert (await alice.post(ASK, {"code": code})).status_code == 401


async def test_leaving_instead(house: House) -> None:
    await with_app(house)
    async with visiting(house.app()) as alice:
        await first_step(alice)
        cookie = alice.client.cookies["papertap"]
        assert (await alice.post(ASK, {"leave": "yes"})).headers["location"] == "/signin"
        assert await house.identity.begun(cookie) is None


async def test_without_a_first_step_there_is_no_second(house: House) -> None:
    await with_app(house)
    async with visiting(house.app()) as stranger:
        assert (await stranger.get(ASK)).headers["location"] == "/jobs"
        await stranger.get("/signin")
        assert (await stranger.post(ASK, {"code": "123456"})).headers["location"] == "/jobs"


# -- setting up


async def test_an_app_is_set_up_with_codes_shown_once(house: House) -> None:
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        await alice.get(PAGE)
        assert (await alice.post(f"{PAGE}/begin")).headers["location"] == PAGE
        page = await alice.get(PAGE)
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
        assert secret is not None
        assert "<svg" in page.text
        assert page.headers["cache-control"] == "no-store"
        assert (await alice.post(f"{PAGE}/confirm", {"code": "000000"})).status_code == 400
        app = pyotp.TOTP(secret[1].replace(" ", ""))
        done = await alice.post(f"{PAGE}/confirm", {"code": now(house, app)})
        codes = re.findall(r"<li><code>([a-z0-9-]+)</code>", done.text)
        assert len(codes) == 10
        after = await alice.get(PAGE)
        assert not any(code in after.text for code in codes)
        assert secret[1] not in after.text
        assert (await alice.post(f"{PAGE}/begin")).status_code == 409
        renewed = await alice.post(f"{PAGE}/codes")
        assert not set(codes) & set(re.findall(r"<li><code>([a-z0-9-]+)</code>", renewed.text))
        assert (await alice.post(f"{PAGE}/remove")).headers["location"] == "/account/security?done=removed"
        assert (await alice.post(f"{PAGE}/remove")).status_code == 409
    assert [action for action, _ in house.staff.told] == [
        "second-factor.set-up",
        "second-factor.codes-renewed",
        "second-factor.removed",
    ]
    assert house.staff.factors.codes == {}


async def test_its_owner_hears_by_mail(house: House) -> None:
    await house.identity.change_user("alice", email="alice@example.org")
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        await alice.get(PAGE)
        await alice.post(f"{PAGE}/begin")
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", (await alice.get(PAGE)).text)
        assert secret is not None
        await alice.post(f"{PAGE}/confirm", {"code": now(house, pyotp.TOTP(secret[1].replace(" ", "")))})
        await alice.post(f"{PAGE}/remove")
    kinds = [letter.kind for letter in house.sign_in.mailer.letters]
    assert kinds == ["sign-in-method-added", "sign-in-method-removed"]


async def test_changing_it_asks_for_a_fresh_proof(house: House) -> None:
    await with_app(house, "bob")
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        await house.clock.advance(700.0)
        for method, path in (("GET", PAGE), ("POST", f"{PAGE}/begin"), ("POST", f"{PAGE}/remove")):
            answer = await (alice.get(path) if method == "GET" else alice.post(path))
            assert answer.headers["location"].startswith("/signin/confirm"), path


# -- who must


async def test_staff_without_one_can_do_nothing_but_set_one_up() -> None:
    house = await a_house(second_factor="staff")
    async with visiting(house.app()) as olga, visiting(house.app()) as alice:
        await alice.sign_in()
        assert (await alice.get("/jobs")).status_code == 200
        await olga.get("/signin")
        await olga.post("/signin", {"with": "password", "name": "olga", "password": PASSWORD})
        for path in ("/jobs", "/desk", "/admin", "/account", "/upload"):
            assert (await olga.get(path)).headers["location"] == PAGE, path
        page = await olga.get(PAGE)
        assert "This house asks you" in page.text
        assert (await olga.post("/desk/unlock", {"name": "alice"})).headers["location"] == PAGE
        await olga.post(f"{PAGE}/begin")
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", (await olga.get(PAGE)).text)
        assert secret is not None
        done = await olga.post(f"{PAGE}/confirm", {"code": now(house, pyotp.TOTP(secret[1].replace(" ", "")))})
        assert done.status_code == 200
        assert (await olga.get("/desk")).status_code == 200, "this session has made the step"


async def test_a_role_that_is_given_asks_with_the_next_request() -> None:
    house = await a_house(second_factor="staff")
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        assert (await alice.get("/history")).status_code == 200
        await house.staff.rights.add_role(GivenRole(holder="alice", role=Role.DESK, site="north"))
        assert (await alice.get("/history")).headers["location"] == PAGE


async def test_a_passkey_counts() -> None:
    house = await a_house(second_factor="everybody")
    bob = await house.identity.get("bob")
    one = Passkey(
        id=bob.uuid,
        user=bob.uuid,
        credential=b"one",
        public_key=b"key",
        sign_count=1,
        rp_id="localhost",
        name="Phone",
        created_at=house.clock.now(),
        used_at=None,
    )
    await house.sign_in.credentials.add_passkey(one)
    async with visiting(house.app()) as visitor:
        await first_step(visitor, "bob")
    cookie, _ = await house.identity.open_session(bob, method="passkey", address="192.0.2.1")
    assert await house.identity.session(cookie) is not None


@pytest.mark.parametrize(("asked", "open_at_once"), [(True, False), (False, True)])
async def test_providers_may_ask_themselves(asked: bool, open_at_once: bool) -> None:
    house = await a_house(second_factor="everybody", second_factor_after_provider=asked)
    await with_app(house)
    alice = await house.identity.get("alice")
    cookie, _ = await house.identity.open_session(alice, method="oidc:corp", address="192.0.2.1")
    assert (await house.identity.session(cookie) is not None) is open_at_once


async def test_where_no_second_step_can_be_asked_for_nobody_has_rights_of_staff() -> None:
    house = await a_house(second_factor="staff")
    assert not (await house.identity.basic("olga", PASSWORD, address="192.0.2.1")).is_staff
    free = await a_house()
    assert (await free.identity.basic("olga", PASSWORD, address="192.0.2.1")).may(Permission.PRINTERS)
    await with_app(free, "olga")
    assert not (await free.identity.basic("olga", PASSWORD, address="192.0.2.1")).is_staff


async def test_staff_that_lost_everything_is_let_in_by_others(house: House) -> None:
    await with_app(house)
    alice = await house.identity.get("alice")
    cookie, _ = await house.identity.open_session(alice, method="password", address="192.0.2.1")
    root = await house.identity.actor_of(await house.identity.get("olga"), address="", via="web")
    assert await house.staff.second.reset(root, alice)
    assert await house.identity.begun(cookie) is None
    assert not await house.staff.second.reset(root, alice)
    assert [row for row in house.staff.told if row[0] == "second-factor.reset"] == [
        ("second-factor.reset", "user alice")
    ]
