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
