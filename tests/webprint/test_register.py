"""The pages on which strangers make an account."""

from collections.abc import AsyncIterator

import pytest

from gateway.domain.registration import RegistrationState
from gateway.settings import Registration, Settings
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import House

CONFIRM = "/register/confirm"
FORM = {"name": "Ann Öde", "email": "ann@example.org"}


@pytest.fixture
async def house() -> House:
    registration = Registration(enabled=True, approval=False, domains=("example.org",))
    return await House(settings=Settings(data="unused", registration=registration)).open()


@pytest.fixture
async def stranger(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app(), site=SECURE, address="192.0.2.66") as visitor:
        yield visitor


async def token_of(house: House, stranger: Visitor) -> str:
    await stranger.get("/register")
    answer = await stranger.post("/register", FORM)
    assert (answer.status_code, "Look into your mail" in answer.text) == (200, True)
    return house.mailer.letters[-1].values["link"].partition("token=")[2]


async def test_from_the_sign_in_page_to_an_account(house: House, stranger: Visitor) -> None:
    assert 'href="/register"' in (await stranger.get("/signin")).text
    assert "An address at: example.org" in (await stranger.get("/register")).text
    token = await token_of(house, stranger)
    assert house.mailer.letters[-1].values["link"].startswith(f"{SECURE}{CONFIRM}?token=")
    page = await stranger.get(f"{CONFIRM}?token={token}")
    assert "Ann Öde asked for an account" in page.text
    assert await house.users.user("ann@example.org") is None  # opening it is no yes
    done = await stranger.post(CONFIRM, {"token": token, "answer": "yes"})
    assert "on its way to you by mail" in done.text
    assert house.mailer.letters[-1].values["url"] == f"{SECURE}/account/pin"
    await stranger.get("/signin?with=pin")
    entered = await stranger.post(
        "/signin", {"with": "pin", "name": "ann@example.org", "pin": house.mailer.letters[-1].values["pin"]}
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/jobs")


async def test_with_approval_the_page_says_who_looks_at_it(house: House) -> None:
    house.joining = house.joining.with_settings(approval=True)
    async with visiting(house.app(), site=SECURE, address="192.0.2.66") as stranger:
        token = await token_of(house, stranger)
        await stranger.get(f"{CONFIRM}?token={token}")
        done = await stranger.post(CONFIRM, {"token": token, "answer": "yes"})
    assert "look at it now" in done.text
    assert [row.state for row in house.joining.store.rows.values()] == [RegistrationState.WAITING]


async def test_not_me_voids_the_link(house: House, stranger: Visitor) -> None:
    token = await token_of(house, stranger)
    await stranger.get(f"{CONFIRM}?token={token}")
    assert "No account was made" in (await stranger.post(CONFIRM, {"token": token, "answer": "no"})).text
    assert (await stranger.get(f"{CONFIRM}?token={token}")).status_code == 404


async def test_a_known_address_shows_the_same_page(house: House, stranger: Visitor) -> None:
    await house.identity.change_user("alice", email="alice@example.org")
    await stranger.get("/register")
    unknown = await stranger.post("/register", FORM)
    known = await stranger.post("/register", FORM | {"email": "alice@example.org"})
    assert known.text == unknown.text
    assert house.mailer.letters[-1].kind == "registration-known"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (FORM | {"email": "ann@elsewhere.example"}, 400),
        (FORM | {"email": "<script>@example.org"}, 400),
        (FORM | {"name": "\u202e"}, 400),
        ({}, 400),
    ],
)
async def test_what_was_refused_stands_in_the_form_again(
    house: House, stranger: Visitor, form: dict[str, str], status: int
) -> None:
    await stranger.get("/register")
    answer = await stranger.post("/register", form)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "<script>@" not in answer.text
    assert not house.mailer.letters


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "ä" * 20, "x" * 5000, "../../etc/passwd"])
async def test_guessed_links_are_unknown(stranger: Visitor, token: str) -> None:
    await stranger.get("/register")
    assert (await stranger.client.get(CONFIRM, params={"token": token})).status_code == 404
    assert (await stranger.post(CONFIRM, {"token": token, "answer": "yes"})).status_code == 404


async def test_guessing_and_filling_are_stopped(house: House, stranger: Visitor) -> None:
    await stranger.get("/register")
    answers = [await stranger.post("/register", FORM | {"email": f"u{number}@example.org"}) for number in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"]
    assert [(await stranger.get(f"{CONFIRM}?token={n:043d}")).status_code for n in range(25)][-1] == 429


async def test_a_form_of_another_site_or_without_token_is_refused(house: House, stranger: Visitor) -> None:
    await stranger.get("/register")
    assert (await stranger.post("/register", FORM, token="x")).status_code == 403
    assert (await stranger.post("/register", FORM, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert not house.mailer.letters


async def test_plain_http_is_led_to_https(house: House) -> None:
    async with visiting(house.app(), site="http://print.example:8080", address="192.0.2.66") as stranger:
        answer = await stranger.get("/register")
        assert answer.headers["location"] == f"https://print.example:{house.ports.https}/register"
        linked = await stranger.get(f"{CONFIRM}?token=a%26b")
        assert linked.headers["location"].endswith("/register/confirm?token=a%26b")


async def test_where_nobody_may_register_no_page_offers_it() -> None:
    house = await House().open()
    async with visiting(house.app(), site=SECURE, address="192.0.2.66") as stranger:
        assert "/register" not in (await stranger.get("/signin")).text
        assert (await stranger.get("/register")).status_code == 409
    async with visiting(house.app(people=None), site=SECURE, address="192.0.2.66") as stranger:
        assert (await stranger.get("/register")).status_code == 409
