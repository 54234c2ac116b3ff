"""Held until a time: the next one that the site's clocks show, with the options that were chosen."""

from datetime import UTC, datetime

import pytest

from gateway.domain.job import JobState, Reason
from gateway.errors import BadRequest
from tests.webprint.visitor import Visitor
from tests.webprint.web_house import House
from webprint.later import next_time

NOON = datetime(2026, 10, 24, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "zone", "hours"),
    [
        ("18:30", "", 6.5),
        ("12:00", "", 24),
        ("11:59", "UTC", 24 - 1 / 60),
        ("18:30", "Europe/Berlin", 4.5),
        ("13:00", "Europe/Berlin", 24),  # summer time ends in between
    ],
)
def test_the_next_such_time_of_the_site(text: str, zone: str, hours: float) -> None:
    assert next_time(text, NOON, zone) == pytest.approx(NOON + hours * 3600)


@pytest.mark.parametrize("text", ["", "25:00", "noon", "1:00", "12:00:00", "<script>", "١٢:٠٠"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(BadRequest, match="18:30"):
        next_time(text, NOON, "")


async def test_a_job_is_held_with_its_options(alice: Visitor, house: House) -> None:
    job = await house.add(pages=3)
    answer = await alice.post(f"/jobs/{job.id}/later", {"at": "18:30", "copies": "2"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{job.id}")
    row = house.jobs.rows[job.id]
    assert (row.state, row.has(Reason.JOB_HOLD_UNTIL_SPECIFIED)) == (JobState.PENDING_HELD, True)
    assert row.not_before is not None
    assert 0 < row.not_before - house.clock.now() <= 24 * 3600
    assert (row.ticket.copies, row.impressions) == (2, 6)
    await house.clock.advance(24 * 3600)
    await house.release.release_due()
    assert house.jobs.rows[job.id].has(Reason.JOB_RELEASE_WAIT), "it waits for its owner then"
