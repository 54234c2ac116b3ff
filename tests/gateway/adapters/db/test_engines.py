"""Engines: no less durable than promised, no more readable than needed."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from gateway.adapters.db import migrate, open_database
from gateway.adapters.db.engines import database_url, parse_url
from gateway.errors import StartupError
from gateway.settings import Database as DatabaseSettings
from gateway.settings import Settings


def pragmas(connection: Connection) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout", "query_only")
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names}


async def test_sqlite_waits_for_the_disk_and_overwrites_what_is_deleted(sqlite_settings: Settings) -> None:
    opened = await open_database(sqlite_settings)
    durable = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    reading = await opened._transactions.read(pragmas)
    writing = await opened._transactions.write(pragmas)
    await opened.close()
    assert reading == durable | {"busy_timeout": 5000, "query_only": 1}
    assert writing | {"busy_timeout": 0} == durable | {"busy_timeout": 0, "query_only": 0}
    assert 4900 <= int(str(writing["busy_timeout"])) <= 5000


async def test_the_database_file_is_its_owners_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "data")
    await migrate(database_url(settings))
    file = tmp_path / "new" / "data" / "papertap.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "no url", "postgres://host/name"]
)
def test_other_databases_are_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(StartupError, match=r"database\.url"):
        parse_url(url)


def test_a_password_in_a_wrong_url_is_not_shown() -> None:
    with pytest.raises(StartupError) as caught:
        parse_url("mysql://user:hidden@host/name")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://u@h/n", "postgresql+psycopg://u@h/n", "postgresql+asyncpg://u@h/n"])
def test_postgresql_is_always_driven_by_psycopg(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"


async def test_postgresql_without_synchronous_commit_is_refused(postgresql_url: str, tmp_path: Path) -> None:
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE hasty"))
        connection.execute(text("ALTER DATABASE hasty SET synchronous_commit = off"))
    try:
        hasty = postgresql_url.replace("/postgres?", "/hasty?")
        await migrate(hasty)
        with pytest.raises(StartupError, match="synchronous_commit=off"):
            await open_database(Settings(data=tmp_path, database=DatabaseSettings(url=hasty)))
    finally:
        with engine.connect() as connection:
            connection.execute(text("DROP DATABASE hasty WITH (FORCE)"))
        engine.dispose()


async def test_a_server_that_is_not_there_is_a_startup_error(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://papertap@/postgres?host={tmp_path}"
    settings = Settings(data=tmp_path, database=DatabaseSettings(url=url))
    with pytest.raises(StartupError, match="cannot be reached"):
        await open_database(settings)
    with pytest.raises(StartupError, match="could not be migrated"):
        await migrate(url)
