"""The table of copier sessions."""

from sqlalchemy import Column, Double, Index, Table, Text, text

from gateway.adapters.db.tables import Id, metadata

copier_sessions = Table(
    "copier_sessions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("terminal", Text, nullable=False),
    Column("session_key", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("owner_folded", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("counted_by", Text, nullable=False),
    Column("began", Text, nullable=False),
    Column("after_receipt", Id, nullable=False),
    Column("state", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Index("copier_sessions_once", "terminal", "session_key", unique=True),
    Index("copier_sessions_of_owner", "owner_folded", "id"),
    Index(
        "copier_sessions_open",
        "id",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)
