"""The services for phones over stores in memory, with a push service and a sheet maker that only take notes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.domain.phone import Phone, PushSubscription
from gateway.domain.user import User
from gateway.services.claims import Claims
from gateway.services.fresh_sign_in import FreshSignIn
from gateway.services.identity import Identity
from gateway.services.notices import Notices
from gateway.services.panel import Panel
from gateway.services.personal_queues import PersonalQueues
from gateway.services.phone_services import PhoneServices
from gateway.services.place_numbers import PlaceNumbers
from gateway.services.places import Places
from gateway.services.ports import PushAnswer
from gateway.services.presence import PresenceCodes
from gateway.services.printers import Printers
from gateway.services.push import Push
from gateway.services.release import Release
from gateway.services.staying import Staying
from gateway.services.stickers import SheetSize, Sticker, Stickers
from gateway.settings import Settings
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore
from tests.fakes_phone import (
    MemoryPhoneStore,
    MemoryPlaceNumbers,
    MemoryPushStore,
    MemoryQueueStore,
    MemoryScreenStore,
)


@dataclass
class FakePushSender:
    """`answers` are given one after the other, then TAKEN."""

    public_key: str = "BPublicKey"
    sent: list[tuple[PushSubscription, bytes, str]] = field(default_factory=list)
    answers: list[PushAnswer] = field(default_factory=list)

    async def send(self, subscription: PushSubscription, payload: bytes, *, topic: str, seconds: float) -> PushAnswer:
        assert seconds > 0
        self.sent.append((subscription, payload, topic))
        return self.answers.pop(0) if self.answers else PushAnswer.TAKEN


@dataclass
class FakeStickerPrinter:
    made: list[tuple[tuple[Sticker, ...], SheetSize, str]] = field(default_factory=list)

    async def sheet(self, stickers: Sequence[Sticker], *, size: SheetSize, language: str, site: str) -> bytes:
        assert site
        self.made.append((tuple(stickers), size, language))
        return b"%PDF-1.7 sheet"


@dataclass
class PhoneRows:
    """What the services write, to look into."""

    phones: MemoryPhoneStore = field(default_factory=MemoryPhoneStore)
    queues: MemoryQueueStore = field(default_factory=MemoryQueueStore)
    push: MemoryPushStore = field(default_factory=MemoryPushStore)
    places: MemoryPlaceNumbers = field(default_factory=MemoryPlaceNumbers)
    screens: MemoryScreenStore = field(default_factory=MemoryScreenStore)
    sender: FakePushSender = field(default_factory=FakePushSender)
    sheets: FakeStickerPrinter = field(default_factory=FakeStickerPrinter)
    copied: list[tuple[User, Phone, str]] = field(default_factory=list)


def a_push(clock: FakeClock) -> tuple[PhoneRows, Push]:
    """Made first, since notices are told by it."""
    rows = PhoneRows()
    return rows, Push(store=rows.push, sender=rows.sender, clock=clock)


def phone_services(
    *,
    rows: PhoneRows,
    push: Push,
    users: MemoryUserStore,
    identity: Identity,
    printers: Printers,
    release: Release,
    clock: FakeClock,
    settings: Settings,
    notices: Notices,
) -> PhoneServices:
    hasher = FakeHasher()

    async def copied(user: User, phone: Phone, address: str) -> None:
        rows.copied.append((user, phone, address))
        await notices.copied(user, phone, address)

    numbers = PlaceNumbers(store=rows.places, printers=printers)
    queues = PersonalQueues(store=rows.queues, users=users, printers=printers, hasher=hasher, clock=clock)
    staying = Staying(
        store=rows.phones, users=users, identity=identity, clock=clock, settings=settings.identity, copied=copied
    )
    identity.when_signed_out.append(staying.end_all)
    identity.when_disabled += [queues.revoke_all, push.revoke_all]
    return PhoneServices(
        numbers=numbers,
        places=Places(printers=printers, numbers=numbers, release=release, currency=settings.site.currency),
        stickers=Stickers(printers=printers, numbers=numbers, printer=rows.sheets, site=settings.site.name),
        codes=PresenceCodes(store=rows.screens, hasher=hasher, clock=clock),
        panel=Panel(release=release, clock=clock),
        claims=Claims(release=release, hasher=hasher, limits=identity.limits, clock=clock, settings=settings.jobs),
        queues=queues,
        staying=staying,
        push=push,
        fresh=FreshSignIn(clock),
    )
