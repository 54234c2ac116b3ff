"""Self-registration: what a stranger, a neighbour, staff and a thief of links find."""

import asyncio

import pytest

from gateway.domain.registration import RegistrationState
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound, NotPossible, Refusal, Throttled
from gateway.services.registration import Registrations
from gateway.settings import Registration as Settings
from tests.gateway.services.people_house import PeopleHouse

OLGA = Actor(user="olga", role=Role.ADMINISTRATOR, claimed="olga", via="web")
ADDRESS = "ann@example.org"


@pytest.fixture
async def house() -> PeopleHouse:
    house = PeopleHouse(settings=Settings(enabled=True))
    await house.identity.add_user("olga", email="olga@example.org", role=Role.ADMINISTRATOR, password="long enough")
    return house


def of(house: PeopleHouse, **settings: object) -> Registrations:
    return house.fake.with_settings(**settings).people.registrations


async def test_a_name_and_an_address_become_an_account_with_a_pin_by_mail(house: PeopleHouse) -> None:
    service = of(house, approval=False)
    await service.begin(" Ann@Example.org", " Ann\n Öde ", "web", origin="192.0.2.7", language="de")
    assert await house.users.user(ADDRESS) is None, "nothing is made before the address was confirmed"
    done = await service.confirm(house.token())
    assert (done.state, done.full_name, done.via) == (RegistrationState.APPROVED, "Ann Öde", "web")
    user = await house.identity.get("ann@EXAMPLE.org")
    assert (user.full_name, user.email, user.groups) == ("Ann Öde", "Ann@example.org", ("SELF-REGISTERED",))
    [letter] = house.letters("new-pin")
    assert (letter["user"], letter["to"]) == ("Ann@example.org", "Ann@example.org")
    assert house.mailer.letters[-1].language == "de"
    assert await house.identity.sign_in_pin(letter["pin"], address="192.0.2.7", name=user.name) == user


async def test_with_approval_staff_is_written_to_and_says_yes(house: PeopleHouse) -> None:
    service = of(house)
    await service.begin(ADDRESS, "Ann", "mail")
    done = await service.confirm(house.token(), base="https://other.example")
    assert done.state is RegistrationState.WAITING
    assert await house.users.user(ADDRESS) is None
    [letter] = house.letters("registration-waiting")
    assert letter == {
        "name": "Ann",
        "address": ADDRESS,
        "url": "https://other.example/admin/registrations",
        "to": "olga@example.org",
    }
    [waiting] = await service.waiting(OLGA)
    approved = await service.approve(waiting.uuid, OLGA)
    assert (approved.state, approved.decided_by) == (RegistrationState.APPROVED, "olga")
    assert house.letters("new-pin")[0]["to"] == ADDRESS
    assert await service.waiting_count() == 0


async def test_staff_says_no_politely_and_once(house: PeopleHouse) -> None:
    service = of(house)
    await service.begin(ADDRESS, "Ann", "web")
    waiting = await service.confirm(house.token())
    await service.refuse(waiting.uuid, OLGA)
    assert [letter["to"] for letter in house.letters("registration-refused")] == [ADDRESS]
    for again in (service.approve, service.refuse):
        with pytest.raises(Conflict, match="decided"):
            await again(waiting.uuid, OLGA)
    assert await house.users.user(ADDRESS) is None


async def test_of_two_who_approve_at_once_one_makes_the_account(house: PeopleHouse) -> None:
    service = of(house)
    await service.begin(ADDRESS, "Ann", "web")
    waiting = await service.confirm(house.token())
    outcomes = await asyncio.gather(*(service.approve(waiting.uuid, OLGA) for _ in range(3)), return_exceptions=True)
    assert sorted(isinstance(one, Conflict) for one in outcomes) == [False, True, True]
    assert len(house.letters("new-pin")) == 1


@pytest.mark.parametrize("role", [Role.USER, Role.OPERATOR, Role.CASHIER])
async def test_nobody_else_decides_or_sees_who_waits(house: PeopleHouse, role: Role) -> None:
    service, actor = of(house), Actor(user="bob", role=role)
    await service.begin(ADDRESS, "Ann", "web")
    waiting = await service.confirm(house.token())
    for forbidden in (
        service.waiting(actor),
        service.approve(waiting.uuid, actor),
        service.refuse(waiting.uuid, actor),
    ):
        with pytest.raises(Forbidden):
            await forbidden


async def test_an_address_with_an_account_looks_the_same_and_is_told_by_mail(house: PeopleHouse) -> None:
    await of(house).begin("OLGA@example.org", "Mallory", "web")
    assert house.store_is_empty()
    assert [letter["to"] for letter in house.letters("registration-known")] == ["OLGA@example.org"]
    assert not house.letters("registration")


