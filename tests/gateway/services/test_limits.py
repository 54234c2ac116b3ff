"""The policy table and the counter behind it."""

import pytest

from gateway.errors import Throttled
from gateway.services import limits as module
from gateway.services.claims import claim_policies
from gateway.services.limits import (
    Familiar,
    Kind,
    Limit,
    Limits,
    guest_policies,
    in_words,
    mail_policies,
    policies,
    remote_policies,
    subscriber,
    upload_policies,
)
from gateway.settings import Guests, Jobs, Smtp, Uploads
from gateway.settings import Identity as IdentitySettings
from tests.fakes import FakeClock

NAME = Limit(kind=Kind.SIGN_IN_NAME, key=("alice", "192.0.2.1"))
ADDRESS = Limit(kind=Kind.SIGN_IN_ADDRESS, key=("192.0.2.1",))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limits(clock: FakeClock) -> Limits:
    return Limits(clock=clock, table=policies(IdentitySettings()))


@pytest.mark.parametrize(
    ("kind", "tries", "window", "lock"),
    [
        (Kind.SIGN_IN_NAME, 5, 900, 900),
        (Kind.SIGN_IN_ADDRESS, 20, 60, 60),
        (Kind.SIGN_IN_TERMINAL, 20, 60, 60),
        (Kind.PIN_ALONE_ADDRESS, 60, 3600, 3600),
        (Kind.SIGN_IN_ACCOUNT, 5, 60, 60),
        (Kind.SIGN_IN_BEGUN, 300, 60, 10),
        (Kind.MAIL_LINK_ADDRESS, 20, 900, 900),
        (Kind.MAIL_LINK_RECIPIENT, 5, 900, 900),
        (Kind.MAILBOX, 12, 3600, 900),
        (Kind.ANSWER_ADDRESS, 20, 60, 60),
        (Kind.PASSKEY_ADDRESS, 20, 60, 60),
        (Kind.REGISTRATION, 10, 3600, 3600),
        (Kind.REQUEST, 75, 1, 1),
    ],
)
def test_the_table(kind: Kind, tries: int, window: float, lock: float) -> None:
    row = policies(IdentitySettings())[kind]
    assert (row.tries, row.window, row.lock) == (tries, window, lock)


def test_the_table_has_a_row_for_each_kind_and_follows_the_settings() -> None:
    table = policies(IdentitySettings(tries=3, lockout_seconds=60, tries_per_minute=7))
    table |= guest_policies(Guests()) | upload_policies(Uploads()) | claim_policies(Jobs())
    table |= mail_policies(Smtp()) | remote_policies()
    assert set(table) == set(Kind)
    assert (table[Kind.SIGN_IN_NAME].tries, table[Kind.SIGN_IN_NAME].lock) == (3, 60)
    assert table[Kind.SIGN_IN_ADDRESS].tries == 7


def test_the_last_allowed_try_passes_and_the_next_is_told_how_long_to_wait(limits: Limits, clock: FakeClock) -> None:
    for _ in range(5):
        limits.take(NAME)
        clock.tick(10)
    with pytest.raises(Throttled, match="Try again in 15 minutes") as refused:
        limits.take(NAME)
    assert refused.value.retry_after == pytest.approx(890)


def test_the_lock_ends_after_its_time_and_all_tries_are_back(limits: Limits, clock: FakeClock) -> None:
    for _ in range(5):
        limits.take(NAME)
    clock.tick(899.9)
    with pytest.raises(Throttled):
        limits.take(NAME)
    clock.tick(0.1)
    for _ in range(5):
        limits.take(NAME)
    with pytest.raises(Throttled):
        limits.take(NAME)


def test_tries_older_than_the_window_do_not_count(limits: Limits, clock: FakeClock) -> None:
    for _ in range(4):
        limits.take(NAME)
    clock.tick(900)
    for _ in range(5):
        limits.take(NAME)


def test_a_wall_clock_that_jumps_neither_locks_nor_unlocks(limits: Limits, clock: FakeClock) -> None:
    for _ in range(5):
        limits.take(NAME)
    clock.jump(10_000)
    with pytest.raises(Throttled):
        limits.take(NAME)


def test_a_try_refused_by_one_limit_is_not_counted_against_the_others(limits: Limits) -> None:
    for _ in range(5):
        limits.take(NAME)
    for _ in range(30):
        with pytest.raises(Throttled):
            limits.take(ADDRESS, NAME)
    for _ in range(20):
        limits.take(ADDRESS)


def test_a_try_that_was_no_failure_is_given_back(limits: Limits) -> None:
    for _ in range(100):
        limits.take(NAME)
        limits.give_back(NAME)
    limits.give_back(NAME)  # once too often does no harm


def test_forgetting_one_name_frees_it_everywhere_and_no_other(limits: Limits) -> None:
    elsewhere = Limit(kind=Kind.SIGN_IN_NAME, key=("alice", "192.0.2.2"))
    other = Limit(kind=Kind.SIGN_IN_NAME, key=("bob", "192.0.2.1"))
    for limit in (NAME, elsewhere, other):
        for _ in range(5):
            limits.take(limit)
    assert limits.forget_all(Kind.SIGN_IN_NAME, "alice") == 2
    limits.take(NAME)
    limits.take(elsewhere)
    with pytest.raises(Throttled):
        limits.take(other)


def test_memory_is_bounded_and_the_oldest_counter_goes_first(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COUNTERS", 10)
    for _ in range(5):
        limits.take(NAME)
    for number in range(9):
        limits.take(Limit(kind=Kind.REQUEST, key=(str(number),)))
    with pytest.raises(Throttled):
        limits.take(NAME)
    limits.take(Limit(kind=Kind.REQUEST, key=("one more",)))
    limits.take(NAME)


@pytest.mark.parametrize(
    ("address", "party"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_what_one_subscriber_owns(address: str, party: str) -> None:
    assert subscriber(address) == party


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 second"), (1, "1 second"), (59.5, "60 seconds"), (91, "2 minutes"), (900, "15 minutes")],
)
def test_waiting_times_are_rounded_up(seconds: float, text: str) -> None:
    assert in_words(seconds) == text


def test_familiar_addresses_are_the_newest_ones_of_a_name_in_any_case() -> None:
    familiar = Familiar(2)
    familiar.note("Alice", "192.0.2.1")
    familiar.note("bob", "2001:db8:1:2::1")
    assert familiar.knows(" alice", "192.0.2.1")
    assert familiar.knows("BOB", "2001:db8:1:2:ffff::9"), "one subscriber"
    assert not familiar.knows("bob", "192.0.2.1")
    familiar.note("carol", "192.0.2.9")
    assert not familiar.knows("alice", "192.0.2.1")
