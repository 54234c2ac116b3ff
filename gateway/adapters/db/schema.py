"""Migrations, run by the program itself: nobody has to know Alembic to keep a gateway."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.adapters.db.engines import parse_url, postgresql_engine, sqlite_engine
from gateway.errors import StartupError

WAIT_SECONDS = 60.0  # a migration may wait for one that another process runs
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7052310202)")


async def migrate(url: str) -> None:
    """Brings the schema to this program's revision; harmless when it is there. StartupError says what failed."""
    await asyncio.to_thread(_migrate, url)


def require_current(engine: Engine) -> None:
    """StartupError unless the schema is exactly this program's."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = head()
    if found == wanted:
        return
    if found is None:
        raise StartupError("The database has no tables yet. Run `papertap migrate` first.")
    raise StartupError(
        f"The database has revision {found}, this program needs {wanted}. Run `papertap migrate`; if that does not "
        "know the revision, a newer Papertap has used this database."
    )


def head() -> str:
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def _migrate(url: str) -> None:
    with _migration_engine(url) as engine:
        try:
            with engine.begin() as connection:
                upgrade(connection)
        except (SQLAlchemyError, CommandError) as error:
            raise StartupError(f"The database could not be migrated: {error}") from error


def upgrade(connection: Connection) -> None:
    """All missing revisions in the transaction that `connection` is in."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _migration_engine(url: str) -> Iterator[Engine]:
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sqlite_engine(parsed, wait_seconds=WAIT_SECONDS)
    else:
        engine = postgresql_engine(parsed, wait_seconds=WAIT_SECONDS, statement_seconds=0)
    try:
        yield engine
    finally:
        engine.dispose()
