"""RemoteBrowserStore: found by their id, listed and removed by their user alone, and gone with it."""

from dataclasses import fields
from uuid import UUID, uuid4

import pytest

from gateway.adapters.db import Database
from gateway.domain.remote import RemoteBrowser
from gateway.domain.user import User
from gateway.services.ports import RemoteBrowserStore
from tests.builders import NOW, a_user
from tests.databases import Stores


def a_browser(user: UUID, name: str = "b-1", at: float = NOW) -> RemoteBrowser:
    return RemoteBrowser(id=name, user=user, name="Chrome, Android", public_key=b"\x00\xff key", created_at=at)


@pytest.fixture
def store(stores: Stores) -> RemoteBrowserStore:
    return stores.remote_browsers


@pytest.fixture
async def alice(stores: Stores) -> User:
    return await stores.users.save_user(a_user("Alice", uuid=uuid4(), pin_lookup=None))


@pytest.fixture
async def bob(stores: Stores) -> User:
    return await stores.users.save_user(a_user("Bob", uuid=uuid4(), pin_lookup=None))


async def test_a_browser_comes_back_as_it_was_added(store: RemoteBrowserStore, alice: User) -> None:
    browser = a_browser(alice.uuid)
    assert all(getattr(browser, field.name) for field in fields(browser) if field.name != "seen_at")
    await store.add_browser(browser)
    assert await store.browser("b-1") == browser
    assert await store.browser("b-2") is None


async def test_a_user_has_its_own_the_newest_first(store: RemoteBrowserStore, alice: User, bob: User) -> None:
    old, new = a_browser(alice.uuid, "old"), a_browser(alice.uuid, "new", NOW + 1)
    for one in (old, new, a_browser(bob.uuid, "other")):
        await store.add_browser(one)
    assert await store.browsers_of(alice.uuid) == [new, old]


async def test_it_is_noted_when_one_was_seen(store: RemoteBrowserStore, alice: User) -> None:
    await store.add_browser(a_browser(alice.uuid))
    await store.note_browser_seen("b-1", NOW + 5)
    await store.note_browser_seen("unknown", NOW + 5)
    found = await store.browser("b-1")
    assert found is not None
    assert found.seen_at == NOW + 5


async def test_only_its_user_removes_it(store: RemoteBrowserStore, alice: User, bob: User) -> None:
    await store.add_browser(a_browser(alice.uuid))
    assert not await store.delete_browser("b-1", bob.uuid)
    assert await store.delete_browser("b-1", alice.uuid)
    assert not await store.delete_browser("b-1", alice.uuid)
    assert await store.browser("b-1") is None


async def test_it_goes_with_its_user(database: Database) -> None:
    alice = await database.users.save_user(a_user("Alice", uuid=uuid4(), pin_lookup=None))
    await database.remote_browsers.add_browser(a_browser(alice.uuid))
    await database.users.delete_user("Alice")
    assert await database.remote_browsers.browser("b-1") is None
