"""Wires the API: its services, and the application, which is made when the first request comes."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.adapters.metrics import Metrics
from gateway.app.administration import shares_of
from gateway.app.build import Gateway
from gateway.app.personal import site_url
from gateway.services.administration import Administration
from gateway.services.delegates import Delegates
from gateway.services.network_doctor import NetworkDoctor
from gateway.services.preview import Preview
from gateway.services.queues import Queues
from gateway.services.statistics import Statistics
from gateway.services.terminals import Terminals
from gateway.services.tracing import TraceLinks
from mobile_api.events import EventWindow
from mobile_api.figures import ApiFigures
from mobile_api.services import Portal, Services

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


def event_window(gateway: Gateway) -> EventWindow:
    """Listens from the start, so that whoever connects later can ask for what was before."""
    return EventWindow(
        events=gateway.events,
        printers=gateway.printers,
        sites=gateway.sites,
        delegates=Delegates(store=gateway.database.shares, users=gateway.database.users, clock=gateway.clock),
        clock=gateway.clock,
    )


def api_figures(metrics: Metrics, window: EventWindow) -> ApiFigures:
    figures = ApiFigures()
    metrics.counter("api_answers", "Answers of the API.", lambda: figures.answers, label="status")
    metrics.gauge("api_streams", "Open event streams.", lambda: window.streams)
    figures.observe = metrics.histogram("api_seconds", "Until an answer of the API began.", BUCKETS)
    return figures


def api_services(
    gateway: Gateway,
    *,
    portal: Portal,
    queues: Queues,
    network: NetworkDoctor,
    preview: Preview | None,
    administration: Administration,
    terminals: Terminals,
    connected: Callable[[UUID], bool],
    health: Callable[[], Awaitable[tuple[str, ...]]],
    figures: ApiFigures,
    events: EventWindow,
) -> Services:
    return Services(
        settings=gateway.settings,
        clock=gateway.clock,
        hasher=gateway.hasher,
        portal=portal,
        figures=figures,
        events=events,
        house=gateway.house,
        administration=administration,
        registrations=gateway.people.registrations,
        imports=gateway.people.imports,
        identity=gateway.identity,
        tokens=gateway.tokens,
        answers=gateway.database.answers,
        access=gateway.personal.access_log,
        sites=gateway.sites,
        printers=gateway.printers,
        queues=queues,
        phone=gateway.phone,
        release=gateway.release,
        uploads=gateway.uploads,
        statistics=Statistics(
            history=gateway.database.history, clock=gateway.clock, time_zone=gateway.settings.site.time_zone
        ),
        credit=gateway.personal.credit,
        webhooks=gateway.webhooks.kept,
        network=network,
        preview=preview,
        learn=gateway.learn,
        terminals=terminals,
        connected=connected,
        directories=gateway.people.directories,
        shares=shares_of(gateway),
        traces=TraceLinks(
            jobs=gateway.database.jobs, clock=gateway.clock, enabled=bool(gateway.settings.traces.endpoint)
        ),
        base=partial(site_url, gateway.settings),
        health=health,
    )


class LazyApi:
    """Models and the OpenAPI document cost half a second and some megabytes, which a site without API callers saves."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._app: ASGIApp | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._making:
            if self._app is None:
                self._app = await asyncio.to_thread(self._make)
        await self._app({**scope, "root_path": scope.get("root_path", "") + "/api/v1"}, receive, send)

    def _make(self) -> ASGIApp:
        from mobile_api.app import create_api  # noqa: PLC0415 - see above

        return create_api(self._services())
