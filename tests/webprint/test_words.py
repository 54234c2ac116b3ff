"""The words: complete, and what a person would say."""

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.job import JobState, Reason
from tests.fakes import a_device, a_held_job, a_job
from webprint import words


def test_there_are_words_for_each_state() -> None:
    assert set(words.STATES) == set(JobState)
    assert set(words.DEVICE_STATES) == set(DeviceState)


@pytest.mark.parametrize("state", list(JobState))
@pytest.mark.parametrize("reason", [*Reason, None])
def test_no_state_and_reason_is_left_without_words(state: JobState, reason: Reason | None) -> None:
    told = words.state(a_job(state=state, reasons=(reason,) if reason else ()))
    assert told
    assert told != state.keyword


def test_the_question_comes_before_everything_else() -> None:
    reasons = (Reason.PRINTER_STOPPED, Reason.JOB_PRINTING, Reason.OUTCOME_UNKNOWN)
    assert words.state(a_job(state=JobState.PROCESSING_STOPPED, reasons=reasons)) == "Did it come out?"


def test_a_held_job() -> None:
    assert words.state(a_held_job()) == "Waiting for you: release at any printer"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (DeviceStatus(state=DeviceState.IDLE), "Ready"),
        (DeviceStatus(state=DeviceState.UNKNOWN), "Ready"),
        (DeviceStatus(state=DeviceState.STOPPED, reasons=("media-empty-error",)), "Out of paper"),
        (DeviceStatus(state=DeviceState.STOPPED, reasons=("other", "media-jam-warning")), "Paper jam"),
        (DeviceStatus(state=DeviceState.STOPPED, reasons=("spool-area-full",)), "Stopped"),
        (DeviceStatus(state=DeviceState.STOPPED, message="Call 4711", reasons=("media-jam",)), "Call 4711"),
        (DeviceStatus(state=DeviceState.UNREACHABLE), "Does not answer"),
    ],
)
def test_devices(status: DeviceStatus, text: str) -> None:
    assert words.device_state(a_device(status=status)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 minute"),
        (119, "1 minute"),
        (3600, "1 hour"),
        (7199, "1 hour"),
        (23.9 * 3600, "23 hours"),
        (47.9 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(("octets", "text"), [(0, "0 B"), (999, "999 B"), (1500, "2 kB"), (2_400_000, "2.4 MB")])
def test_sizes(octets: int, text: str) -> None:
    assert words.size(octets) == text


def test_counts_and_ranges() -> None:
    assert [words.pages(n) for n in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]
    assert words.ranges(((1, 3), (7, 7))) == "1-3, 7"
    assert words.ranges(((4, 2**31 - 1),), ("odd",)) == "4-last, odd"
    assert (words.ago(5), words.ago(3600)) == ("just now", "1 hour ago")
