"""Terminals: enrolled by a code, known by a key, locked when somebody counts; and what a house of guesses is worth."""

import itertools
import random
from dataclasses import replace

import pytest

from gateway.domain.rights import Role
from gateway.domain.terminal import CodeFor, OnTap, Terminal
from gateway.errors import BadRequest, Conflict, NotAuthenticated, NotFound, Throttled
from gateway.services.card_guard import CardGuard
from gateway.services.limits import HITS_A_DAY, Kind, Limit, Limits, pin_alone_anywhere, policies
from gateway.services.proofs import shortest_pin
from gateway.services.terminal_answers import Feedback, Told
from gateway.settings import Identity as IdentitySettings
from tests.fakes import FakeClock
from tests.terminal_house import CARD, HERE, OTHER, TerminalHouse, a_terminal_house
from tests.webprint.web_house import PIN


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house()


async def codes(rooms: TerminalHouse, terminal: Terminal, *cards: str) -> list[Feedback]:
    """What the box says to each card."""
    said = []
    for card in cards:
        first = (await rooms.desk.tap(await rooms.terminals.get(terminal.name), card, address=HERE))[0]
        assert isinstance(first, Told)
        said.append(first.feedback)
    return said


# --- enrolment


@pytest.mark.parametrize("name", ["", "Box", "a b", "-box", "x" * 41, "bö", "../x"])
async def test_names_that_are_none(rooms: TerminalHouse, name: str) -> None:
    with pytest.raises(BadRequest):
        await rooms.terminals.add(name, "lobby")


async def test_a_terminal_stands_at_a_station_and_its_name_is_taken_once(rooms: TerminalHouse) -> None:
    with pytest.raises(NotFound):
        await rooms.terminals.add("box", "nowhere")
    await rooms.terminals.add("box", "lobby", info="At the door", on_tap=OnTap.RELEASE)
    with pytest.raises(Conflict):
        await rooms.terminals.add("box", "lobby")
    with pytest.raises(NotFound):
        await rooms.terminals.change("box", station="nowhere")
    with pytest.raises(BadRequest):
        await rooms.terminals.change("box", transform="fly")
    changed = await rooms.terminals.change("box", station="find-me", on_tap=OnTap.SIGN_IN, transform=" uid-dec ")
    assert (changed.station, changed.on_tap, changed.transform) == ("find-me", OnTap.SIGN_IN, "uid-dec")
    assert rooms.terminals.number(changed, "0077732223") == CARD
    await rooms.terminals.remove("box")
    with pytest.raises(NotFound):
        await rooms.terminals.get("box")


@pytest.mark.parametrize("jump", [901.0, -60.0 * 60 * 24])
async def test_a_code_is_over_whichever_way_the_clock_went(rooms: TerminalHouse, jump: float) -> None:
    await rooms.terminals.add("box", "lobby")
    code = await rooms.terminals.new_code("box")
    rooms.clock.jump(jump)
    with pytest.raises(NotAuthenticated):
        await rooms.terminals.enrol(code, CodeFor.KEY, address=HERE)


async def test_a_code_is_for_one_thing_and_the_newest_counts(rooms: TerminalHouse) -> None:
    await rooms.terminals.add("box", "lobby")
    old = await rooms.terminals.new_code("box")
    new = await rooms.terminals.new_code("box", CodeFor.SCREEN)
    for code, kind in ((old, CodeFor.KEY), (new, CodeFor.KEY)):
        with pytest.raises(NotAuthenticated):
            await rooms.terminals.enrol(code, kind, address=HERE)
    secret, terminal = await rooms.terminals.enrol(new, CodeFor.SCREEN, address=HERE)
    found = await rooms.terminals.by_screen(secret)
    assert found is not None
    assert found.uuid == terminal.uuid
    with pytest.raises(NotAuthenticated):
        await rooms.terminals.by_key(secret, address=HERE)
    assert secret not in str(terminal)


async def test_codes_cannot_be_guessed_for_long(rooms: TerminalHouse) -> None:
    await rooms.terminals.add("box", "lobby")
    code = await rooms.terminals.new_code("box")
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            await rooms.terminals.enrol(f"WRONG{number}", CodeFor.KEY, address=HERE)
    with pytest.raises(Throttled):
        await rooms.terminals.enrol(code, CodeFor.KEY, address=HERE)
    assert (await rooms.terminals.enrol(code, CodeFor.KEY, address="10.0.0.8"))[1].name == "box"


