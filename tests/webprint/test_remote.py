"""Pages of printing from outside: what a browser is told when it becomes known, and what it never is."""

import json

import pytest

from gateway.domain.user import User
from gateway.services.remote_messages import text64
from gateway.settings import Remote, Settings
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House

KEY = text64(b"key phone")


@pytest.fixture
async def alice(house: House) -> User:
    return await house.identity.get("alice")


async def added(visitor: Visitor) -> dict[str, str]:
    answer = await visitor.post("/account/remote", {"key": KEY})
    assert answer.status_code == 201
    told: dict[str, str] = json.loads(answer.text)
    return told


async def test_a_browser_becomes_known_and_hears_how_to_come_in(house: House, alice: User) -> None:
    async with visiting(house.app(settings=_settings())) as visitor:
        await visitor.sign_in("alice")
        told = await added(visitor)
        (browser,) = await house.remote.of(alice)
        assert told == {
            "browser": browser.id,
            "gateway": house.remote.gateway,
            "key": text64(house.remote.public_key),
            "relay": "wss://relay.example/",
            "mqtt": "",
            "user": "Alice Ode",
            "site": "Papertap",
            "language": "en",
        }
        page = await visitor.get("/account/remote?done=added")
        assert f'data-browser="{browser.id}"' in page.text


async def test_a_browser_that_was_removed_is_gone(house: House, alice: User) -> None:
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("alice")
        told = await added(visitor)
        answer = await visitor.post(f"/account/remote/{told['browser']}/remove")
        assert answer.headers["location"] == "/account/remote?done=removed"
    assert await house.remote.of(alice) == []


async def test_nobody_removes_anothers_browser(house: House, alice: User) -> None:
    browser = await house.remote.add(alice, b"key phone", name="Phone")
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("bob")
        assert (await visitor.post(f"/account/remote/{browser.id}/remove")).status_code == 404
    assert await house.remote.of(alice) == [browser]


@pytest.mark.parametrize("key", ["", "!", text64(b"other")])
async def test_what_is_no_key_is_refused_in_words(house: House, key: str) -> None:
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("alice")
        answer = await visitor.post("/account/remote", {"key": key})
    assert answer.status_code == 400
    assert json.loads(answer.text)["message"].endswith(".")


async def test_the_page_that_is_kept_knows_nobody_and_may_reach_the_meeting_place(house: House) -> None:
    async with visiting(house.app(settings=_settings())) as visitor:
        page = await visitor.get("/remote")
        assert page.status_code == 200
        assert "connect-src 'self' wss://relay.example;" in page.headers["content-security-policy"]
        assert house.remote.gateway not in page.text


async def test_where_it_is_not_set_up_there_is_no_such_page(house: House) -> None:
    async with visiting(house.app(remote=None)) as visitor:
        await visitor.sign_in("alice")
        for path in ("/remote", "/account/remote"):
            assert (await visitor.get(path)).status_code == 404
        assert "/account/remote" not in (await visitor.get("/account")).text


def _settings() -> Settings:
    return Settings(data="unused", remote=Remote(relay="wss://relay.example/"))
