"""A phone signs a station in: replay, relay and swap get nothing, and only the screen itself picks it up."""

import asyncio

import pytest

from gateway.domain.user import Actor
from gateway.errors import Forbidden, LimitReached, NotAuthenticated, Throttled
from gateway.services.phone_sign_in import Approved
from gateway.services.rotating_codes import SHOWN_SECONDS, RotatingCode
from gateway.services.terminal_answers import Listed, Shown, SignedIn, Told
from tests.terminal_house import HERE, OTHER, TerminalHouse, a_terminal_house

PHONE = "10.0.0.99"
ALICE = Actor(user="alice", address=PHONE, via="web")
BOB = Actor(user="bob", address="10.0.0.98", via="web")


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house()


def show(rooms: TerminalHouse, screen: str, station: str = "lobby") -> RotatingCode:
    return rooms.phones.show(screen, station=station, title=station.title())


async def test_the_phone_sees_the_station_and_picks_the_number(rooms: TerminalHouse) -> None:
    code = show(rooms, "screen")
    wanted = rooms.phones.look(code.text, address=PHONE)
    assert (wanted.title, wanted.adds_card) == ("Lobby", False)
    assert code.number in wanted.choices
    with pytest.raises(NotAuthenticated, match="Nobody has approved"):
        rooms.phones.take("screen", station="lobby")
    await rooms.phones.approve(code.text, code.number, ALICE, device="Safari, iPhone")
    assert rooms.phones.approved("screen") == Approved(user="alice", device="Safari, iPhone")
    assert rooms.phones.take("screen", station="lobby").user == "alice"
    with pytest.raises(NotAuthenticated):
        rooms.phones.take("screen", station="lobby")


async def test_a_replayed_code_is_used_up(rooms: TerminalHouse) -> None:
    code = show(rooms, "screen")
    await rooms.phones.approve(code.text, code.number, ALICE, device="")
    with pytest.raises(NotAuthenticated, match="used already"):
        await rooms.phones.approve(code.text, code.number, BOB, device="")
    assert rooms.phones.take("screen", station="lobby").user == "alice"


async def test_a_relayed_code_opens_no_other_screen(rooms: TerminalHouse) -> None:
    """Shown again elsewhere, or sent to somebody: what it opens is the screen that it was made for."""
    code = show(rooms, "screen")
    show(rooms, "thief")
    await rooms.phones.approve(code.text, code.number, ALICE, device="")
    for screen, station in (("thief", "lobby"), ("screen", "copy-room"), ("", "lobby")):
        with pytest.raises(NotAuthenticated):
            rooms.phones.take(screen, station=station)
    assert rooms.phones.approved("thief") is None


async def test_a_swapped_code_shows_another_number(rooms: TerminalHouse) -> None:
    """A thief's code stuck over the station's: whoever compares picks the number of the station, and nothing opens."""
    mine, thief = show(rooms, "screen"), show(rooms, "thief")
    while thief.number == mine.number:
        rooms.phones.forget("thief")
        thief = show(rooms, "thief")
    with pytest.raises(NotAuthenticated, match="another number"):
        await rooms.phones.approve(thief.text, mine.number, ALICE, device="")
    assert rooms.phones.approved("thief") is None
    with pytest.raises(NotAuthenticated, match="used already"):
        await rooms.phones.approve(thief.text, thief.number, ALICE, device="")


async def test_codes_change_and_the_last_one_is_good_for_its_minute(rooms: TerminalHouse) -> None:
    first = show(rooms, "screen")
    assert show(rooms, "screen") == first
    rooms.clock.tick(SHOWN_SECONDS)
    second = show(rooms, "screen")
    assert second.text != first.text
    await rooms.phones.approve(first.text, first.number, ALICE, device="")
    with pytest.raises(NotAuthenticated, match="does not wait"):
        await rooms.phones.approve(second.text, second.number, BOB, device="")


async def test_what_was_approved_is_picked_up_within_a_minute(rooms: TerminalHouse) -> None:
    code = show(rooms, "screen")
    await rooms.phones.approve(code.text, code.number, ALICE, device="")
    rooms.clock.tick(60)
    with pytest.raises(NotAuthenticated):
        rooms.phones.take("screen", station="lobby")


