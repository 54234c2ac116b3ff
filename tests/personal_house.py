"""The services of the account over stores in memory."""

from gateway.services.access_log import AccessLog
from gateway.services.addresses import Addresses
from gateway.services.cards import Cards
from gateway.services.credit import Credit
from gateway.services.identity import Identity
from gateway.services.notices import Notices
from gateway.services.personal import Personal
from gateway.services.ports import EventBus, Keyring, Mailer, Spool
from gateway.services.preferences import PreferenceBook
from gateway.services.printers import Printers
from gateway.services.privacy import Privacy
from gateway.services.push import Push
from gateway.services.release import Release
from gateway.services.tokens import Tokens
from gateway.settings import Settings
from tests.fakes import FakeClock, FakeHasher, MemoryAttemptStore, MemoryJobStore, MemoryUserStore
from tests.fakes_credit import MemoryCreditStore
from tests.fakes_house import an_audit
from tests.fakes_mail import MemoryMailStore
from tests.fakes_personal import MemoryAccessLog, MemoryNoticeStore, MemoryPersonalData, MemoryPersonalStore
from tests.personal_stores import PersonalStores

BASE = "https://print.example:8443"


def a_personal(
    *,
    jobs: MemoryJobStore,
    users: MemoryUserStore,
    identity: Identity,
    printers: Printers,
    release: Release,
    mailer: Mailer,
    spool: Spool,
    keyring: Keyring,
    events: EventBus,
    clock: FakeClock,
    settings: Settings,
    mails: MemoryMailStore | None = None,
    push: Push | None = None,
) -> tuple[PersonalStores, Personal]:
    """The stores, to look into, and the services over them."""
    personal, notices, access_log = MemoryPersonalStore(), MemoryNoticeStore(), MemoryAccessLog()
    attempts, mails = MemoryAttemptStore(), mails or MemoryMailStore()
    credit = jobs.credit if isinstance(jobs, MemoryJobStore) else MemoryCreditStore(list)  # real rows pay elsewhere
    data = MemoryPersonalData(
        jobs=jobs,
        users=users,
        attempts=attempts,
        personal=personal,
        notices=notices,
        access_log=access_log,
        mails=mails,
    )
    tokens = Tokens(store=personal, clock=clock)
    preferences = PreferenceBook(store=personal, printers=printers)
    told = Notices(
        store=notices,
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
        push=push,
        base=lambda: BASE,
    )
    return PersonalStores(
        jobs=jobs,
        users=users,
        attempts=attempts,
        personal=personal,
        notices=notices,
        access_log=access_log,
        mails=mails,
        credit=credit,
        data=data,
    ), Personal(
        mailer=mailer,
        preferences=preferences,
        addresses=Addresses(store=personal, users=users, identity=identity, mailer=mailer, tokens=tokens, clock=clock),
        cards=Cards(store=personal, users=users, identity=identity, clock=clock, most=settings.kiosk.cards),
        notices=told,
        credit=Credit(store=credit, identity=identity, audit=an_audit(clock), clock=clock, settings=settings),
        access_log=AccessLog(store=access_log, audit=an_audit(clock), clock=clock, tell=told.looked),
        privacy=Privacy(
            data=data,
            jobs=jobs,
            users=users,
            release=release,
            identity=identity,
            spool=spool,
            keyring=keyring,
            hasher=FakeHasher(),
            mailer=mailer,
            clock=clock,
            keep_names=settings.privacy.keep_names,
        ),
    )
