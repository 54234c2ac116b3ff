"""A card that nobody knows, kept at the terminal itself by whoever signs in after it."""

import pytest

from tests.terminal_house import CARD, OTHER, TerminalHouse, a_terminal_house, talking
from tests.webprint.web_house import PIN


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house()


@pytest.mark.parametrize(("days", "text"), [(None, "next time"), (1, "for 1 day."), (7, "for 7 days.")])
async def test_the_card_becomes_that_of_who_signs_in(rooms: TerminalHouse, days: int | None, text: str) -> None:
    key, _ = await rooms.enrolled()
    fields = {} if days is None else {"days": days}
    async with rooms.listening() as url, talking(url, key) as peer:
        assert (await peer.ask("card", raw=OTHER))[0]["code"] == "unknown-card"
        _, signed_in, _ = await peer.ask("pin", pin=PIN)
        assert signed_in["new_card"] is True
        (feedback,) = await peer.ask("keep-card", **fields)
        assert feedback["code"] == "card-added"
        assert text in feedback["text"]
        assert (await peer.ask("keep-card"))[0]["kind"] == "not-possible", "once"
        _, signed_in, _ = await peer.ask("card", raw=OTHER)
        assert (signed_in["user"], signed_in["new_card"]) == ("alice", False)
    rooms.clock.tick((days or 1) * 86400)
    assert await rooms.house.personal.cards.purge() == (days is not None)
    assert len((await rooms.house.identity.get("alice")).cards) == (1 if days else 2)


async def test_no_card_to_keep(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        assert (await peer.ask("keep-card"))[0]["kind"] == "not-authenticated"
        await peer.ask("pin", pin=PIN)
        assert (await peer.ask("keep-card"))[0]["kind"] == "not-possible", "none was held"
        await peer.ask("card", raw=CARD)
        assert (await peer.ask("keep-card"))[0]["kind"] == "not-possible", "it is known"
        await peer.ask("card", raw=OTHER)
        rooms.clock.tick(61)
        _, signed_in, _ = await peer.ask("pin", pin=PIN)
        assert signed_in["new_card"] is False, "too long ago"
        await peer.ask("card", raw=OTHER)
        await peer.ask("sign-out")
        _, signed_in, _ = await peer.ask("pin", pin=PIN)
        assert signed_in["new_card"] is False, "whoever held it has gone"
    assert len((await rooms.house.identity.get("alice")).cards) == 1


async def test_only_where_a_card_alone_is_enough_and_only_as_many_as_one_can_have() -> None:
    for kiosk in ({"enrol": False}, {"cards": 1}):
        rooms = await a_terminal_house(kiosk=kiosk)
        key, _ = await rooms.enrolled()
        async with rooms.listening() as url, talking(url, key) as peer:
            await peer.ask("card", raw=OTHER)
            await peer.ask("pin", pin=PIN)
            (error,) = await peer.ask("keep-card")
            assert error["kind"] == ("not-possible" if "enrol" in kiosk else "limit-reached")
            await peer.ask("keep-card", replace=True)
        known = (await rooms.house.identity.get("alice")).cards
        assert known == (rooms.house.identity.card_hash(CARD if "enrol" in kiosk else OTHER),)


@pytest.mark.parametrize("fields", [{"days": 2}, {"days": "1"}, {"days": True}, {"replace": "yes"}])
async def test_spans_that_are_none(rooms: TerminalHouse, fields: dict[str, object]) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.ask("card", raw=OTHER)
        await peer.ask("pin", pin=PIN)
        assert (await peer.ask("keep-card", **fields))[0]["kind"] == "bad-request"