@pytest.mark.parametrize("actor", [Actor(address=PHONE), Actor(user="guest:17", address=PHONE)])
async def test_strangers_and_guests_approve_nothing(rooms: TerminalHouse, actor: Actor) -> None:
    code = show(rooms, "screen")
    with pytest.raises(Forbidden):
        await rooms.phones.approve(code.text, code.number, actor, device="")


async def test_guessing_codes_is_slowed_down(rooms: TerminalHouse) -> None:
    for _ in range(20):
        with pytest.raises(NotAuthenticated):
            rooms.phones.look("A" * 70, address=PHONE)
    with pytest.raises(Throttled):
        rooms.phones.look(show(rooms, "screen").text, address=PHONE)


# --- at a terminal


async def shown_at(rooms: TerminalHouse, *, card: str = "") -> tuple[Shown, asyncio.Task[list[object]]]:
    _, terminal = await rooms.enrolled()
    if card:
        answers = await rooms.desk.tap(terminal, card, address=HERE)
        code = answers[-1]
    else:
        code = rooms.desk.show(terminal)
    assert isinstance(code, Shown)
    waiting: asyncio.Task[list[object]] = asyncio.create_task(rooms.desk.phone(terminal, address=HERE))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    return code, waiting


async def test_a_phone_signs_in_at_a_terminal(rooms: TerminalHouse) -> None:
    await rooms.house.add()
    code, waiting = await shown_at(rooms)
    assert code.link.startswith("https://print.example/approve/")
    await rooms.phones.approve(code.link.rpartition("/")[2], code.number, ALICE, device="")
    _told, signed_in, found = await waiting
    assert isinstance(signed_in, SignedIn)
    assert isinstance(found, Listed)
    assert (signed_in.user, len(found.jobs)) == ("alice", 1)


async def test_an_unknown_card_becomes_that_of_the_phone(rooms: TerminalHouse) -> None:
    code, waiting = await shown_at(rooms, card=OTHER)
    assert code.what == "card"
    text = code.link.rpartition("/")[2]
    assert rooms.phones.look(text, address=PHONE).adds_card
    await rooms.phones.approve(text, code.number, BOB, device="", days=1)
    told, *_ = await waiting
    assert isinstance(told, Told)
    assert told.feedback == "card-added"
    entry = await rooms.house.kiosk.by_card(rooms.house.kiosk.station("lobby"), OTHER, address=HERE)
    assert entry.name == "bob"
    (card,) = await rooms.house.personal.cards.of(await rooms.house.identity.get("bob"))
    assert card.expires_at == rooms.clock.now() + 86400.0


@pytest.mark.parametrize("replaces", [True, False])
async def test_as_many_cards_as_one_can_have(rooms: TerminalHouse, replaces: bool) -> None:
    for number in range(4):
        await rooms.house.identity.add_card("bob", f"0000AA{number:02X}")
    code, waiting = await shown_at(rooms, card=OTHER)
    text = code.link.rpartition("/")[2]
    await rooms.phones.approve(text, code.number, BOB, device="", replace_oldest=replaces)
    if not replaces:
        with pytest.raises(LimitReached):
            await waiting
        return
    await waiting
    bob = await rooms.house.identity.get("bob")
    assert len(bob.cards) == 4
    assert rooms.house.identity.card_hash("0000AA00") not in bob.cards


async def test_a_group_that_must_show_more_is_not_let_in_by_phone() -> None:
    rooms = await a_terminal_house(kiosk={"group_proofs": {"staff": ("card-pin",)}})
    await rooms.house.identity.change_user("alice", groups=("staff",))
    code, waiting = await shown_at(rooms)
    await rooms.phones.approve(code.link.rpartition("/")[2], code.number, ALICE, device="")
    with pytest.raises(NotAuthenticated, match="not enough for your group"):
        await waiting


async def test_a_house_without_phones() -> None:
    rooms = await a_terminal_house(kiosk={"phone": False})
    code, waiting = await shown_at(rooms)
    await rooms.phones.approve(code.link.rpartition("/")[2], code.number, ALICE, device="")
    with pytest.raises(NotAuthenticated, match="No phone"):
        await waiting
