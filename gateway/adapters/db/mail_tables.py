"""The outbox: letters that wait, and what became of those that do not."""

from sqlalchemy import Column, Double, Index, Integer, Table, Text, text

from gateway.adapters.db.tables import Id, metadata

WAITING = text("state = 'waiting'")
SENT = text("state = 'sent'")

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("to_folded", Text, nullable=False, index=True),
    Column("language", Text, nullable=False),
    Column("values", Text, nullable=False),
    Column("key", Text, unique=True),
    Column("state", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("useful_until", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("ended_at", Double),
    Column("claimed_by", Text),
    Column("claimed_until", Double),
    Index("outbox_waiting", "id", sqlite_where=WAITING, postgresql_where=WAITING),
    Index(
        "outbox_ended",
        "ended_at",
        sqlite_where=text("ended_at IS NOT NULL"),
        postgresql_where=text("ended_at IS NOT NULL"),
    ),
)
