"""The account: choices, PIN, password and cards."""

import html
import re

import pytest

from gateway.domain.personal import NoticeKind, Preferences
from gateway.domain.rights import Role
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import PASSWORD, PIN, House

HOSTILE = "<script>alert(1)</script>\u202e"


async def test_strangers_are_sent_to_sign_in(house: House, visitor: Visitor) -> None:
    for path in ("/account", "/account/pin", "/account/cards", "/account/addresses", "/account/data"):
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["location"].startswith("/signin?next=")) == (303, True)


async def test_what_proves_a_person_wants_a_fresh_proof(house: House, alice: Visitor) -> None:
    house.clock.tick(700)
    assert (await alice.get("/account")).status_code == 200
    for path in ("/account/pin", "/account/password", "/account/cards", "/account/addresses", "/account/data/erase"):
        answer = await alice.get(path)
        assert (answer.status_code, answer.headers["location"].startswith("/signin/confirm?next=")) == (303, True)
    for path in ("/account/pin", "/account/cards", "/account/addresses", "/account/data/export", "/account/data/erase"):
        answer = await alice.post(path, {"name": "alice", "random": "yes", "card": "04A2197F"})
        assert (answer.status_code, answer.headers["location"].startswith("/signin/confirm?next=")) == (303, True)
    user = await house.identity.get("alice")
    assert (user.cards, user.disabled) == ((), False)


async def test_choices_are_kept(house: House, alice: Visitor) -> None:
    await alice.get("/account")
    answer = await alice.post(
        "/account",
        {
            "full_name": "Alice Ödegård",
            "language": "de",
            "device": "lobby",
            "select_all": "yes",
            "mail": ["ready", "failed", "nonsense"],
            "page": ["printed"],
        },
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=saved")
    assert "papertap-language=de" in answer.headers["set-cookie"]
    user = await house.identity.get("alice")
    chosen = await house.personal.preferences.of(user)
    assert user.full_name == "Alice Ödegård"
    assert (chosen.language, chosen.device, chosen.select_all) == ("de", "lobby", True)
    assert chosen.mail == {NoticeKind.READY, NoticeKind.FAILED, NoticeKind.LOW_BALANCE}
    assert chosen.page == {NoticeKind.PRINTED, NoticeKind.LOW_BALANCE}, "without credit the form does not ask about it"
    page = (await alice.get("/account?done=saved")).text
    assert 'value="Alice Ödegård"' in page
    assert re.search(r'value="lobby" selected', page)


async def test_a_chosen_language_comes_along_at_sign_in(house: House) -> None:
    await house.personal.preferences.save(await house.identity.get("alice"), Preferences(language="fr"))
    async with visiting(house.app()) as anew:
        answer = await anew.sign_in()
        assert "papertap-language=fr" in str(answer.headers.get_list("set-cookie"))
        assert '<html lang="fr">' in (await anew.get("/account")).text
    async with visiting(house.app()) as bob:
        assert "papertap-language" not in str((await bob.sign_in("bob")).headers.get_list("set-cookie"))


async def test_without_any_tick_nothing_is_told(house: House, alice: Visitor) -> None:
    await alice.get("/account")
    await alice.post("/account", {"full_name": "", "language": "", "device": ""})
    chosen = await house.personal.preferences.of(await house.identity.get("alice"))
    unasked = {NoticeKind.LOW_BALANCE}
    assert (chosen.mail, chosen.page, chosen.select_all) == (unasked, unasked, False)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"language": "xx"}, "language"),
        ({"device": "../../etc"}, "no such output device"),
        ({"full_name": "x" * 101}, "100 characters"),
        ({"full_name": "a\r\nb"}, "control characters"),
    ],
)
async def test_bad_choices_are_refused(house: House, alice: Visitor, fields: dict[str, str], text: str) -> None:
    await alice.get("/account")
    answer = await alice.post("/account", {"full_name": "Alice", "language": "", "device": ""} | fields)
    assert answer.status_code == 400
    assert text in answer.text
    assert (await house.identity.get("alice")).full_name == "Alice Ode"


