"""The tables of terminals, and of rotating codes that were used."""

from sqlalchemy import Column, Double, Integer, Table, Text

from gateway.adapters.db.tables import metadata

terminals = Table(
    "terminals",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("station", Text, nullable=False),
    Column("info", Text, nullable=False),
    Column("on_tap", Text, nullable=False),
    Column("transform", Text, nullable=False),
    Column("key_hash", Text, unique=True),
    Column("screen_hash", Text, unique=True),
    Column("code_hash", Text, unique=True),
    Column("code_for", Text, nullable=False),
    Column("code_expires_at", Double, nullable=False),
    Column("locked_at", Double),
    Column("alert", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double),
    Column("seen_address", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

used_codes = Table(
    "used_codes",
    metadata,
    Column("nonce", Text, primary_key=True),
    Column("expires_at", Double, nullable=False, index=True),
)
