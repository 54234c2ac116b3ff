"""Whose password is kept where: a directory's by the directory, one of our own here, and the rest by RADIUS."""

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.domain.group import Group
from gateway.domain.user import User
from gateway.errors import Busy, NotPossible, Unavailable
from gateway.services import password_keepers
from gateway.services.identity import Identity
from gateway.services.password_keepers import PasswordKeepers, RadiusSignIn
from gateway.services.standing import Standings
from gateway.settings import Identity as IdentitySettings
from tests.builders import a_user
from tests.contracts.test_rights import a_group
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore
from tests.fakes_house import MemoryRights


@dataclass
class FakeRadius:
    """gateway.services.ports.Radius that knows `passwords`; `gate` holds its answers back."""

    passwords: dict[str, str] = field(default_factory=lambda: {"alice": "right"})
    asked: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def accepts(self, name: str, password: str) -> bool:
        self.asked.append(name)
        if self.gate is not None:
            await self.gate.wait()
        return self.passwords.get(name) == password

    async def check(self) -> str:
        return "It answers."


class Directory:
    """gateway.services.ports.PasswordElsewhere of everybody who comes from "school"."""

    async def covers(self, user: User) -> bool:
        await asyncio.sleep(0)
        return user.source == "school"

    async def verify(self, user: User, password: str) -> bool:
        if password == "away":
            raise Unavailable("It does not answer.")
        return password == f"{user.name} of school"


async def keepers(radius: FakeRadius, *groups: str) -> PasswordKeepers:
    rights = MemoryRights(MemoryUserStore())
    await rights.save_group(a_group("staff"))
    await rights.save_group(Group(name="teachers", uuid=a_group("x").uuid, parent="staff"))
    return PasswordKeepers(Directory(), RadiusSignIn(radius, groups=groups, standings=Standings(store=rights)))


async def test_each_is_asked_where_the_password_is_kept_and_nowhere_else() -> None:
    radius = FakeRadius()
    both = await keepers(radius)
    assert await both.verify(a_user("alice"), "right")
    assert not await both.verify(a_user("alice"), "wrong")
    assert not await both.verify(a_user("alice"), "")
    assert await both.verify(a_user("bob", source="school"), "bob of school")
    assert not await both.verify(a_user("alice", source="school"), "right")
    with pytest.raises(Unavailable):
        await both.verify(a_user("alice", source="school"), "away")
    assert radius.asked == ["alice", "alice"]
    own = a_user("alice", password_hash="hash")
    assert not await both.covers(own), "whoever runs the house gets in while no server answers"
    assert not await both.covers(a_user("alice", source="gone"))
    assert not await both.verify(own, "right")


async def test_groups_limit_who_is_asked_for_also_by_groups_below() -> None:
    staff = await keepers(FakeRadius(), "STAFF")
    assert not await staff.covers(a_user("alice"))
    assert not await staff.covers(a_user("alice", groups=("pupils",)))
    assert await staff.covers(a_user("alice", groups=("Staff",)))
    assert await staff.covers(a_user("alice", groups=("teachers",)))


async def test_too_many_at_once_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_keepers, "WAITING", 2)
    radius = FakeRadius(gate=asyncio.Event())
    both = await keepers(radius)
    first = [asyncio.create_task(both.verify(a_user("alice"), "right")) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await both.verify(a_user("alice"), "right")
    assert radius.gate is not None
    radius.gate.set()
    assert await asyncio.gather(*first) == [True, True]


async def test_a_password_given_by_staff_takes_over_from_radius_but_not_from_a_directory() -> None:
    users = MemoryUserStore()
    identity = Identity(
        users=users,
        hasher=FakeHasher(),
        clock=FakeClock(),
        settings=IdentitySettings(tries=1000),
        elsewhere=await keepers(FakeRadius()),
    )
    await users.save_user(a_user("alice"))
    await users.save_user(a_user("bob", source="school"))
    assert (await identity.sign_in_password("alice", "right", address="192.0.2.1")).name == "alice"
    with pytest.raises(NotPossible, match="kept by RADIUS"):
        await identity.set_password("alice", "nine ducks in a row")
    await identity.set_password("alice", "nine ducks in a row", by_staff=True)
    assert (await identity.sign_in_password("alice", "nine ducks in a row", address="192.0.2.1")).name == "alice"
    for by_staff in (True, False):
        with pytest.raises(NotPossible, match="kept by school"):
            await identity.set_password("bob", "nine ducks in a row", by_staff=by_staff)
