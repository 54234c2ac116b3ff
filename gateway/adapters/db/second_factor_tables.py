"""Tables of second steps, in the same metadata as all others."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, LargeBinary, Table, Text

from gateway.adapters.db.tables import Id, metadata

second_factors = Table(
    "second_factors",
    metadata,
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_step", Id, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("user_uuid", Text, ForeignKey("users.uuid", ondelete="CASCADE"), nullable=False, index=True),
)
