"""Wires what is kept about people beside their accounts."""

import socket

from discovery.interfaces import host_name
from gateway.adapters.db import Database
from gateway.services.access_log import AccessLog
from gateway.services.addresses import Addresses
from gateway.services.audit import Audit
from gateway.services.cards import Cards
from gateway.services.credit import Credit
from gateway.services.identity import Identity
from gateway.services.notices import Notices
from gateway.services.personal import Personal
from gateway.services.ports import Clock, EventBus, Hasher, Keyring, Mailer, Spool
from gateway.services.preferences import PreferenceBook
from gateway.services.printers import Printers
from gateway.services.privacy import Privacy
from gateway.services.push import Push
from gateway.services.release import Release
from gateway.services.tokens import Tokens
from gateway.settings import Settings


def personal_services(
    *,
    settings: Settings,
    database: Database,
    identity: Identity,
    printers: Printers,
    release: Release,
    mailer: Mailer,
    spool: Spool,
    keyring: Keyring,
    hasher: Hasher,
    events: EventBus,
    audit: Audit,
    clock: Clock,
    push: Push | None = None,
) -> Personal:
    store, users, jobs = database.personal, database.users, database.jobs
    tokens = Tokens(store=store, clock=clock)
    preferences = PreferenceBook(store=store, printers=printers)
    told = Notices(
        store=database.notices,
        jobs=jobs,
        users=users,
        preferences=preferences,
        tokens=tokens,
        mailer=mailer,
        release=release,
        printers=printers,
        events=events,
        clock=clock,
        settings=settings,
        base=lambda: site_url(settings),
        push=push,
    )
    return Personal(
        mailer=mailer,
        preferences=preferences,
        addresses=Addresses(store=store, users=users, identity=identity, mailer=mailer, tokens=tokens, clock=clock),
        cards=Cards(store=store, users=users, identity=identity, clock=clock, most=settings.kiosk.cards),
        notices=told,
        credit=Credit(store=database.credit, identity=identity, audit=audit, clock=clock, settings=settings),
        access_log=AccessLog(store=database.access_log, audit=audit, clock=clock, tell=told.looked),
        privacy=Privacy(
            data=database.personal_data,
            jobs=jobs,
            users=users,
            release=release,
            identity=identity,
            spool=spool,
            keyring=keyring,
            hasher=hasher,
            mailer=mailer,
            clock=clock,
            keep_names=settings.privacy.keep_names,
        ),
    )


def site_url(settings: Settings) -> str:
    """What links in letters begin with, where no visitor's request says it: site.base_url, else this machine's name."""
    if settings.site.base_url:
        return settings.site.base_url.rstrip("/")
    host = f"{host_name(settings.mdns.host_name)}.local" if settings.mdns.enabled else socket.gethostname()
    if settings.https.enabled:
        return f"https://{host}:{settings.https.port}"
    return f"http://{host}:{settings.http.port}"
