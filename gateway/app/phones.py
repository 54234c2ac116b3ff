"""Wires what is for the phone in the hand."""

from gateway.adapters.db import Database
from gateway.adapters.stickers import StickerSheets
from gateway.app.first_use import first_use
from gateway.app.personal import site_url
from gateway.services.claims import Claims
from gateway.services.fresh_sign_in import FreshSignIn
from gateway.services.identity import Identity
from gateway.services.notices import Notices
from gateway.services.panel import Panel
from gateway.services.personal_queues import PersonalQueues
from gateway.services.phone_services import PhoneServices
from gateway.services.place_numbers import PlaceNumbers
from gateway.services.places import Places
from gateway.services.ports import Clock, Hasher, PushSender
from gateway.services.presence import PresenceCodes
from gateway.services.printers import Printers
from gateway.services.push import Push
from gateway.services.release import Release
from gateway.services.staying import Staying
from gateway.services.stickers import Stickers
from gateway.settings import Settings


def push_service(settings: Settings, database: Database, clock: Clock) -> Push | None:
    """None where the settings say so."""
    if not settings.push.enabled:
        return None
    contact = settings.push.contact or (
        f"mailto:{settings.mail.sender}" if settings.mail.sender else site_url(settings)
    )

    def sender() -> PushSender:
        from gateway.adapters.push import WebPush  # noqa: PLC0415 - see first_use

        return WebPush(settings.data / "keys", clock=clock, contact=contact, allowed=settings.push.allowed_networks)

    return Push(store=database.push, sender=first_use(sender), clock=clock)


def phone_services(
    *,
    settings: Settings,
    database: Database,
    identity: Identity,
    printers: Printers,
    release: Release,
    notices: Notices,
    hasher: Hasher,
    clock: Clock,
    push: Push | None,
) -> PhoneServices:
    numbers = PlaceNumbers(store=database.places, printers=printers)
    queues = PersonalQueues(store=database.queues, users=database.users, printers=printers, hasher=hasher, clock=clock)
    staying = Staying(
        store=database.phones,
        users=database.users,
        identity=identity,
        clock=clock,
        settings=settings.identity,
        copied=notices.copied,
    )
    identity.when_signed_out.append(staying.end_all)
    identity.when_disabled.append(queues.revoke_all)
    if push is not None:
        identity.when_disabled.append(push.revoke_all)
    return PhoneServices(
        numbers=numbers,
        places=Places(printers=printers, numbers=numbers, release=release, currency=settings.site.currency),
        stickers=Stickers(printers=printers, numbers=numbers, printer=StickerSheets(), site=settings.site.name),
        codes=PresenceCodes(store=database.screens, hasher=hasher, clock=clock),
        panel=Panel(release=release, clock=clock),
        claims=Claims(release=release, hasher=hasher, limits=identity.limits, clock=clock, settings=settings.jobs),
        queues=queues,
        staying=staying,
        push=push,
        fresh=FreshSignIn(clock),
    )
