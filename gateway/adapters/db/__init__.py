"""Rows on SQLite or PostgreSQL: `migrate`, `open_database`, and the stores that a Database holds."""

from gateway.adapters.db.database import Database, open_database
from gateway.adapters.db.engines import database_url
from gateway.adapters.db.schema import migrate

__all__ = ["Database", "database_url", "migrate", "open_database"]
