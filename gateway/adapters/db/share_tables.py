"""Tables of one-time links and of delegations, in the same metadata as all others."""

from sqlalchemy import Boolean, Column, ColumnElement, Double, Index, Table, Text, UniqueConstraint, or_

from gateway.adapters.db.tables import Id, metadata

# No foreign keys: a job's row may be purged before the links to it, and groups have no rows.
shares = Table(
    "shares",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("job_id", Id, nullable=False, index=True),
    Column("owner", Text, nullable=False),
    Column("payer", Text, nullable=False),
    Column("shows_page", Boolean, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
    Column("expires_at", Double),
    Column("used_at", Double),
    Column("used_by", Text, nullable=False),
    Column("revoked_at", Double),
)

delegations = Table(
    "delegations",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("owner", Text, nullable=False),
    Column("owner_folded", Text, nullable=False),
    Column("delegate", Text, nullable=False),
    Column("delegate_folded", Text, nullable=False),
    Column("of_group", Boolean, nullable=False),
    Column("rights", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("owner_folded", "of_group", "delegate_folded"),
    Index("delegations_to", "delegate_folded", "of_group"),
)


def of_user(name: str) -> ColumnElement[bool]:
    """All that a user granted, or was granted by name."""
    folded = name.casefold()
    received = (delegations.c.delegate_folded == folded) & delegations.c.of_group.is_(False)
    return or_(delegations.c.owner_folded == folded, received)
