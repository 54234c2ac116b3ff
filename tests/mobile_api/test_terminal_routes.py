"""Terminals by the API: put up, let in by a code, unlocked, revoked."""

import pytest

from gateway.domain.terminal import CodeFor
from gateway.errors import NotAuthenticated
from gateway.services.terminals import Terminals
from tests.mobile_api.api_house import ApiHouse


def registry(house: ApiHouse) -> Terminals:
    found: Terminals = house.app.state.services.terminals
    return found


async def noted(house: ApiHouse) -> list[str]:
    async with house.client(token=await house.token("root")) as root:
        found = (await root.get("audit")).json()["items"]
    return [one["action"] for one in reversed(found) if one["action"].startswith("terminal.")]


async def test_a_terminal_is_put_up_changed_and_taken_away(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        wanted = {"name": "box", "station": "laser", "info": "By the door", "on_tap": "release"}
        made = await root.post("terminals", json=wanted)
        assert (made.status_code, made.headers["location"]) == (201, "/api/v1/terminals/box")
        assert {key: made.json()[key] for key in wanted} == wanted
        assert (made.json()["enrolled"], made.json()["connected"], made.json()["seen"]) == (False, False, None)
        changed = (await root.patch("terminals/box", json={"on_tap": "sign-in"})).json()
        assert (changed["on_tap"], changed["station"]) == ("sign-in", "laser")
        assert (await root.get("terminals")).json() == [changed]
        assert (await root.get("terminals/box")).json() == changed
        assert (await root.delete("terminals/box")).status_code == 204
        assert (await root.get("terminals/box")).status_code == 404
    assert await noted(house) == ["terminal.added", "terminal.changed", "terminal.removed"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Box", "station": "laser"}, 422),
        ({"name": "-box", "station": "laser"}, 400),
        ({"name": "box", "station": "nowhere"}, 404),
        ({"name": "box", "station": "laser", "on_tap": "explode"}, 422),
    ],
)
async def test_what_cannot_stand_is_refused(house: ApiHouse, body: dict[str, str], status: int) -> None:
    async with house.client(token=await house.token("root")) as root:
        assert (await root.post("terminals", json=body)).status_code == status
        assert (await root.get("terminals")).json() == []


async def test_a_reader_is_set_to_its_numbers(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        await root.post("terminals", json={"name": "box", "station": "laser"})
        assert (await root.patch("terminals/box", json={"transform": "no such step"})).status_code == 400
        steps = "strip|dec:8|reverse-bytes"
        assert (await root.patch("terminals/box", json={"transform": steps})).json()["transform"] == steps
        assert (await root.patch("terminals/box", json={"transform": ""})).json()["transform"] == ""
        assert (await root.patch("terminals/box", json={"station": None})).status_code == 422


async def test_a_code_lets_it_in_and_a_revoked_key_is_void(house: ApiHouse) -> None:
    page, _ = await house.session("root")
    async with house.client(token=await house.token("root")) as root, house.client() as browser:
        await root.post("terminals", json={"name": "box", "station": "laser"})
        assert (await root.post("terminals/box/code", json={})).status_code == 403, "no token will do"
        made = (await browser.post("terminals/box/code", json={}, headers=page)).json()
        assert made["seconds"] == 900
        key, _ = await registry(house).enrol(made["code"], CodeFor.KEY, address="192.0.2.9")
        assert (await root.get("terminals/box")).json()["enrolled"] is True
        await registry(house).by_key(key, address="192.0.2.9")
        assert (await root.get("terminals/box")).json()["address"] == "192.0.2.9"
        assert (await root.post("terminals/box/revoke")).json()["enrolled"] is False
        with pytest.raises(NotAuthenticated):
            await registry(house).by_key(key, address="192.0.2.9")


async def test_one_that_locked_itself_takes_cards_again(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        await root.post("terminals", json={"name": "box", "station": "laser"})
        await registry(house).lock(await registry(house).get("box"), "Somebody guesses.")
        shown = (await root.get("terminals/box")).json()
        assert (shown["locked"] is None, shown["alert"]) == (False, "Somebody guesses.")
        again = (await root.post("terminals/box/unlock")).json()
        assert (again["locked"], again["alert"]) == (None, "")
