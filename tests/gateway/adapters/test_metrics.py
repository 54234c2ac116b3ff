"""The text that Prometheus reads."""

import asyncio

from gateway.adapters.metrics import CONTENT_TYPE, Metrics
from gateway.domain.events import Event, Happening
from tests.fakes import MemoryEventBus


def test_gauges_and_counters_are_read_when_asked_for() -> None:
    metrics, held = Metrics(version="1.2"), {"find-me": 3.0}
    requests = 0
    metrics.gauge("queued_jobs", "Jobs that are not ended.", lambda: held, label="printer")
    metrics.counter("requests", "Answered.", lambda: requests)
    held['we"ird\nname'] = 1.0
    requests = 9
    text = metrics.text().decode()
    assert 'papertap_build_info{version="1.2"} 1.0' in text
    assert 'papertap_queued_jobs{printer="find-me"} 3.0' in text
    assert 'papertap_queued_jobs{printer="we\\"ird\\nname"} 1.0' in text
    assert "papertap_requests_total 9.0" in text
    assert "# HELP papertap_queued_jobs Jobs that are not ended." in text
    assert "# TYPE papertap_requests_total counter" in text
    assert CONTENT_TYPE.startswith("text/plain")


def test_a_source_that_fails_leaves_the_others() -> None:
    metrics = Metrics(version="1")

    def broken() -> float:
        raise OSError("disk")

    metrics.gauge("space_free_bytes", "Free.", broken)
    metrics.gauge("space_total_bytes", "All.", lambda: 5)
    lines = metrics.text().decode().splitlines()
    assert not [line for line in lines if line.startswith("papertap_space_free_bytes")]
    assert "papertap_space_total_bytes 5.0" in lines


def test_histograms() -> None:
    metrics = Metrics(version="1")
    observe = metrics.histogram("intake_seconds", "How long.", (0.1, 1.0))
    observe(0.5)
    text = metrics.text().decode()
    assert 'papertap_intake_seconds_bucket{le="0.1"} 0.0' in text
    assert 'papertap_intake_seconds_bucket{le="1.0"} 1.0' in text


async def test_events_are_counted_by_their_kind() -> None:
    metrics, bus = Metrics(version="1"), MemoryEventBus()
    task = asyncio.create_task(metrics.count_events(bus))
    await asyncio.sleep(0)
    for event in (Event.JOB_CREATED, Event.JOB_CREATED, Event.JOB_COMPLETED):
        bus.publish(Happening(event=event, at=0.0))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    text = metrics.text().decode()
    assert 'papertap_events_total{event="job-created"} 2.0' in text
    assert 'papertap_events_total{event="job-completed"} 1.0' in text


def test_two_gateways_in_one_process_do_not_meet() -> None:
    first, second = Metrics(version="1"), Metrics(version="2")
    first.gauge("x", "X.", lambda: 1)
    second.gauge("x", "X.", lambda: 2)
    assert "papertap_x 2.0" in second.text().decode()
