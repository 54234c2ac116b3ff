"""The rows of event subscriptions. What was to be told by them is kept nowhere but in memory."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.subscription import KeptSubscription


class SubscriptionStore(Protocol):
    """Each write is durable when it returns."""

    async def add(self, subscription: KeptSubscription) -> KeptSubscription:
        """With its id, which is never given again."""

    async def subscriptions(self) -> list[KeptSubscription]:
        """All there are, by id."""

    async def renew(self, subscription_id: int, *, lease: int, lease_ends: float) -> bool:
        """False when it is gone."""

    async def remove(self, subscription_id: int) -> None: ...

    async def reserve(self, ids: Sequence[int], count: int) -> dict[int, int]:
        """Raises the sequence of each by `count`; what it is then. Two who reserve at once get numbers of their own."""

    async def purge(self, *, now: float, ended_before: float) -> int:
        """Forgets those whose lease has ended, and whose job is gone or ended at or before then; how many."""
