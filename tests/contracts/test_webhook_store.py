"""WebhookStore: marks and deliveries together, one claim for each webhook, and what a try leaves behind."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.webhook import STOP_SECONDS, Delivery, DeliveryState, Webhook
from gateway.errors import Conflict
from gateway.services.ports.webhooks import Told, WebhookStore
from tests.builders import NOW
from tests.fakes_webhooks import MemoryWebhookStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[WebhookStore]:
    if request.param == "memory":
        yield MemoryWebhookStore()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.webhooks
    await opened.close()


def a_hook(**fields: Any) -> Webhook:
    given: dict[str, Any] = {
        "id": uuid4(),
        "name": "Zähler",
        "url": "https://hooks.example.org/x",
        "kinds": ("job-completed", "audit"),
        "secret": b"wrapped",
        "old_secret": b"older",
        "old_until": NOW + 5,
        "made_by": "root",
        "created_at": NOW,
    }
    return Webhook(**given | fields)


def a_delivery(hook: Webhook, **fields: Any) -> Delivery:
    given: dict[str, Any] = {"kind": "job-completed", "body": '{"ü": 1}', "created_at": NOW, "due_at": NOW}
    return Delivery(webhook=hook.id, event=uuid4(), **given | fields)


async def claim(store: WebhookStore, worker: str = "w", **given: Any) -> list[Delivery]:
    return await store.claim(worker, **{"now": NOW, "lease": 10.0, "limit": 9} | given)


async def settled(store: WebhookStore, row: Delivery, **given: Any) -> Webhook | None:
    usual: dict[str, Any] = {"state": DeliveryState.DELIVERED, "now": NOW, "status": 200, "answer": ""}
    return await store.settle(row, "w", **usual | given)


async def test_a_webhook_comes_back_and_is_changed_by_who_saw_it_last(store: WebhookStore) -> None:
    saved = await store.save_webhook(a_hook())
    assert await store.webhook(saved.id) == saved
    changed = await store.save_webhook(replace(saved, url="https://other.example/", old_secret=None, active=False))
    assert await store.webhooks() == [changed]
    with pytest.raises(Conflict):
        await store.save_webhook(replace(saved, name="late"))
    assert [await store.delete_webhook(saved.id) for _ in range(2)] == [True, False]
    assert await store.webhook(saved.id) is None


async def test_a_mark_and_its_deliveries_are_kept_together_and_once(store: WebhookStore) -> None:
    hook = await store.save_webhook(a_hook())
    told = Told(subject="job:1", mark="pending", deliveries=(a_delivery(hook),))
    assert await store.tell([told, Told(subject="job:2", mark="pending")], now=NOW) == 2
    assert await store.tell([told], now=NOW) == 0
    assert await store.marks(["job:1", "job:2", "job:3"]) == {"job:1": "pending", "job:2": "pending"}
    assert await store.tell([Told(subject="job:1", mark="held", deliveries=(a_delivery(hook),))], now=NOW) == 1
    assert len(await store.deliveries(hook.id)) == 2


async def test_of_many_that_tell_the_same_one_does(store: WebhookStore) -> None:
    hook = await store.save_webhook(a_hook())
    told = [Told(subject="job:1", mark="held", deliveries=(a_delivery(hook),)) for _ in range(5)]
    assert sorted(await asyncio.gather(*(store.tell([each], now=NOW) for each in told))) == [0, 0, 0, 0, 1]
    assert len(await store.deliveries(hook.id)) == 1


async def test_final_marks_are_forgotten_after_a_time(store: WebhookStore) -> None:
    await store.tell([Told(subject=f"job:{n}", mark="completed", final=n > 1) for n in range(4)], now=NOW)
    assert await store.forget_marks(before=NOW) == 0
    assert await store.forget_marks(before=NOW + 1, limit=1) == 1
    assert await store.forget_marks(before=NOW + 1) == 1
    assert set(await store.marks([f"job:{n}" for n in range(4)])) == {"job:0", "job:1"}


async def test_each_webhook_is_told_one_thing_at_a_time_oldest_first(store: WebhookStore) -> None:
    one, two = await store.save_webhook(a_hook(name="1")), await store.save_webhook(a_hook(name="2"))
    first, second, other = [await store.put(a_delivery(hook)) for hook in (one, one, two)]
    await store.put(a_delivery(two, due_at=NOW + 60))
    claimed = await asyncio.gather(*(claim(store, f"w{n}") for n in range(3)))
    assert sorted(row.id for rows in claimed for row in rows) == [first.id, other.id]
    taken = next(row for rows in claimed for row in rows if row.id == first.id)
    assert (taken.tries, taken.body, taken.claimed_until) == (1, '{"ü": 1}', NOW + 10)
    assert await claim(store, "late") == []
    assert {row.id for row in await claim(store, "later", now=NOW + 10)} == {first.id, other.id}
    assert await store.release_claims() == 2
    assert await store.delivery(second.id) == second


async def test_one_that_was_stopped_is_told_nothing(store: WebhookStore) -> None:
    hook = await store.save_webhook(a_hook(active=False))
    await store.put(a_delivery(hook))
    assert await claim(store) == []


async def test_a_try_is_settled_by_who_claimed_it(store: WebhookStore) -> None:
    hook = await store.save_webhook(a_hook())
    await store.put(a_delivery(hook))
    (row,) = await claim(store)
    assert await store.settle(row, "other", state=DeliveryState.DELIVERED, now=NOW, status=200, answer="") is None
    after = await settled(store, row, state=DeliveryState.WAITING, status=500, answer="no", due_at=NOW + 5)
    assert after is not None
    assert (after.failing_since, after.active, after.version) == (NOW, True, hook.version)
    assert await claim(store) == []
    (again,) = await claim(store, now=NOW + 5)
    assert (again.tries, again.status, again.answer) == (2, 500, "no")
    done = await settled(store, again, now=NOW + 6)
    assert done is not None
    assert (done.failing_since, done.told_at) == (None, NOW + 6)
    (kept,) = await store.deliveries(hook.id)
    assert (kept.state, kept.ended_at, kept.claimed_by) == (DeliveryState.DELIVERED, NOW + 6, None)
    assert await settled(store, again) is None


@pytest.mark.parametrize(("status", "after"), [(410, 0.0), (500, STOP_SECONDS), (None, STOP_SECONDS)])
async def test_one_that_is_gone_or_fails_for_days_is_stopped(
    store: WebhookStore, status: int | None, after: float
) -> None:
    hook = await store.save_webhook(a_hook(failing_since=NOW))
    await store.put(a_delivery(hook))
    (row,) = await claim(store)
    if after:
        early = await settled(store, row, state=DeliveryState.WAITING, now=NOW + after - 1, status=status, due_at=NOW)
        assert early is not None
        assert early.active
        (row,) = await claim(store)
    stopped = await settled(store, row, state=DeliveryState.GIVEN_UP, now=NOW + after, status=status, answer="It died.")
    assert stopped is not None
    assert not stopped.active
    assert stopped.stopped
    assert await store.webhook(hook.id) == stopped


async def test_old_deliveries_are_purged_and_a_webhook_takes_its_own_along(store: WebhookStore) -> None:
    hook = await store.save_webhook(a_hook())
    for number in range(3):
        await store.put(a_delivery(hook, ended_at=NOW + number, state=DeliveryState.DELIVERED))
    await store.put(a_delivery(hook))
    assert await store.purge_deliveries(before=NOW + 1, limit=1) == 1
    assert await store.purge_deliveries(before=NOW + 1) == 1
    rows = await store.deliveries(hook.id)
    assert [row.id for row in await store.deliveries(hook.id, before_id=rows[0].id)] == [rows[1].id]
    await store.delete_webhook(hook.id)
    assert await store.delivery(rows[0].id) is None
