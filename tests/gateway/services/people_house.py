"""Identity, addresses, letters and registrations over stores in memory."""

from dataclasses import dataclass, field

from gateway.services.addresses import Addresses
from gateway.services.identity import Identity
from gateway.services.preferences import PreferenceBook
from gateway.services.printers import Printers
from gateway.services.tokens import Tokens
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Registration as RegistrationSettings
from tests.fakes import FakeClock, FakeHasher, MemoryEventBus, MemoryJobStore, MemoryPrinterStore, MemoryUserStore
from tests.fakes_people import BASE, FakePeople
from tests.fakes_personal import FakeMailer, MemoryPersonalStore

__all__ = ["BASE", "PeopleHouse"]


@dataclass(kw_only=True)
class PeopleHouse:
    settings: RegistrationSettings = field(default_factory=lambda: RegistrationSettings(enabled=True))
    clock: FakeClock = field(default_factory=FakeClock)
    users: MemoryUserStore = field(default_factory=MemoryUserStore)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    personal: MemoryPersonalStore = field(default_factory=MemoryPersonalStore)
    identity: Identity = field(init=False)
    preferences: PreferenceBook = field(init=False)
    addresses: Addresses = field(init=False)
    fake: FakePeople = field(init=False)

    def __post_init__(self) -> None:
        self.identity = Identity(
            users=self.users, hasher=FakeHasher(), clock=self.clock, settings=IdentitySettings(tries_per_minute=1000)
        )
        printers = Printers(
            store=MemoryPrinterStore(), jobs=MemoryJobStore(), events=MemoryEventBus(), clock=self.clock
        )
        self.preferences = PreferenceBook(store=self.personal, printers=printers)
        self.addresses = Addresses(
            store=self.personal,
            users=self.users,
            identity=self.identity,
            mailer=self.mailer,
            tokens=Tokens(store=self.personal, clock=self.clock),
            clock=self.clock,
        )
        self.fake = FakePeople(
            identity=self.identity,
            users=self.users,
            mailer=self.mailer,
            clock=self.clock,
            preferences=self.preferences,
            addresses=self.addresses,
            settings=self.settings,
        )

    def letters(self, kind: str) -> list[dict[str, str]]:
        """What letters of that kind said, each with its address as `to`."""
        return [dict(one.values) | {"to": one.to} for one in self.mailer.letters if one.kind == kind]

    def token(self) -> str:
        """Of the registration's last letter."""
        return self.letters("registration")[-1]["link"].partition("token=")[2]

    def store_is_empty(self) -> bool:
        return not self.fake.store.rows
