"""What is kept of an event subscription (RFC 3995), so that it outlives the process that gave it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSubscription:
    """The row of a Subscription object. `user` is None for a stranger, of whom `claimed` and `address` are known.

    `lease_ends` in seconds since 1970; None for the subscription of a job, which ends with it. Sequence numbers up to
    `sequence` may have been given to clients.
    """

    id: int = 0
    printer: str
    job_id: int | None
    events: tuple[str, ...]
    lease: int
    lease_ends: float | None
    user_data: bytes
    charset: str
    language: str
    time_interval: int
    user: str | None
    claimed: str
    address: str
    created_at: float
    sequence: int
