"""Signing in and out: proofs, cookies, connections that may carry secrets, and where one is sent afterwards."""

import hashlib

import pytest

from gateway.errors import Throttled
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import PASSWORD, PIN, House
from webprint import Ports

LAN = "http://print.example:8080"


async def test_name_and_password(visitor: Visitor) -> None:
    answer = await visitor.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs")
    assert "My jobs" in (await visitor.get("/jobs")).text


async def test_name_and_pin(visitor: Visitor) -> None:
    assert 'inputmode="numeric"' in (await visitor.get("/signin?with=pin")).text
    answer = await visitor.post("/signin", {"with": "pin", "name": "alice", "pin": PIN})
    assert answer.status_code == 303
    assert "alice" in (await visitor.get("/jobs")).text


async def test_a_pin_alone_is_no_guess_at_everybody_unless_a_setting_says_so(visitor: Visitor, house: House) -> None:
    await visitor.get("/signin?with=pin")
    answer = await visitor.post("/signin", {"with": "pin", "pin": PIN})
    assert answer.status_code == 400
    assert "Type your name as well" in answer.text
    house.settings.identity.pin_alone = True
    answer = await visitor.post("/signin", {"with": "pin", "pin": PIN})
    assert answer.status_code == 303


async def test_a_wrong_proof_is_told_in_words_and_keeps_the_name(visitor: Visitor) -> None:
    answer = await visitor.sign_in("alice", "wrong")
    assert answer.status_code == 401
    assert "is not right" in answer.text
    assert 'role="alert"' in answer.text
    assert 'value="alice"' in answer.text
    assert "wrong" not in answer.text


async def test_too_many_tries_tell_how_long_to_wait(visitor: Visitor, house: House) -> None:
    for _ in range(5):
        assert (await visitor.sign_in("alice", "wrong")).status_code == 401
    answer = await visitor.sign_in("alice", PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "900"
    assert "Try again in 15 minutes" in answer.text
    with pytest.raises(Throttled):
        await house.identity.sign_in_password("alice", PASSWORD, address="127.0.0.1")


async def test_a_name_is_shown_as_text(visitor: Visitor) -> None:
    answer = await visitor.sign_in('"><script>alert(1)</script>', "x")
    assert "<script>alert" not in answer.text


async def test_the_cookie_under_tls(house: House) -> None:
    async with visiting(house.app(), site=SECURE, address="192.0.2.9") as visitor:
        answer = await visitor.sign_in()
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-papertap="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=lax", "secure"}


