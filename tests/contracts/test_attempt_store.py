"""AttemptStore: each try to submit, newest first."""

from dataclasses import replace

from gateway.domain.events import IntakeAttempt
from tests.builders import NOW
from tests.databases import Stores

ATTEMPT = IntakeAttempt(
    at=NOW,
    channel="ipp",
    printer="find-me",
    address="10.0.0.7",
    requested_name="Jürgen",
    owner=None,
    document_name="Report",
    outcome="document-format-error",
    text="The document is damaged.",
)
FULL = replace(ATTEMPT, owner="alice", outcome="accepted", job_id=7, extra={"format": "image/urf", "größe": "9"})


async def test_attempts_come_back_newest_first(stores: Stores) -> None:
    late, early, same = replace(FULL, at=NOW + 9), ATTEMPT, replace(FULL, at=NOW)
    await stores.attempts.record_attempts([late, early])
    await stores.attempts.record_attempts([same])
    await stores.attempts.record_attempts([])
    assert await stores.attempts.attempts() == [late, same, early]
    assert await stores.attempts.attempts(limit=2) == [late, same]
    assert await stores.attempts.attempts(since=NOW + 9) == [late]
    assert await stores.attempts.attempts(since=NOW + 10) == []


async def test_old_attempts_are_purged_oldest_first(stores: Stores) -> None:
    made = [replace(ATTEMPT, at=NOW + second) for second in (3, 1, 2, 4)]
    await stores.attempts.record_attempts(made)
    assert await stores.attempts.purge_attempts(before=NOW + 3, limit=2) == 2
    assert [row.at - NOW for row in await stores.attempts.attempts()] == [4, 3]
    assert await stores.attempts.purge_attempts(before=NOW + 3) == 1
    assert await stores.attempts.purge_attempts(before=NOW + 3) == 0
    assert await stores.attempts.attempts() == [made[3]]
