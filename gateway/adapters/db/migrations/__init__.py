"""Alembic's script directory; gateway.adapters.db.schema runs it."""
