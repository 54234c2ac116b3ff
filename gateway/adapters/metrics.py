"""Figures for Prometheus. Nothing is counted twice: each figure is read, when asked for, from whoever knows it."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.services.ports import EventBus

Figure = float | Mapping[str, float]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "papertap"


class Metrics:
    """A registry of its own, so that several gateways in one process (tests) do not meet."""

    def __init__(self, *, version: str) -> None:
        self._registry = CollectorRegistry()
        self._events: dict[str, float] = {}
        self.gauge("build_info", "Always 1; the label has the version.", lambda: {version: 1.0}, label="version")
        self.counter("events", "What happened to jobs, printers and devices.", lambda: self._events, label="event")

    def gauge(self, name: str, text: str, read: Callable[[], Figure], *, label: str = "") -> None:
        """A figure that goes up and down. With `label`, `read` gives one for each value of it."""
        self._registry.register(_Reader(GaugeMetricFamily, name, text, read, label))

    def counter(self, name: str, text: str, read: Callable[[], Figure], *, label: str = "") -> None:
        """A figure that only grows; `_total` is put behind its name."""
        self._registry.register(_Reader(CounterMetricFamily, name, text, read, label))

    def histogram(self, name: str, text: str, buckets: Iterable[float]) -> Callable[[float], None]:
        """Returns what to call with each observation (seconds)."""
        made = Histogram(f"{_PREFIX}_{name}", text, buckets=tuple(buckets), registry=self._registry)
        return made.observe

    async def count_events(self, events: EventBus) -> None:
        """Counts what is told on the bus, until cancelled."""
        async with events.subscribe() as happenings:
            async for happening in happenings:
                kind = happening.event.value
                self._events[kind] = self._events.get(kind, 0.0) + 1.0

    def text(self) -> bytes:
        """The exposition format, version 0.0.4 (`CONTENT_TYPE`)."""
        return generate_latest(self._registry)


class _Reader(Collector):
    """Asks at every scrape. One source that fails leaves a gap, not an empty page."""

    def __init__(
        self,
        family: type[GaugeMetricFamily] | type[CounterMetricFamily],
        name: str,
        text: str,
        read: Callable[[], Figure],
        label: str,
    ) -> None:
        self._family, self._name, self._text, self._read, self._label = family, f"{_PREFIX}_{name}", text, read, label

    def describe(self) -> Iterable[Metric]:
        """Without this the registry would collect at registration, before anything runs."""
        return [self._family(self._name, self._text, labels=[self._label] if self._label else None)]

    def collect(self) -> Iterable[Metric]:
        made = self._family(self._name, self._text, labels=[self._label] if self._label else [])
        try:
            figure = self._read()
        except Exception:  # noqa: BLE001 - the other figures are wanted all the more when something is broken
            return [made]
        values = figure if isinstance(figure, Mapping) else {"": figure}
        for label, value in values.items():
            made.add_metric([label] if self._label else [], float(value))
        return [made]
