"""Rotating codes: replay, relay, swap, forgery, other purposes and clocks that jump get nothing."""

import asyncio
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotAuthenticated
from gateway.services.rotating_codes import CHOICES, LONGEST_SCREEN, VALID_SECONDS, RotatingCodes
from tests.fakes import FakeClock, FakeHasher
from tests.fakes_terminals import MemoryUsedCodes


class Room:
    def __init__(self) -> None:
        self.clock, self.used = FakeClock(), MemoryUsedCodes()
        self.codes = RotatingCodes(hasher=FakeHasher(), used=self.used, clock=self.clock)


@pytest.fixture
def room() -> Room:
    return Room()


async def test_a_code_says_its_screen_and_is_used_once(room: Room) -> None:
    code = room.codes.issue("sign-in", "copy-room/ü")
    seen = room.codes.look(code.text, "sign-in")
    assert (seen.screen, seen.number) == ("copy-room/ü", code.number)
    assert code.number in seen.choices
    assert len(set(seen.choices)) == CHOICES
    assert room.codes.look(code.text, "sign-in") == seen, "looking uses nothing up"
    assert (await room.codes.use(code.text, "sign-in", number=code.number)).screen == "copy-room/ü"
    with pytest.raises(NotAuthenticated, match="used already"):
        await room.codes.use(code.text, "sign-in", number=code.number)


async def test_of_many_at_once_one_wins(room: Room) -> None:
    code = room.codes.issue("sign-in", "lobby")
    uses = (room.codes.use(code.text, "sign-in", number=code.number) for _ in range(20))
    outcomes = await asyncio.gather(*uses, return_exceptions=True)
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1


async def test_the_wrong_number_uses_the_code_up(room: Room) -> None:
    code = room.codes.issue("sign-in", "lobby")
    wrong = next(n for n in room.codes.look(code.text, "sign-in").choices if n != code.number)
    with pytest.raises(NotAuthenticated, match="another number"):
        await room.codes.use(code.text, "sign-in", number=wrong)
    with pytest.raises(NotAuthenticated, match="used already"):
        await room.codes.use(code.text, "sign-in", number=code.number)


@pytest.mark.parametrize("jump", [VALID_SECONDS, 3600.0, -30.0, -86400.0])
async def test_a_code_of_another_minute_is_void_whichever_way_the_clock_went(room: Room, jump: float) -> None:
    code = room.codes.issue("sign-in", "lobby")
    room.clock.jump(jump)
    with pytest.raises(NotAuthenticated, match="is over"):
        await room.codes.use(code.text, "sign-in", number=code.number)


async def test_used_codes_stay_used_until_they_are_over_by_any_clock(room: Room) -> None:
    code = room.codes.issue("sign-in", "lobby")
    await room.codes.use(code.text, "sign-in", number=code.number)
    room.clock.jump(3600.0)
    await room.codes.use((other := room.codes.issue("sign-in", "x")).text, "sign-in", number=other.number)
    room.clock.jump(-3600.0)
    with pytest.raises(NotAuthenticated):
        await room.codes.use(code.text, "sign-in", number=code.number)


def test_purposes_are_apart_and_keys_are_ours(room: Room) -> None:
    code = room.codes.issue("presence", "lobby")
    with pytest.raises(NotAuthenticated, match="no code of ours"):
        room.codes.look(code.text, "sign-in")


def test_no_octet_can_be_another(room: Room) -> None:
    code = room.codes.issue("sign-in", "lobby")
    octets = base64.urlsafe_b64decode(code.text + "==")
    for index in range(len(octets)):
        forged = octets[:index] + bytes([octets[index] ^ 1]) + octets[index + 1 :]
        with pytest.raises(NotAuthenticated):
            room.codes.look(base64.urlsafe_b64encode(forged).decode().rstrip("="), "sign-in")


@given(st.text(max_size=150))
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(NotAuthenticated):
        Room().codes.look(text, "sign-in")


def test_links_stay_small(room: Room) -> None:
    assert len(room.codes.issue("sign-in", "x" * LONGEST_SCREEN).text) <= 100
    for name in ("", "x" * (LONGEST_SCREEN + 1)):
        with pytest.raises(ValueError, match="octets"):
            room.codes.issue("sign-in", name)
