"""Webhooks, what waits to be told to them, and who carries it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from gateway.domain.webhook import Delivery, DeliveryState, Webhook


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One event: `subject` is what it happened to, `mark` what its row looked like; one delivery for each webhook.

    `final`: nothing more will happen to it, so that its mark may be forgotten one day.
    """

    subject: str
    mark: str
    final: bool = False
    deliveries: tuple[Delivery, ...] = ()


class WebhookStore(Protocol):
    """Subscriptions, the queue of deliveries, and what was told of what."""

    async def webhooks(self) -> list[Webhook]:
        """In the order of their names."""

    async def webhook(self, webhook: UUID) -> Webhook | None: ...
    async def save_webhook(self, webhook: Webhook) -> Webhook:
        """Compare-and-set on the version; Conflict when somebody else was faster."""

    async def delete_webhook(self, webhook: UUID) -> bool:
        """With its deliveries. False when it was gone already."""

    async def marks(self, subjects: Sequence[str]) -> dict[str, str]:
        """What was told last of each; who is missing was never told of."""

    async def tell(self, told: Sequence[Told], *, now: float) -> int:
        """Marks and deliveries in one transaction. A subject that has this mark already is left: how many were not."""

    async def forget_marks(self, *, before: float, limit: int = 500) -> int:
        """Final ones that were told of before that time."""

    async def put(self, delivery: Delivery) -> Delivery:
        """One for a webhook that asked for it: a ping, a repetition."""

    async def claim(self, worker: str, *, now: float, lease: float, limit: int) -> list[Delivery]:
        """Due ones of active webhooks, the oldest of each, and none of a webhook that is being told now."""

    async def settle(
        self,
        delivery: Delivery,
        worker: str,
        *,
        state: DeliveryState,
        now: float,
        status: int | None,
        answer: str,
        due_at: float | None = None,
    ) -> Webhook | None:
        """Ends the try, and keeps with the webhook whether it failed. None when the claim was no longer this worker's."""

    async def release_claims(self) -> int: ...
    async def deliveries(self, webhook: UUID, *, before_id: int | None = None, limit: int = 50) -> list[Delivery]:
        """Newest first."""

    async def delivery(self, delivery: int) -> Delivery | None: ...
    async def purge_deliveries(self, *, before: float, limit: int = 500) -> int:
        """Those that ended before that time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`status` is that of HTTP; of the body nothing is kept, since it may be somebody else's secret."""

    status: int


class NotReached(Exception):
    """Nobody answered, or nobody may be asked there: `message` says why."""

    def __init__(self, *, message: str) -> None:
        super().__init__(message)
        self.message = message


class WebhookCarrier(Protocol):
    """HTTP to addresses that people name: checked, pinned, bounded, without redirects."""

    async def check(self, url: str) -> None:
        """NotReached when the address may not be asked."""

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer: ...
