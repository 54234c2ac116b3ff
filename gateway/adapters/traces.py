"""Spans to an OpenTelemetry collector, OTLP over HTTP with protobuf, by OpenTelemetry's own SDK.

The SDK makes ids by chance and times by its own clock; here both are given, since a span tells of what is in a row. It
sends in a thread of its own out of a queue of 2,048 spans: a collector that is away costs that queue and nothing else.
"""

import asyncio
import threading

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags, set_span_in_context

from gateway.domain.trace import Span
from gateway.settings import Traces as TraceSettings

SECONDS = 5.0  # of one try to send, with its repetitions
STOP_SECONDS = 2.0  # for what is left at the end
QUEUE = 2048  # spans


class OtlpTraces:
    """gateway.services.ports.traces.Traces, and a part of what runs."""

    def __init__(self, settings: TraceSettings, *, version: str) -> None:
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        self._sender: SpanExporter = OTLPSpanExporter(endpoint=settings.endpoint, headers=headers, timeout=SECONDS)
        self._ids = _GivenIds()
        self._provider = TracerProvider(
            resource=Resource({"service.name": "papertap", "service.version": version}),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(self._sender, max_queue_size=QUEUE))
        self._tracer = self._provider.get_tracer("papertap.jobs", version)

    def tell(self, span: Span) -> None:
        self._ids.trace, self._ids.span = span.trace, span.id
        made = self._tracer.start_span(
            span.name,
            context=_below(span),
            start_time=_nanoseconds(span.begun),
            attributes=dict(span.attributes),
            links=[] if span.link is None else [Link(SpanContext(*span.link, is_remote=True))],
        )
        for moment in span.moments:
            made.add_event(moment.name, timestamp=_nanoseconds(moment.at))
        if span.failed:
            made.set_status(Status(StatusCode.ERROR))
        made.end(end_time=_nanoseconds(span.ended))

    async def start(self) -> None:
        """It sends from the beginning."""

    async def stop(self) -> None:
        """Sends what is left, or lets it go when that takes too long."""
        ending = threading.Thread(target=self._provider.shutdown, name="traces-end", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, STOP_SECONDS)
        if ending.is_alive():
            self._sender.shutdown()  # what it tries again and again is let go


class _GivenIds(IdGenerator):
    """What stands here is what the next span gets."""

    trace = 0
    span = 0

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


def _below(span: Span) -> Context:
    """An empty context makes a span without a parent."""
    if span.parent is None:
        return Context()
    above = SpanContext(span.trace, span.parent, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(above), Context())


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1_000_000) * 1000
