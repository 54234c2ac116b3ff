"""One job from CUPS' ipptool to paper, as a collector of OpenTelemetry reads it: all its spans, each once, in one trace."""

import subprocess
import time
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from gateway.domain.job import JobState
from ipp.virtual import Features
from tests.peers.ours import papertap
from tests.peers.paper import virtual_printer
from tests.peers.sink import Sink, sink_beside
from tests.sandbox.samples import pdf

pytestmark = pytest.mark.acceptance

PHASES = ["intake", "preparation", "hold", "release", "delivery", "following", "settlement"]


def spans(collector: Sink) -> dict[str, Span]:
    """What was told by now, by name; AssertionError when one was told twice."""
    found: dict[str, Span] = {}
    for _, _, body in collector.seen:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for span in resource.scope_spans[0].spans:
                assert span.name not in found, f"{span.name} is told twice"
                found[span.name] = span
    return found


def test_a_collector_hears_the_whole_life_of_a_job(tmp_path: Path) -> None:
    document = tmp_path / "report.pdf"
    document.write_bytes(pdf(2))
    (tray := tmp_path / "tray").mkdir()
    with virtual_printer(tray, Features(speed=0)) as paper, sink_beside() as collector:
        setup = (
            ("device", "add", "virtual", paper.uri("ipp")),
            ("printer", "add", "find-me", "--policy", "pull", "--device", "virtual"),
        )
        endpoint = f"http://127.0.0.1:{collector.port}/ok"
        with papertap(*setup, roles="front,prepare,deliver", TRACES__ENDPOINT=endpoint) as ours:
            uri = f"ipp://localhost:{ours.port}/ipp/print/find-me"
            command = ["ipptool", "-t", "-f", str(document), uri, "print-job.test"]
            subprocess.run(command, check=True, capture_output=True)
            (job,) = ours.jobs()
            ours.until(job.id, JobState.PENDING_HELD)
            ours.here("job", "release", str(job.id), "--device", "virtual")
            ours.until(job.id, JobState.COMPLETED)
            end = time.monotonic() + 60
            while "job" not in (found := spans(collector)):
                assert time.monotonic() < end, sorted(found)
                time.sleep(0.1)
    whole = found.pop("job")
    assert sorted(found) == sorted(PHASES)
    assert whole.trace_id == job.uuid.bytes
    assert {span.trace_id for span in found.values()} == {whole.trace_id}
    assert {span.parent_span_id for span in found.values()} == {whole.span_id}
    begun = [found[name].start_time_unix_nano for name in PHASES]
    assert begun == sorted(begun)
    assert (begun[0], found["settlement"].end_time_unix_nano) == (whole.start_time_unix_nano, whole.end_time_unix_nano)
