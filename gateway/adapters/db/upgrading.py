"""Runs Alembic's revisions; a module of its own, since most starts find the schema current and need no Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7052310202)")


def upgrade(connection: Connection) -> None:
    """All missing revisions in the transaction that `connection` is in; ValueError says what Alembic said."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ValueError(str(error)) from error


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
