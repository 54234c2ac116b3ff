"""Prepaid credit: what a user has, what releases under way have reserved of it, and the entries that made it (pure).

A balance is the sum of its entries and nothing else. What is reserved stands in the released jobs' own rows, so that a
reservation cannot outlive its release.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from gateway.domain.account import Receipt
from gateway.domain.copier import CopierSession
from gateway.domain.price import FREE, MOST, parse_price, payable
from gateway.errors import BadRequest, LimitReached

MOST_ENTERED = 100 * MOST
"""An amount of money above this is a slip of the keyboard."""


class EntryKind(StrEnum):
    """CHARGE: for paper, or copies. TOP_UP: money that came in. REFUND: one charge taken back."""

    CHARGE = "charge"
    TOP_UP = "top-up"
    ADJUSTMENT = "adjustment"
    REFUND = "refund"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of the ledger: `amount` is signed, in `currency`. `key` is its own for ever: the same key is the same entry.

    `balance` is what was there after it, as the store tells. `by` is who made it, "" for the gateway; `text` says why.
    """

    id: int = 0
    owner: str
    amount: Decimal
    currency: str
    kind: EntryKind
    key: str
    at: float
    by: str = ""
    text: str = ""
    job_id: int | None = None
    release_id: UUID | None = None
    balance: Decimal = FREE


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """What a release takes from its payer's credit if all of it comes out."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """`amount` may be negative. `overdraft` is the owner's own limit below nothing; None: the site's."""

    owner: str
    currency: str
    amount: Decimal = FREE
    reserved: Decimal = FREE
    overdraft: Decimal | None = None

    def free(self, rules: "Rules") -> Decimal:
        """What may still be spent, the overdraft included."""
        limit = rules.overdraft if self.overdraft is None else self.overdraft
        return self.amount - self.reserved + limit

    def check(self, price: Decimal, rules: "Rules") -> None:
        """LimitReached with the exact sum that is missing; `price` is not reserved yet."""
        missing = price - self.free(rules)
        if price > 0 and missing > 0:
            lack, cost = written(missing, self.currency), written(price, self.currency)
            raise LimitReached(f"{lack} are missing to print this for {cost}: ask at the desk to add credit.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The site's: how far below nothing a balance may go, and below what its owner is told that it is low."""

    overdraft: Decimal = FREE
    low: Decimal = FREE


def charge_for(receipt: Receipt) -> Entry | None:
    """What a release costs its payer; None where nothing came out that has a price."""
    if receipt.owner is None or not receipt.amount:
        return None
    return Entry(
        owner=receipt.owner,
        amount=-receipt.amount,
        currency=receipt.currency,
        kind=EntryKind.CHARGE,
        key=f"release:{receipt.release_id}",
        at=receipt.at,
        job_id=receipt.job_id,
        release_id=receipt.release_id,
    )


def charge_for_copies(session: CopierSession, due: Due) -> Entry | None:
    if not due.amount:
        return None
    return Entry(
        owner=session.owner,
        amount=-due.amount,
        currency=due.currency,
        kind=EntryKind.CHARGE,
        key=f"copier:{session.terminal}:{session.key}",
        at=session.ended_at or session.started_at,
        text=session.device,
    )


def refund_of(entry: Entry, *, at: float, by: str, text: str) -> Entry:
    """All of a charge, once. BadRequest for an entry that is no charge."""
    if entry.kind is not EntryKind.CHARGE:
        raise BadRequest("Only a charge can be refunded. Take other entries back by an adjustment.")
    return Entry(
        owner=entry.owner,
        amount=-entry.amount,
        currency=entry.currency,
        kind=EntryKind.REFUND,
        key=f"refund:{entry.id}",
        at=at,
        by=by,
        text=text,
        job_id=entry.job_id,
        release_id=entry.release_id,
    )


def written(amount: Decimal, currency: str) -> str:
    """For sentences of services: "0.40 EUR". Pages write it as their language does."""
    return f"{payable(amount, currency):f} {currency}"


def parse_amount(text: str, currency: str, *, signed: bool = False) -> Decimal:
    """Read "5", "5.50" or "5,50", with `signed` "-5" too; BadRequest when it cannot be paid in that currency."""
    try:
        amount = parse_price(text)
    except BadRequest:
        amount = Decimal("NaN")
    least = -MOST_ENTERED if signed else FREE
    if not amount.is_finite() or not least <= amount <= MOST_ENTERED or amount != payable(amount, currency):
        raise BadRequest(f'"{text.strip()[:20]}" is no amount of {currency}. Write for example 5 or 5.50.')
    return payable(amount, currency)