async def test_a_name_is_text_wherever_it_stands(house: House, alice: Visitor) -> None:
    await house.identity.change_user("alice", full_name=HOSTILE)
    page = (await alice.get(f"/account?done={HOSTILE}")).text
    assert "<script>alert" not in page
    assert html.escape("<script>alert(1)</script>") in page


async def test_without_a_mail_server_the_page_says_so(house: House, alice: Visitor) -> None:
    house.mailer.enabled = False
    assert "no mail server is set up" in (await alice.get("/account")).text
    assert "no mail server is set up" in (await alice.get("/account/addresses")).text
    answer = await alice.post("/account/addresses", {"address": "ann@example.org"})
    assert answer.status_code == 409
    assert (await alice.get("/account/pin")).status_code == 200
    assert "It is shown this once" in (await alice.post("/account/pin", {"random": "yes"})).text


# -- PIN and password


async def test_a_random_pin_is_shown_once_and_works(house: House, alice: Visitor) -> None:
    await house.identity.change_user("alice", email="alice@example.org")
    await alice.get("/account/pin")
    answer = await alice.post("/account/pin", {"random": "yes"})
    found = re.search(r'class="once"[^>]*>(\d{6})<', answer.text)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert found
    assert (await house.identity.sign_in_pin(found[1], address="10.0.0.1")).name == "alice"
    assert found[1] not in (await alice.get("/account/pin")).text
    [letter] = house.mailer.letters
    assert (letter.kind, letter.to, letter.values["what"]) == ("proof-changed", "alice@example.org", "pin")
    assert found[1] not in str(letter)
    # The page's own forms still work: the session is a new one, and its token stands in them.
    assert (await alice.post("/account", {"full_name": "A"})).status_code == 303


async def test_a_new_proof_ends_all_other_sessions(house: House, alice: Visitor) -> None:
    async with visiting(house.app()) as elsewhere:
        await elsewhere.sign_in()
        await alice.get("/account/password")
        fields = {"password": "a new one, quite long", "password_again": "a new one, quite long"}
        answer = await alice.post("/account/password", fields)
        assert answer.headers["location"] == "/account?done=password"
        assert "Your password was changed" in (await alice.get("/account?done=password")).text
        assert (await elsewhere.get("/account")).status_code == 303
    assert (await house.identity.sign_in_password("alice", fields["password"], address="10.0.0.1")).name == "alice"


@pytest.mark.parametrize(
    ("path", "fields", "text"),
    [
        ("pin", {"pin": "284619", "pin_again": "284618"}, "differ"),
        ("pin", {"pin": "123456", "pin_again": "123456"}, "too easy"),
        ("pin", {"pin": "12", "pin_again": "12"}, "digits"),
        ("pin", {"pin": "abcdef", "pin_again": "abcdef"}, "digits only"),
        ("password", {"password": "", "password_again": ""}, "empty"),
        ("password", {"password": "one", "password_again": "two"}, "differ"),
    ],
)
async def test_bad_proofs_are_refused_and_change_nothing(
    house: House, alice: Visitor, path: str, fields: dict[str, str], text: str
) -> None:
    await alice.get(f"/account/{path}")
    answer = await alice.post(f"/account/{path}", fields)
    assert 400 <= answer.status_code < 500
    assert text in answer.text
    assert not re.search(r'value="(284619|123456|abcdef|one)"', answer.text)
    assert (await house.identity.sign_in_password("alice", PASSWORD, address="10.0.0.1")).name == "alice"
    assert (await house.identity.sign_in_pin(PIN, address="10.0.0.1")).name == "alice"


async def test_another_users_pin_is_not_told(house: House, alice: Visitor) -> None:
    await house.identity.set_pin("bob", "730164")
    await alice.get("/account/pin")
    answer = await alice.post("/account/pin", {"pin": "730164", "pin_again": "730164"})
    assert answer.status_code == 409
    assert "Choose another one" in answer.text
    assert "bob" not in answer.text


