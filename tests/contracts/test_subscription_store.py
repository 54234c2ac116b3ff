"""SubscriptionStore: the same promises in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from gateway.adapters.db import open_database
from gateway.domain.job import Cause, Job, advance
from gateway.domain.subscription import KeptSubscription
from gateway.services.ports import JobChange, JobStore
from gateway.services.ports.subscriptions import SubscriptionStore
from tests.builders import NOW
from tests.fakes import MemoryJobStore, a_job
from tests.fakes_subscriptions import MemorySubscriptionStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Both:
    subscriptions: SubscriptionStore
    jobs: JobStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Both]:
    if request.param == "memory":
        jobs = MemoryJobStore()
        yield Both(subscriptions=MemorySubscriptionStore(jobs), jobs=jobs)
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Both(subscriptions=opened.subscriptions, jobs=opened.jobs)
    await opened.close()


def a_row(**fields: object) -> KeptSubscription:
    plain: dict[str, object] = {
        "printer": "find-me",
        "job_id": None,
        "events": ("job-completed", "printer-state-changed"),
        "lease": 600,
        "lease_ends": NOW + 600.0,
        "user_data": b"\x00me\xff",
        "charset": "utf-8",
        "language": "en",
        "time_interval": 5,
        "user": "Alice",
        "claimed": "\N{HOURGLASS}",
        "address": "2001:db8::1",
        "created_at": NOW,
        "sequence": 100,
    }
    return KeptSubscription(**plain | fields)  # type: ignore[arg-type]  # reason: a test's own fields


async def test_a_subscription_comes_back_as_it_was_kept(stores: Both) -> None:
    first = await stores.subscriptions.add(a_row())
    second = await stores.subscriptions.add(a_row(job_id=7, lease=0, lease_ends=None, user=None, user_data=b""))
    assert 0 < first.id < second.id
    assert await stores.subscriptions.subscriptions() == [first, second]


async def test_an_id_is_given_once(stores: Both) -> None:
    first = await stores.subscriptions.add(a_row())
    await stores.subscriptions.remove(first.id)
    assert (await stores.subscriptions.add(a_row())).id > first.id


async def test_a_renewed_lease_is_kept(stores: Both) -> None:
    row = await stores.subscriptions.add(a_row())
    assert await stores.subscriptions.renew(row.id, lease=60, lease_ends=NOW + 99.0)
    assert await stores.subscriptions.subscriptions() == [replace(row, lease=60, lease_ends=NOW + 99.0)]
    await stores.subscriptions.remove(row.id)
    assert not await stores.subscriptions.renew(row.id, lease=60, lease_ends=NOW)


async def test_numbers_are_reserved_for_each(stores: Both) -> None:
    one, other = await stores.subscriptions.add(a_row()), await stores.subscriptions.add(a_row(sequence=300))
    assert await stores.subscriptions.reserve([one.id, other.id, 999], 100) == {one.id: 200, other.id: 400}
    assert [row.sequence for row in await stores.subscriptions.subscriptions()] == [200, 400]


async def test_who_reserve_at_once_get_numbers_of_their_own(stores: Both) -> None:
    row = await stores.subscriptions.add(a_row())
    got = await asyncio.gather(*(stores.subscriptions.reserve([row.id], 10) for _ in range(8)))
    assert sorted(each[row.id] for each in got) == [110 + 10 * number for number in range(8)]


async def test_what_is_over_is_forgotten(stores: Both) -> None:
    open_job, just, long_ago = await stores.jobs.add([a_job(), a_job(), a_job()])
    for job, ended in ((just, NOW + 50.0), (long_ago, NOW + 10.0)):
        await _end(stores.jobs, job, ended)
    of_jobs = {"lease": 0, "lease_ends": None}
    kept = [
        await stores.subscriptions.add(a_row(lease_ends=NOW + 101.0)),
        await stores.subscriptions.add(a_row(job_id=open_job.id, **of_jobs)),
        await stores.subscriptions.add(a_row(job_id=just.id, **of_jobs)),
    ]
    await stores.subscriptions.add(a_row(lease_ends=NOW + 100.0))
    await stores.subscriptions.add(a_row(job_id=long_ago.id, **of_jobs))
    await stores.subscriptions.add(a_row(job_id=4711, **of_jobs))
    assert await stores.subscriptions.purge(now=NOW + 100.0, ended_before=NOW + 20.0) == 3
    assert await stores.subscriptions.subscriptions() == kept


async def _end(jobs: JobStore, job: Job, at: float) -> None:
    await jobs.update(job.id, lambda row: JobChange(job=advance(row, Cause.CANCELED_BY_USER, now=at)))
