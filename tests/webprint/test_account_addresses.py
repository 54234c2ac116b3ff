"""Addresses and the links that prove them: used once, by the right one, told to nobody else."""

import re

import pytest

from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import House

CONFIRM = "/account/addresses/confirm"


async def ask(house: House, visitor: Visitor, address: str) -> str:
    """Adds an address; the token of the mail that asks for its confirmation."""
    await visitor.get("/account/addresses")
    answer = await visitor.post("/account/addresses", {"address": address})
    assert answer.headers.get("location") == "/account/addresses?done=asked", answer.text
    letter = house.mailer.letters[-1]
    found = re.search(r"token=([\w-]+)$", letter.values["url"])
    assert found
    return found[1]


async def confirm(visitor: Visitor, token: str, answer: str = "yes") -> int:
    page = await visitor.get(f"{CONFIRM}?token={token}")
    if page.status_code != 200:
        return page.status_code
    return (await visitor.post(CONFIRM, {"token": token, "answer": answer})).status_code


async def test_an_address_is_theirs_once_the_mail_was_answered(house: House, alice: Visitor) -> None:
    token = await ask(house, alice, " Ann.Ode+print@Example.ORG ")
    letter = house.mailer.letters[-1]
    assert (letter.kind, letter.to) == ("verify-address", "Ann.Ode+print@example.org")
    assert letter.values["url"].startswith("http://127.0.0.1:8080/account/addresses/confirm?token=")
    assert "Not confirmed yet" in (await alice.get("/account/addresses")).text
    assert await house.personal.addresses.owner_of("ann.ode+print@example.org") is None
    page = await alice.get(f"{CONFIRM}?token={token}")
    assert "Is this your address?" in page.text
    assert await house.personal.addresses.owner_of("ann.ode+print@example.org") is None  # opening it is no yes
    assert await confirm(alice, token) == 303
    owner = await house.personal.addresses.owner_of("ANN.ODE+print@example.org")
    assert owner is not None
    assert (owner.name, owner.email) == ("alice", "Ann.Ode+print@example.org")


async def test_a_link_works_once_and_for_a_day(house: House, alice: Visitor) -> None:
    token = await ask(house, alice, "ann@example.org")
    assert await confirm(alice, token) == 303
    assert await confirm(alice, token) == 404
    late = await ask(house, alice, "late@example.org")
    house.clock.tick(24 * 3600)
    assert (await alice.sign_in()).status_code == 303
    assert await confirm(alice, late) == 404
    assert await house.personal.addresses.owner_of("late@example.org") is None


async def test_asking_again_voids_the_link_before(house: House, alice: Visitor) -> None:
    first, second = await ask(house, alice, "ann@example.org"), await ask(house, alice, "ann@example.org")
    assert await confirm(alice, first) == 404
    assert await confirm(alice, second) == 303


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "ä" * 20, "x" * 5000, "../../etc/passwd", "<script>"])
async def test_guessed_tokens_are_unknown(house: House, alice: Visitor, token: str) -> None:
    await ask(house, alice, "ann@example.org")
    answer = await alice.client.get(CONFIRM, params={"token": token})
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert (await alice.post(CONFIRM, {"token": token, "answer": "yes"})).status_code == 404


async def test_guessing_is_stopped(house: House) -> None:
    async with visiting(house.app(), site=SECURE, address="192.0.2.66") as guesser:
        answers = [(await guesser.get(f"{CONFIRM}?token={n:043d}")).status_code for n in range(25)]
    assert answers[0] == 404
    assert answers[-1] == 429


async def test_somebody_else_cannot_use_the_link(house: House, alice: Visitor) -> None:
    token = await ask(house, alice, "ann@example.org")
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        page = await bob.get(f"{CONFIRM}?token={token}")
        assert "signed in as somebody else" in page.text
        assert (await bob.post(CONFIRM, {"token": token, "answer": "yes"})).status_code == 404
    assert await house.personal.addresses.owner_of("ann@example.org") is None
    assert await confirm(alice, token) == 303


async def test_not_me_needs_no_account(house: House, alice: Visitor) -> None:
    token = await ask(house, alice, "victim@example.org")
    async with visiting(house.app()) as victim:
        page = await victim.get(f"{CONFIRM}?token={token}")
        assert "Not me" in page.text
        assert (await victim.post(CONFIRM, {"token": token, "answer": "yes"})).headers["location"].startswith("/signin")
        assert "Thank you" in (await victim.post(CONFIRM, {"token": token, "answer": "no"})).text
    assert await confirm(alice, token) == 404
    assert "victim" not in (await alice.get("/account/addresses")).text


