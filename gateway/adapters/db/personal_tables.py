"""What is kept about a person beside the account: addresses, choices, notices, and who looked at what."""

from sqlalchemy import Column, Double, ForeignKey, Index, Table, Text, text

from gateway.adapters.db.tables import Id, metadata


def _user_uuid(**given: object) -> Column[str]:
    return Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, **given)  # type: ignore[arg-type]  # reason: the column's own options


# Addresses that their users verified; the account's own one stands with the user.
mail_addresses = Table(
    "mail_addresses",
    metadata,
    Column("address_folded", Text, primary_key=True),
    _user_uuid(index=True),
    Column("address", Text, nullable=False),
    Column("added_at", Double, nullable=False),
)

# One-time links: the hash of the token, what it is for, and on what. Its use deletes it.
one_time_tokens = Table(
    "one_time_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    _user_uuid(index=True),
    Column("subject", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

preferences = Table(
    "preferences",
    metadata,
    _user_uuid(primary_key=True),
    Column("values", Text, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    _user_uuid(),
    Column("job_id", Id, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("values", Text, nullable=False),
    Column("read_at", Double),
    Index("notices_once", "job_id", "occasion", unique=True),
    Index("notices_of_user", "user_uuid", "id"),
    Index(
        "notices_unread",
        "user_uuid",
        sqlite_where=text("read_at IS NULL AND kind <> ''"),
        postgresql_where=text("read_at IS NULL AND kind <> ''"),
    ),
)

# No foreign key to the card: its row is written anew with each change of its user.
card_notes = Table(
    "card_notes",
    metadata,
    Column("card", Text, primary_key=True),
    _user_uuid(index=True),
    Column("label", Text, nullable=False),
    Column("ending", Text, nullable=False),
    Column("added_at", Double, nullable=False),
    Column("expires_at", Double, index=True),
)

# By name, as jobs have owners; it outlives the job.
access_log = Table(
    "access_log",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False, index=True),
    Column("owner", Text, nullable=False),
    Column("owner_folded", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_folded", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("job_id", Id, nullable=False),
    Column("job_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("access_log_of_owner", "owner_folded", "id"),
    Index("access_log_by", "by_folded"),
)
