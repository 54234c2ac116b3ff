"""The table of numbers on printed sides: which release got which; kept when jobs are gone, for that is its use."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from gateway.adapters.db.tables import metadata

# No foreign key: who holds a numbered sheet asks for its release long after the job's row was purged.
side_numbers = Table(
    "side_numbers",
    metadata,
    Column("release_id", Text, primary_key=True),
    Column("printer", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Index("side_numbers_of_printer", "printer", "first", unique=True),
)
