"""PhoneStore, QueueStore, PushStore, PlaceNumberStore and ScreenStore: on the fakes and on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.phone import PersonalQueue, Phone, PushSubscription, Screen
from gateway.domain.user import User
from gateway.services.ports import PhoneStore, PlaceNumberStore, PushStore, QueueStore, ScreenStore, UserStore
from tests.fakes import MemoryUserStore
from tests.fakes_phone import (
    MemoryPhoneStore,
    MemoryPlaceNumbers,
    MemoryPushStore,
    MemoryQueueStore,
    MemoryScreenStore,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    users: UserStore
    phones: PhoneStore
    queues: QueueStore
    push: PushStore
    places: PlaceNumberStore
    screens: ScreenStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield Stores(
            users=MemoryUserStore(),
            phones=MemoryPhoneStore(),
            queues=MemoryQueueStore(),
            push=MemoryPushStore(),
            places=MemoryPlaceNumbers(),
            screens=MemoryScreenStore(),
        )
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Stores(
        users=opened.users,
        phones=opened.phones,
        queues=opened.queues,
        push=opened.push,
        places=opened.places,
        screens=opened.screens,
    )
    await opened.close()


async def a_user(stores: Stores) -> UUID:
    name = f"u{uuid4().hex[:12]}"
    return (await stores.users.save_user(User(name=name, uuid=uuid4()))).uuid


def a_phone(user: UUID, **fields: object) -> Phone:
    given: dict[str, object] = {
        "id": uuid4(),
        "user": user,
        "name": "Safari, iPhone",
        "method": "passkey",
        "address": "192.0.2.7",
        "token": uuid4().hex,
        "created_at": 1.0,
        "seen_at": 1.0,
        "expires_at": 100.0,
    }
    return Phone(**given | fields)  # type: ignore[arg-type]  # reason: fields of the test's choice


async def test_phones_are_kept_and_purged(stores: Stores) -> None:
    user, other = await a_user(stores), await a_user(stores)
    one, two = a_phone(user, created_at=1.0), a_phone(user, created_at=2.0, expires_at=200.0)
    for phone in (two, one, a_phone(other)):
        await stores.phones.add_phone(phone)
    assert await stores.phones.phones_of(user) == [one, two]
    assert await stores.phones.phone(one.id) == one
    assert not await stores.phones.remove_phone(one.id, user=other)
    assert await stores.phones.purge_phones(100.0) >= 2
    assert await stores.phones.phones_of(user) == [two]
    assert await stores.phones.remove_phone(two.id, user=user)
    assert await stores.phones.phone(two.id) is None


async def test_of_two_rotations_at_once_one_wins(stores: Stores) -> None:
    phone = a_phone(await a_user(stores), token="first")
    await stores.phones.add_phone(phone)
    wanted = [replace(phone, token=f"next {n}", previous="first", grace_until=9.0) for n in range(8)]
    won = await asyncio.gather(*[stores.phones.rotate_phone(one, expected="first") for one in wanted])
    assert won.count(True) == 1
    assert await stores.phones.phone(phone.id) == wanted[won.index(True)]


async def test_personal_queues(stores: Stores) -> None:
    user, other = await a_user(stores), await a_user(stores)
    queue = PersonalQueue(id=uuid4(), user=user, name="Phone", lookup=uuid4().hex, printer="find-me", created_at=1.0)
    await stores.queues.add_queue(queue)
    assert await stores.queues.queue(queue.lookup) == queue
    assert await stores.queues.queue("unknown") is None
    await stores.queues.queue_used(queue.id, at=5.0)
    assert await stores.queues.queues_of(user) == [replace(queue, used_at=5.0)]
    assert await stores.queues.queues_of(other) == []
    new = uuid4().hex
    assert not await stores.queues.renew_queue(queue.id, user=other, lookup=new)
    assert await stores.queues.renew_queue(queue.id, user=user, lookup=new)
    assert await stores.queues.queue(queue.lookup) is None
    assert await stores.queues.queue(new) == replace(queue, lookup=new, used_at=5.0)
    assert not await stores.queues.remove_queue(queue.id, user=other)
    assert await stores.queues.remove_queue(queue.id, user=user)
    assert await stores.queues.queue(new) is None


async def test_push_subscriptions(stores: Stores) -> None:
    user, other = await a_user(stores), await a_user(stores)
    endpoint = f"https://push.example/{uuid4().hex}"
    one = PushSubscription(id=uuid4(), user=user, endpoint=endpoint, p256dh="key", auth="auth", language="de")
    await stores.push.save_subscription(one)
    assert await stores.push.subscriptions_of(user) == [one]
    again = replace(one, id=uuid4(), user=other)  # the same browser, another person
    await stores.push.save_subscription(again)
    assert await stores.push.subscriptions_of(user) == []
    assert await stores.push.subscriptions_of(other) == [again]
    assert not await stores.push.remove_subscription(again.id, user=user)
    assert await stores.push.remove_subscription(again.id, user=other)
    assert await stores.push.subscriptions_of(other) == []


async def test_numbers_are_never_given_twice(stores: Stores) -> None:
    one, two = uuid4(), uuid4()
    known = await stores.places.numbers()
    free, other = [n for n in range(1, 9000) if n not in known.values()][:2]
    assert await stores.places.take_number(one, free)
    assert not await stores.places.take_number(two, free), "another's"
    assert not await stores.places.take_number(one, other), "it has one"
    assert await stores.places.take_number(two, other)
    assert (await stores.places.numbers()).items() >= {one: free, two: other}.items()


async def test_screens(stores: Stores) -> None:
    screen = Screen(id_hash=uuid4().hex, station="copy-room", by="olga", created_at=1.0, seen_at=1.0)
    await stores.screens.save_screen(screen)
    seen = replace(screen, seen_at=7.0)
    await stores.screens.save_screen(seen)
    assert await stores.screens.screen(screen.id_hash) == seen
    assert seen in await stores.screens.screens()
    assert await stores.screens.remove_screen(screen.id_hash)
    assert not await stores.screens.remove_screen(screen.id_hash)
    assert await stores.screens.screen(screen.id_hash) is None


async def test_a_code_is_the_first_holders_and_good_once(stores: Stores) -> None:
    code, store = uuid4().hex, stores.screens
    assert await store.bind_code(code, "phone", until=50.0)
    assert await store.bind_code(code, "phone", until=60.0), "the page was loaded again"
    assert not await store.bind_code(code, "thief", until=50.0)
    assert not await store.use_code(code, "thief", 10.0)
    assert await store.use_code(code, "phone", 10.0)
    assert not await store.use_code(code, "phone", 10.0)
    assert not await store.bind_code(code, "phone", until=50.0), "used"
    assert not await store.use_code("unknown", "phone", 10.0)


async def test_a_code_is_over_at_its_time(stores: Stores) -> None:
    code, store = uuid4().hex, stores.screens
    await store.bind_code(code, "phone", until=50.0)
    assert not await store.use_code(code, "phone", 50.0)
    assert await store.purge_codes(50.0) >= 1
    assert await store.bind_code(code, "other", until=90.0), "gone from the rows"


async def test_of_many_at_once_one_holds_and_one_uses(stores: Stores) -> None:
    code, store = uuid4().hex, stores.screens
    held = await asyncio.gather(*[store.bind_code(code, f"phone {n}", until=50.0) for n in range(8)])
    assert held.count(True) == 1
    holder = f"phone {held.index(True)}"
    assert (await asyncio.gather(*[store.use_code(code, holder, 1.0) for _ in range(8)])).count(True) == 1
