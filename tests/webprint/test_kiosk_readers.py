"""Pages of stations with phones and readers, without scripts: who may pair, pick up and be signed in."""

import re

import pytest

from gateway.domain.terminal import CodeFor
from gateway.domain.user import Actor
from tests.terminal_house import CARD, TerminalHouse, a_terminal_house
from tests.webprint.station import COPY_ROOM, Person, standing

ALICE = Actor(user="alice", address="10.0.0.9", via="web")


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house()


async def number_of(person: Person) -> str:
    found = re.search(r"<b>(\d\d)</b>", (await person.get(f"{COPY_ROOM}/phone")).text)
    assert found is not None
    return found[1]


def code_of(rooms: TerminalHouse) -> str:
    (screen,) = rooms.phones._screens.values()
    return screen.code.text


async def test_the_screen_alone_picks_up_what_was_approved(rooms: TerminalHouse) -> None:
    app = rooms.house.app()
    async with standing(app) as person, standing(app) as thief:
        number = await number_of(person)
        assert (await thief.enter(**{"with": "phone"})).status_code == 401, "nobody has approved anything"
        await rooms.phones.approve(code_of(rooms), number, ALICE, device="Safari, iPhone")
        assert (await thief.enter(**{"with": "phone"})).status_code == 401
        assert "data-approved" in (await person.get(f"{COPY_ROOM}/phone")).text
        assert (await person.enter(**{"with": "phone"})).status_code == 303
        assert person.inside
        assert "with Safari, iPhone" in (await person.get(COPY_ROOM)).text


async def test_a_code_stays_for_half_a_minute_and_is_asked_for_by_its_tag(rooms: TerminalHouse) -> None:
    async with standing(rooms.house.app()) as person:
        first = await person.get(f"{COPY_ROOM}/phone")
        again = await person.client.get(f"{COPY_ROOM}/phone", headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        rooms.clock.tick(31)
        fresh = await person.get(f"{COPY_ROOM}/phone")
        assert fresh.headers["etag"] != first.headers["etag"]


async def test_where_passwords_are_not_enough_no_code_is_shown() -> None:
    rooms = await a_terminal_house(kiosk={"phone": False})
    async with standing(rooms.house.app()) as person:
        assert (await person.get(f"{COPY_ROOM}/phone")).status_code == 404
        assert "data-phone" not in (await person.get(COPY_ROOM)).text


async def test_a_tap_s_ticket_is_for_its_screen_once(rooms: TerminalHouse) -> None:
    _, terminal = await rooms.enrolled()
    app = rooms.house.app()
    async with standing(app) as person, standing(app) as thief:
        await person.get(f"{COPY_ROOM}/pair")
        code = await rooms.terminals.new_code("box", CodeFor.SCREEN)
        assert (await person.post(f"{COPY_ROOM}/pair", {"code": "wrong"})).status_code == 401
        answer = await person.post(f"{COPY_ROOM}/pair", {"code": code})
        assert (answer.status_code, answer.headers["location"]) == (303, COPY_ROOM)
        assert "SameSite=strict" in answer.headers["set-cookie"]
        assert 'data-reader="/terminals/v1/screen"' in (await person.get(COPY_ROOM)).text
        tickets = []
        with rooms.screens.watching(terminal.uuid) as taps:
            for _ in range(2):
                assert rooms.screens.tap(terminal.uuid, CARD)
                tickets.append(await anext(taps))
        assert (await thief.enter(**{"with": "tap", "card": tickets[0]})).status_code == 401
        assert (await person.enter(**{"with": "tap", "card": tickets[0]})).status_code == 303
        assert person.inside
        assert (await person.enter(**{"with": "tap", "card": tickets[0]})).status_code == 401
        rooms.clock.tick(16)
        assert (await person.enter(**{"with": "tap", "card": tickets[1]})).status_code == 401, "too late"


async def test_a_screen_that_was_taken_back_has_no_reader(rooms: TerminalHouse) -> None:
    _, terminal = await rooms.enrolled()
    async with standing(rooms.house.app()) as person:
        await person.get(f"{COPY_ROOM}/pair")
        await person.post(f"{COPY_ROOM}/pair", {"code": await rooms.terminals.new_code("box", CodeFor.SCREEN)})
        with rooms.screens.watching(terminal.uuid) as taps:
            rooms.screens.tap(terminal.uuid, CARD)
            ticket = await anext(taps)
        await rooms.terminals.revoke("box")
        assert (await person.enter(**{"with": "tap", "card": ticket})).status_code == 401
