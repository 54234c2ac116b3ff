"""Passwords that a device keeps: refused once where somebody is to type them again."""

from dataclasses import replace

import pytest

from gateway.services.fresh_sign_in import FreshSignIn
from tests.fakes import FakeClock, a_printer

STRICT = replace(a_printer("find-me"), ask_again_minutes=10)
EACH = replace(a_printer("each"), ask_again_minutes=0)
PLAIN = a_printer("plain")
IPAD = "192.0.2.7"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def fresh(clock: FakeClock) -> FreshSignIn:
    return FreshSignIn(clock)


def test_elsewhere_a_kept_password_is_as_good_as_a_typed_one(fresh: FreshSignIn) -> None:
    assert fresh.accepts(PLAIN, "alice", IPAD, job=True)


def test_a_kept_password_is_refused_once_and_what_is_typed_then_is_taken(fresh: FreshSignIn, clock: FakeClock) -> None:
    assert not fresh.accepts(STRICT, "alice", IPAD, job=True)
    clock.tick(0.2)
    assert not fresh.accepts(STRICT, "alice", IPAD, job=True), "the device sent the same again by itself"
    clock.tick(5)
    assert fresh.accepts(STRICT, "alice", IPAD, job=True)
    clock.tick(599)
    assert fresh.accepts(STRICT, "alice", IPAD, job=True)
    clock.tick(1)
    assert not fresh.accepts(STRICT, "alice", IPAD, job=True), "ten minutes are over"


def test_the_first_question_counts(fresh: FreshSignIn, clock: FakeClock) -> None:
    fresh.note_asked(STRICT, IPAD)
    clock.tick(4)
    assert fresh.accepts(STRICT, "alice", IPAD, job=True)


def test_the_next_person_is_asked(fresh: FreshSignIn, clock: FakeClock) -> None:
    fresh.note_asked(STRICT, IPAD)
    clock.tick(4)
    assert fresh.accepts(STRICT, "alice", IPAD, job=True)
    assert not fresh.accepts(STRICT, "bob", IPAD, job=True)
    assert not fresh.accepts(STRICT, "alice", "192.0.2.8", job=True), "and on another device"


def test_for_each_job(fresh: FreshSignIn, clock: FakeClock) -> None:
    fresh.note_asked(EACH, IPAD)
    clock.tick(4)
    assert fresh.accepts(EACH, "alice", IPAD, job=False), "Validate-Job"
    assert fresh.accepts(EACH, "alice", IPAD, job=True)
    assert not fresh.accepts(EACH, "alice", IPAD, job=False), "the next one"
    clock.tick(4)
    assert fresh.accepts(EACH, "alice", IPAD, job=True), "without validating first"
    assert not fresh.accepts(EACH, "alice", IPAD, job=True)


def test_an_answer_that_comes_much_later_was_typed_for_nobody(fresh: FreshSignIn, clock: FakeClock) -> None:
    assert not fresh.accepts(STRICT, "alice", IPAD, job=True)
    clock.tick(301)
    assert not fresh.accepts(STRICT, "alice", IPAD, job=True)


def test_a_forgotten_device_asks_once_everywhere(fresh: FreshSignIn, clock: FakeClock) -> None:
    clock.tick(100)
    fresh.forget("Alice")
    assert not fresh.accepts(PLAIN, "alice", IPAD, job=True)
    assert fresh.accepts(PLAIN, "bob", IPAD, job=True)
    clock.tick(4)
    assert fresh.accepts(PLAIN, "alice", IPAD, job=True)
    clock.tick(4000)
    assert fresh.accepts(PLAIN, "alice", IPAD, job=True)
    assert not fresh.accepts(PLAIN, "alice", "192.0.2.8", job=True), "the other iPad has not asked yet"
