"""What `papertap serve` runs: the front, and the workers beside it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import uvloop
from rich.console import Console

from gateway.adapters.converter import SandboxConverter
from gateway.adapters.events import LocalEventBus
from gateway.adapters.heaps import share_heaps
from gateway.adapters.lock import DataLock
from gateway.adapters.logs import configure_logging
from gateway.adapters.restoring import put_in_place
from gateway.app.administration import keep_backups, setup_of
from gateway.app.build import Gateway, build
from gateway.app.credit import credit_rounds, dues_of
from gateway.app.front import Front
from gateway.app.mail import mail_in, mail_work
from gateway.app.remote import serve_relay
from gateway.app.tracing import trace_jobs, traces_of
from gateway.domain.user import SYSTEM
from gateway.errors import PapertapError, StartupError, Unavailable
from gateway.runner import Part, run
from gateway.services.delivery import Delivery
from gateway.services.preparation import Preparation
from gateway.services.preview import Preview
from gateway.services.retention import Retention
from gateway.settings import Settings

ROLES = frozenset({"front", "prepare", "deliver"})
RELAY = frozenset({"relay"})  # outside, and alone there
HOUSEKEEPING_SECONDS = 1.0
FORGETTING_SECONDS = 3600.0
ANSWERS_SECONDS = 24 * 3600.0  # so long an idempotency key of the API is remembered

log = logging.getLogger(__name__)


def serve(settings: Settings, *, roles: frozenset[str] = ROLES) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status."""
    unknown = roles - ROLES
    if (unknown or not roles) and roles != RELAY:
        known = ", ".join(sorted(ROLES))
        raise StartupError(f"Unknown roles {', '.join(sorted(unknown))}: give some of {known}, or relay alone.")
    configure_logging()
    if roles == RELAY:
        return uvloop.run(serve_relay(settings))
    return uvloop.run(_serve(settings, roles))


async def _serve(settings: Settings, roles: frozenset[str]) -> int:
    async with opened(settings) as gateway:
        token = await setup_of(gateway).new_link() if "front" in roles else None
        return await serve_gateway(gateway, roles, ready=partial(_tell_setup, token))


def _tell_setup(token: str | None, front: "Front | None") -> None:
    """The one link that opens set-up, for whoever started this on the machine; it is written nowhere else."""
    if token is None or front is None:
        return
    ports, out = front.ports(), Console(highlight=False, soft_wrap=True)
    out.print("\nThis gateway is new. Open this link within 24 hours; it makes the first administrator:")
    if ports.http:
        out.print(f"  on this machine  http://localhost:{ports.http}/welcome/{token}")
    if ports.https:
        out.print(f"  from elsewhere   https://{front.host}:{ports.https}/welcome/{token}")
    out.print("A browser that does not know this gateway's certificate yet will say so.\n")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Gateway]:
    """The gateway with its data directory locked: of two processes the second exits at once with a clear message."""
    share_heaps()
    alone = not settings.database.url
    with DataLock(settings.data) if alone else contextlib.nullcontext():
        aside = await asyncio.to_thread(put_in_place, settings.data) if alone else None
        async with build(settings) as gateway:
            if aside is not None:
                await _tell_restored(gateway, aside)
            yield gateway


async def _tell_restored(gateway: Gateway, aside: str) -> None:
    """A backup whose keys are not whole starts locked like any house without them, and is put in place all the same."""
    log.warning("a backup was put in place; what was there before lies in %s", aside)
    try:
        await gateway.house.audit.note(SYSTEM, "backup.restored", aside)
    except PapertapError as error:
        log.critical("that a backup was put in place could not be written down: %s", error)


