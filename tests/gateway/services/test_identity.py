"""Sign-in, sessions and users: what is let in, what is refused, and that refusals tell nothing."""

import asyncio
from typing import Any

import pytest

from gateway.domain.rights import Permission, Role
from gateway.errors import BadRequest, Conflict, NotAuthenticated, NotFound, Throttled
from gateway.services.identity import BASIC_SECONDS, Identity
from gateway.services.proofs import constant_step, normal_card, shortest_pin
from gateway.settings import Identity as IdentitySettings
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore, a_user

HERE, THERE = "192.0.2.1", "198.51.100.7"
PASSWORD, PIN, CARD = "correct horse", "284619", "04:a2:19:7f"


class CountingHasher(FakeHasher):
    """Also remembers how often it had to verify, which is what takes the time."""

    def __init__(self) -> None:
        self.verified = 0

    async def verify(self, hashed: str, secret: str) -> bool:
        self.verified += 1
        await asyncio.sleep(0)
        return await super().verify(hashed, secret)


class House:
    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.hasher = CountingHasher()
        self.users = MemoryUserStore()
        self.identity = Identity(
            users=self.users, hasher=self.hasher, clock=self.clock, settings=IdentitySettings(**settings)
        )


@pytest.fixture
async def house() -> House:
    made = House()
    await made.identity.add_user("Alice", password=PASSWORD, pin=PIN, card=CARD, email="alice@example.org")
    return made


# --- proofs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("users", "digits"),
    [(0, 4), (1, 4), (9, 4), (10, 5), (99, 5), (100, 6), (999, 6), (1000, 7), (100_000, 9), (10**14, 16)],
)
def test_the_shortest_pin_grows_with_the_number_of_users(users: int, digits: int) -> None:
    assert shortest_pin(users) == digits


@pytest.mark.parametrize("pin", ["1111", "1234", "9876", "2468", "7890", "0987", "135791", "0000"])
def test_pins_of_constant_step(pin: str) -> None:
    assert constant_step(pin)


@pytest.mark.parametrize("pin", ["1224", "1235", "4711", "2580", "112233"])
def test_pins_of_changing_step(pin: str) -> None:
    assert not constant_step(pin)


@pytest.mark.parametrize("written", ["04A2197F", "04:a2:19:7f", " 04-A2-19-7F ", "04 a2 19 7f", "04.a2.19.7f"])
def test_one_card_in_every_writing(written: str) -> None:
    assert normal_card(written) == "04A2197F"


@pytest.mark.parametrize("number", ["", "12", "card", "04:A2:19:7G", "A" * 65])
def test_what_is_no_card_number(number: str) -> None:
    with pytest.raises(BadRequest, match="hexadecimal"):
        normal_card(number)


# --- users -------------------------------------------------------------------------------------------------------


async def test_a_user_is_stored_without_any_secret(house: House) -> None:
    row = repr(await house.users.user("alice"))
    for secret in (PASSWORD, PIN, "04A2197F", CARD):
        assert secret not in row


@pytest.mark.parametrize("name", ["", "  ", "a:b", "a\nb", "a\x00", "x" * 101])
async def test_names_that_cannot_be_a_login(house: House, name: str) -> None:
    with pytest.raises(BadRequest, match="user name"):
        await house.identity.add_user(name)


