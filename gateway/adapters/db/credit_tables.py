"""The tables of credit: each owner's balance in each currency, and the entries that it is the sum of.

Amounts are thousandths of the currency's unit. No foreign key: what was paid and charged outlives job and account.
"""

from sqlalchemy import BigInteger, Column, Double, Index, SmallInteger, Table, Text, text

from gateway.adapters.db.tables import Id, metadata

LOW, TOLD = 1, 2
"""Of `balances.low`: to be told, and told; 0 is neither."""
TO_TELL = text("low = 1")

balances = Table(
    "balances",
    metadata,
    Column("owner_folded", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("overdraft", BigInteger),
    Column("low", SmallInteger, nullable=False),
    Index("balances_low", "low", sqlite_where=TO_TELL, postgresql_where=TO_TELL),
)

credit_entries = Table(
    "credit_entries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("owner", Text, nullable=False),
    Column("owner_folded", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("at", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("job_id", Id),
    Column("release_id", Text),
    Index("credit_entries_of_owner", "owner_folded", "id"),
)
