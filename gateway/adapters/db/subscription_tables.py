"""The table of IPP event subscriptions: some thousand rows at most."""

from sqlalchemy import Column, Double, Index, Integer, LargeBinary, Table, Text

from gateway.adapters.db.tables import Id, metadata

ipp_subscriptions = Table(
    "ipp_subscriptions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("printer", Text, nullable=False),
    Column("job_id", Id),
    Column("events", Text, nullable=False),
    Column("lease", Integer, nullable=False),
    Column("lease_ends", Double),
    Column("user_data", LargeBinary, nullable=False),
    Column("charset", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("time_interval", Integer, nullable=False),
    Column("user", Text),
    Column("user_folded", Text),
    Column("claimed", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("sequence", Integer, nullable=False),
    Index("ipp_subscriptions_of_user", "user_folded"),
    sqlite_autoincrement=True,  # clients remember ids: none is given to somebody else
)
