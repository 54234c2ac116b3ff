"""Migrations, run by the program itself: nobody has to know Alembic to keep a gateway."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.adapters.db.engines import parse_url, postgresql_engine, sqlite_engine
from gateway.errors import StartupError

WAIT_SECONDS = 60.0  # a migration may wait for one that another process runs
VERSIONS = Path(__file__).parent / "migrations/versions"


async def migrate(url: str) -> None:
    """Brings the schema to this program's revision; harmless when it is there. StartupError says what failed."""
    await asyncio.to_thread(_migrate, url)


def require_current(engine: Engine) -> None:
    """StartupError unless the schema is exactly this program's."""
    with engine.connect() as connection:
        found = revision(connection)
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
    """The revision of this program: the last of the numbered files, as a test holds them to Alembic's own opinion."""
    return max(path.name[1:5] for path in VERSIONS.glob("r[0-9][0-9][0-9][0-9]_*.py"))


def revision(connection: Connection) -> str | None:
    """The schema's; None before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _migrate(url: str) -> None:
    with _migration_engine(url) as engine:
        try:
            with engine.connect() as connection:
                if revision(connection) == head():
                    return
            # Alembic and what it brings along are 13 MB, needed at the first start and after an update.
            from gateway.adapters.db.upgrading import upgrade  # noqa: PLC0415

            with engine.begin() as connection:
                upgrade(connection)
        except (SQLAlchemyError, ValueError) as error:
            raise StartupError(f"The database could not be migrated: {error}") from error


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
