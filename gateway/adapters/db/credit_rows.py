"""Balances and entries inside somebody's transaction: the jobs' and the copiers' stores charge with these, too.

Whoever changes a balance, or reserves of it, holds its row until the commit: of fifty at once none sees money that
another one is just taking.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.credit_tables import LOW, balances, credit_entries
from gateway.adapters.db.job_rows import money_of, thousandths
from gateway.adapters.db.tables import RESERVING, jobs
from gateway.domain.credit import Balance, Entry, EntryKind, Rules
from gateway.domain.job import Job
from gateway.errors import KeyReused

b, e = balances.c, credit_entries.c
_MINE = (b.owner_folded == bindparam("whose"), b.currency == bindparam("coin"))
_BALANCE = select(balances).where(*_MINE)
_LOCKED = _BALANCE.with_for_update()
_WRITE = update(balances).where(*_MINE).values(amount=bindparam("sum"), low=bindparam("lowness"))
_RESERVED = select(func.coalesce(func.sum(jobs.c.reserved), 0)).where(
    RESERVING, jobs.c.reserved_for == bindparam("whose"), jobs.c.reserved_in == bindparam("coin")
)
_BY_KEY = select(credit_entries).where(e.key == bindparam("named"))
_ADD = insert(credit_entries).returning(e.id)


def balance(connection: Connection, owner: str, currency: str) -> Balance:
    """As it is now; nothing of somebody who never had any."""
    row = connection.execute(_BALANCE, _mine(owner, currency)).mappings().one_or_none()
    return _balance(connection, row, owner, currency)


def check_reserved(connection: Connection, job: Job, rules: Rules) -> None:
    """LimitReached unless the payer can pay for what this job, already written, reserves beside all others."""
    if not job.reserves or job.payer is None:
        return
    row = locked(connection, job.payer, job.reserved_in)
    found = _balance(connection, row, job.payer, job.reserved_in)
    before = Balance(
        owner=found.owner,
        currency=found.currency,
        amount=found.amount,
        reserved=found.reserved - job.reserves,
        overdraft=found.overdraft,
    )
    before.check(job.reserves, rules)


def post(connection: Connection, entry: Entry, rules: Rules) -> Entry:
    """The entry as it is kept, with its id and the balance after it; the one of that key if there is one.

    KeyReused when that is another one.
    """
    row = locked(connection, entry.owner, entry.currency)
    known = connection.execute(_BY_KEY, {"named": entry.key}).mappings().one_or_none()
    if known is not None:
        return _same(entry_of(known), entry)
    amount = row["amount"] + thousandths(entry.amount)
    try:
        (entry_id,) = connection.execute(_ADD, _entry_row(entry, amount)).scalars()
    except IntegrityError as error:
        raise KeyReused("This key names another entry. Use a new key for each.") from error
    low = lowness(row["low"], entry.kind, amount, thousandths(rules.low))
    connection.execute(_WRITE, _mine(entry.owner, entry.currency) | {"sum": amount, "lowness": low})
    return entry_of(_entry_row(entry, amount) | {"id": entry_id})


def locked(connection: Connection, owner: str, currency: str) -> RowMapping:
    """The row of a balance, made if there is none, and nobody else's until the commit."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = {"owner_folded": owner.casefold(), "currency": currency, "owner": owner, "amount": 0, "low": 0}
    connection.execute(dialect.insert(balances).on_conflict_do_nothing(), fresh)
    return connection.execute(_LOCKED, _mine(owner, currency)).mappings().one()


def rename_credit(connection: Connection, old: str, new: str) -> None:
    """What `old` has goes to `new`, beside what somebody of that name had left."""
    was, now = old.casefold(), new.casefold()
    for row in connection.execute(select(balances).where(b.owner_folded == was).with_for_update()).mappings().all():
        there = locked(connection, new, row["currency"]) if was != now else row
        overdraft = there["overdraft"] if row["overdraft"] is None else row["overdraft"]
        amount = row["amount"] + (there["amount"] if was != now else 0)
        mine = (b.owner_folded == now, b.currency == row["currency"])
        values = {"owner": new, "amount": amount, "overdraft": overdraft, "low": row["low"]}
        connection.execute(update(balances).where(*mine).values(values))
    if was != now:
        connection.execute(delete(balances).where(b.owner_folded == was))
    connection.execute(update(credit_entries).where(e.owner_folded == was).values(owner=new, owner_folded=now))
    connection.execute(update(jobs).where(jobs.c.reserved_for == was).values(reserved_for=now))


def lowness(state: int, kind: EntryKind, amount: int, low: int) -> int:
    """Charges make a balance low, and it is told once until it is above again."""
    if amount >= low or not low:
        return 0
    return LOW if kind is EntryKind.CHARGE and state == 0 else state


def entry_of(row: Any) -> Entry:
    return Entry(
        id=row["id"],
        owner=row["owner"],
        amount=money_of(row["amount"], row["currency"]),
        currency=row["currency"],
        kind=EntryKind(row["kind"]),
        key=row["key"],
        at=row["at"],
        by=row["by"],
        text=row["text"],
        job_id=row["job_id"],
        release_id=None if row["release_id"] is None else UUID(row["release_id"]),
        balance=money_of(row["balance"], row["currency"]),
    )


def _entry_row(entry: Entry, balance_after: int) -> dict[str, Any]:
    return {
        "owner": entry.owner,
        "owner_folded": entry.owner.casefold(),
        "currency": entry.currency,
        "amount": thousandths(entry.amount),
        "balance": balance_after,
        "kind": entry.kind.value,
        "key": entry.key,
        "at": entry.at,
        "by": entry.by,
        "text": entry.text,
        "job_id": entry.job_id,
        "release_id": None if entry.release_id is None else str(entry.release_id),
    }


def _same(known: Entry, entry: Entry) -> Entry:
    def told(one: Entry) -> tuple[object, ...]:
        return (one.owner.casefold(), one.amount, one.currency, one.kind)

    if told(known) != told(entry):
        raise KeyReused("This key names another entry. Use a new key for each.")
    return known


def _balance(connection: Connection, row: RowMapping | None, owner: str, currency: str) -> Balance:
    reserved = int(connection.execute(_RESERVED, _mine(owner, currency)).scalar_one())
    overdraft = None if row is None else row["overdraft"]
    return Balance(
        owner=owner if row is None else row["owner"],
        currency=currency,
        amount=money_of(0 if row is None else row["amount"], currency),
        reserved=money_of(reserved, currency),
        overdraft=None if overdraft is None else money_of(overdraft, currency),
    )


def _mine(owner: str, currency: str) -> dict[str, str]:
    return {"whose": owner.casefold(), "coin": currency}
