"""Links by mail: the same for everybody who asks, once for who may, and nothing that a mail scanner can burn."""

import asyncio
from typing import Any

import pytest

from gateway.domain.credential import Purpose
from gateway.domain.user import User
from gateway.errors import BadRequest, NotAuthenticated, NotPossible, Throttled
from gateway.services.sign_in_links import LinkRequest, SignInLinks
from tests.gateway.services.signin_house import HERE, MINE, OTHERS, THERE, SignInHouse

BASE = "https://print.example/signin/mail/"


@pytest.fixture
async def house() -> SignInHouse:
    return await SignInHouse().open()


@pytest.fixture
def links(house: SignInHouse) -> SignInLinks:
    return house.ways.methods.links


def a_request(address: str = "alice@example.org", *, origin: str = HERE, **more: Any) -> LinkRequest:
    return LinkRequest(
        address=address,
        browser=MINE,
        origin=origin,
        language="de",
        agent="Firefox, Linux",
        url=lambda secret: BASE + secret,
        **more,
    )


async def asked(house: SignInHouse, request: LinkRequest | None = None) -> str:
    """The random part of the link that came."""
    await house.ways.methods.links.ask(request or a_request())
    await house.ways.methods.links.settle()
    return house.ways.mailer.letters[-1].values["link"].removeprefix(BASE)


async def test_a_link_signs_in_once(house: SignInHouse, links: SignInLinks) -> None:
    secret = await asked(house, a_request(" Alice@Example.org ", to="/jobs/7", stay=True))
    (letter,) = house.ways.mailer.letters
    assert (letter.kind, letter.to.casefold(), letter.language) == ("sign-in-link", "alice@example.org", "de")
    assert (letter.values["minutes"], letter.values["browser"]) == ("10", f"Firefox, Linux ({HERE})")
    assert letter.useful_seconds == 600
    seen = await links.use(secret, browser=MINE, origin=HERE)
    assert (seen.user.name, seen.here, seen.pending.next, seen.pending.stay) == ("alice", True, "/jobs/7", True)
    with pytest.raises(NotAuthenticated):
        await links.use(secret, browser=MINE, origin=HERE)


async def test_looking_burns_nothing_and_tells_whether_it_is_the_same_browser(
    house: SignInHouse, links: SignInLinks
) -> None:
    secret = await asked(house)
    for _ in range(3):
        assert not (await links.look(secret, browser=OTHERS)).here
    assert (await links.look(secret, browser=MINE)).here
    assert (await links.use(secret, browser=OTHERS, origin=THERE)).user.name == "alice"


@pytest.mark.parametrize("passes", [600, 3600])
async def test_a_link_ends_after_ten_minutes(house: SignInHouse, links: SignInLinks, passes: float) -> None:
    secret = await asked(house)
    house.clock.tick(599)
    await links.look(secret, browser=MINE)
    house.clock.tick(passes - 599)
    for judge in (links.look(secret, browser=MINE), links.use(secret, browser=MINE, origin=HERE)):
        with pytest.raises(NotAuthenticated):
            await judge


async def test_nobody_learns_who_has_an_address(house: SignInHouse, links: SignInLinks) -> None:
    """The answer is given before anybody is looked up: the stores are asked nothing, the letter is not begun."""
    looked: list[str] = []
    owner_of = house.users.user_by_email

    async def watched(address: str) -> User | None:
        looked.append(address)
        return await owner_of(address)

    links._owner_of = watched
    await house.identity.add_user("dora", email="dora@example.org")
    await house.identity.disable("dora")
    for address in ("alice@example.org", "nobody@example.org", "dora@example.org"):
        await links.ask(a_request(address, origin=f"203.0.113.{len(looked) + 1}"))
        assert (looked, house.ways.mailer.letters, house.ways.pending.rows) == ([], [], {})
        await links.settle()
        assert looked == [address]
        looked.clear()
        sent = [letter.to for letter in house.ways.mailer.letters]
        assert sent == (["alice@example.org"] if address.startswith("alice") else [])
        house.ways.mailer.letters.clear()
        house.ways.pending.rows.clear()


