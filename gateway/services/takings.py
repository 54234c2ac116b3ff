"""What came out and what it was charged at, counted since the start, for an adapter to export; nothing is decided by it.

The ledger is the truth: the end of a job only says whose receipts to look at, and each receipt counts once.
"""

import logging
from collections import deque
from decimal import Decimal
from uuid import UUID

from gateway.domain.account import Receipt
from gateway.domain.events import Event
from gateway.domain.price import FREE
from gateway.errors import PapertapError
from gateway.services.ports import Clock, EventBus
from gateway.services.ports.why import ReceiptsOf

REMEMBERED = 10_000  # receipts; that a job has ended may be told twice

log = logging.getLogger(__name__)


class Takings:
    """`charged` by currency. Receipts from before the start are not among them."""

    def __init__(self, *, receipts_of: ReceiptsOf, events: EventBus, clock: Clock) -> None:
        self._receipts_of = receipts_of
        self._events = events
        self._since = clock.now()
        self._counted: set[UUID] = set()
        self._order: deque[UUID] = deque()
        self.impressions = 0
        self.media_sheets = 0
        self.charged: dict[str, Decimal] = {}

    async def run(self) -> None:
        """For as long as the process serves."""
        async with self._events.subscribe(Event.JOB_COMPLETED) as happenings:
            async for happening in happenings:
                if happening.job_id is not None:
                    await self._look(happening.job_id)

    async def _look(self, job_id: int) -> None:
        try:
            receipts = await self._receipts_of(job_id)
        except PapertapError as error:
            log.warning("the receipts of job %d are missing in the metrics: %s", job_id, error)
            return
        for receipt in receipts:
            if receipt.at >= self._since and receipt.release_id not in self._counted:
                self._count(receipt)

    def _count(self, receipt: Receipt) -> None:
        self._counted.add(receipt.release_id)
        self._order.append(receipt.release_id)
        if len(self._order) > REMEMBERED:
            self._counted.remove(self._order.popleft())
        self.impressions += receipt.impressions
        self.media_sheets += receipt.media_sheets
        if receipt.currency:
            self.charged[receipt.currency] = self.charged.get(receipt.currency, FREE) + receipt.amount
