"""Passkeys: made by who is signed in, used once a challenge, in one browser, for one host name."""

import asyncio
import json
from typing import Any

import pytest

from gateway.domain.credential import Passkey, Purpose
from gateway.errors import BadRequest, Conflict, LimitReached, NotAuthenticated, NotFound, Throttled
from gateway.services.passkeys import MOST, Passkeys
from gateway.services.ports import Party
from tests.gateway.services.signin_house import HERE, MINE, OTHERS, SignInHouse

PARTY = Party(rp_id="print.example", origin="https://print.example:8443")
CREDENTIAL = "c0ffee"


@pytest.fixture
async def house() -> SignInHouse:
    return await SignInHouse().open()


@pytest.fixture
def passkeys(house: SignInHouse) -> Passkeys:
    return house.ways.methods.passkeys


async def made(
    house: SignInHouse, *, owner: str = "alice", name: str = "Phone", party: Party = PARTY, **told: Any
) -> Passkey:
    passkeys, user = house.ways.methods.passkeys, await house.identity.get(owner)
    options = json.loads(await passkeys.begin_making(user, party, browser=MINE, address=HERE))
    answer = {"challenge": options["challenge"], "credential": CREDENTIAL, "rp": party.rp_id} | told
    return await passkeys.finish_making(user, party, json.dumps(answer), name=name, browser=MINE)


async def challenge(house: SignInHouse, *, party: Party = PARTY, **more: Any) -> str:
    options = json.loads(await house.ways.methods.passkeys.begin(party, browser=MINE, address=HERE, **more))
    return str(options["challenge"])


async def used(house: SignInHouse, asked: str, *, party: Party = PARTY, browser: str = MINE, **told: Any) -> str:
    answer = json.dumps({"challenge": asked, "credential": CREDENTIAL, "rp": party.rp_id} | told)
    found = await house.ways.methods.passkeys.finish(party, answer, browser=browser, address=HERE)
    return found.user.name


async def test_one_is_made_and_signs_in_without_a_name(house: SignInHouse, passkeys: Passkeys) -> None:
    passkey = await made(house)
    assert (passkey.name, passkey.rp_id) == ("Phone", "print.example")
    alice = await house.identity.get("alice")
    assert await used(house, await challenge(house), handle=alice.uuid.bytes.hex(), count=1) == "alice"
    (kept,) = await passkeys.of(alice)
    assert (kept.sign_count, kept.used_at) == (1, house.clock.now())


async def test_a_challenge_is_used_once(house: SignInHouse) -> None:
    await made(house)
    asked = await challenge(house)
    await used(house, asked)
    with pytest.raises(NotAuthenticated, match="finished already"):
        await used(house, asked)


async def test_of_two_uses_at_once_one_holds(house: SignInHouse) -> None:
    await made(house)
    asked = await challenge(house)
    results = await asyncio.gather(*(used(house, asked) for _ in range(2)), return_exceptions=True)
    assert sorted(isinstance(one, NotAuthenticated) for one in results) == [False, True]


async def test_a_challenge_that_was_never_given_is_of_another_browser_or_is_late(house: SignInHouse) -> None:
    await made(house)
    with pytest.raises(NotAuthenticated):
        await used(house, "00" * 32)
    with pytest.raises(NotAuthenticated):
        await used(house, await challenge(house), browser=OTHERS)
    asked = await challenge(house)
    house.clock.tick(600)
    with pytest.raises(NotAuthenticated):
        await used(house, asked)


async def test_a_challenge_for_making_signs_nobody_in(house: SignInHouse, passkeys: Passkeys) -> None:
    await made(house)
    alice = await house.identity.get("alice")
    options = json.loads(await passkeys.begin_making(alice, PARTY, browser=MINE, address=HERE))
    with pytest.raises(NotAuthenticated):
        await used(house, options["challenge"])


@pytest.mark.parametrize(("before", "then"), [(5, 5), (5, 4), (5, 0)])
async def test_a_counter_that_does_not_grow_tells_of_a_copy(house: SignInHouse, before: int, then: int) -> None:
    await made(house)
    await used(house, await challenge(house), count=before)
    with pytest.raises(NotAuthenticated, match="copy"):
        await used(house, await challenge(house), count=then)


