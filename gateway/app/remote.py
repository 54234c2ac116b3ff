"""Wires printing from outside: the gateway's side, and the role of the relay, which needs neither data nor users."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.adapters.clock import SystemClock
from gateway.adapters.http import Admission, Limits, Listener
from gateway.adapters.remote import P256Keys, verify
from gateway.app.build import Gateway
from gateway.app.tls import certificates_of
from gateway.errors import StartupError
from gateway.runner import GRACE_SECONDS, run
from gateway.services.remote_access import RemoteAccess
from gateway.settings import Settings
from mobile_api.remote.relay import Relay, create_relay

RENEW_SECONDS = 60.0

log = logging.getLogger(__name__)


def remote_access(gateway: Gateway) -> RemoteAccess:
    return RemoteAccess(
        store=gateway.database.remote_browsers,
        users=gateway.database.users,
        identity=gateway.identity,
        keys=P256Keys(gateway.settings.data / "keys"),
        clock=gateway.clock,
        settings=gateway.settings.remote,
    )


def remote_work(gateway: Gateway, access: RemoteAccess) -> Callable[[], Awaitable[None]]:
    """The background work of a front that lets people print from outside."""
    from mobile_api.remote.host import RemoteHost  # noqa: PLC0415 - only where it is set up

    return RemoteHost(
        access=access,
        uploads=gateway.uploads,
        release=gateway.release,
        sites=gateway.sites,
        settings=gateway.settings.remote,
    ).run


async def serve_relay(settings: Settings) -> int:
    """Listens for gateways and browsers until SIGTERM or SIGINT; returns the exit status."""
    if not settings.relay.gateways:
        raise StartupError(
            "No gateway may meet anybody here. Set relay.gateways to the ids that `papertap remote` tells."
        )
    return await run([relay := RelayListeners(settings)], {"certificates": relay.renew}, storage=_NoStorage())


class _NoStorage:
    """A relay keeps nothing that could fail to reach the disk."""

    failed = False


class RelayListeners:
    """The ports of the relay: HTTPS with the certificate of the settings, and plain HTTP for a proxy in front of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._certificates = certificates_of(settings, self._clock, tuple)
        self._listeners: dict[str, Listener] = {}

    def port(self, name: str) -> int:
        return self._listeners[name].port

    async def start(self) -> None:
        settings, given = self._settings, self._settings.relay
        relay = Relay(
            gateways=given.gateways,
            browsers=given.browsers,
            per_minute=given.messages_per_minute,
            verify=verify,
            clock=self._clock,
        )
        limits = Limits(max_connections=settings.http.max_connections)
        admission, app = Admission(limits), create_relay(relay)
        await asyncio.to_thread(self._certificates.load)
        for name, wanted in (("http", settings.http), ("https", settings.https)):
            if wanted.enabled:
                self._listeners[name] = listener = Listener(
                    app,
                    host=settings.listen.host,
                    port=wanted.port,
                    tls="always" if name == "https" else "never",
                    certificates=self._certificates,
                    limits=limits,
                    clock=self._clock,
                    admission=admission,
                )
                await listener.start()
        log.info(
            "relay for %d gateways at ports %s", len(given.gateways), [one.port for one in self._listeners.values()]
        )

    async def stop(self) -> None:
        await asyncio.gather(*(listener.stop(GRACE_SECONDS / 4) for listener in self._listeners.values()))

    async def renew(self) -> None:
        while True:
            await self._clock.sleep(RENEW_SECONDS)
            await asyncio.to_thread(self._certificates.refresh)
