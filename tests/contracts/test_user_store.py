"""UserStore: users by each of their proofs, and web sessions."""

import asyncio
from dataclasses import fields, replace
from uuid import uuid4

import pytest

from gateway.domain.rights import Role
from gateway.domain.user import Given, Session, User
from gateway.errors import Conflict
from gateway.services.ports import UserStore
from tests.builders import NOW
from tests.databases import Stores
from tests.fakes import a_user


def a_full_user() -> User:
    return User(
        name="Jürgen",
        uuid=uuid4(),
        full_name="Jürgen Groß",
        email="Juergen@Example.com",
        role=Role.OPERATOR,
        disabled=True,
        password_hash="$argon2id$1",
        pin_hash="$argon2id$2",
        pin_lookup="lookup-1",
        cards=("card-2", "card-1"),
        groups=("staff", "teachers"),
        department="Physics",
        cost_centre="4711",
        language="de",
        source="school",
        external_id="a1b2",
        given=Given(cards=("card-1",), groups=("staff",), addresses=("j@example.com",), disabled=True),
        created_at=NOW,
    )


def a_session(id_hash: str = "hash", **changes: object) -> Session:
    plain = Session(
        id_hash=id_hash,
        user="alice",
        csrf="token",
        method="pin",
        address="10.0.0.7",
        created_at=NOW,
        seen_at=NOW + 1,
        expires_at=NOW + 2,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # reason: the caller names fields


@pytest.fixture
def store(stores: Stores) -> UserStore:
    return stores.users


def test_the_full_user_leaves_no_field_at_its_default() -> None:
    full, plain = a_full_user(), a_user()
    assert {f.name for f in fields(User) if getattr(full, f.name) == getattr(plain, f.name)} == {"version"}


@pytest.mark.parametrize("user", [a_user(), a_full_user()], ids=["plain", "full"])
async def test_a_user_comes_back_as_saved_by_any_case_of_the_name(store: UserStore, user: User) -> None:
    saved = await store.save_user(user)
    assert saved == replace(user, version=1)
    for name in (user.name, user.name.upper(), user.name.lower()):
        assert await store.user(name) == saved
    assert await store.user("somebody") is None
    assert await store.user_count() == 1


async def test_a_user_is_found_by_pin_and_by_each_card(store: UserStore) -> None:
    await store.save_user(a_user("other", pin_lookup="lookup-2", cards=("card-3",)))
    saved = await store.save_user(a_full_user())
    assert await store.user_by_pin("lookup-1") == saved
    assert await store.user_by_card("card-1") == saved
    assert await store.user_by_card("card-2") == saved
    assert await store.user_by_pin("lookup-3") is None
    assert await store.user_by_card("card-4") is None


async def test_a_removed_card_is_free_again(store: UserStore) -> None:
    saved = await store.save_user(a_full_user())
    await store.save_user(replace(saved, cards=("card-2",), pin_lookup=None))
    assert await store.user_by_card("card-1") is None
    assert await store.user_by_pin("lookup-1") is None
    other = await store.save_user(a_user(cards=("card-1",), pin_lookup="lookup-1"))
    assert await store.user_by_card("card-1") == other


@pytest.mark.parametrize("clash", [{"cards": ("x", "card-1")}, {"pin_lookup": "lookup-1"}, {"name": "JÜRGEN"}], ids=str)
async def test_what_is_another_users_is_a_conflict_and_changes_nothing(
    store: UserStore, clash: dict[str, object]
) -> None:
    owner = await store.save_user(a_full_user())
    with pytest.raises(Conflict):
        await store.save_user(replace(a_user(), **clash))  # type: ignore[arg-type]  # reason: names fields
    later = await store.save_user(a_user("bob", cards=("card-9",)))
    with pytest.raises(Conflict):
        await store.save_user(replace(later, **clash))  # type: ignore[arg-type]  # reason: names fields
    assert await store.user_by_card("card-9") == later
    assert await store.user_by_card("x") is None
    assert await store.users() == [later, owner]


async def test_an_edit_of_an_old_version_is_a_conflict(store: UserStore) -> None:
    first = await store.save_user(a_user())
    edits = (store.save_user(replace(first, full_name=f"Edit {n}")) for n in range(5))
    outcomes = await asyncio.gather(*edits, return_exceptions=True)
    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4


async def test_a_user_can_be_renamed(store: UserStore) -> None:
    saved = await store.save_user(a_full_user())
    renamed = await store.save_user(replace(saved, name="juergen"))
    assert await store.users() == [renamed]


async def test_search_looks_at_name_full_name_and_address(store: UserStore) -> None:
    full = await store.save_user(a_full_user())
    alice = await store.save_user(a_user("alice", full_name="100% Alice_"))
    bob = await store.save_user(a_user("Bob", email="bob@example.com"))
    assert await store.users() == [alice, bob, full]
    assert await store.users(contains="GROSS") == [full]
    assert await store.users(contains="example") == [bob, full]
    assert await store.users(contains="jÜrg") == [full]
    assert await store.users(contains="0%") == [alice]
    assert await store.users(contains="%b") == []
    assert await store.users(limit=2) == [alice, bob]


async def test_a_deleted_user_leaves_no_card_and_no_session(store: UserStore) -> None:
    await store.save_user(a_full_user())
    await store.save_session(a_session(user="JÜRGEN"))
    await store.delete_user("jürgen")
    await store.delete_user("jürgen")
    assert await store.user_count() == 0
    assert await store.user_by_card("card-1") is None
    assert await store.session("hash") is None
    assert (await store.save_user(a_full_user())).version == 1


async def test_a_session_is_replaced_by_its_next_version_and_deleted(store: UserStore) -> None:
    await store.save_session(a_session())
    later = a_session(seen_at=NOW + 50, csrf="other")
    await store.save_session(later)
    await store.save_session(a_session("second"))
    assert await store.session("hash") == later
    await store.delete_session("hash")
    await store.delete_session("hash")
    assert await store.session("hash") is None
    assert await store.session("second") == a_session("second")


async def test_all_sessions_of_a_user_end_at_once(store: UserStore) -> None:
    for number, user in enumerate(("alice", "ALICE", "bob")):
        await store.save_session(a_session(f"hash-{number}", user=user))
    assert await store.delete_sessions_of("Alice") == 2
    assert await store.delete_sessions_of("Alice") == 0
    assert await store.session("hash-2") is not None


async def test_expired_sessions_are_deleted(store: UserStore) -> None:
    for number in range(3):
        await store.save_session(a_session(f"hash-{number}", expires_at=NOW + number))
    assert await store.delete_expired_sessions(NOW + 1) == 2
    assert await store.session("hash-2") is not None
