"""The table of sites: few rows, always read whole, so that their zones are one JSON text."""

from sqlalchemy import Column, Integer, Table, Text

from gateway.adapters.db.tables import metadata

sites = Table(
    "sites",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("settings", Text, nullable=False),
    Column("version", Integer, nullable=False),
)
