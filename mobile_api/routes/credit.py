"""Prepaid credit: one's own balance and statement, and what staff adds, corrects and gives back.

A top-up is made once for each Idempotency-Key, also when the gateway dies between the entry and its answer.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from fastapi import Path, Request
from pydantic import BaseModel, Field

from gateway.domain.credit import Entry
from gateway.domain.rights import Permission
from gateway.errors import NotFound
from gateway.services.credit import LONGEST, Standing
from mobile_api.idempotency import key_of
from mobile_api.models import Body, Text, moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_number
from mobile_api.policy import needs, own
from mobile_api.router import Asking, Given, Topic

router = Topic("credit")

Owner = Annotated[str, Path(min_length=1, max_length=100)]
Amount = Annotated[str, Field(max_length=20, pattern=r"^-?[0-9]+([.,][0-9]+)?$", examples=["5.50"])]
Reason = Annotated[Text, Field(max_length=LONGEST)]


class NewKind(StrEnum):
    """TOP_UP: money that came in. ADJUSTMENT: a correction, which may be negative and has a reason."""

    TOP_UP = "top-up"
    ADJUSTMENT = "adjustment"


class CreditOut(BaseModel):
    """`available` may be spent now: the balance, less what jobs on their way reserve, and the overdraft."""

    user: str
    balance: Decimal
    reserved: Decimal
    available: Decimal
    overdraft: Decimal
    currency: str


class EntryOut(BaseModel):
    """`amount` is negative where something was charged; `balance` is what was there after it."""

    id: int
    at: datetime | None
    kind: str
    amount: Decimal
    balance: Decimal
    currency: str
    by: str
    text: str
    job: int | None


class NewEntry(Body):
    kind: NewKind = NewKind.TOP_UP
    amount: Amount
    text: Reason = ""


class Refund(Body):
    text: Reason


class CreditChange(Body):
    """Null: as the site's settings say."""

    overdraft: Amount | None


@router.get("/me/credit")
@own()
async def my_credit(services: Given, caller: Asking) -> CreditOut:
    """What the caller has to print with; not found where the site works without credit."""
    standing = await services.credit.of(caller.actor.user)
    if standing is None:
        raise NotFound("This site does not work with credit.")
    return _credit(standing)


@router.get("/me/credit/entries")
@own()
async def my_entries(services: Given, caller: Asking, limit: Limit = 50, cursor: Cursor = None) -> Page[EntryOut]:
    """The caller's charges, top-ups and corrections, newest first."""
    before = read_number(cursor)
    rows = await services.credit.statement(caller.actor.user or "", before_id=before, limit=limit + 1)
    return page_of(rows, limit, _entry, lambda entry: str(entry.id))


@router.get("/credit/{user}")
@needs(Permission.CASH, somewhere=True)
async def show_credit(user: Owner, services: Given, caller: Asking) -> CreditOut:
    """What somebody has."""
    return _credit(await services.credit.look(caller.actor, user))


@router.patch("/credit/{user}")
@needs(Permission.CASH)
async def change_credit(user: Owner, body: CreditChange, services: Given, caller: Asking) -> CreditOut:
    """How far below nothing this one may go."""
    return _credit(await services.credit.set_overdraft(caller.actor, user, body.overdraft))


@router.get("/credit/{user}/entries")
@needs(Permission.CASH, somewhere=True)
async def list_entries(
    user: Owner, services: Given, caller: Asking, limit: Limit = 50, cursor: Cursor = None
) -> Page[EntryOut]:
    """Somebody's charges, top-ups and corrections, newest first."""
    before = read_number(cursor)
    rows = await services.credit.history(caller.actor, user, before_id=before, limit=limit + 1)
    return page_of(rows, limit, _entry, lambda entry: str(entry.id))


@router.post("/credit/{user}/entries", status_code=201)
@needs(Permission.CASH, somewhere=True)
async def add_entry(user: Owner, body: NewEntry, services: Given, caller: Asking, request: Request) -> EntryOut:
    """Add credit, or correct a balance, which needs the permission for the whole house. Send an Idempotency-Key."""
    key = key_of(request) or ""
    if body.kind is NewKind.TOP_UP:
        made = await services.credit.top_up(caller.actor, user, body.amount, text=body.text, key=key)
    else:
        made = await services.credit.adjust(caller.actor, user, body.amount, text=body.text, key=key)
    return _entry(made)


@router.post("/credit/{user}/entries/{number}/refund", status_code=201)
@needs(Permission.CASH)
async def refund(
    user: Owner, number: Annotated[int, Path(ge=1, lt=2**63)], body: Refund, services: Given, caller: Asking
) -> EntryOut:
    """Give one charge back, once: asked for again, it is the same entry."""
    return _entry(await services.credit.refund(caller.actor, number, text=body.text, owner=user))


def _credit(standing: Standing) -> CreditOut:
    balance = standing.balance
    return CreditOut(
        user=balance.owner,
        balance=balance.amount,
        reserved=balance.reserved,
        available=standing.free,
        overdraft=standing.overdraft,
        currency=balance.currency,
    )


def _entry(entry: Entry) -> EntryOut:
    return EntryOut(
        id=entry.id,
        at=moment(entry.at),
        kind=entry.kind.value,
        amount=entry.amount,
        balance=entry.balance,
        currency=entry.currency,
        by=entry.by,
        text=entry.text,
        job=entry.job_id,
    )
