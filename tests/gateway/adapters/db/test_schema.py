"""Migrations: they make what the metadata says, they can be repeated, and nothing else is opened."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from gateway.adapters.db import Database, database_url, migrate, open_database
from gateway.adapters.db.schema import head
from gateway.adapters.db.tables import metadata
from gateway.adapters.db.upgrading import configuration
from gateway.errors import StartupError
from gateway.settings import Settings


def test_the_newest_file_is_alembics_head() -> None:
    assert [head()] == ScriptDirectory.from_config(configuration()).get_heads()


def test_a_current_schema_is_left_alone_without_alembic(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from gateway.adapters.db import migrate; "
        "asyncio.run(migrate(sys.argv[1])); print('alembic' in sys.modules)"
    )
    url = f"sqlite:///{tmp_path / 'rows.db'}"
    runs = [subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True) for _ in "12"]
    assert [run.stdout.strip() for run in runs] == ["True", "False"]


def definitions(engine: Engine) -> dict[str, str]:
    """Name to definition of every table and index, white space and quotes aside."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {name: _plain(sql) for name, sql in rows if name != "alembic_version"}


def _plain(sql: str) -> str:
    """A column that was added later stands with other spaces around it."""
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(sql.replace('"', "").split()))


def test_on_sqlite_migrations_make_exactly_the_metadata(sqlite_template: Path, tmp_path: Path) -> None:
    migrated = create_engine(f"sqlite:///{sqlite_template}")
    created = create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    metadata.create_all(created)
    try:
        assert definitions(migrated) == definitions(created)
        assert len(definitions(created)) > 25
    finally:
        migrated.dispose()
        created.dispose()


def pg_definitions(connection: Connection, schema: str) -> set[str]:
    """Columns and indices of a schema, without its name."""
    columns = connection.execute(
        text(
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable "
            "FROM information_schema.columns WHERE table_schema = :schema"
        ),
        {"schema": schema},
    ).scalars()
    indices = connection.execute(
        text("SELECT indexdef FROM pg_indexes WHERE schemaname = :schema"), {"schema": schema}
    ).scalars()
    found = {*columns, *(each.replace(f"{schema}.", "") for each in indices)}
    return {each for each in found if "alembic_version" not in each}


def test_on_postgresql_migrations_make_exactly_the_metadata(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("CREATE SCHEMA created"))
        connection.execute(text("SET LOCAL search_path TO created"))
        metadata.create_all(connection)
        assert pg_definitions(connection, "public") == pg_definitions(connection, "created")
        transaction.rollback()
    with engine.connect() as connection:
        differences: list[Any] = compare_metadata(MigrationContext.configure(connection), metadata)
        assert differences == []
    engine.dispose()


async def test_migrating_again_changes_nothing(database_settings: Settings) -> None:
    await migrate(database_url(database_settings))
    opened = await open_database(database_settings)
    await opened.check()
    await opened.close()


async def test_an_empty_database_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="papertap migrate"):
        await open_database(Settings(data=tmp_path))


async def test_a_newer_schema_is_not_opened(sqlite_settings: Settings) -> None:
    opened = await open_database(sqlite_settings)
    await _stamp(opened, "9999")
    await opened.close()
    with pytest.raises(StartupError, match="9999"):
        await open_database(sqlite_settings)
    with pytest.raises(StartupError, match="9999"):
        await migrate(database_url(sqlite_settings))


async def _stamp(opened: Database, revision: str) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})

    await opened._transactions.write(work)


def test_there_is_one_head() -> None:
    assert head()


def test_mails_from_before_get_their_owner(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    columns = "uuid, digest, state, due_at, received_at, from_folded, details"
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0022")
        rows = ('{"owner": "Ada"}', '{"owner": null, "envelope": {"user": "bob"}}', '{"owner": null}')
        for name, details in zip("abc", rows, strict=True):
            values = {"name": name, "details": details}
            connection.execute(
                text(f"INSERT INTO mails ({columns}) VALUES (:name, :name, 'done', 0, 0, '', :details)"), values
            )
        command.upgrade(config, "0024")
        owners = connection.execute(text("SELECT owner_folded FROM mails ORDER BY id")).scalars().all()
    engine.dispose()
    assert owners == ["ada", "bob", None]
