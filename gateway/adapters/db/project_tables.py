"""Tables of projects, in the same metadata as all others."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text

from gateway.adapters.db.tables import metadata

# Ranges of texts, which find what begins with something, need the order of their letters' numbers on every database.
Ordered = Text().with_variant(Text(collation="C"), "postgresql")


def _project_uuid() -> Column[str]:
    return Column("project_uuid", Text, ForeignKey("projects.uuid", ondelete="CASCADE"), primary_key=True)


projects = Table(
    "projects",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("code_folded", Ordered, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("everyone", Boolean, nullable=False),
    Column("until", Double),
    Column("created_at", Double, nullable=False),
    Column("version", Integer, nullable=False),
)

project_words = Table(
    "project_words",
    metadata,
    Column("word", Ordered, primary_key=True),
    _project_uuid(),
    Index("project_words_of_project", "project_uuid"),
)

# Who may use it. No foreign key to a group or a user: either may be named before it is known.
project_holders = Table(
    "project_holders",
    metadata,
    Column("holder_folded", Ordered, primary_key=True),
    Column("of_group", Boolean, primary_key=True),
    _project_uuid(),
    Column("holder", Text, nullable=False),
    Index("project_holders_of_project", "project_uuid"),
)

# What a user does with a project; the code is for people who read their own data.
project_habits = Table(
    "project_habits",
    metadata,
    _project_uuid(),
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), primary_key=True, index=True),
    Column("code", Text, nullable=False),
    Column("favourite", Boolean, nullable=False),
    Column("preset", Boolean, nullable=False),
    Column("used_at", Double),
)
