"""PINs that the gateway makes."""

import pytest

from gateway.errors import BadRequest, NotPossible
from tests.gateway.services.people_house import BASE, PeopleHouse


async def test_a_pin_is_made_and_opens_the_account() -> None:
    house = PeopleHouse()
    await house.identity.add_user("ann")
    pin = await house.fake.people.pins.make("ann")
    assert (await house.identity.sign_in_pin(pin, address="192.0.2.1")).name == "ann"
    assert not house.mailer.letters


async def test_a_mailed_pin_is_told_to_its_user_alone_in_the_directorys_language() -> None:
    house = PeopleHouse()
    await house.identity.add_user("ann", email="ann@example.org")
    await house.identity.change_user("ann", language="fr")
    user = await house.fake.people.pins.mail("ann")
    [letter] = house.letters("new-pin")
    assert letter | {"pin": ""} == {"pin": "", "user": "ann", "url": f"{BASE}/account/pin", "to": "ann@example.org"}
    assert house.mailer.letters[0].language == "fr"
    assert await house.identity.sign_in_pin(letter["pin"], address="192.0.2.1") == user


async def test_a_pin_that_cannot_be_mailed_is_not_made() -> None:
    house = PeopleHouse()
    before = await house.identity.add_user("ann")
    with pytest.raises(NotPossible, match="No PIN can be mailed to ann"):
        await house.fake.people.pins.mail("ann")
    house.mailer.enabled = False
    await house.identity.change_user("ann", email="ann@example.org")
    with pytest.raises(NotPossible):
        await house.fake.people.pins.mail("ann")
    assert (await house.identity.get("ann")).pin_hash == before.pin_hash is None


async def test_a_given_pin_that_breaks_a_rule_is_not_mailed() -> None:
    house = PeopleHouse()
    await house.identity.add_user("ann", email="ann@example.org")
    with pytest.raises(BadRequest):
        await house.fake.people.pins.mail("ann", "1111")
    assert not house.mailer.letters
    await house.fake.people.pins.mail("ann", "271828")
    assert house.letters("new-pin")[0]["pin"] == "271828"
