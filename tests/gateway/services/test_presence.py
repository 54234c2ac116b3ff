"""Codes on screens: replayed, relayed, swapped, static, guessed, or after a clock that jumped, they release nothing."""

import base64
from dataclasses import replace

import pytest

from gateway.domain.phone import Presence, Screen, stricter
from gateway.domain.user import Actor
from gateway.errors import NotAuthenticated, NotFound
from gateway.services.presence import PresenceCodes
from tests.fakes import FakeClock, FakeHasher
from tests.fakes_phone import MemoryScreenStore

OLGA = Actor(user="olga")


class Hall:
    """A screen beside `copy-room`, and one beside `lobby`."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryScreenStore()
        self.codes = PresenceCodes(store=self.store, hasher=FakeHasher(), clock=self.clock)

    async def screen(self, station: str = "copy-room") -> Screen:
        secret = await self.codes.enrol(station, OLGA)
        found = await self.codes.screen(secret, station)
        assert found is not None
        return found

    async def good(self, code: str, number: int, *, place: str = "copy-room", holder: str = "alice") -> bool:
        try:
            await self.codes.scan(code, place, holder)
            await self.codes.take(code, place, holder, str(number))
        except NotAuthenticated:
            return False
        return True


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_a_code_is_good_once_for_who_scanned_it(hall: Hall) -> None:
    shown = hall.codes.show(await hall.screen())
    scanned = await hall.codes.scan(shown.code, "copy-room", "alice")
    assert len(scanned.choices) == 3
    assert shown.number in scanned.choices
    assert (await hall.codes.scan(shown.code, "copy-room", "alice")).choices == scanned.choices, "the page again"
    await hall.codes.take(shown.code, "copy-room", "alice", str(shown.number))
    assert not await hall.good(shown.code, shown.number), "a replay"


async def test_the_number_is_not_in_the_code(hall: Hall) -> None:
    screen = await hall.screen()
    for _ in range(20):
        shown = hall.codes.show(screen)
        octets = base64.urlsafe_b64decode(shown.code)
        assert 10 <= shown.number <= 99
        assert str(shown.number).encode() not in octets or shown.number not in octets
        hall.clock.tick(30)
    numbers = {hall.codes.show(screen).number for _ in range(40) if hall.clock.tick(30) is None}
    assert len(numbers) > 15


async def test_a_wrong_number_uses_the_code_up(hall: Hall) -> None:
    shown = hall.codes.show(await hall.screen())
    scanned = await hall.codes.scan(shown.code, "copy-room", "alice")
    wrong = next(number for number in scanned.choices if number != shown.number)
    with pytest.raises(NotAuthenticated, match="not the number"):
        await hall.codes.take(shown.code, "copy-room", "alice", str(wrong))
    assert not await hall.good(shown.code, shown.number)


async def test_a_code_that_was_sent_on_is_only_the_first_ones(hall: Hall) -> None:
    shown = hall.codes.show(await hall.screen())
    assert await hall.codes.scan(shown.code, "copy-room", "alice")
    assert not await hall.good(shown.code, shown.number, holder="mallory")
    await hall.codes.take(shown.code, "copy-room", "alice", str(shown.number))


async def test_a_code_of_another_screen_is_nothing_here(hall: Hall) -> None:
    shown = hall.codes.show(await hall.screen("lobby"))
    with pytest.raises(NotAuthenticated, match="another printer"):
        await hall.codes.scan(shown.code, "copy-room", "alice")
    assert await hall.good(shown.code, shown.number, place="lobby")


async def test_a_swapped_screen_in_the_code_breaks_its_seal(hall: Hall) -> None:
    here, there = await hall.screen("copy-room"), await hall.screen("lobby")
    octets = bytearray(base64.urlsafe_b64decode(hall.codes.show(there).code))
    octets[12:20] = bytes.fromhex(here.tag)
    assert not await hall.good(base64.urlsafe_b64encode(octets).decode(), 10)


@pytest.mark.parametrize("code", ["", "x", "AAAA", "ü" * 48, "A" * 48, "A" * 2000, "https://print.example/p/0412"])
async def test_what_is_no_code_is_nothing(hall: Hall, code: str) -> None:
    await hall.screen()
    assert not await hall.good(code, 10)


async def test_every_bit_of_a_code_counts(hall: Hall) -> None:
    shown = hall.codes.show(await hall.screen())
    octets = base64.urlsafe_b64decode(shown.code)
    for at in range(len(octets)):
        forged = bytearray(octets)
        forged[at] ^= 1
        assert not await hall.good(base64.urlsafe_b64encode(forged).decode(), shown.number)
    assert await hall.good(shown.code, shown.number)


async def test_it_changes_every_thirty_seconds_and_when_it_was_scanned(hall: Hall) -> None:
    screen = await hall.screen()
    first = hall.codes.show(screen)
    hall.clock.tick(29)
    assert hall.codes.show(screen).code == first.code
    hall.clock.tick(1)
    second = hall.codes.show(screen)
    assert second.code != first.code
    assert await hall.good(first.code, first.number), "whoever scanned it just before it changed"
    await hall.codes.scan(second.code, "copy-room", "alice")
    assert hall.codes.show(screen).code != second.code, "the next person gets another"


async def test_it_must_be_scanned_within_a_minute_and_tapped_within_two_more(hall: Hall) -> None:
    screen = await hall.screen()
    late = hall.codes.show(screen)
    hall.clock.tick(60)
    assert not await hall.good(late.code, late.number)
    slow = hall.codes.show(screen)
    await hall.codes.scan(slow.code, "copy-room", "alice")
    hall.clock.tick(180)
    with pytest.raises(NotAuthenticated):
        await hall.codes.take(slow.code, "copy-room", "alice", str(slow.number))


@pytest.mark.parametrize("seconds", [-3600.0, -30.0, 3600.0])
async def test_when_the_clock_jumps_nothing_from_before_is_good(hall: Hall, seconds: float) -> None:
    screen = await hall.screen()
    used, unused = hall.codes.show(screen), None
    assert await hall.good(used.code, used.number)
    unused = hall.codes.show(screen)
    hall.clock.jump(seconds)
    hall.store.codes.clear()  # as if the row had been purged meanwhile
    assert not await hall.good(used.code, used.number)
    assert not await hall.good(unused.code, unused.number)
    fresh = hall.codes.show(screen)
    assert await hall.good(fresh.code, fresh.number), "and what is shown from now on is"


async def test_after_a_restart_codes_from_before_are_void(hall: Hall) -> None:
    screen = await hall.screen()
    shown = hall.codes.show(screen)
    hall.codes = PresenceCodes(store=hall.store, hasher=FakeHasher(), clock=hall.clock)
    assert not await hall.good(shown.code, shown.number)


async def test_a_screen_that_was_taken_away_shows_nothing_good(hall: Hall) -> None:
    screen = await hall.screen()
    shown = hall.codes.show(screen)
    assert (await hall.codes.remove(screen.tag)).station == "copy-room"
    assert not await hall.good(shown.code, shown.number)
    with pytest.raises(NotFound):
        await hall.codes.remove(screen.tag)


async def test_a_screen_is_known_by_its_secret_and_at_its_station(hall: Hall) -> None:
    secret = await hall.codes.enrol("copy-room", OLGA)
    assert await hall.codes.screen(secret, "lobby") is None
    assert await hall.codes.screen("guess", "copy-room") is None
    assert await hall.codes.screen("", "copy-room") is None
    (row,) = await hall.codes.screens()
    assert (row.station, row.by) == ("copy-room", "olga")
    assert secret not in repr(row)
    hall.clock.tick(61)
    seen = await hall.codes.screen(secret, "copy-room")
    assert seen == replace(row, seen_at=hall.clock.now())


async def test_rows_of_codes_go_with_their_time(hall: Hall) -> None:
    shown = hall.codes.show(await hall.screen())
    await hall.codes.scan(shown.code, "copy-room", "alice")
    assert await hall.codes.purge() == 0
    hall.clock.tick(200)
    assert await hall.codes.purge() == 1


def test_the_stricter_of_two_rules_counts() -> None:
    assert stricter(Presence.NONE, Presence.CODE) is Presence.CODE
    assert stricter(Presence.PANEL, Presence.CODE) is Presence.PANEL
    assert stricter(Presence.NONE, Presence.NONE) is Presence.NONE
