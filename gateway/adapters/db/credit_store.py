"""Credit on SQLite and PostgreSQL: each method is one transaction."""

from decimal import Decimal

from sqlalchemy import Connection, bindparam, select, update

from gateway.adapters.db.credit_rows import balance, entry_of, locked, post
from gateway.adapters.db.credit_tables import LOW, TO_TELL, TOLD, balances, credit_entries
from gateway.adapters.db.job_rows import thousandths
from gateway.adapters.db.transactions import Transactions
from gateway.domain.credit import Balance, Entry, Rules

b, e = balances.c, credit_entries.c
_ONE = select(credit_entries).where(e.id == bindparam("entry_id"))
_OF_OWNER = (
    select(credit_entries)
    .where(e.owner_folded == bindparam("whose"), e.id < bindparam("before"))
    .order_by(e.id.desc())
    .limit(bindparam("row_limit"))
)
_TO_TELL = select(b.owner, b.currency).where(TO_TELL).limit(bindparam("row_limit"))
_MINE = (b.owner_folded == bindparam("whose"), b.currency == bindparam("coin"))
_TOLD = update(balances).where(*_MINE, b.low == LOW).values(low=TOLD)
_OVERDRAFT = update(balances).where(*_MINE).values(overdraft=bindparam("least"))
_LAST = 2**63 - 1


class SqlCreditStore:
    """gateway.services.ports.CreditStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions, rules: Rules) -> None:
        self._transactions = transactions
        self._rules = rules

    async def balance(self, owner: str, currency: str) -> Balance:
        return await self._transactions.read(lambda connection: balance(connection, owner, currency))

    async def post(self, entry: Entry) -> Entry:
        return await self._transactions.write(lambda connection: post(connection, entry, self._rules))

    async def entry(self, entry_id: int) -> Entry | None:
        def work(connection: Connection) -> Entry | None:
            row = connection.execute(_ONE, {"entry_id": entry_id}).mappings().one_or_none()
            return None if row is None else entry_of(row)

        return await self._transactions.read(work) if 0 < entry_id <= _LAST else None

    async def entries(self, owner: str, *, before_id: int | None = None, limit: int = 100) -> list[Entry]:
        before = _LAST if before_id is None else max(0, min(before_id, _LAST))
        values = {"whose": owner.casefold(), "before": before, "row_limit": limit}

        def work(connection: Connection) -> list[Entry]:
            return [entry_of(row) for row in connection.execute(_OF_OWNER, values).mappings()]

        return await self._transactions.read(work)

    async def set_overdraft(self, owner: str, currency: str, overdraft: Decimal | None) -> Balance:
        least = None if overdraft is None else thousandths(overdraft)

        def work(connection: Connection) -> Balance:
            locked(connection, owner, currency)
            connection.execute(_OVERDRAFT, {"whose": owner.casefold(), "coin": currency, "least": least})
            return balance(connection, owner, currency)

        return await self._transactions.write(work)

    async def low(self, *, limit: int = 100) -> list[Balance]:
        def work(connection: Connection) -> list[Balance]:
            found = connection.execute(_TO_TELL, {"row_limit": limit}).all()
            return [balance(connection, row.owner, row.currency) for row in found]

        return await self._transactions.read(work)

    async def low_told(self, owner: str, currency: str) -> bool:
        values = {"whose": owner.casefold(), "coin": currency}
        return await self._transactions.write(lambda connection: connection.execute(_TOLD, values).rowcount == 1)