async def test_anothers_address_reads_like_a_free_one(house: House, alice: Visitor) -> None:
    await house.identity.change_user("bob", email="bob@example.org")
    answers = []
    for address in ("bob@example.org", "free@example.org"):
        await alice.get("/account/addresses")
        answer = await alice.post("/account/addresses", {"address": address})
        page = await alice.get(answer.headers["location"])
        answers.append((answer.status_code, answer.headers["location"], "Not confirmed yet" in page.text))
        assert f">{address}</b><small>Not confirmed yet" in page.text
    assert answers[0] == answers[1]
    assert [(letter.kind, letter.to) for letter in house.mailer.letters] == [
        ("address-in-use", "bob@example.org"),
        ("verify-address", "free@example.org"),
    ]
    assert "alice" not in str(house.mailer.letters[0].values)


async def test_of_two_who_ask_for_one_address_the_first_to_confirm_has_it(house: House, alice: Visitor) -> None:
    mine = await ask(house, alice, "shared@example.org")
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        theirs = await ask(house, bob, "shared@example.org")
        assert await confirm(alice, mine) == 303
        assert await confirm(bob, theirs) == 409
    owner = await house.personal.addresses.owner_of("shared@example.org")
    assert owner is not None
    assert owner.name == "alice"


async def test_primary_and_removal(house: House, alice: Visitor) -> None:
    await house.identity.change_user("alice", email="given@example.org")
    await confirm(alice, await ask(house, alice, "own@example.org"))
    await alice.get("/account/addresses")
    await alice.post("/account/addresses/primary", {"address": "OWN@example.org"})
    assert (await house.identity.get("alice")).email == "own@example.org"
    shown = await house.personal.addresses.of(await house.identity.get("alice"))
    assert [(one.address, one.primary) for one in shown] == [("own@example.org", True), ("given@example.org", False)]
    await alice.post("/account/addresses/remove", {"address": "own@example.org"})
    assert (await house.identity.get("alice")).email == "given@example.org"
    assert await house.personal.addresses.owner_of("own@example.org") is None
    assert [letter.kind for letter in house.mailer.letters[-2:]] == ["address-added", "address-removed"]
    assert house.mailer.letters[-1].to == "own@example.org"


async def test_addresses_of_others_are_out_of_reach(house: House, alice: Visitor) -> None:
    await house.identity.change_user("bob", email="bob@example.org")
    await alice.get("/account/addresses")
    for what in ("primary", "remove"):
        for address in ("bob@example.org", "nobody@example.org", ""):
            answer = await alice.post(f"/account/addresses/{what}", {"address": address})
            assert answer.status_code == 404
    assert (await house.identity.get("bob")).email == "bob@example.org"


async def test_no_more_than_ten_and_not_too_many_mails(house: House, alice: Visitor) -> None:
    user = await house.identity.get("alice")
    for number in range(10):
        await house.people.personal.add_address(user.uuid, f"a{number}@example.org", 0.0)
    page = await alice.get("/account/addresses")
    assert "You can have 10 addresses" in page.text
    assert (await alice.post("/account/addresses", {"address": "more@example.org"})).status_code == 403
    for number in range(10):
        await house.people.personal.remove_address(user.uuid, f"a{number}@example.org")
    codes = []
    for _ in range(14):
        await alice.get("/account/addresses")
        codes.append((await alice.post("/account/addresses", {"address": "one@example.org"})).status_code)
    assert codes[0] == 303
    assert codes[-1] == 429
    assert len(house.mailer.letters) <= 12


@pytest.mark.parametrize(
    "address", ["", "x", "a@b@c", "ann@example.org\r\nBcc: all@example.org", "<a@b.de>", "a@b.de,c@d.de", "x" * 400]
)
async def test_what_is_no_address_gets_no_mail(house: House, alice: Visitor, address: str) -> None:
    await alice.get("/account/addresses")
    assert (await alice.post("/account/addresses", {"address": address})).status_code == 400
    assert house.mailer.letters == []


async def test_a_foreign_host_gets_into_no_mail(house: House) -> None:
    async with visiting(house.app(), site="https://evil.example:8443", address="192.0.2.7") as visitor:
        await visitor.sign_in()
        await visitor.get("/account/addresses")
        assert (await visitor.post("/account/addresses", {"address": "ann@example.org"})).status_code == 400
    assert house.mailer.letters == []


async def test_a_disabled_user_owns_no_address(house: House, alice: Visitor) -> None:
    await confirm(alice, await ask(house, alice, "ann@example.org"))
    await house.identity.disable("alice")
    assert await house.personal.addresses.owner_of("ann@example.org") is None
    assert await house.personal.addresses.owner_of("no address") is None
