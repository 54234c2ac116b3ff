"""Job attributes as progress, and whose job it is."""

import pytest

from gateway.adapters.devices.ipp_jobs import is_order, may_be_order, progress_of
from ipp.wire import Attribute, Group, GroupTag, JobState, PrinterState, StringWithLanguage, build
from tests.gateway.adapters.devices.bench import an_order


def _job(state: JobState, *attributes: Attribute) -> Group:
    return Group(GroupTag.JOB, (build.integer("job-id", 7), build.enum("job-state", state), *attributes))


def _printer(state: PrinterState) -> Group:
    reasons = build.keyword("printer-state-reasons", "media-empty-error")
    return Group(GroupTag.PRINTER, (build.enum("printer-state", state), reasons))


@pytest.mark.parametrize(
    ("state", "stopped", "done", "aborted"),
    [
        (JobState.PENDING, False, False, False),
        (JobState.PENDING_HELD, True, False, False),
        (JobState.PROCESSING, False, False, False),
        (JobState.PROCESSING_STOPPED, True, False, False),
        (JobState.CANCELED, False, True, True),
        (JobState.ABORTED, False, True, True),
        (JobState.COMPLETED, False, True, False),
    ],
)
def test_each_job_state(state: JobState, stopped: bool, done: bool, aborted: bool) -> None:
    progress = progress_of(_job(state), _printer(PrinterState.IDLE))
    assert (progress.stopped, progress.done, progress.aborted) == (stopped, done, aborted)
    assert progress.device_job == "7"
    assert progress.impressions_completed is None


def test_a_stopped_printer_stops_the_job_whatever_the_job_says() -> None:
    progress = progress_of(_job(JobState.PROCESSING), _printer(PrinterState.STOPPED))
    assert (progress.stopped, progress.reasons) == (True, ("media-empty-error",))
    assert not progress_of(_job(JobState.COMPLETED), _printer(PrinterState.STOPPED)).stopped


def test_whose_job_it_is() -> None:
    order = an_order(b"", name="A rather long title of a document 123")
    ours = build.name("job-name", f"x {order.release_id}")
    assert is_order(_job(JobState.PENDING, ours), order)
    assert not is_order(_job(JobState.PENDING), order)
    assert not is_order(_job(JobState.PENDING, build.name("job-name", order.name[:30])), order)
    assert may_be_order(_job(JobState.PENDING, build.name("job-name", order.name[:30])), order)
    assert may_be_order(_job(JobState.PENDING), order)
    assert not may_be_order(_job(JobState.PENDING, build.name("job-name", "A rather")), order)
    assert not may_be_order(_job(JobState.PENDING, build.name("job-name", "Somebody else's")), order)
    language = StringWithLanguage(f"x {order.release_id}", "en")
    assert is_order(_job(JobState.PENDING, build.name_with_language("job-name", language)), order)
