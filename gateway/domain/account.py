"""The receipt: what a release made, counted once (row 108; prices come on top of it)."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """One ledger row, keyed by the release: written in the transaction of the job's final state.

    `project` is the code of what it is charged to beside its owner, "" for none, and `comment` is for its bill.
    `amount` in `currency` (ISO 4217; empty where nothing is charged) is for what the device confirmed, or was sent.
    """

    release_id: UUID
    job_id: int
    owner: str | None
    printer: str
    device: str
    impressions: int
    media_sheets: int
    color: bool
    confirmed: bool
    at: float
    amount: Decimal = Decimal(0)
    currency: str = ""
    project: str = ""
    comment: str = ""
