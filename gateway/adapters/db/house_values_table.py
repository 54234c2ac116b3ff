"""The table of values that belong to the whole house."""

from sqlalchemy import Column, Table, Text

from gateway.adapters.db.tables import metadata

house_values = Table(
    "house_values",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