async def test_enrolling_anew_takes_the_old_key_away(rooms: TerminalHouse) -> None:
    old, terminal = await rooms.enrolled()
    new, _ = await rooms.terminals.enrol(await rooms.terminals.new_code("box"), CodeFor.KEY, address=HERE)
    assert (await rooms.terminals.by_key(new, address=HERE)).uuid == terminal.uuid
    with pytest.raises(NotAuthenticated):
        await rooms.terminals.by_key(old, address=HERE)
    with pytest.raises(NotAuthenticated):
        await rooms.terminals.still(terminal)


# --- cards


async def test_counting_locks_the_unknown_cards_and_tells_the_administrator(rooms: TerminalHouse) -> None:
    _, terminal = await rooms.enrolled()
    assert await codes(rooms, terminal, CARD) == [Feedback.SIGNED_IN]
    await rooms.house.identity.add_card("bob", "00001009")
    numbers = [f"{0x1000 + n:08X}" for n in range(12)]
    said = await codes(rooms, terminal, *numbers)
    assert said[:5] == [Feedback.UNKNOWN_CARD] * 5
    assert set(said[5:]) == {Feedback.LOCKED}, "also 00001009, which is bob's: counting finds nobody"
    assert [one.name for one in rooms.told] == ["box"]
    assert "follow each other" in rooms.told[0].alert
    rooms.clock.tick(61)
    assert await codes(rooms, terminal, CARD) == [Feedback.SIGNED_IN], "who came here before still comes in"
    await rooms.terminals.unlock("box")
    assert await codes(rooms, terminal, "00001009") == [Feedback.SIGNED_IN]


@pytest.mark.parametrize(
    "numbers",
    [
        [f"{n:010d}" for n in range(7, 13)],  # decimal, which hexadecimal digits do not follow at the tens
        [f"{n:02X}000000" for n in range(1, 7)],  # the last octet first
        [f"{n:08X}" for n in range(900, 600, -16)],
    ],
)
def test_every_way_of_counting_is_seen(numbers: list[str]) -> None:
    guard = CardGuard()
    assert any(guard.note_unknown("box", number) for number in numbers)


def test_a_pocket_full_of_cards_and_one_that_lies_there_are_no_counting() -> None:
    guard, dice = CardGuard(), random.Random(7)
    assert not any(guard.note_unknown("box", f"{dice.getrandbits(32):08X}") for _ in range(1000))
    assert not any(guard.note_unknown("box", "0000AFFE") for _ in range(50))
    assert not any(guard.note_unknown(f"box {n}", f"{n:08X}") for n in range(10)), "each terminal counts for itself"


async def test_an_unknown_card_opens_the_house_s_own_account_only_where_it_is_set_so() -> None:
    rooms = await a_terminal_house(kiosk={"unknown_card": "walk-in"})
    _, terminal = await rooms.enrolled()
    assert await codes(rooms, terminal, OTHER) == [Feedback.UNKNOWN_CARD], "there is no such account yet"
    await rooms.house.identity.add_user("walk-in")
    assert await codes(rooms, terminal, OTHER) == [Feedback.SIGNED_IN]
    assert await rooms.desk.who(await rooms.terminals.get("box"), address=HERE) == "walk-in"
    await rooms.house.identity.disable("walk-in")
    assert await codes(rooms, terminal, OTHER) == [Feedback.UNKNOWN_CARD]


async def test_a_lent_card_ends(rooms: TerminalHouse) -> None:
    _, terminal = await rooms.enrolled()
    cards, hashed = rooms.house.personal.cards, rooms.house.identity.card_hash(OTHER)
    await cards.add_hash("bob", hashed, days=1)
    bob = await rooms.house.identity.get("bob")
    assert [card.expires_at for card in await cards.of(bob)] == [rooms.clock.now() + 86400.0]
    assert await codes(rooms, terminal, OTHER) == [Feedback.SIGNED_IN]
    rooms.clock.tick(86399)
    assert await cards.purge() == 0
    rooms.clock.tick(1)
    assert await cards.purge() == 1
    assert await codes(rooms, terminal, OTHER) == [Feedback.UNKNOWN_CARD]
    assert await cards.purge() == 0


