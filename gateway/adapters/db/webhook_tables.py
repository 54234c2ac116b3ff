"""The tables of webhooks: subscriptions, the queue of deliveries, and what was told last of what."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from gateway.adapters.db.tables import Id, metadata

DELIVERY_WAITS = text("state = 'waiting'")
DELIVERY_ENDED = text("ended_at IS NOT NULL")

webhooks = Table(
    "webhooks",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("kinds", Text, nullable=False),  # with spaces between
    Column("secret", LargeBinary, nullable=False),  # wrapped
    Column("old_secret", LargeBinary),
    Column("old_until", Double),
    Column("made_by", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("stopped", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("told_at", Double),
    Column("failing_since", Double),
    Column("version", Integer, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("webhook", Text, ForeignKey("webhooks.uuid", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("status", Integer),
    Column("answer", Text, nullable=False),
    Column("ended_at", Double),
    Column("claimed_by", Text),
    Column("claimed_until", Double),
    Index("webhook_deliveries_of", "webhook", "id"),
    Index(
        "webhook_deliveries_waiting",
        "webhook",
        "due_at",
        sqlite_where=DELIVERY_WAITS,
        postgresql_where=DELIVERY_WAITS,
    ),
    Index("webhook_deliveries_ended", "ended_at", sqlite_where=DELIVERY_ENDED, postgresql_where=DELIVERY_ENDED),
)

webhook_marks = Table(
    "webhook_marks",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("mark", Text, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("at", Double, nullable=False, index=True),
)