async def test_a_passkey_of_another_host_name_or_one_that_does_not_hold(house: SignInHouse) -> None:
    await made(house)
    other = Party(rp_id="other.example", origin="https://other.example")
    with pytest.raises(NotAuthenticated):
        await used(house, await challenge(house, party=other), party=other)
    with pytest.raises(NotAuthenticated):
        await used(house, await challenge(house), forged="yes")
    with pytest.raises(NotAuthenticated, match="not known"):
        await used(house, await challenge(house), credential="dead")
    with pytest.raises(NotAuthenticated):
        await used(house, await challenge(house), handle="00" * 16)


@pytest.mark.parametrize("answer", ["", "{", "x" * 40_000])
async def test_answers_that_make_no_sense(house: SignInHouse, passkeys: Passkeys, answer: str) -> None:
    with pytest.raises(NotAuthenticated):
        await passkeys.finish(PARTY, answer, browser=MINE, address=HERE)


async def test_a_disabled_or_deleted_user_has_no_passkey_left(house: SignInHouse) -> None:
    await made(house)
    await house.identity.disable("alice")
    with pytest.raises(NotAuthenticated):
        await used(house, await challenge(house))


async def test_confirming_takes_the_own_passkey_only(house: SignInHouse) -> None:
    await made(house)
    alice, bob = await house.identity.get("alice"), await house.identity.get("bob")
    assert await used(house, await challenge(house, user=alice)) == "alice"
    with pytest.raises(NotAuthenticated):
        await used(house, await challenge(house, user=bob))


async def test_what_was_begun_tells_its_purpose(house: SignInHouse, passkeys: Passkeys) -> None:
    await made(house)
    alice = await house.identity.get("alice")
    asked = await challenge(house, user=alice)
    answer = json.dumps({"challenge": asked, "credential": CREDENTIAL, "rp": PARTY.rp_id})
    found = await passkeys.finish(PARTY, answer, browser=MINE, address=HERE)
    assert found.pending.purpose is Purpose.CONFIRM


async def test_only_known_ones_of_this_host_are_named_to_the_browser(house: SignInHouse, passkeys: Passkeys) -> None:
    await made(house)
    await made(house, credential="beef", party=Party(rp_id="other.example", origin="https://other.example"))
    alice = await house.identity.get("alice")
    options = json.loads(await passkeys.begin(PARTY, browser=MINE, address=HERE, user=alice))
    assert options["known"] == [CREDENTIAL]
    stranger = json.loads(await passkeys.begin(PARTY, browser=MINE, address=HERE))
    assert stranger["known"] == [], "a stranger learns nothing"


async def test_making_is_for_who_began_it(house: SignInHouse, passkeys: Passkeys) -> None:
    alice, bob = await house.identity.get("alice"), await house.identity.get("bob")
    options = json.loads(await passkeys.begin_making(alice, PARTY, browser=MINE, address=HERE))
    answer = json.dumps({"challenge": options["challenge"], "credential": CREDENTIAL, "rp": PARTY.rp_id})
    with pytest.raises(NotAuthenticated):
        await passkeys.finish_making(bob, PARTY, answer, name="Mine", browser=MINE)


async def test_a_known_credential_is_not_taken_again(house: SignInHouse) -> None:
    await made(house)
    with pytest.raises(Conflict):
        await made(house, owner="bob")


async def test_names_removal_and_the_most(house: SignInHouse, passkeys: Passkeys) -> None:
    alice, bob = await house.identity.get("alice"), await house.identity.get("bob")
    one = await made(house)
    with pytest.raises(NotFound):
        await passkeys.rename(bob, one.id, "Theirs")
    with pytest.raises(BadRequest):
        await passkeys.rename(alice, one.id, "")
    await passkeys.rename(alice, one.id, " Blue   key ")
    assert [row.name for row in await passkeys.of(alice)] == ["Blue key"]
    with pytest.raises(NotFound):
        await passkeys.remove(bob, one.id)
    await passkeys.remove(alice, one.id)
    with pytest.raises(NotAuthenticated):
        await used(house, await challenge(house))
    for number in range(MOST):
        await made(house, credential=f"{number:04x}")
    with pytest.raises(LimitReached):
        await made(house, credential="ffff")


async def test_failures_are_counted_for_an_address(house: SignInHouse) -> None:
    await made(house)
    for _ in range(20):
        with pytest.raises(NotAuthenticated):
            await used(house, "00" * 32)
    with pytest.raises(Throttled):
        await used(house, await challenge(house))
    house.clock.tick(60)
    for _ in range(25):
        assert await used(house, await challenge(house)) == "alice"