async def test_a_link_works_once_and_not_for_ever(house: PeopleHouse) -> None:
    service = of(house, approval=False)
    await service.begin(ADDRESS, "Ann", "web")
    old = house.token()
    await service.begin(ADDRESS, "Ann", "web")
    with pytest.raises(NotFound):
        await service.confirm(old)
    token = house.token()
    await service.confirm(token)
    for wrong in (token, "", "x", "x" * 101, "\udcff"):
        with pytest.raises(NotFound, match="Register again"):
            await service.confirm(wrong)
    await service.begin("late@example.org", "Late", "web")
    await house.clock.advance(24 * 3600.0 + 1)
    with pytest.raises(NotFound):
        await service.confirm(house.token())


async def test_not_me_voids_the_link(house: PeopleHouse) -> None:
    service = of(house)
    await service.begin(ADDRESS, "Ann", "web")
    await service.deny(house.token())
    with pytest.raises(NotFound):
        await service.confirm(house.token())
    await service.begin(ADDRESS, "Ann", "web")
    assert (await service.confirm(house.token())).state is RegistrationState.WAITING


async def test_what_cannot_be_finished_can_be_tried_again(house: PeopleHouse) -> None:
    service = of(house)
    await service.begin(ADDRESS, "Ann", "web")
    waiting = await service.confirm(house.token())
    house.mailer.enabled = False
    with pytest.raises(NotPossible):
        await service.approve(waiting.uuid, OLGA)
    assert await house.users.user(ADDRESS) is None
    house.mailer.enabled = True
    assert (await service.approve(waiting.uuid, OLGA)).state is RegistrationState.APPROVED


async def test_an_account_that_came_meanwhile_is_not_made_twice(house: PeopleHouse) -> None:
    service = of(house)
    await service.begin(ADDRESS, "Ann", "web")
    await house.identity.add_user("ann", email=ADDRESS)
    with pytest.raises(Conflict, match="Sign in"):
        await service.confirm(house.token())


@pytest.mark.parametrize(
    ("mail", "name", "why"),
    [
        ("no address", "Ann", "not a mail address"),
        ("ann@example.org\r\nBcc: all@example.org", "Ann", "not a mail address"),
        (ADDRESS, " \n\u202e", "Type your name"),
        ("ann@elsewhere.example", "Ann", "domain"),
        ("ann@example.org.evil.example", "Ann", "domain"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(
    house: PeopleHouse, mail: str, name: str, why: str
) -> None:
    with pytest.raises(BadRequest, match=why):
        await of(house, domains=("@Example.org",)).begin(mail, name, "web")
    assert not house.mailer.letters


async def test_ten_an_hour_from_one_address(house: PeopleHouse) -> None:
    service = of(house)
    for number in range(10):
        await service.begin(f"u{number}@example.org", "Ann", "web", origin="2001:db8::1")
    with pytest.raises(Throttled, match="registrations"):
        await service.begin("more@example.org", "Ann", "web", origin="2001:db8::2")
    await service.begin("more@example.org", "Ann", "web", origin="192.0.2.9")


async def test_nobodys_mailbox_is_filled(house: PeopleHouse) -> None:
    service = of(house)
    for number in range(12):
        await service.begin(ADDRESS, "Ann", "web", origin=f"192.0.2.{number}")
    with pytest.raises(Throttled):
        await service.begin(ADDRESS, "Ann", "web", origin="192.0.2.99")
    assert len(house.letters("registration")) == 12


@pytest.mark.parametrize("off", ["setting", "mail"])
async def test_where_nobody_may_register_it_says_so(house: PeopleHouse, off: str) -> None:
    service = of(house, enabled=off != "setting")
    house.mailer.enabled = off != "mail"
    assert not service.enabled
    with pytest.raises(NotPossible, match="Ask the people"):
        await service.begin(ADDRESS, "Ann", "web")


async def test_a_hostile_name_steers_no_mail_and_old_rows_go(house: PeopleHouse) -> None:
    service = of(house)
    await service.begin(ADDRESS, "Ann\r\nBcc: all@example.org" + "x" * 500, "web")
    assert all("\n" not in value and len(value) <= 300 for value in house.letters("registration")[0].values())
    await house.clock.advance(90 * 24 * 3600.0)
    await service.purge()
    assert house.store_is_empty()


async def test_every_refusal_is_a_typed_one(house: PeopleHouse) -> None:
    service = of(house)
    for text in ("\x00", "\ud800", "a" * 10_000, "=cmd|' /C calc'!A0"):
        with pytest.raises(Refusal):
            await service.begin(text, text, "web")
