"""Passwords for programs: shown once, good for printing as their owner alone, void the moment they are removed."""

import re

import pytest

from gateway.errors import BadRequest, LimitReached, NotAuthenticated, NotFound
from gateway.services.app_passwords import MOST, AppPasswords
from gateway.services.identity import Identity
from tests.fakes import FakeHasher
from tests.gateway.services.signin_house import HERE, SignInHouse


class Counting(FakeHasher):
    def __init__(self) -> None:
        self.verified = 0

    async def verify(self, hashed: str, secret: str) -> bool:
        self.verified += 1
        return await super().verify(hashed, secret)


@pytest.fixture
async def house() -> SignInHouse:
    return await SignInHouse().open()


@pytest.fixture
def passwords(house: SignInHouse) -> AppPasswords:
    return house.ways.methods.app_passwords


@pytest.fixture
def hasher() -> Counting:
    return Counting()


@pytest.fixture
def printing(house: SignInHouse, passwords: AppPasswords, hasher: Counting) -> Identity:
    """The same users, as IPP asks for them."""
    return Identity(
        users=house.users, hasher=hasher, clock=house.clock, settings=house.settings, app_passwords=passwords
    )


async def test_one_is_random_readable_and_kept_as_a_keyed_hash(house: SignInHouse, passwords: AppPasswords) -> None:
    alice = await house.identity.get("alice")
    made = {(await passwords.add(alice, "Phone"))[0] for _ in range(MOST)}
    assert len(made) == MOST
    assert all(re.fullmatch(r"([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}", one) for one in made)
    kept = repr(house.ways.credentials.__dict__)
    assert not any(one in kept or one.replace("-", "") in kept for one in made)
    with pytest.raises(LimitReached):
        await passwords.add(alice, "One more")


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b", "a\u202eb"])
async def test_a_name_is_one_line_of_text(house: SignInHouse, passwords: AppPasswords, name: str) -> None:
    with pytest.raises(BadRequest):
        await passwords.add(await house.identity.get("alice"), name)


async def test_it_prints_as_its_owner_without_a_slow_hash(
    house: SignInHouse, passwords: AppPasswords, printing: Identity, hasher: Counting
) -> None:
    password, _ = await passwords.add(await house.identity.get("alice"), "Phone")
    for typed in (password, password.replace("-", ""), password.upper(), password.replace("-", " ")):
        assert (await printing.basic("Alice", typed, address=HERE)).user == "alice"
    assert hasher.verified == 0


async def test_it_is_nobody_elses_and_signs_in_to_no_page(
    house: SignInHouse, passwords: AppPasswords, printing: Identity
) -> None:
    password, _ = await passwords.add(await house.identity.get("alice"), "Phone")
    with pytest.raises(NotAuthenticated):
        await printing.basic("bob", password, address=HERE)
    with pytest.raises(NotAuthenticated):
        await printing.sign_in_password("alice", password, address=HERE)


async def test_removed_it_is_void_at_once(house: SignInHouse, passwords: AppPasswords, printing: Identity) -> None:
    alice = await house.identity.get("alice")
    password, row = await passwords.add(alice, "Phone")
    await printing.basic("alice", password, address=HERE)
    with pytest.raises(NotFound):
        await passwords.remove(await house.identity.get("bob"), row.id)
    assert (await passwords.remove(alice, row.id)).name == "Phone"
    with pytest.raises(NotAuthenticated):
        await printing.basic("alice", password, address=HERE)
    with pytest.raises(NotFound):
        await passwords.remove(alice, row.id)


async def test_of_a_disabled_user_it_is_worth_nothing(
    house: SignInHouse, passwords: AppPasswords, printing: Identity
) -> None:
    password, _ = await passwords.add(await house.identity.get("alice"), "Phone")
    await house.identity.disable("alice")
    with pytest.raises(NotAuthenticated):
        await printing.basic("alice", password, address=HERE)


async def test_a_guess_costs_a_verification_like_any_other_and_counts(
    house: SignInHouse, passwords: AppPasswords, printing: Identity, hasher: Counting
) -> None:
    for name in ("alice", "nobody"):
        before = hasher.verified
        with pytest.raises(NotAuthenticated):
            await printing.basic(name, "aaaaa-bbbbb-ccccc-ddddd", address=HERE)
        assert hasher.verified == before + 1


async def test_its_last_use_is_written_now_and_then(
    house: SignInHouse, passwords: AppPasswords, printing: Identity
) -> None:
    alice = await house.identity.get("alice")
    password, _ = await passwords.add(alice, "Phone")
    used = []
    for _ in range(3):
        await printing.basic("alice", password, address=HERE)
        used.append((await passwords.of(alice))[0].used_at)
        house.clock.tick(30)
    assert used[0] == used[1]
    assert used[2] == house.clock.now() - 30
