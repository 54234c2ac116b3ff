"""The ways to sign in with two providers, a clock and some people."""

from dataclasses import dataclass, field

from gateway.services.identity import Identity
from gateway.settings import Identity as IdentitySettings
from gateway.settings import OpenId
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore
from tests.fakes_identity import FakeSignIn

HERE, THERE = "192.0.2.1", "198.51.100.7"
MINE, OTHERS = "b" * 64, "c" * 64  # digests of two browsers' secrets
PASSWORD = "correct horse"


def providers(*, create_users: bool = False) -> tuple[OpenId, ...]:
    return (
        OpenId(name="corp", label="Corp", issuer="https://login.corp.example", client_id="papertap"),
        OpenId(
            name="campus", label="Campus", issuer="https://campus.example", client_id="p2", create_users=create_users
        ),
    )


@dataclass(kw_only=True)
class SignInHouse:
    settings: IdentitySettings = field(default_factory=lambda: IdentitySettings(providers=providers()))
    clock: FakeClock = field(default_factory=FakeClock)
    users: MemoryUserStore = field(default_factory=MemoryUserStore)
    identity: Identity = field(init=False)
    ways: FakeSignIn = field(init=False)

    async def open(self) -> "SignInHouse":
        self.identity = Identity(users=self.users, hasher=FakeHasher(), clock=self.clock, settings=self.settings)
        self.ways = FakeSignIn(identity=self.identity, users=self.users, clock=self.clock, settings=self.settings)
        await self.identity.add_user("alice", password=PASSWORD, email="alice@example.org", full_name="Alice Ode")
        await self.identity.add_user("bob", password=PASSWORD, email="bob@example.org")
        return self
