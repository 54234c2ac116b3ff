"""The tables behind phones: staying signed in, personal queues, push, short numbers, and codes on screens."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Integer, Table, Text

from gateway.adapters.db.tables import metadata


def _of_user() -> Column[str]:
    return Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, index=True)


phones = Table(
    "phones",
    metadata,
    Column("id", Text, primary_key=True),
    _of_user(),
    Column("name", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("grace_until", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

personal_queues = Table(
    "personal_queues",
    metadata,
    Column("id", Text, primary_key=True),
    _of_user(),
    Column("name", Text, nullable=False),
    Column("lookup", Text, nullable=False, unique=True),
    Column("printer", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double),
)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    _of_user(),
    Column("endpoint", Text, nullable=False, unique=True),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

# No foreign key: a sticker outlives what it named, and must never name something else.
place_numbers = Table(
    "place_numbers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("of_uuid", Text, nullable=False, unique=True),
)

screens = Table(
    "screens",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)

presence_codes = Table(
    "presence_codes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("used", Boolean, nullable=False),
    Column("until", Double, nullable=False, index=True),
)
