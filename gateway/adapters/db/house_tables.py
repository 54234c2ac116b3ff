"""Tables of roles, groups and the audit log, in the same metadata as all others."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from gateway.adapters.db.tables import Id, metadata, users

# A search reads the index alone; the rows, with all their hashes, are fetched only for what it found.
Index("users_searched", users.c.name_folded, users.c.searched, users.c.uuid)

role_grants = Table(
    "role_grants",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("holder", Text, nullable=False),
    Column("holder_folded", Text, nullable=False),
    Column("of_group", Boolean, nullable=False),
    Column("role", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("given_at", Double, nullable=False),
    UniqueConstraint("holder_folded", "of_group", "role", "site"),
    sqlite_autoincrement=True,
)

user_groups = Table(
    "user_groups",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("searched", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("parent_folded", Text, nullable=False),
    Column("cost_centre", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Index("user_groups_below", "parent_folded", "name_folded"),
)

# What users.groups says, the other way round. No foreign key to a group: a directory may name one before it is known.
memberships = Table(
    "memberships",
    metadata,
    Column("group_folded", Text, primary_key=True),
    Column("name_folded", Text, primary_key=True),
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, index=True),
)

# One row: raised whenever rights may have changed, so that whoever remembers them knows when to look again.
rights_mark = Table(
    "rights_mark",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("value", Id, nullable=False),
)

# Numbers are given by the chain, without gaps: what is missing was taken away.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_folded", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("values", Text, nullable=False),
    Column("searched", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Index("audit_log_actor", "actor_folded", "id"),
    Index("audit_log_action", "action", "id"),
)

audit_anchor = Table(
    "audit_anchor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("entry", Id, nullable=False),
    Column("digest", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
