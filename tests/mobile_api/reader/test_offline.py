"""What a terminal remembers: sealed, for hours, of whom the gateway still stands behind; and nothing else."""

import os
import stat
from pathlib import Path

import pytest

from mobile_api.reader.offline import LOCK_SECONDS, MOST, Cache

NOW = 1_800_000_000.0
HOUR = 3600.0


def a_cache(path: Path, key: str = "key") -> Cache:
    return Cache(path, key, memory_kib=8)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    made = a_cache(tmp_path / "box.offline")
    made.synced([], asked=[], hours=8, days=7, now=NOW)
    made.remember("ann", "Ann", card="04A2197F", pin=None, now=NOW)
    made.remember("ann", "Ann", card=None, pin="284619", now=NOW)
    made.remember("bob", "Bob", card="0499AA01", pin="773311", now=NOW)
    return made


def test_cards_and_pins_sign_in_as_they_did_before(cache: Cache) -> None:
    match = cache.by_card(" 04a2197f ", NOW + HOUR)
    assert match is not None
    assert (match.name, match.second) == ("Ann", False)
    pin = cache.by_pin("284619", NOW + HOUR)
    assert pin is not None
    assert pin.name == "Ann"
    assert cache.by_card("04A21970", NOW) is None
    assert cache.by_pin("284618", NOW) is None


def test_who_must_show_both_shows_both(cache: Cache) -> None:
    match = cache.by_card("0499AA01", NOW)
    assert match is not None
    assert match.second
    assert cache.by_pin("773311", NOW) is None, "the PIN alone is not enough"
    assert cache.by_pin("284619", NOW, of="bob") is None, "nor somebody else's"
    found = cache.by_pin("773311", NOW, of="bob")
    assert found is not None
    assert found.name == "Bob"


def test_the_hours_are_kept_by_any_clock(cache: Cache) -> None:
    assert cache.by_card("04A2197F", NOW + 8 * HOUR - 1) is not None
    assert cache.by_card("04A2197F", NOW + 8 * HOUR) is None
    assert cache.by_card("04A2197F", NOW - 3600) is None, "a clock that was set back makes nothing longer"


def test_whoever_the_gateway_does_not_name_is_gone(cache: Cache, tmp_path: Path) -> None:
    cache.synced(["bob"], asked=["ann", "bob"], hours=8, days=7, now=NOW + 60)
    assert cache.by_card("04A2197F", NOW + 60) is None
    assert set(a_cache(tmp_path / "box.offline").entries) == {"bob"}
    cache.synced(["bob"], asked=["ann", "bob"], hours=0, days=7, now=NOW + 120)
    assert cache.by_card("0499AA01", NOW + 120) is None, "no hours: switched off"


def test_whoever_came_while_the_answer_was_on_its_way_stays(cache: Cache) -> None:
    cache.synced([], asked=["ann"], hours=8, days=7, now=NOW)
    assert set(cache.entries) == {"bob"}


def test_who_was_not_here_for_days_is_gone(cache: Cache) -> None:
    cache.synced(["ann", "bob"], asked=["ann", "bob"], hours=72, days=7, now=NOW + 7 * 86400)
    assert cache.entries == {}


def test_the_file_is_sealed_and_its_owner_s_alone(cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "box.offline"
    octets = path.read_bytes()
    for secret in (b"Ann", b"04A2197F", b"284619", b"argon2"):
        assert secret not in octets
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert a_cache(path).entries == cache.entries
    assert a_cache(path, "another key").entries == {}
    for index in (0, 20, len(octets) - 1):
        path.write_bytes(octets[:index] + bytes([octets[index] ^ 1]) + octets[index + 1 :])
        assert a_cache(path).entries == {}
    path.write_bytes(b"")
    assert a_cache(path).entries == {}
    cache.wipe()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - also names that are hidden


def test_three_cards_and_three_pins_of_one_person(cache: Cache) -> None:
    for number in range(5):
        cache.remember("ann", "Ann", card=f"0000{number:04X}", pin=None, now=NOW)
        cache.remember("ann", "Ann", card=None, pin=f"90{number}371", now=NOW)
    entry = cache.entries["ann"]
    assert (len(entry.cards), len(entry.pins)) == (MOST, MOST)
    assert cache.by_card("04A2197F", NOW) is None
    assert cache.by_card("00000004", NOW) is not None


def test_guesses_end_after_five(cache: Cache) -> None:
    for number in range(5):
        assert cache.by_pin(f"00000{number}", NOW + number) is None
    assert cache.by_pin("284619", NOW + 5) is None
    assert cache.by_pin("284619", NOW + 5 + LOCK_SECONDS) is not None


def test_without_a_stamp_nothing_is_remembered(cache: Cache) -> None:
    cache.remember("", "Eve", card="00112233", pin=None, now=NOW)
    cache.remember("eve", "Eve", card=None, pin=None, now=NOW)
    assert set(cache.entries) == {"ann", "bob"}


def test_one_wish_a_person_and_only_where_a_tap_prints(cache: Cache, tmp_path: Path) -> None:
    ann, bob = cache.by_card("04A2197F", NOW), cache.by_pin("773311", NOW, of="bob")
    assert ann is not None
    assert bob is not None
    assert (ann.proof, bob.proof) == ("card", "card-pin")
    assert not cache.wish(ann, NOW), "the gateway has not said that this box prints on a tap"
    cache.synced([], asked=[], hours=8, days=7, now=NOW, wish_seconds=300)
    assert cache.wish(ann, NOW)
    first = cache.wishes["ann"].key
    assert cache.wish(ann, NOW + 5)
    assert cache.wish(bob, NOW + 5)
    assert a_cache(tmp_path / "box.offline").wishes == cache.wishes
    assert cache.wishes["ann"].at == NOW + 5
    cache.forget_wish(first)
    assert set(cache.wishes) == {"ann", "bob"}, "that one is not the newest"
    cache.synced(["ann"], asked=["ann", "bob"], hours=8, days=7, now=NOW, wish_seconds=300)
    assert set(cache.wishes) == {"ann"}, "bob is known no more"
    assert cache.overdue(NOW + 304) == []
    assert cache.overdue(NOW - 60) != [], "a clock that was set back makes nothing younger"
    assert a_cache(tmp_path / "box.offline").wishes == {}