async def serve_gateway(
    gateway: Gateway, roles: frozenset[str] = ROLES, *, ready: Callable[["Front | None"], None] = lambda _: None
) -> int:
    """Runs the roles on an opened gateway; `ready` is called with the front once everything listens."""
    alone = not gateway.settings.database.url
    parts: list[Part] = []
    background: dict[str, Callable[[], Awaitable[None]]] = {
        "printers": gateway.printers.run,
        "sites": gateway.sites.run,
    }
    if not isinstance(gateway.events, LocalEventBus):
        background["events"] = gateway.events.run
    # A front alone has no jails: what looks into documents is then done elsewhere.
    converter = SandboxConverter(gateway.settings.sandbox) if roles & {"prepare", "deliver"} else None
    drain: Callable[[], Awaitable[None]] | None = None
    mail = mail_in(gateway)
    if converter is not None:
        parts.append(_Jails(converter))
    if converter is not None and "prepare" in roles:
        preparation = _preparation(gateway, converter)
        parts.append(_Recovery(partial(preparation.recover, alone=alone)))
        background["preparation"] = preparation.run
        work = mail_work(gateway, mail, converter)
        parts.append(_Recovery(partial(work.recover, alone=alone)))
        background["mails"] = work.run
    if converter is not None and "deliver" in roles:
        delivery = _delivery(gateway, converter)
        parts.append(_Recovery(partial(delivery.recover, alone=alone)))
        background["delivery"] = delivery.run
        background["housekeeping"] = partial(_housekeeping, gateway)
        parts.append(_Recovery(partial(gateway.mailer.recover, alone=alone)))
        background["mail"] = gateway.mailer.run
        background["directories"] = gateway.people.schedule.run
        parts.append(_Recovery(partial(gateway.webhooks.post.recover, alone=alone)))
        background["webhook-news"] = gateway.webhooks.news.run
        background["webhooks"] = gateway.webhooks.post.run
        background["notices"] = gateway.personal.notices.run
        if gateway.settings.credit.enabled:
            background["credit"] = credit_rounds(gateway).run
        if gateway.phone.push is not None:
            background["push"] = gateway.phone.push.run
        if gateway.settings.traces.endpoint:
            traces = traces_of(gateway.settings)
            parts.append(traces)
            background["traces"] = partial(trace_jobs, gateway, traces)
        background["access-log"] = partial(_forget_looks, gateway)
        if gateway.settings.backup.every_hours and alone:
            background["backups"] = partial(keep_backups, gateway)
        drain = delivery.stop
    front = Front(gateway, mail, _preview(gateway, converter)) if "front" in roles else None
    if front is not None:
        parts.append(front)
        background |= front.background()
    return await run(parts, background, storage=gateway.spool, ready=lambda: ready(front), drain=drain)


def _preparation(gateway: Gateway, converter: SandboxConverter) -> Preparation:
    return Preparation(
        jobs=gateway.database.jobs,
        printers=gateway.printers,
        spool=gateway.spool,
        keyring=gateway.keyring,
        converter=converter,
        events=gateway.events,
        clock=gateway.clock,
        workers=gateway.settings.sandbox.workers,
        name=gateway.worker,
        lease=gateway.settings.sandbox.lease_seconds,
        guest_pages=gateway.settings.sandbox.guest_pages,
        dues=dues_of(gateway.settings),
    )


def _delivery(gateway: Gateway, converter: SandboxConverter) -> Delivery:
    return Delivery(
        jobs=gateway.database.jobs,
        printers=gateway.printers,
        spool=gateway.spool,
        keyring=gateway.keyring,
        converter=converter,
        drivers=gateway.drivers,
        events=gateway.events,
        clock=gateway.clock,
        numbers=gateway.database.numbers,
        settings=gateway.settings.delivery,
        name=gateway.worker,
    )


def _preview(gateway: Gateway, converter: SandboxConverter | None) -> Preview | None:
    if converter is None:
        return None
    return Preview(
        release=gateway.release,
        printers=gateway.printers,
        spool=gateway.spool,
        keyring=gateway.keyring,
        converter=converter,
        clock=gateway.clock,
        numbers=gateway.database.numbers,
        together=max(1, gateway.settings.sandbox.workers - 1),
    )


async def _housekeeping(gateway: Gateway) -> None:
    """Expiry, key destruction, timed holds, old sessions: all of it idempotent."""
    retention = Retention(
        jobs=gateway.database.jobs,
        attempts=gateway.database.attempts,
        spool=gateway.spool,
        events=gateway.events,
        clock=gateway.clock,
        settings=gateway.settings,
        uploads=gateway.database.uploads,
        mails=gateway.database.mails,
        shares=gateway.database.shares,
    )
    while True:
        await retention.run_once()
        await gateway.release.release_due()
        await gateway.uploads.purge()
        await gateway.notifications.purge()
        await gateway.guests.purge()
        await gateway.phone.codes.purge()
        await gateway.database.users.delete_expired_sessions(gateway.clock.now())
        await gateway.database.pending.purge(gateway.clock.now())
        await gateway.personal.cards.purge()
        await gateway.database.answers.purge_answers(before=gateway.clock.now() - ANSWERS_SECONDS)
        await gateway.clock.sleep(HOUSEKEEPING_SECONDS)


async def _forget_looks(gateway: Gateway) -> None:
    while True:
        await gateway.personal.access_log.purge()
        await gateway.people.registrations.purge()
        await gateway.house.audit.purge()
        await gateway.clock.sleep(FORGETTING_SECONDS)


class _Jails:
    """The pool of jails. A machine that gives none still takes and keeps jobs, and says so."""

    def __init__(self, converter: SandboxConverter) -> None:
        self._converter = converter

    async def start(self) -> None:
        try:
            await self._converter.start()
        except Unavailable as error:
            log.critical("documents cannot be prepared on this machine: %s", error)

    async def stop(self) -> None:
        await self._converter.stop()


class _Recovery:
    """What a worker that died left behind is put in order before anything new is claimed."""

    def __init__(self, recover: Callable[[], Awaitable[object]]) -> None:
        self._recover = recover

    async def start(self) -> None:
        await self._recover()

    async def stop(self) -> None:
        """Nothing runs."""
