"""What the name that a driver says is worth: nothing, but where the house says otherwise."""

from dataclasses import replace

import pytest

from gateway.domain.rights import Role
from gateway.domain.user import User
from gateway.services.driver_names import DriverNames
from gateway.services.identity import Identity
from gateway.services.whereabouts import Whereabouts
from gateway.settings import Identity as IdentitySettings
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore, a_printer

SERVER, ELSEWHERE = "10.1.2.3", "10.9.9.9"
TRUSTING = a_printer("find-me", name_networks=("10.1.0.0/16", "fd00::/8"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def names(clock: FakeClock) -> DriverNames:
    users = MemoryUserStore()
    settings = IdentitySettings(driver_session_minutes=10)
    identity = Identity(users=users, hasher=FakeHasher(), clock=clock, settings=settings)
    await identity.add_user("Ada", email="ada@example.org", password="correct horse battery", role=Role.ADMINISTRATOR)
    await identity.add_user("eve", password="correct horse battery")
    user = await identity.get("eve")
    await users.save_user(replace(user, disabled=True))

    async def owner_of(address: str) -> User | None:
        return await users.user_by_email(address)

    return DriverNames(users=users, owner_of=owner_of, identity=identity)


async def owner(names: DriverNames, *said: str, address: str = SERVER) -> str | None:
    return (await names.actor(TRUSTING, said, address=address, via="lpd")).user


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("ada",), "Ada"),
        (("CORP\\ADA",), "Ada"),
        (("ada@example.org",), "Ada"),
        (("nobody", "ada"), "Ada"),
        (("root",), None),
        (("eve",), None),
        (("ada@elsewhere.example",), None),
        (("CORP\\",), None),
        (("guest:1",), None),
        ((), None),
    ],
)
async def test_where_names_are_believed(names: DriverNames, said: tuple[str, ...], expected: str | None) -> None:
    assert await owner(names, *said) == expected


@pytest.mark.parametrize("address", [ELSEWHERE, "::1", "", "nonsense"])
async def test_elsewhere_a_name_is_nobody(names: DriverNames, address: str) -> None:
    actor = await names.actor(TRUSTING, ("ada",), address=address, via="lpd")
    assert (actor.user, actor.claimed, actor.address) == (None, "ada", address)


async def test_addresses_of_ipv6_and_those_that_are_mapped(names: DriverNames) -> None:
    assert await owner(names, "ada", address="fd00::7%eth0") == "Ada"
    assert await owner(names, "ada", address="::ffff:10.1.2.3") == "Ada"


async def test_a_printer_that_names_no_network_believes_nobody(names: DriverNames) -> None:
    plain = a_printer("find-me")
    assert not names.trusts(plain, SERVER)
    assert (await names.actor(plain, ("ada",), address=SERVER, via="raw")).user is None


async def test_a_name_gives_no_right_of_staff(names: DriverNames) -> None:
    actor = await names.actor(TRUSTING, ("ada",), address=SERVER, via="lpd")
    assert (actor.user, actor.role, actor.is_staff, actor.claimed) == ("Ada", Role.USER, False, "ada")


# -- whoever uses the pages from the same machine


async def uses_pages(names: DriverNames, user: str, address: str = SERVER) -> str:
    """The cookie of a session that was just used from there."""
    identity = names._identity
    cookie, session = await identity.open_session(await identity.get(user), method="password", address=address)
    identity.whereabouts.note(session.id_hash, address)
    return cookie


async def test_the_one_who_uses_the_pages_there(names: DriverNames, clock: FakeClock) -> None:
    await uses_pages(names, "Ada")
    assert await owner(names, "root") == "Ada"
    assert await owner(names) == "Ada"
    assert await owner(names, address="10.1.2.4") is None
    clock.tick(601.0)
    assert await owner(names, "root") is None


async def test_of_several_at_one_address_it_is_nobodys(names: DriverNames) -> None:
    await names._identity.add_user("zoe", password="correct horse battery")
    await uses_pages(names, "Ada")
    cookie = await uses_pages(names, "zoe")
    assert await owner(names, "root") is None
    assert await owner(names, "zoe") == "zoe", "a name says more"
    await names._identity.close_session(cookie)
    assert await owner(names, "root") == "Ada"


async def test_who_has_moved_on_or_signed_out_or_is_disabled_is_not_there(names: DriverNames) -> None:
    cookie = await uses_pages(names, "Ada")
    [session] = await names._identity.sessions_of("Ada")
    names._identity.whereabouts.note(session.id_hash, "10.1.2.4")
    assert await owner(names, "root") is None
    assert await owner(names, "root", address="10.1.2.4") == "Ada"
    await names._identity.close_session(cookie)
    assert await owner(names, "root", address="10.1.2.4") is None
    await uses_pages(names, "eve")
    assert await owner(names, "root") is None


async def test_it_is_off_unless_the_house_wants_it_and_only_where_names_are_believed(names: DriverNames) -> None:
    await uses_pages(names, "Ada", ELSEWHERE)
    assert await owner(names, "root", address=ELSEWHERE) is None
    await uses_pages(names, "Ada")
    names._identity._settings.driver_session_minutes = 0
    assert await owner(names, "root") is None
    assert IdentitySettings().driver_session_minutes == 0


def test_not_more_is_kept_than_needed(clock: FakeClock) -> None:
    places = Whereabouts(clock, most=2)
    for session in ("a", "b", "a", "c"):
        places.note(session, SERVER)
    assert places.at(SERVER, 60) == ["a", "c"]
