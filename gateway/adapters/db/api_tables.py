"""The tables of the API: tokens, and what was answered under an idempotency key."""

from sqlalchemy import Column, Double, ForeignKey, Integer, Table, Text

from gateway.adapters.db.tables import metadata

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("lookup", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),  # with spaces between
    Column("networks", Text, nullable=False),  # likewise
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("used_at", Double),
    Column("used_from", Text, nullable=False),
)

api_answers = Table(
    "api_answers",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("status", Integer),
    Column("body", Text, nullable=False),
    Column("location", Text, nullable=False),
)
