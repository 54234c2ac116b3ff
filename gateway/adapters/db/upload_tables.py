"""Tables of what passes through: uploads under way and guests. Few rows, none of them old."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, Table, Text

from gateway.adapters.db.tables import Id, metadata

uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("batch", Text, nullable=False),
    Column("job_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("pieces", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("last", Boolean, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Index("uploads_of_batch", "owner", "batch"),
)

guests = Table(
    "guests",
    metadata,
    Column("name", Text, primary_key=True),
    Column("code_lookup", Text, nullable=False, unique=True),
    Column("code_masked", Integer, nullable=False),
    Column("cookie_hash", Text, nullable=False, unique=True),
    Column("csrf", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)