async def test_the_cookie_on_this_machine_without_tls(visitor: Visitor) -> None:
    answer = await visitor.sign_in()
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("papertap="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=lax"}


async def test_the_server_keeps_a_hash_of_the_cookie_only(visitor: Visitor, house: House) -> None:
    await visitor.sign_in()
    value = visitor.client.cookies["papertap"]
    assert await house.users.session(value) is None
    assert await house.users.session(hashlib.sha256(value.encode()).hexdigest())


async def test_over_the_network_without_tls_one_is_led_to_tls(house: House) -> None:
    async with visiting(house.app(), site=LAN, address="192.0.2.9") as visitor:
        answer = await visitor.get("/signin?next=/jobs/7")
    assert answer.status_code == 307
    assert answer.headers["location"] == "https://print.example:8443/signin?next=%2Fjobs%2F7"


@pytest.mark.parametrize(
    ("site", "address"), [(LAN, "127.0.0.1"), ("http://127.0.0.1:8080", "192.0.2.9"), (LAN, "192.0.2.9")]
)
async def test_both_ends_must_be_this_machine_for_plain_sign_in(house: House, site: str, address: str) -> None:
    async with visiting(house.app(), site=site, address=address) as visitor:
        assert (await visitor.get("/signin")).status_code == 307
        answer = await visitor.post("/signin", {"with": "password", "name": "alice", "password": PASSWORD})
    assert answer.status_code == 403
    assert "papertap" not in visitor.client.cookies


async def test_a_session_cookie_is_worth_nothing_on_a_plain_connection(house: House) -> None:
    cookie, _ = await house.identity.open_session(await house.identity.get("alice"), method="password", address="x")
    async with visiting(house.app(), site=LAN, address="192.0.2.9") as visitor:
        answer = await visitor.get("/jobs", cookie=f"papertap={cookie}; __Host-papertap={cookie}")
    assert answer.status_code == 303


async def test_where_tls_is_off_and_plain_not_allowed_the_page_says_so(house: House) -> None:
    house.ports = Ports(http=8080, https=None, ipp=8631)
    async with visiting(house.app(), site=LAN, address="192.0.2.9") as visitor:
        answer = await visitor.get("/signin")
    assert answer.status_code == 403
    assert "switched off" in answer.text


async def test_plain_sign_in_where_it_was_allowed(house: House) -> None:
    async with visiting(house.app(plain_sign_in=True), site=LAN, address="192.0.2.9") as visitor:
        assert (await visitor.sign_in()).status_code == 303
        assert (await visitor.get("/jobs")).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/jobs/12", "/jobs/12"),
        ("/jobs?all=1&q=a%20b", "/jobs?all=1&q=a%20b"),
        ("//evil.example", "/jobs"),
        ("https://evil.example/jobs", "/jobs"),
        ("/\\evil.example", "/jobs"),
        ("/jobs\r\nSet-Cookie: a=b", "/jobs"),
        ("javascript:alert(1)", "/jobs"),
        ("/jobs/../signout", "/jobs"),
        ("", "/jobs"),
    ],
)
async def test_after_sign_in_one_stays_on_our_pages(visitor: Visitor, wanted: str, led_to: str) -> None:
    await visitor.get("/signin")
    fields = {"with": "password", "name": "alice", "password": PASSWORD, "next": wanted}
    assert (await visitor.post("/signin", fields)).headers["location"] == led_to


async def test_the_way_to_a_job_survives_the_sign_in(visitor: Visitor, house: House) -> None:
    job = await house.add()
    answer = await visitor.get(f"/jobs/{job.id}")
    assert answer.headers["location"] == f"/signin?next=%2Fjobs%2F{job.id}"
    assert f'name="next" value="/jobs/{job.id}"' in (await visitor.get(answer.headers["location"])).text


async def test_a_cookie_from_before_does_not_become_the_session(visitor: Visitor) -> None:
    visitor.client.cookies.set("papertap", "planted", domain="127.0.0.1")
    await visitor.get("/signin")
    answer = await visitor.post("/signin", {"with": "password", "name": "alice", "password": PASSWORD})
    assert "planted" not in str(answer.headers.get_list("set-cookie"))


async def test_signing_in_again_ends_the_session_before(house: House) -> None:
    async with visiting(house.app()) as visitor:
        await visitor.sign_in()
        first = visitor.client.cookies["papertap"]
        await visitor.post("/signin", {"with": "password", "name": "bob", "password": PASSWORD})
        assert visitor.client.cookies["papertap"] != first
    assert await house.identity.session(first) is None


async def test_signing_out_ends_the_session_on_the_server(visitor: Visitor, house: House) -> None:
    await visitor.sign_in()
    value = visitor.client.cookies["papertap"]
    answer = await visitor.post("/signout")
    assert answer.headers["location"] == "/signin?done=out"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert await house.identity.session(value) is None
    assert "You are signed out" in (await visitor.get("/signin?done=out")).text


async def test_an_idle_visitor_is_asked_to_sign_in_again(visitor: Visitor, house: House) -> None:
    await visitor.sign_in()
    house.clock.tick(1800)
    assert (await visitor.get("/jobs")).status_code == 303


async def test_a_page_that_asks_by_itself_does_not_keep_the_session_alive(visitor: Visitor, house: House) -> None:
    await visitor.sign_in()
    for _ in range(17):
        house.clock.tick(100)
        answer = await visitor.get("/jobs", **{"papertap-live": "yes"})
        assert answer.status_code == 200
    house.clock.tick(100)
    assert (await visitor.get("/jobs", **{"papertap-live": "yes"})).status_code == 303
