"""The table of people who registered by themselves. Few rows, none of them old."""

from sqlalchemy import Column, Double, Index, Table, Text, text

from gateway.adapters.db.tables import metadata

OPEN = text("state IN ('asked', 'waiting')")

registrations = Table(
    "registrations",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_folded", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("language", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
    Column("confirmed_at", Double),
    Column("decided_at", Double),
    Column("decided_by", Text, nullable=False),
    Index("registrations_open", "email_folded", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
)
