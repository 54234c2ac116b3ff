"""Refresh tokens: they change with each use, and one that comes back ends everything."""

import asyncio

import pytest

from gateway.domain.phone import Phone
from gateway.domain.user import User
from gateway.errors import NotFound
from gateway.services.identity import Identity
from gateway.services.staying import GRACE_SECONDS, Staying
from gateway.settings import Identity as IdentitySettings
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore
from tests.fakes_phone import MemoryPhoneStore

DAY = 86400.0
HERE = "192.0.2.7"


class Desk:
    def __init__(self) -> None:
        self.clock, self.users, self.store = FakeClock(), MemoryUserStore(), MemoryPhoneStore()
        self.copied: list[tuple[str, str]] = []
        settings = IdentitySettings()
        self.identity = Identity(users=self.users, hasher=FakeHasher(), clock=self.clock, settings=settings)

        async def copied(user: User, phone: Phone, address: str) -> None:
            self.copied.append((user.name, f"{phone.name} {address}"))

        self.staying = Staying(
            store=self.store,
            users=self.users,
            identity=self.identity,
            clock=self.clock,
            settings=settings,
            copied=copied,
        )
        self.identity.when_signed_out.append(self.staying.end_all)

    async def begin(self) -> str:
        self.alice = await self.identity.add_user("alice", password="correct horse")
        token, _ = await self.staying.begin(self.alice, name="Safari, iPhone", method="passkey", address=HERE)
        return token

    async def renewed(self, token: str, address: str = HERE) -> tuple[str | None, str]:
        found = await self.staying.renew(token, address=address)
        assert found is not None
        return found.token, found.cookie

    async def next(self, token: str) -> str:
        new, _ = await self.renewed(token)
        assert new is not None
        return new


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_token_opens_a_session_and_is_replaced(desk: Desk) -> None:
    first = await desk.begin()
    second, cookie = await desk.renewed(first)
    assert second not in {None, first}
    found = await desk.identity.session(cookie)
    assert found is not None
    session, actor = found
    assert (actor.user, session.method, session.browser, session.proved_at) == ("alice", "passkey", "Safari, iPhone", 0)
    assert session.phone == str(next(iter(desk.store.rows)))
    assert first not in repr(desk.store.rows)
    assert first.partition(".")[2] not in repr(desk.store.rows)


async def test_it_goes_on_for_thirty_days_and_no_longer(desk: Desk) -> None:
    token = await desk.begin()
    for _ in range(29):
        desk.clock.tick(DAY)
        token = await desk.next(token)
    desk.clock.tick(DAY)
    assert await desk.staying.renew(token, address=HERE) is None
    assert desk.copied == [], "that it is over is no theft"


async def test_a_copied_token_ends_the_whole_family_and_is_told(desk: Desk) -> None:
    stolen = await desk.begin()
    token, cookie = await desk.renewed(stolen)
    assert token is not None
    desk.clock.tick(GRACE_SECONDS)
    assert await desk.staying.renew(stolen, address="203.0.113.9") is None
    assert desk.copied == [("alice", "Safari, iPhone 203.0.113.9")]
    assert await desk.identity.session(cookie) is None, "also the thief's, whoever that is"
    assert await desk.staying.renew(token, address=HERE) is None
    assert len(desk.copied) == 1


async def test_a_thief_who_is_first_is_noticed_when_the_owner_comes(desk: Desk) -> None:
    stolen = await desk.begin()
    theirs, cookie = await desk.renewed(stolen, "203.0.113.9")
    assert theirs is not None
    desk.clock.tick(GRACE_SECONDS)
    assert await desk.staying.renew(stolen, address=HERE) is None
    assert desk.copied
    assert await desk.identity.session(cookie) is None
    assert await desk.staying.renew(theirs, address="203.0.113.9") is None


async def test_an_older_one_than_the_last_has_no_grace(desk: Desk) -> None:
    first = await desk.begin()
    second = await desk.next(first)
    third = await desk.next(second)
    assert await desk.staying.renew(first, address=HERE) is None
    assert desk.copied
    assert await desk.staying.renew(third, address=HERE) is None


async def test_two_tabs_at_once_are_in_one_session(desk: Desk) -> None:
    token = await desk.begin()
    answers = await asyncio.gather(*[desk.staying.renew(token, address=HERE) for _ in range(8)])
    assert all(answers)
    assert len({one.cookie for one in answers if one}) == 1
    assert len([one for one in answers if one and one.token]) == 1, "one of them brings the next token"
    assert len(await desk.identity.sessions_of("alice")) == 1
    new = next(one.token for one in answers if one and one.token)
    assert new is not None
    assert await desk.next(new)
    assert desk.copied == []


@pytest.mark.parametrize("token", ["", ".", "x.y", "0" * 32 + ".secret", "a" * 500, "ü.ü"])
async def test_what_is_no_token_opens_nothing_and_ends_nothing(desk: Desk, token: str) -> None:
    mine = await desk.begin()
    assert await desk.staying.renew(token, address=HERE) is None
    assert await desk.next(mine)
    assert desk.copied == []


async def test_a_clock_that_ran_back_opens_nothing(desk: Desk) -> None:
    token = await desk.begin()
    desk.clock.jump(-3600)
    assert await desk.staying.renew(token, address=HERE) is None


async def test_nobody_stays_who_is_disabled_or_has_a_new_password(desk: Desk) -> None:
    token = await desk.begin()
    await desk.identity.set_password("alice", "another horse 7")
    assert await desk.staying.renew(token, address=HERE) is None
    other, _ = await desk.staying.begin(desk.alice, name="x", method="mail", address=HERE)
    await desk.identity.disable("alice")
    assert await desk.staying.renew(other, address=HERE) is None
    assert desk.copied == []


async def test_devices_are_listed_and_forgotten(desk: Desk) -> None:
    token = await desk.begin()
    _, cookie = await desk.renewed(token)
    bob = await desk.identity.add_user("bob", password="correct horse")
    (phone,) = await desk.staying.of(desk.alice)
    with pytest.raises(NotFound):
        await desk.staying.end(bob, phone.id)
    assert await desk.identity.session(cookie)
    await desk.staying.end(desk.alice, phone.id)
    assert await desk.staying.of(desk.alice) == []
    assert await desk.identity.session(cookie) is None


async def test_signing_out_on_the_phone_ends_it(desk: Desk) -> None:
    token = await desk.next(await desk.begin())
    await desk.staying.end_token("x")
    await desk.staying.end_token(token)
    assert desk.store.rows == {}
    assert await desk.staying.renew(token, address=HERE) is None
