"""Mails that came in. What nothing asks for is one JSON text."""

from sqlalchemy import Column, Double, Index, LargeBinary, Table, Text, text

from gateway.adapters.db.tables import Id, metadata

OPEN = text("state IN ('received', 'printing')")

mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("received_at", Double, nullable=False, index=True),
    Column("from_folded", Text, nullable=False),
    Column("replied_at", Double),
    Column("object_id", Text),
    Column("key", LargeBinary),
    Column("claimed_by", Text),
    Column("claimed_until", Double),
    Column("details", Text, nullable=False),
    Column("owner_folded", Text),
    Index("mails_due", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("mails_replied", "from_folded", "replied_at"),
    Index("mails_owner", "owner_folded"),
)
