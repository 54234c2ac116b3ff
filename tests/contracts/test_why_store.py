"""What people ask of the past, in memory, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from gateway.adapters.db import open_database
from gateway.domain.events import IntakeAttempt
from gateway.services.ports import AttemptStore, JobStore, Trace, WhyStore
from tests.fakes import MemoryAttemptStore, MemoryJobStore, a_job
from tests.fakes_administration import MemoryWhyStore

NOW = 1_700_000_000.0


@dataclass
class Past:
    why: WhyStore
    jobs: JobStore
    attempts: AttemptStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def past(request: pytest.FixtureRequest) -> AsyncIterator[Past]:
    if request.param == "memory":
        jobs, attempts = MemoryJobStore(), MemoryAttemptStore()
        yield Past(MemoryWhyStore(jobs, attempts), jobs, attempts)
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Past(opened.why, opened.jobs, opened.attempts)
    await opened.close()


def a_try(name: str = "Plan.pdf", **fields: object) -> IntakeAttempt:
    given = {"channel": "ipp", "printer": "find-me", "address": "192.0.2.5", "requested_name": "Alice", "owner": None}
    plain = {"document_name": name, "outcome": "forbidden", "text": "No.", "at": NOW} | given | fields
    return IntakeAttempt(**plain)  # type: ignore[arg-type]  # reason: the names are its fields


async def test_jobs_by_person_name_address_and_time_newest_first(past: Past) -> None:
    rows = [
        a_job(name="Größenplan 100%_x", owner="Alice", address="192.0.2.1", created_at=NOW),
        a_job(name="Report", owner=None, requested_name="ALICE", address="192.0.2.2", created_at=NOW + 10),
        a_job(name="Secret plan", owner="bob", private=True, address="192.0.2.2", created_at=NOW + 20),
    ]
    plan, report, secret = [job.id for job in await past.jobs.add(rows)]
    for trace, wanted in (
        (Trace(text="alice"), [report, plan]),
        (Trace(text="GRÖSSENPLAN"), [plan]),
        (Trace(text="plan"), [plan]),
        (Trace(text="%_X"), [plan]),
        (Trace(text="100"), [plan]),
        (Trace(text="bob"), [secret]),
        (Trace(text="nobody"), []),
        (Trace(address="192.0.2.2"), [secret, report]),
        (Trace(address="192.0.2.2", until=NOW + 15), [report]),
        (Trace(text="alice", address="192.0.2.2"), [report]),
        (Trace(text="alice", since=NOW + 5), [report]),
        (Trace(text="plan", until=NOW - 1), []),
        (Trace(since=NOW + 5, until=NOW + 15), [report]),
        (Trace(limit=2), [secret, report]),
    ):
        assert await past.why.traced(trace) == wanted, trace


async def test_tries_that_became_no_job_are_found_and_those_of_a_job_stand_with_it(past: Past) -> None:
    (job,) = await past.jobs.add([a_job(created_at=NOW)])
    own = a_try(job_id=job.id, outcome="accepted", text="")
    later = a_try("Map.pdf", owner="bob", requested_name="x", address="192.0.2.9", at=NOW + 5)
    await past.attempts.record_attempts([own, a_try(), later])
    assert [one.document_name for one in await past.why.refused(Trace())] == ["Map.pdf", "Plan.pdf"]
    assert await past.why.refused(Trace(text="ALI")) == [a_try()]
    assert await past.why.refused(Trace(text="map")) == [later]
    assert await past.why.refused(Trace(text="bob", address="192.0.2.5")) == []
    assert await past.why.refused(Trace(since=NOW + 1, limit=1)) == [later]
    assert await past.why.attempts_of(job.id) == [replace(own)]
    assert await past.why.receipts_of(job.id) == []
