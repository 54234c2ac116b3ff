"""The table of browsers that may print from outside."""

from sqlalchemy import Column, Double, ForeignKey, LargeBinary, Table, Text

from gateway.adapters.db.tables import metadata

remote_browsers = Table(
    "remote_browsers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double),
)
