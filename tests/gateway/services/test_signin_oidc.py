"""Accounts elsewhere: whom they stand for, when they are linked, and every answer that must not be believed."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.credential import Purpose
from gateway.domain.user import User
from gateway.errors import Conflict, NotAuthenticated, NotFound, Refusal, Throttled, Unavailable
from gateway.services.ports import Claims
from gateway.services.signin_oidc import Answer, Finished
from gateway.settings import Identity as IdentitySettings
from tests.gateway.services.signin_house import HERE, MINE, OTHERS, SignInHouse, providers

ISSUER = "https://login.corp.example"
ALICE = Claims(issuer=ISSUER, subject="248289", email="Alice@Example.org", email_verified=True, name="Alice Ode")
CALLBACK = "https://print.example/signin/oidc/{}/callback"


@pytest.fixture
async def house() -> SignInHouse:
    return await SignInHouse().open()


@pytest.fixture
async def open_house() -> SignInHouse:
    """Where the provider "campus" makes users."""
    return await SignInHouse(settings=IdentitySettings(providers=providers(create_users=True))).open()


async def begin(house: SignInHouse, name: str = "corp", **more: Any) -> str:
    """The state of a sign-in that was begun in my browser."""
    given = {"redirect_uri": CALLBACK.format(name), "browser": MINE, "address": HERE}
    await house.ways.methods.oidc.begin(name, **given | more)
    return house.ways.providers[name].asked[-1][0].state


async def finish(
    house: SignInHouse, state: str, name: str = "corp", *, browser: str = MINE, user: User | None = None, **more: Any
) -> Finished:
    answer = Answer(**{"state": state, "code": "code"} | more)
    return await house.ways.methods.oidc.finish(name, answer, browser=browser, address=HERE, user=user)


async def whole(house: SignInHouse, claims: Claims, name: str = "corp", **more: Any) -> Finished:
    state = await begin(house, name, **more)
    house.ways.providers[name].codes["code"] = claims
    return await finish(house, state, name, user=more.get("user"))


async def test_the_first_time_a_verified_address_tells_who_it_is(house: SignInHouse) -> None:
    finished = await whole(house, ALICE, to="/jobs/7", stay=True)
    assert (finished.user.name, finished.method) == ("alice", "oidc:corp")
    assert (finished.pending.next, finished.pending.stay) == ("/jobs/7", True)
    (linked,) = await house.ways.methods.oidc.identities_of(finished.user)
    assert (linked.issuer, linked.subject, linked.provider) == (ISSUER, "248289", "corp")


async def test_from_then_on_issuer_and_subject_tell_whatever_the_address_is(house: SignInHouse) -> None:
    await whole(house, ALICE)
    moved = replace(ALICE, email="bob@example.org")
    assert (await whole(house, moved)).user.name == "alice"


@pytest.mark.parametrize(
    "claims",
    [
        replace(ALICE, email_verified=False),
        replace(ALICE, email=""),
        replace(ALICE, email="nobody@example.org"),
        replace(ALICE, email="", preferred_username="alice"),
    ],
)
async def test_nothing_else_than_a_verified_address_tells(house: SignInHouse, claims: Claims) -> None:
    with pytest.raises(NotAuthenticated, match="Nobody here is known"):
        await whole(house, claims)
    assert await house.ways.methods.oidc.identities_of(await house.identity.get("alice")) == []


async def test_an_address_of_two_users_tells_nothing(house: SignInHouse) -> None:
    await house.identity.change_user("bob", email="alice@example.org")
    with pytest.raises(NotAuthenticated):
        await whole(house, ALICE)


@pytest.mark.parametrize("linked", [True, False])
async def test_a_disabled_user_is_refused(house: SignInHouse, linked: bool) -> None:
    if linked:
        await whole(house, ALICE)
    await house.identity.disable("alice")
    with pytest.raises(NotAuthenticated, match="disabled"):
        await whole(house, ALICE)


async def test_the_same_subject_of_another_issuer_is_somebody_else(house: SignInHouse) -> None:
    await whole(house, ALICE)
    with pytest.raises(NotAuthenticated):
        await whole(house, Claims(issuer="https://campus.example", subject="248289"), "campus")


# --- making users ------------------------------------------------------------------------------------------------

NEW = Claims(
    issuer="https://campus.example",
    subject="s-1",
    email="carol@campus.example",
    email_verified=True,
    name="Carol",
    preferred_username="carol",
)


async def test_a_provider_that_may_makes_a_user(open_house: SignInHouse) -> None:
    finished = await whole(open_house, NEW, "campus")
    user = await open_house.identity.get("carol")
    assert finished.user == user
    assert (user.full_name, user.email, user.role.value) == ("Carol", "carol@campus.example", "user")
    assert (await whole(open_house, NEW, "campus")).user.name == "carol"
    assert await open_house.users.user_count() == 3


async def test_a_new_user_never_takes_over_a_name(open_house: SignInHouse) -> None:
    finished = await whole(open_house, replace(NEW, preferred_username="Alice"), "campus")
    assert finished.user.name == "carol@campus.example"
    nameless = replace(NEW, subject="s-2", preferred_username="alice", email="", email_verified=False)
    with pytest.raises(NotAuthenticated, match="another user's here"):
        await whole(open_house, nameless, "campus")
    assert await open_house.users.user_count() == 3


async def test_an_unverified_address_is_not_kept(open_house: SignInHouse) -> None:
    finished = await whole(open_house, replace(NEW, email_verified=False), "campus")
    assert finished.user.email is None


@pytest.mark.parametrize("verified", [True, False])
async def test_who_was_disabled_does_not_come_back_as_a_new_user(open_house: SignInHouse, verified: bool) -> None:
    await open_house.identity.disable("alice")
    back = replace(NEW, email="alice@example.org", email_verified=verified, preferred_username="alice2")
    with pytest.raises(NotAuthenticated):
        await whole(open_house, back, "campus")
    assert await open_house.users.user_count() == 2


async def test_registrations_are_ten_an_hour(open_house: SignInHouse) -> None:
    for number in range(10):
        claims = replace(NEW, subject=f"s{number}", preferred_username=f"user{number}", email="")
        await whole(open_house, claims, "campus")
    with pytest.raises(Throttled, match="registrations"):
        await whole(open_house, replace(NEW, subject="s11", preferred_username="user11", email=""), "campus")


# --- linking and confirming --------------------------------------------------------------------------------------


async def test_linking_while_signed_in_needs_no_address(house: SignInHouse) -> None:
    alice = await house.identity.get("alice")
    await whole(house, Claims(issuer=ISSUER, subject="x"), purpose=Purpose.LINK, user=alice)
    assert (await whole(house, Claims(issuer=ISSUER, subject="x"))).user.name == "alice"
    await whole(house, Claims(issuer=ISSUER, subject="x"), purpose=Purpose.LINK, user=alice)
    assert len(await house.ways.methods.oidc.identities_of(alice)) == 1


async def test_an_account_is_linked_to_one_user_only(house: SignInHouse) -> None:
    await whole(house, ALICE)
    bob = await house.identity.get("bob")
    with pytest.raises(Conflict, match="another user"):
        await whole(house, ALICE, purpose=Purpose.LINK, user=bob)


@pytest.mark.parametrize("purpose", [Purpose.LINK, Purpose.CONFIRM])
@pytest.mark.parametrize("now", ["bob", None])
async def test_a_link_or_confirmation_is_for_who_began_it(
    house: SignInHouse, purpose: Purpose, now: str | None
) -> None:
    alice = await house.identity.get("alice")
    state = await begin(house, purpose=purpose, user=alice)
    house.ways.providers["corp"].codes["code"] = ALICE
    with pytest.raises(NotAuthenticated, match="Somebody else"):
        await finish(house, state, user=await house.identity.get(now) if now else None)
    assert await house.ways.methods.oidc.identities_of(await house.identity.get("bob")) == []


async def test_confirming_asks_the_provider_for_a_fresh_proof_and_checks_that_it_is(house: SignInHouse) -> None:
    alice = (await whole(house, ALICE)).user
    now = house.clock.now()
    fresh = replace(ALICE, auth_time=now)
    finished = await whole(house, fresh, purpose=Purpose.CONFIRM, user=alice)
    assert house.ways.providers["corp"].asked[-1][1], "asked for a fresh one"
    assert finished.user.name == "alice"
    for stale in (replace(ALICE, auth_time=now - 3600), ALICE):
        with pytest.raises(NotAuthenticated, match="did not ask you anew"):
            await whole(house, stale, purpose=Purpose.CONFIRM, user=alice)


async def test_anothers_account_confirms_nothing(house: SignInHouse) -> None:
    alice = (await whole(house, ALICE)).user
    theirs = Claims(issuer=ISSUER, subject="bob", email="bob@example.org", email_verified=True, auth_time=9e9)
    for _ in range(2):
        with pytest.raises(NotAuthenticated, match="not the account"):
            await whole(house, theirs, purpose=Purpose.CONFIRM, user=alice)
    assert await house.ways.methods.oidc.identities_of(alice) != []
    assert await house.ways.credentials.identity(ISSUER, "bob") is None


async def test_unlinking(house: SignInHouse) -> None:
    alice = (await whole(house, ALICE)).user
    (linked,) = await house.ways.methods.oidc.identities_of(alice)
    with pytest.raises(NotFound):
        await house.ways.methods.oidc.unlink(await house.identity.get("bob"), linked.id)
    await house.ways.methods.oidc.unlink(alice, linked.id)
    assert await house.ways.methods.oidc.identities_of(alice) == []


# --- what comes back ---------------------------------------------------------------------------------------------


async def test_a_forged_state(house: SignInHouse) -> None:
    await begin(house)
    house.ways.providers["corp"].codes["code"] = ALICE
    for state in ("", "guess", "\ud800", "x" * 4096):
        with pytest.raises(NotAuthenticated, match="Start it again"):
            await finish(house, state)
    assert house.ways.providers["corp"].codes, "no code was sent to the provider"


async def test_another_browser_brings_the_answer(house: SignInHouse) -> None:
    state = await begin(house)
    house.ways.providers["corp"].codes["code"] = ALICE
    for browser in (OTHERS, MINE):
        with pytest.raises(NotAuthenticated):
            await finish(house, state, browser=browser)


async def test_an_answer_is_taken_once(house: SignInHouse) -> None:
    state = await begin(house)
    house.ways.providers["corp"].codes["code"] = ALICE
    await finish(house, state)
    house.ways.providers["corp"].codes["code"] = ALICE
    with pytest.raises(NotAuthenticated, match="finished already"):
        await finish(house, state)


@pytest.mark.parametrize("passes", [600, 601, 86400])
async def test_an_answer_that_comes_late(house: SignInHouse, passes: float) -> None:
    state = await begin(house)
    house.ways.providers["corp"].codes["code"] = ALICE
    house.clock.tick(passes)
    with pytest.raises(NotAuthenticated):
        await finish(house, state)


async def test_a_clock_that_is_set_back_does_not_make_an_answer_last(house: SignInHouse) -> None:
    state = await begin(house)
    house.clock.jump(-3600)
    with pytest.raises(NotAuthenticated):
        await finish(house, state)


async def test_the_answer_of_one_provider_at_the_address_of_another(house: SignInHouse) -> None:
    """Mix-up (RFC 9700 section 4.4): the code must not go to a provider that was not asked."""
    state = await begin(house, "corp")
    house.ways.providers["campus"].codes["code"] = ALICE
    with pytest.raises(NotAuthenticated, match="another provider"):
        await finish(house, state, "campus")
    assert house.ways.providers["campus"].codes


async def test_an_answer_that_names_another_issuer(house: SignInHouse) -> None:
    state = await begin(house)
    house.ways.providers["corp"].codes["code"] = ALICE
    with pytest.raises(NotAuthenticated):
        await finish(house, state, issuer="https://campus.example")


@pytest.mark.parametrize("answer", [{"code": "", "error": "access_denied"}, {"code": ""}, {"error": "login_required"}])
async def test_a_provider_that_says_no(house: SignInHouse, answer: dict[str, str]) -> None:
    state = await begin(house)
    with pytest.raises(NotAuthenticated, match="Corp did not sign you in"):
        await finish(house, state, **answer)


async def test_a_provider_that_is_away(house: SignInHouse) -> None:
    house.ways.providers["corp"].refusal = Unavailable("Corp does not answer now.")
    with pytest.raises(Unavailable):
        await begin(house)
    assert house.ways.pending.rows == {}


async def test_a_provider_that_is_none(house: SignInHouse) -> None:
    with pytest.raises(NotFound):
        await house.ways.methods.oidc.begin("evil", redirect_uri=CALLBACK, browser=MINE, address=HERE)
    with pytest.raises(NotFound):
        await finish(house, "state", "evil")


async def test_answers_that_do_not_fit_are_counted(house: SignInHouse) -> None:
    told: list[type[Refusal]] = []
    for _ in range(21):
        with pytest.raises(Refusal) as refused:
            await finish(house, "guess")
        told.append(type(refused.value))
    assert told == [NotAuthenticated] * 20 + [Throttled]


async def test_answers_that_fit_are_not_counted(house: SignInHouse) -> None:
    for _ in range(25):
        await whole(house, ALICE)


async def test_nothing_that_is_kept_opens_anything(house: SignInHouse) -> None:
    state = await begin(house)
    assert state not in repr(house.ways.pending.rows)


async def test_sign_ins_that_nobody_finishes_are_bounded(house: SignInHouse) -> None:
    for _ in range(300):
        await begin(house)
    with pytest.raises(Throttled, match="begun"):
        await begin(house)
    house.clock.tick(700)
    await begin(house)
    assert len(house.ways.pending.rows) == 1, "what expired is swept"