# --- guesses


async def test_pins_in_a_house_cannot_be_guessed_at_many_terminals(rooms: TerminalHouse) -> None:
    """Row 84: also with an address and a terminal for each few guesses the day's budget is the whole house's."""
    await rooms.house.identity.add_user("ann", pin="9035718")
    tried = itertools.count()

    async def guess(pin: str) -> None:
        number = next(tried)
        address, station = f"10.1.{number // 250}.{number % 250}", f"box {number % 20}"
        await rooms.house.identity.sign_in_pin(pin, address=address, terminal=station)

    refusals = []
    for number in range(1000):
        try:
            await guess(f"{number:07d}")
        except (NotAuthenticated, Throttled) as error:
            refusals.append(type(error))
    budget = pin_alone_anywhere(await rooms.house.users.user_count()).tries
    assert refusals.count(NotAuthenticated) == budget
    with pytest.raises(Throttled, match="card, name or phone"):
        await guess(PIN)
    user = await rooms.house.identity.sign_in_pin(PIN, name="alice", address=HERE)
    assert user.name == "alice", "a PIN with a name has its own lock"
    rooms.clock.tick(86401)
    await guess(PIN)


@pytest.mark.parametrize("users", [1000, 1001, 5000, 10_000])
def test_ten_thousand_guesses_at_twenty_terminals_hit_a_hundredth_of_a_user_a_day(users: int) -> None:
    """The expectation of a whole day in which twenty terminals guess as fast as each of the policies lets them."""
    clock = FakeClock()
    table = policies(IdentitySettings()) | {Kind.PIN_ALONE_ANYWHERE: pin_alone_anywhere(users)}
    limits = Limits(clock=clock, table=table)
    made = 0
    for number in range(10_000):
        terminal, address = f"box {number % 20}", f"10.0.0.{number % 20}"
        mine = (
            Limit(kind=Kind.SIGN_IN_ADDRESS, key=(address,)),
            Limit(kind=Kind.SIGN_IN_TERMINAL, key=(terminal,)),
            Limit(kind=Kind.PIN_ALONE_ADDRESS, key=(address,)),
            Limit(kind=Kind.PIN_ALONE_ANYWHERE, key=()),
        )
        try:
            limits.take(*mine)
            made += 1
        except Throttled:
            pass
        clock.tick(8.64)  # spread over the day
    hits = made * users / 10 ** shortest_pin(users)
    assert made > 0
    assert hits <= HITS_A_DAY


def test_no_house_allows_more_than_twice_that() -> None:
    """Just below the next digit of PINs, honest typing errors are given a few tries more."""
    for users in (1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 99_999):
        assert pin_alone_anywhere(users).tries * users / 10 ** shortest_pin(users) <= 2 * HITS_A_DAY


def test_without_the_house_s_own_budget_it_would_be_too_many() -> None:
    """The test above can fail: this is what twenty addresses and terminals allow by themselves."""
    settings = IdentitySettings()
    table = policies(settings)
    a_day = 20 * table[Kind.PIN_ALONE_ADDRESS].tries * 24
    assert a_day * 1000 / 10 ** shortest_pin(1000) > 100 * HITS_A_DAY


async def test_a_terminal_that_was_locked_before_a_restart_takes_nobody_s_card(rooms: TerminalHouse) -> None:
    _, terminal = await rooms.enrolled()
    await rooms.store.save_terminal(replace(terminal, locked_at=rooms.clock.now()))
    assert await codes(rooms, terminal, CARD) == [Feedback.LOCKED]


async def test_staff_come_in_like_everybody(rooms: TerminalHouse) -> None:
    _, terminal = await rooms.enrolled()
    await rooms.house.identity.add_user("root", role=Role.ADMINISTRATOR, card=OTHER)
    assert await codes(rooms, terminal, OTHER) == [Feedback.SIGNED_IN]
    await rooms.house.identity.disable("root")
    assert await rooms.desk.who(terminal, address=HERE) is None