async def test_the_limits_are_the_same_for_known_and_unknown_addresses(house: SignInHouse, links: SignInLinks) -> None:
    told = []
    for address in ("alice@example.org", "nobody@example.org"):
        for _ in range(5):
            await links.ask(a_request(address))
        with pytest.raises(Throttled) as refused:
            await links.ask(a_request(address))
        told.append((refused.value.message, refused.value.retry_after))
    await links.settle()
    assert told[0] == told[1]
    assert len(house.ways.mailer.letters) == 5


async def test_one_address_asks_for_twenty_and_a_mailbox_gets_twelve(house: SignInHouse, links: SignInLinks) -> None:
    for number in range(20):
        await links.ask(a_request(f"user{number}@example.org"))
    with pytest.raises(Throttled, match="from this address"):
        await links.ask(a_request("bob@example.org"))
    for number in range(12):
        await links.ask(a_request(origin=f"203.0.113.{number}"))
    with pytest.raises(Throttled, match="this mail address"):
        await links.ask(a_request(origin="203.0.113.99"))
    await links.settle()
    assert sum(letter.to == "alice@example.org" for letter in house.ways.mailer.letters) == 12


async def test_an_outsider_who_fills_the_count_does_not_keep_its_owner_out(
    house: SignInHouse, links: SignInLinks
) -> None:
    await links.use(await asked(house), browser=MINE, origin=HERE)
    for number in range(11):
        await links.ask(a_request(origin=f"203.0.113.{number}"))
    with pytest.raises(Throttled):
        await links.ask(a_request(origin="203.0.113.99"))
    await links.settle()
    secret = await asked(house)
    assert (await links.use(secret, browser=MINE, origin=HERE)).user.name == "alice"


@pytest.mark.parametrize("address", ["", " ", "alice", "a@b@c", "a b@c.example", "a@example.org\r\nBcc: x@y.example"])
async def test_what_is_no_address(links: SignInLinks, address: str) -> None:
    with pytest.raises(BadRequest):
        await links.ask(a_request(address))


async def test_without_a_mail_server(house: SignInHouse, links: SignInLinks) -> None:
    house.ways.mailer.enabled = False
    assert not links.enabled
    with pytest.raises(NotPossible):
        await links.ask(a_request())


async def test_a_link_of_somebody_who_was_disabled_since(house: SignInHouse, links: SignInLinks) -> None:
    secret = await asked(house)
    await house.identity.disable("alice")
    with pytest.raises(NotAuthenticated):
        await links.use(secret, browser=MINE, origin=HERE)


async def test_guessed_links_are_counted(links: SignInLinks) -> None:
    for _ in range(20):
        with pytest.raises(NotAuthenticated):
            await links.use("guess", browser=MINE, origin=HERE)
    with pytest.raises(Throttled):
        await links.use("guess", browser=MINE, origin=HERE)


async def test_of_two_who_open_it_at_once_one_gets_in(house: SignInHouse, links: SignInLinks) -> None:
    secret = await asked(house)
    both = [links.use(secret, browser=MINE, origin=HERE) for _ in range(2)]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(isinstance(one, NotAuthenticated) for one in results) == [False, True]


async def test_nothing_that_is_kept_opens_anything(house: SignInHouse) -> None:
    secret = await asked(house)
    assert secret not in repr(house.ways.pending.rows)


async def test_confirming_by_mail_is_for_the_browser_that_asked(house: SignInHouse, links: SignInLinks) -> None:
    alice = await house.identity.get("alice")
    await links.ask_again(alice, a_request(alice.email or "", to="/account/security"))
    secret = house.ways.mailer.letters[-1].values["link"].removeprefix(BASE)
    with pytest.raises(NotAuthenticated, match="browser that asked"):
        await links.use(secret, browser=OTHERS, origin=THERE)
    seen = await links.use(secret, browser=MINE, origin=HERE)
    assert (seen.pending.purpose, seen.pending.next) == (Purpose.CONFIRM, "/account/security")


async def test_confirming_without_an_address(house: SignInHouse, links: SignInLinks) -> None:
    nobody = await house.identity.add_user("carol", password="correct horse")
    with pytest.raises(NotPossible):
        await links.ask_again(nobody, a_request(""))
