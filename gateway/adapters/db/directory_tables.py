"""Tables of directories, of what their runs came to, and of passwords that were right lately."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from gateway.adapters.db.tables import Id, metadata

directories = Table(
    "directories",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("secret", LargeBinary),
    Column("version", Integer, nullable=False),
    # Where its runs stand: written by the runs, and no matter of the version.
    Column("cursor", Text, nullable=False, server_default=""),
    Column("full_at", Double),
    Column("run_at", Double),
    Column("failing_since", Double),
    Column("leased_by", Text),
    Column("leased_until", Double, nullable=False, server_default=text("0")),
)

directory_runs = Table(
    "directory_runs",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("directory_uuid", Text, ForeignKey("directories.uuid", ondelete="CASCADE"), nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("end", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("lines", Text, nullable=False),
    Index("directory_runs_of", "directory_uuid", "id"),
)

directory_proofs = Table(
    "directory_proofs",
    metadata,
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), primary_key=True),
    Column("proof_hash", Text, nullable=False),
    Column("at", Double, nullable=False),
)
