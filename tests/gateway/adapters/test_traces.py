"""Spans on the wire: a receiver reads them by OpenTelemetry's own messages, and one that is away stops nothing."""

import asyncio
import time

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from pydantic import ValidationError

from gateway.adapters.traces import QUEUE, OtlpTraces
from gateway.domain.trace import Moment, Span
from gateway.settings import Traces
from tests.peers.processes import free_port
from tests.peers.sink import sink

TRACE = 0x1234567890AB4CDE8F00112233445566
WHOLE = Span(
    trace=TRACE,
    id=1,
    parent=None,
    name="job",
    begun=1_700_000_000.25,
    ended=1_700_000_060.5,
    attributes={"papertap.job.id": 7, "papertap.job.reasons": ("job-completed-successfully",)},
    link=(0xAB, 0xCD),
)
PART = Span(
    trace=TRACE,
    id=2,
    parent=1,
    name="following",
    begun=1_700_000_001.0,
    ended=1_700_000_002.0,
    attributes={"papertap.amount": 0.3},
    moments=(Moment(at=1_700_000_001.5, name="stopped"),),
    failed=True,
)


def settings(port: int) -> Traces:
    return Traces.model_validate({"endpoint": f"http://127.0.0.1:{port}/ok", "headers": {"x-key": "k"}})


async def received(port: int, spans: list[Span]) -> None:
    traces = OtlpTraces(settings(port), version="1.2.3")
    for span in spans:
        traces.tell(span)
    await traces.stop()


def plain(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    return [plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, str(kind))


async def test_a_receiver_reads_what_was_told() -> None:
    async with sink() as collector:
        await received(collector.port, [PART, WHOLE])
    ((path, headers, body),) = collector.seen
    assert path == "/ok"
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["x-key"] == "k"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    said = {one.key: plain(one.value) for one in resource.resource.attributes}
    assert said["service.name"] == "papertap"
    assert said["service.version"] == "1.2.3"
    part, whole = resource.scope_spans[0].spans
    assert part.trace_id == whole.trace_id == TRACE.to_bytes(16)
    assert (part.parent_span_id, part.span_id) == ((1).to_bytes(8), (2).to_bytes(8))
    assert (whole.parent_span_id, whole.span_id) == (b"", (1).to_bytes(8))
    assert (whole.start_time_unix_nano, whole.end_time_unix_nano) == (
        1_700_000_000_250_000_000,
        1_700_000_060_500_000_000,
    )
    attributes = {one.key: plain(one.value) for one in whole.attributes}
    assert attributes == {"papertap.job.id": 7, "papertap.job.reasons": ["job-completed-successfully"]}
    assert [(event.name, event.time_unix_nano) for event in part.events] == [("stopped", 1_700_000_001_500_000_000)]
    assert [(link.trace_id, link.span_id) for link in whole.links] == [((0xAB).to_bytes(16), (0xCD).to_bytes(8))]
    assert not part.links
    assert part.status.code == 2
    assert whole.status.code == 0


async def test_a_collector_that_is_away_costs_a_queue_and_no_time() -> None:
    traces = OtlpTraces(settings(free_port()), version="1")
    begun = time.monotonic()
    for number in range(2 * QUEUE):
        traces.tell(WHOLE)
        if number % 500 == 0:
            await asyncio.sleep(0)
    assert time.monotonic() - begun < 20.0
    begun = time.monotonic()
    await traces.stop()
    assert time.monotonic() - begun < 10.0, "what cannot be sent is let go"


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://collector/", "http://"])
def test_an_endpoint_is_an_address(endpoint: str) -> None:
    with pytest.raises(ValidationError, match=r"http://collector:4318/v1/traces"):
        Traces(endpoint=endpoint)
