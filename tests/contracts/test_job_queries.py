"""JobQuery: each field by itself, then together."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.job import Job, JobState
from gateway.errors import NotPossible
from gateway.services.ports import JobChange, JobQuery, JobStore, Stage
from tests.builders import NOW
from tests.fakes import a_held_job, a_job, a_released_job

OPEN = tuple(state for state in JobState if not state.ended)
ENDED = tuple(state for state in JobState if state.ended)

JOBS = {
    "pending": a_job(name="pending"),
    "other printer": a_job(name="other printer", printer="direct"),
    "held": a_held_job(name="held", owner="Bob", expires_at=NOW + 10),
    "warned": a_held_job(name="warned", owner="Bob", expires_at=NOW + 20, expiry_warned=True),
    "unclaimed": a_held_job(name="unclaimed", owner=None, requested_name="Jürgen", address="10.0.0.7", expires_at=None),
    "incoming": a_job(name="incoming", state=JobState.PENDING_HELD, incoming_until=NOW + 30),
    "released": a_released_job("laser", name="released", favourite=True, expires_at=None),
    "postponed": a_released_job("inkjet", name="postponed", not_before=NOW + 40, expires_at=None),
    "printing": a_released_job(
        "photo",
        name="printing",
        state=JobState.PROCESSING,
        claimed_by="w",
        claimed_until=NOW + 50,
        expires_at=None,
    ),
    "ended": a_job(name="ended", state=JobState.COMPLETED, ended_at=NOW + 60, key=None, address="10.0.0.7"),
    "aborted": a_job(name="aborted", state=JobState.ABORTED, ended_at=NOW + 70, owner="bob"),
    "100% _ÄPFEL_": a_job(name="100% _ÄPFEL_", owner="carol"),
}

CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, list(JOBS)),
    ({"printer": "direct"}, ["other printer"]),
    ({"printer": "DIRECT"}, []),
    ({"owner": "BOB"}, ["held", "warned", "aborted"]),
    ({"owner": "BOB", "states": OPEN}, ["held", "warned"]),
    ({"owner": "bob", "states": ENDED}, ["aborted"]),
    ({"owner": "jürgen"}, []),
    ({"unclaimed_as": "JÜRGEN"}, ["unclaimed"]),
    ({"unclaimed_near": "10.0.0"}, ["unclaimed"]),
    ({"unclaimed_near": "10.1"}, []),
    ({"unclaimed_as": "jürgen", "states": (JobState.PENDING_HELD,)}, ["unclaimed"]),
    ({"unclaimed_as": "anonymous"}, []),
    ({"unclaimed_from": "10.0.0.7"}, ["unclaimed"]),
    ({"unclaimed_from": "10.0.0.7", "states": (JobState.PENDING_HELD,)}, ["unclaimed"]),
    ({"unclaimed_from": "10.0.0.7", "states": ENDED}, []),
    ({"favourite": True}, ["released"]),
    ({"favourite": False, "printer": "direct"}, ["other printer"]),
    ({"states": (JobState.COMPLETED,)}, ["ended"]),
    ({"states": (JobState.PROCESSING, JobState.ABORTED)}, ["printing", "aborted"]),
    ({"states": ENDED}, ["ended", "aborted"]),
    ({"released": True}, ["released", "postponed", "printing"]),
    ({"released": True, "states": (JobState.PENDING,)}, ["released", "postponed"]),
    ({"released": False, "owner": "bob"}, ["held", "warned", "aborted"]),
    ({"output_device": "laser"}, ["released"]),
    ({"output_device": "laser", "states": OPEN}, ["released"]),
    ({"expires_before": NOW + 9.5}, []),
    ({"expires_before": NOW + 10}, ["held"]),
    ({"expires_before": NOW + 99, "states": OPEN}, ["held", "warned"]),
    ({"warn_before": NOW + 99}, ["held"]),
    ({"warn_before": NOW + 99, "states": (JobState.PENDING_HELD,)}, ["held"]),
    ({"incoming_before": NOW + 29}, []),
    ({"incoming_before": NOW + 30}, ["incoming"]),
    ({"due_before": NOW + 39}, []),
    ({"due_before": NOW + 40}, ["postponed"]),
    ({"ended_before": NOW + 60}, ["ended"]),
    ({"ended_before": NOW + 99}, ["ended", "aborted"]),
    ({"ended_before": NOW + 99, "with_key": True}, ["aborted"]),
    ({"with_key": False}, ["ended"]),
    ({"with_key": True, "states": ENDED}, ["aborted"]),
    ({"claim_lapsed_at": NOW + 49}, []),
    ({"claim_lapsed_at": NOW + 50}, ["printing"]),
    ({"claim_lapsed_at": float("inf"), "states": (JobState.PROCESSING,)}, ["printing"]),
    ({"name_contains": "END"}, ["pending", "ended"]),
    ({"name_contains": "äpfel"}, ["100% _ÄPFEL_"]),
    ({"name_contains": "%"}, ["100% _ÄPFEL_"]),
    ({"name_contains": "d_n"}, []),
    ({"name_contains": "\\"}, []),
    ({"name_contains": ""}, list(JOBS)),
    ({"limit": 2}, ["pending", "other printer"]),
    ({"limit": 2, "newest_first": True}, ["100% _ÄPFEL_", "aborted"]),
    ({"limit": 0}, []),
    ({"limit": None, "newest_first": True}, list(reversed(JOBS))),
    ({"expires_before": NOW + 99, "newest_first": True}, ["warned", "held"]),
]


@pytest.mark.parametrize(("fields", "names"), CASES, ids=str)
async def test_find_and_count(jobs: JobStore, fields: dict[str, Any], names: list[str]) -> None:
    await jobs.add(list(JOBS.values()))
    query = JobQuery(**fields)
    assert [job.name for job in await jobs.find(query)] == names
    everything = JobQuery(**fields | {"limit": None})
    assert await jobs.count(query) == len(await jobs.find(everything))


async def test_pages_upwards_and_downwards(jobs: JobStore) -> None:
    added = await jobs.add([a_job() for _ in range(7)])
    ids = [job.id for job in added]
    assert [job.id for job in await jobs.find(JobQuery(after_id=ids[1], limit=3))] == ids[2:5]
    down = JobQuery(before_id=ids[5], newest_first=True, limit=3)
    assert [job.id for job in await jobs.find(down)] == [ids[4], ids[3], ids[2]]
    assert [job.id for job in await jobs.find(JobQuery(after_id=ids[2], before_id=ids[5]))] == ids[3:5]


async def test_a_list_shows_every_change_at_once(jobs: JobStore) -> None:
    """Also what only moves a claim: nobody may be shown an older state of a job than the one before."""
    added = await jobs.add([a_job(name=str(number)) for number in range(5)])
    assert await jobs.find(JobQuery()) == added
    changed = await jobs.update(added[2].id, lambda job: JobChange(job=replace(job, name="changed")))
    (claimed,) = await jobs.claim(Stage.PREPARE, "w", now=NOW, lease=1.0)
    assert await jobs.find(JobQuery()) == [claimed, added[1], changed, *added[3:]]
    await jobs.extend_claim(claimed.id, "w", NOW + 50)
    first, *_ = await jobs.find(JobQuery())
    assert first.claimed_until == NOW + 50
    assert await jobs.find(JobQuery(newest_first=True, limit=3)) == [added[4], added[3], changed]
    assert await jobs.find(JobQuery(name_contains="changed")) == [changed]


async def test_a_refused_change_is_never_shown(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job()])

    def refuse(_: Job) -> JobChange:
        raise NotPossible("No.")

    with pytest.raises(NotPossible):
        await jobs.update(job.id, refuse)
    changed = await jobs.update(job.id, lambda j: JobChange(job=replace(j, message="yes")))
    assert await jobs.find(JobQuery()) == [changed]


async def test_equal_marks_say_that_no_row_changed(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job()])
    before = await jobs.mark()
    await jobs.update(job.id, lambda row: JobChange(job=replace(row, attempts=row.attempts + 1)))
    after = await jobs.mark()
    assert before is None or before != after
    await jobs.add([a_job()])
    assert after is None or after != await jobs.mark()


async def test_sums_of_versions_change_with_every_open_job(jobs: JobStore) -> None:
    one, _, _, ended = await jobs.add(
        [
            a_held_job(owner="Alice"),
            a_held_job(owner="alice"),
            a_job(owner=None),
            a_job(owner="bob", state=JobState.COMPLETED, ended_at=NOW),
        ]
    )
    assert await jobs.open_versions() == {"alice": (2, 0), "": (1, 0)}
    await jobs.update(one.id, lambda job: JobChange(job=replace(job, message="changed")))
    await jobs.update(ended.id, lambda job: JobChange(job=replace(job, key=None)))
    assert await jobs.open_versions() == {"alice": (2, 1), "": (1, 0)}
    await jobs.update(one.id, lambda job: JobChange(job=replace(job, state=JobState.CANCELED, ended_at=NOW)))
    assert await jobs.open_versions() == {"alice": (1, 0), "": (1, 0)}
