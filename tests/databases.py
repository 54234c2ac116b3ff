"""Fixtures: every store three times, in memory, on SQLite and on PostgreSQL; a conftest.py imports what it offers."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gateway.adapters.db import Database, migrate, open_database
from gateway.adapters.db.tables import metadata
from gateway.services.ports import (
    AttemptStore,
    CredentialStore,
    JobStore,
    PendingStore,
    PrinterStore,
    RemoteBrowserStore,
    SiteStore,
    UserStore,
)
from gateway.settings import Database as DatabaseSettings
from gateway.settings import Settings
from tests.fakes import MemoryAttemptStore, MemoryJobStore, MemoryPrinterStore, MemoryUserStore
from tests.fakes_identity import MemoryCredentialStore, MemoryPendingStore
from tests.fakes_remote import MemoryRemoteBrowserStore
from tests.fakes_sites import MemorySiteStore
from tests.postgresql import cluster

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
"""What a conftest.py offers by `from tests.databases import *`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    jobs: JobStore
    printers: PrinterStore
    users: UserStore
    attempts: AttemptStore
    credentials: CredentialStore
    pending: PendingStore
    sites: SiteStore
    remote_browsers: RemoteBrowserStore


def migrated(url: str) -> None:
    """In a thread of its own, so that it works inside and outside of a running loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(migrate(url))).result()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    shutil.copy(sqlite_template, tmp_path / "papertap.db")
    return Settings(data=tmp_path)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with cluster() as url:
        migrated(url)
        yield url


_NUMBERS_FROM_THEIR_START = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) "
    "FROM pg_sequences WHERE last_value IS NOT NULL"
)


def _used(table: str) -> str:
    return f"(SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table}))"


@pytest.fixture
def postgresql_settings(postgresql_url: str, tmp_path: Path) -> Settings:
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        # Emptying a table costs files and their syncs, whether there was a row in it or not.
        used = [name for (name,) in connection.execute(text(" UNION ALL ".join(map(_used, metadata.tables))))]
        if used:
            connection.execute(text(f"TRUNCATE {', '.join(used)} CASCADE"))
        connection.execute(text(_NUMBERS_FROM_THEIR_START))
    engine.dispose()
    return Settings(data=tmp_path, database=DatabaseSettings(url=postgresql_url))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_settings(request: pytest.FixtureRequest) -> Settings:
    settings: Settings = request.getfixturevalue(f"{request.param}_settings")
    return settings


@pytest.fixture
async def database(database_settings: Settings) -> AsyncIterator[Database]:
    opened = await open_database(database_settings)
    yield opened
    await opened.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield Stores(
            jobs=MemoryJobStore(),
            printers=MemoryPrinterStore(),
            users=MemoryUserStore(),
            attempts=MemoryAttemptStore(),
            credentials=MemoryCredentialStore(),
            pending=MemoryPendingStore(),
            sites=MemorySiteStore(),
            remote_browsers=MemoryRemoteBrowserStore(),
        )
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Stores(
        jobs=opened.jobs,
        printers=opened.printers,
        users=opened.users,
        attempts=opened.attempts,
        credentials=opened.credentials,
        pending=opened.pending,
        sites=opened.sites,
        remote_browsers=opened.remote_browsers,
    )
    await opened.close()


@pytest.fixture
def jobs(stores: Stores) -> JobStore:
    return stores.jobs