async def test_a_form_of_another_page_changes_nothing(house: House, alice: Visitor) -> None:
    await alice.get("/account/pin")
    assert (await alice.post("/account/pin", {"random": "yes"}, token="guess")).status_code == 403
    other_site = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert (await alice.post("/account/pin", {"random": "yes"}, headers=other_site)).status_code == 403
    assert (await house.identity.sign_in_pin(PIN, address="10.0.0.1")).name == "alice"


# -- cards


async def test_cards_are_added_by_typing_and_removed(house: House, alice: Visitor) -> None:
    assert "You have no card yet" in (await alice.get("/account/cards")).text
    answer = await alice.post("/account/cards", {"card": "04:a2:19:7f", "label": f"Badge {HOSTILE}"})
    assert answer.headers["location"] == "/account/cards?done=added"
    page = (await alice.get("/account/cards")).text
    assert "number ends in 7F" in page
    assert "A2197F" not in page
    assert "<script>alert" not in page
    assert (await house.identity.sign_in_card("04A2197F", address="10.0.0.1")).name == "alice"
    tag = re.search(r'name="card" value="([0-9a-zA-Z:_-]+)"', page)
    assert tag
    await alice.post("/account/cards/remove", {"card": tag[1]})
    assert (await house.identity.get("alice")).cards == ()
    assert "You have no card yet" in (await alice.get("/account/cards")).text


async def test_somebody_elses_card_stays_theirs(house: House, alice: Visitor) -> None:
    await house.identity.add_card("bob", "0000BEEF")
    await alice.get("/account/cards")
    assert (await alice.post("/account/cards", {"card": "0000BEEF"})).status_code == 409
    assert (await alice.post("/account/cards", {"card": "not a card"})).status_code == 400
    [bobs] = (await house.identity.get("bob")).cards
    assert (await alice.post("/account/cards/remove", {"card": bobs[:16]})).status_code == 404
    assert (await house.identity.get("bob")).cards == (bobs,)


async def test_no_more_cards_than_one_may_have(house: House, alice: Visitor) -> None:
    for number in range(house.settings.kiosk.cards):
        await house.identity.add_card("alice", f"0000{number:04d}")
    page = (await alice.get("/account/cards")).text
    assert "Remove one to add another" in page
    assert (await alice.post("/account/cards", {"card": "00001111"})).status_code == 403


# -- the bell


async def test_the_bell_counts_what_is_new(house: House, alice: Visitor) -> None:
    assert 'aria-label="Notices"' in (await alice.get("/account")).text
    for state in range(2):
        job = await house.add(name=f"{HOSTILE}{state}", expiry_warned=True)
        await house.personal.notices.look(job.id)
    page = (await alice.get("/jobs")).text
    assert 'aria-label="Notices, 2 are new"' in page
    notices = (await alice.get("/account/notices")).text
    assert "<script>alert" not in notices
    assert notices.count("expires soon") >= 2
    up_to = re.search(r'name="up_to" value="(\d+)"', notices)
    assert up_to
    assert (await alice.post("/account/notices", {"up_to": "9" * 30})).status_code == 303
    await alice.post("/account/notices", {"up_to": up_to[1]})
    assert 'aria-label="Notices"' in (await alice.get("/jobs")).text
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        assert "Nothing to tell" in (await bob.get("/account/notices")).text


async def test_account_pages_work_over_tls_from_elsewhere(house: House) -> None:
    async with visiting(house.app(), site=SECURE, address="192.0.2.7") as visitor:
        await visitor.sign_in("olga")
        assert (await house.identity.get("olga")).role is Role.OPERATOR
        await visitor.get("/account/pin")
        assert (await visitor.post("/account/pin", {"random": "yes"})).status_code == 200
        assert (await visitor.get("/account")).status_code == 200
