"""The fixtures of the database tests."""

from tests.databases import (
    database,
    database_settings,
    jobs,
    postgresql_settings,
    postgresql_url,
    sqlite_settings,
    sqlite_template,
    stores,
)

__all__ = [
    "database",
    "database_settings",
    "jobs",
    "postgresql_settings",
    "postgresql_url",
    "sqlite_settings",
    "sqlite_template",
    "stores",
]