async def test_names_are_unique_without_case(house: House) -> None:
    with pytest.raises(Conflict, match='"ALICE"'):
        await house.identity.add_user("ALICE")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"password": ""}, "password is empty"),
        ({"password": "x" * 1025}, "longer than 1024"),
        ({"pin": "123"}, "4 to 16 digits"),
        ({"pin": "1" * 17}, "4 to 16 digits"),
        ({"pin": "12a4"}, "digits only"),
        ({"pin": "١٢٣٥"}, "digits only"),
        ({"pin": "1234"}, "too easy"),
        ({"email": "nobody"}, "mail address"),
        ({"email": "a@b\r\nBcc: c@d"}, "mail address"),
        ({"card": "zz"}, "card number"),
    ],
)
async def test_proofs_that_break_a_rule(house: House, fields: dict[str, str], says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        await house.identity.add_user("bob", **fields)  # type: ignore[arg-type]  # one field at a time
    assert await house.users.user("bob") is None


async def test_a_pin_needs_more_digits_among_more_users(house: House) -> None:
    for number in range(9):
        await house.users.save_user(a_user(f"user{number}"))
    with pytest.raises(BadRequest, match="5 to 16 digits"):
        await house.identity.add_user("bob", pin="4711")
    await house.identity.add_user("bob", pin="47115")


async def test_a_pin_is_one_users_only(house: House) -> None:
    with pytest.raises(Conflict, match="PIN cannot be used"):
        await house.identity.add_user("bob", pin=PIN)
    assert (await house.identity.set_pin("alice", PIN)).name == "Alice"


async def test_a_card_is_one_users_only(house: House) -> None:
    await house.identity.add_user("bob")
    with pytest.raises(Conflict, match="another user"):
        await house.identity.add_card("bob", "04A2197F")
    once = await house.identity.get("alice")
    assert await house.identity.add_card("alice", CARD) == once
    await house.identity.remove_card("alice", "04-A2-19-7F")
    await house.identity.add_card("bob", CARD)
    with pytest.raises(NotFound, match="no such card"):
        await house.identity.remove_card("alice", CARD)


async def test_a_new_pin_keeps_the_rules_and_is_free(house: House) -> None:
    for number in range(50):
        pin = await house.identity.new_pin()
        assert len(pin) == 6
        await house.identity.add_user(f"user{number}", pin=pin)


async def test_new_pins_are_as_long_as_the_number_of_users_asks() -> None:
    house = House(pin_digits=4)
    assert len(await house.identity.new_pin()) == 4
    for number in range(9):
        await house.users.save_user(a_user(f"user{number}"))
    assert len(await house.identity.new_pin()) == 5


async def test_changes_of_a_user(house: House) -> None:
    user = await house.identity.change_user("alice", full_name="Alice Ode", role=Role.OPERATOR, groups=("staff",))
    assert (user.full_name, user.role, user.groups, user.version) == ("Alice Ode", Role.OPERATOR, ("staff",), 2)
    with pytest.raises(BadRequest, match="password_hash"):
        await house.identity.change_user("alice", password_hash="mine")
    with pytest.raises(NotFound, match='"nobody"'):
        await house.identity.change_user("nobody", full_name="x")


# --- sign-in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Alice", "alice", "ALICE"])
async def test_password(house: House, name: str) -> None:
    assert (await house.identity.sign_in_password(name, PASSWORD, address=HERE)).name == "Alice"


async def test_a_password_is_the_same_however_the_keyboard_composes_it(house: House) -> None:
    await house.identity.set_password("alice", "pâté de foie")
    assert await house.identity.sign_in_password("alice", "pa\u0302te\u0301 de foie", address=HERE)


async def test_pin_alone_and_with_its_name(house: House) -> None:
    assert (await house.identity.sign_in_pin(PIN, address=HERE)).name == "Alice"
    assert (await house.identity.sign_in_pin(PIN, name="alice", address=HERE)).name == "Alice"


@pytest.mark.parametrize("written", ["04A2197F", "04:a2:19:7f"])
async def test_card(house: House, written: str) -> None:
    assert (await house.identity.sign_in_card(written, address=HERE)).name == "Alice"


async def test_every_failure_reads_the_same_and_costs_one_verification(house: House) -> None:
    await house.identity.add_user("bob")  # has no password at all
    await house.identity.add_user("carol", password=PASSWORD)
    await house.identity.disable("carol")
    told: set[str] = set()
    for name, password in [
        ("alice", "wrong"),
        ("alice", ""),
        ("alice", "x" * 2000),
        ("nobody", PASSWORD),
        ("", ""),
        ("bob", ""),
        ("bob", "x"),
        ("carol", PASSWORD),
    ]:
        before = house.hasher.verified
        with pytest.raises(NotAuthenticated) as refused:
            await house.identity.sign_in_password(name, password, address=HERE)
        assert house.hasher.verified == before + 1, name
        told.add(refused.value.message)
    for pin, owner in [("000001", None), ("", None), (PIN, "bob"), ("x", "alice")]:
        before = house.hasher.verified
        with pytest.raises(NotAuthenticated) as refused:
            await house.identity.sign_in_pin(pin, name=owner, address=THERE)
        assert house.hasher.verified == before + 1, (pin, owner)
        told.add(refused.value.message)
    assert len(told) == 1


@pytest.mark.parametrize("card", ["04A21980", "", "not a card"])
async def test_unknown_cards(house: House, card: str) -> None:
    with pytest.raises(NotAuthenticated, match="not known"):
        await house.identity.sign_in_card(card, address=HERE)


async def test_a_disabled_user_has_no_proof_left(house: House) -> None:
    await house.identity.disable("alice")
    with pytest.raises(NotAuthenticated):
        await house.identity.sign_in_pin(PIN, address=HERE)
    with pytest.raises(NotAuthenticated):
        await house.identity.sign_in_card(CARD, address=HERE)


async def fail(house: House, times: int, *, name: str = "alice", address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            await house.identity.sign_in_password(name, "wrong", address=address)


async def test_five_failures_lock_the_name_for_that_address_only(house: House) -> None:
    await house.identity.sign_in_password("alice", PASSWORD, address=THERE)
    await fail(house, 5)
    with pytest.raises(Throttled) as refused:
        await house.identity.sign_in_password("ALICE", PASSWORD, address=HERE)
    assert refused.value.retry_after == 900
    assert await house.identity.sign_in_password("alice", PASSWORD, address=THERE)
    house.clock.tick(900)
    assert await house.identity.sign_in_password("alice", PASSWORD, address=HERE)


async def test_guesses_at_one_name_from_many_addresses_are_braked_but_not_where_its_owner_is_known(
    house: House,
) -> None:
    await house.identity.sign_in_password("alice", PASSWORD, address=THERE)
    guesses = 0
    for number in range(60):
        for _ in range(4):
            try:
                await house.identity.sign_in_password("alice", "guess", address=f"203.0.{number}.1")
            except NotAuthenticated:
                guesses += 1
            except Throttled:
                break
        house.clock.tick(10)
        assert await house.identity.sign_in_password("Alice", PASSWORD, address=THERE)
    assert guesses <= 5 * 11, "five a minute, from wherever"
    house.clock.tick(60)
    assert await house.identity.sign_in_password("alice", PASSWORD, address="203.0.113.9"), "for a minute at most"


async def test_the_brake_on_a_name_tells_nothing_about_whether_it_exists(house: House) -> None:
    told = []
    for name in ("alice", "nobody"):
        for number in range(5):
            await fail(house, 1, name=name, address=f"203.0.{number}.1")
        with pytest.raises(Throttled) as refused:
            await house.identity.sign_in_password(name, "guess", address="203.0.99.1")
        told.append((refused.value.message, refused.value.retry_after))
    assert told[0] == told[1]


async def test_a_lock_tells_nothing_about_whether_the_name_exists(house: House) -> None:
    await fail(house, 5, name="nobody")
    with pytest.raises(Throttled):
        await house.identity.sign_in_password("nobody", "wrong", address=HERE)


async def test_success_starts_the_count_of_the_name_anew(house: House) -> None:
    for _ in range(4):
        await fail(house, 4)
        house.clock.tick(61)
        await house.identity.sign_in_password("alice", PASSWORD, address=HERE)


async def test_one_address_has_twenty_failures_a_minute_over_all_names(house: House) -> None:
    for number in range(20):
        await fail(house, 1, name=f"guess{number}")
    with pytest.raises(Throttled, match="address"):
        await house.identity.sign_in_password("alice", PASSWORD, address=HERE)
    house.clock.tick(60)
    assert await house.identity.sign_in_password("alice", PASSWORD, address=HERE)


async def test_own_successes_do_not_buy_an_address_more_guesses(house: House) -> None:
    for number in range(20):
        await fail(house, 1, name=f"guess{number}")
        if number < 19:
            await house.identity.sign_in_password("alice", PASSWORD, address=HERE)
    with pytest.raises(Throttled):
        await house.identity.sign_in_password("alice", PASSWORD, address=HERE)


async def test_all_of_an_ipv6_subscribers_addresses_count_together(house: House) -> None:
    for number in range(5):
        await fail(house, 1, address=f"2001:db8:1:2::{number + 1:x}")
    with pytest.raises(Throttled):
        await house.identity.sign_in_password("alice", PASSWORD, address="2001:db8:1:2:ffff::1")


async def test_guesses_at_the_same_time_count_before_they_have_failed(house: House) -> None:
    tries = [house.identity.sign_in_password("alice", f"wrong{n}", address=HERE) for n in range(50)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(r, NotAuthenticated) for r in results) == 5
    assert sum(isinstance(r, Throttled) for r in results) == 45


async def test_pins_alone_are_guessed_sixty_times_an_hour_at_most(house: House) -> None:
    guesses = 0
    for _ in range(10):
        for number in range(20):
            try:
                await house.identity.sign_in_pin(f"9{number:05d}", address=HERE)
            except NotAuthenticated:
                guesses += 1
            except Throttled:
                break
        house.clock.tick(60)
    assert guesses == 60


async def test_a_terminal_has_a_count_of_its_own(house: House) -> None:
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            await house.identity.sign_in_card("DEADBEEF", address=f"192.0.2.{number}", terminal="lobby")
    with pytest.raises(Throttled, match="terminal"):
        await house.identity.sign_in_card(CARD, address=THERE, terminal="lobby")
    assert await house.identity.sign_in_card(CARD, address=THERE, terminal="library")


async def test_an_administrator_unlocks_a_name(house: House) -> None:
    await fail(house, 5)
    assert house.identity.unlock("Alice") == 1
    assert await house.identity.sign_in_password("alice", PASSWORD, address=HERE)


# --- Basic -------------------------------------------------------------------------------------------------------


async def test_basic_verifies_once_and_then_now_and_then(house: House) -> None:
    for _ in range(10):
        actor = await house.identity.basic("alice", PASSWORD, address=HERE)
    assert (actor.user, actor.address, actor.via) == ("Alice", HERE, "basic")
    assert house.hasher.verified == 1
    house.clock.tick(BASIC_SECONDS)
    await house.identity.basic("alice", PASSWORD, address=HERE)
    assert house.hasher.verified == 2


async def test_many_connections_of_one_client_verify_once(house: House) -> None:
    actors = await asyncio.gather(*(house.identity.basic("alice", PASSWORD, address=HERE) for _ in range(64)))
    assert {actor.user for actor in actors} == {"Alice"}
    assert house.hasher.verified == 1


async def test_basic_never_remembers_a_failure_or_another_password(house: House) -> None:
    await house.identity.basic("alice", PASSWORD, address=HERE)
    with pytest.raises(NotAuthenticated):
        await house.identity.basic("alice", PASSWORD + " ", address=HERE)
    with pytest.raises(NotAuthenticated):
        await house.identity.basic("alic", "e" + PASSWORD, address=HERE)


@pytest.mark.parametrize("what", ["password", "disabled", "deleted", "role"])
async def test_basic_forgets_at_once_when_the_user_changes(house: House, what: str) -> None:
    await house.identity.basic("alice", PASSWORD, address=HERE)
    if what == "password":
        await house.identity.set_password("alice", "another horse")
    elif what == "disabled":
        await house.identity.disable("alice")
    elif what == "deleted":
        await house.identity.delete_user("alice")
    else:
        await house.identity.change_user("alice", role=Role.OPERATOR)
        assert (await house.identity.basic("alice", PASSWORD, address=HERE)).may(Permission.JOBS)
        return
    with pytest.raises(NotAuthenticated):
        await house.identity.basic("alice", PASSWORD, address=HERE)


async def test_what_basic_remembers_is_not_the_password(house: House) -> None:
    await house.identity.basic("alice", PASSWORD, address=HERE)
    assert PASSWORD not in repr(vars(house.identity))


async def test_basic_is_throttled_like_any_sign_in(house: House) -> None:
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            await house.identity.basic("alice", "old password", address=HERE)
    with pytest.raises(Throttled):
        await house.identity.basic("alice", "old password", address=HERE)


# --- sessions ----------------------------------------------------------------------------------------------------


async def opened(house: House) -> str:
    user = await house.identity.get("alice")
    cookie, _ = await house.identity.open_session(user, method="password", address=HERE)
    return cookie


async def test_a_session_knows_its_user_and_the_row_does_not_know_the_cookie(house: House) -> None:
    cookie = await opened(house)
    assert len(cookie) >= 43  # 256 bits in base64
    found = await house.identity.session(cookie)
    assert found is not None
    session, actor = found
    assert (actor.user, actor.via) == ("Alice", "password")
    assert cookie not in repr(session)
    assert session.csrf not in cookie


async def test_cookies_and_tokens_never_repeat(house: House) -> None:
    assert len({await opened(house) for _ in range(20)}) == 20


@pytest.mark.parametrize("cookie", ["", "nonsense", "\ud800", "x" * 10_000])
async def test_unknown_cookies(house: House, cookie: str) -> None:
    assert await house.identity.session(cookie) is None


async def test_an_idle_session_ends_and_stays_ended(house: House) -> None:
    cookie = await opened(house)
    house.clock.tick(1799)
    assert await house.identity.session(cookie)
    house.clock.tick(1799)
    assert await house.identity.session(cookie)
    house.clock.tick(1800)
    assert await house.identity.session(cookie) is None
    house.clock.jump(-1800)
    assert await house.identity.session(cookie) is None


async def test_a_busy_session_ends_at_its_absolute_limit(house: House) -> None:
    cookie = await opened(house)
    for _ in range(12 * 3 - 1):
        house.clock.tick(1200)
        assert await house.identity.session(cookie)
    house.clock.tick(1200)
    assert await house.identity.session(cookie) is None


async def test_a_clock_that_runs_back_ends_sessions(house: House) -> None:
    cookie = await opened(house)
    house.clock.jump(-61)
    assert await house.identity.session(cookie) is None


@pytest.mark.parametrize("what", ["disable", "delete", "set_pin", "set_password", "close", "close_all"])
async def test_what_ends_a_session(house: House, what: str) -> None:
    cookie = await opened(house)
    identity = house.identity
    ends = {
        "disable": lambda: identity.disable("alice"),
        "delete": lambda: identity.delete_user("alice"),
        "set_pin": lambda: identity.set_pin("alice", "395178"),
        "set_password": lambda: identity.set_password("alice", "a new horse"),
        "close": lambda: identity.close_session(cookie),
        "close_all": lambda: identity.close_sessions_of("alice"),
    }
    await ends[what]()
    assert await identity.session(cookie) is None


async def test_a_changed_role_holds_in_open_sessions_at_once(house: House) -> None:
    cookie = await opened(house)
    await house.identity.change_user("alice", role=Role.OPERATOR)
    found = await house.identity.session(cookie)
    assert found is not None
    assert found[1].may(Permission.JOBS)


async def test_rotation_voids_the_old_cookie_and_its_token(house: House) -> None:
    cookie = await opened(house)
    before = await house.identity.session(cookie)
    rotated = await house.identity.rotate_session(cookie, address=THERE)
    assert before is not None
    assert rotated is not None
    assert await house.identity.session(cookie) is None
    assert await house.identity.session(rotated[0])
    assert rotated[1].csrf != before[0].csrf
    assert await house.identity.rotate_session(cookie, address=THERE) is None


@pytest.mark.parametrize(
    ("method", "proved"),
    [("password", True), ("passkey", True), ("mail", True), ("oidc:corp", True), ("pin", False), ("card", False)],
)
async def test_what_counts_as_a_proof(house: House, method: str, proved: bool) -> None:
    _, session = await house.identity.open_session(await house.identity.get("alice"), method=method, address=HERE)
    assert (session.proved_at == house.clock.now()) is proved


async def test_confirming_renews_the_proof_and_nothing_else(house: House) -> None:
    user = await house.identity.get("alice")
    cookie, before = await house.identity.open_session(user, method="pin", address=HERE, browser="Firefox", phone="7")
    house.clock.tick(100)
    rotated = await house.identity.rotate_session(cookie, address=THERE)
    assert rotated is not None
    after = rotated[1]
    assert (after.proved_at, after.address) == (house.clock.now(), THERE)
    assert (after.method, after.browser, after.phone) == ("pin", "Firefox", "7")
    assert (after.created_at, after.expires_at) == (before.created_at, before.expires_at), "no life is added"


async def test_sessions_are_listed_and_ended_one_by_one_or_all_others(house: House) -> None:
    await house.identity.add_user("Bob", password=PASSWORD)
    bob, _ = await house.identity.open_session(await house.identity.get("bob"), method="password", address=HERE)
    mine, here = await house.identity.open_session(await house.identity.get("alice"), method="password", address=HERE)
    others = [await opened(house) for _ in range(3)]
    assert len(await house.identity.sessions_of("ALICE")) == 4
    theirs = (await house.identity.sessions_of("bob"))[0]
    assert not await house.identity.revoke_session("alice", theirs.tag), "not another's"
    found = await house.identity.session(others[0])
    assert found is not None
    assert await house.identity.revoke_session("alice", found[0].tag)
    assert await house.identity.session(others[0]) is None
    assert await house.identity.revoke_others(here) == 2
    assert await house.identity.session(others[1]) is None
    assert await house.identity.session(mine)
    assert await house.identity.session(bob)
    house.clock.tick(1800)
    assert await house.identity.sessions_of("alice") == [], "what is over is not listed"
