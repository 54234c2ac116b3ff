"""Engines that keep the durability the gateway promises, or refuse to start with less (docs: acceptance barrier)."""

import os
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from gateway.adapters.db.sqlite_rows import run_in_driver
from gateway.errors import StartupError
from gateway.settings import Settings

FILE_NAME = "papertap.db"
SQLITE_READERS = 3
CHECKPOINT_PAGES = 4000  # of the log; SQLite's own 1000 stopped every ninetieth accepted job for some milliseconds
JOURNAL_LIMIT = 64 * 1024 * 1024  # octets; the write-ahead log is cut to this after a burst
POSTGRESQL_CONNECTIONS = 10
DURABLE = {"on", "remote_apply"}


def database_url(settings: Settings) -> str:
    """The URL in the settings; the file in the data directory when it is empty."""
    return settings.database.url or f"sqlite:///{settings.data / FILE_NAME}"


def parse_url(url: str) -> URL:
    """With the driver that we use. StartupError for any other database."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StartupError("The setting database.url is not a database URL. Leave it empty for SQLite.") from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite+pysqlite", query={})
    raise StartupError(
        "The setting database.url must be empty, sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME, "
        f"not {parsed.render_as_string(hide_password=True)}."
    )


def sqlite_engine(url: URL, *, wait_seconds: float, read_only: bool = False) -> Engine:
    """Writers begin IMMEDIATE: a transaction that reads first and writes later would lose updates otherwise."""
    assert url.database is not None
    make_private_file(Path(url.database))
    engine = create_engine(
        url,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": wait_seconds},
        pool_size=SQLITE_READERS if read_only else 1,
        max_overflow=0,
        pool_timeout=wait_seconds,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: SqliteConnection, _record: Any) -> None:
        _set_pragmas(connection, read_only=read_only)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        run_in_driver(connection, "BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def make_private_file(path: Path) -> None:
    """Names and hashes are in it: the file is its owner's alone from the first moment on.

    A file that is there is never opened here: closing it would drop the locks that SQLite holds on it for this whole
    process (POSIX advisory locks), and another process would then delete the log that we go on writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _set_pragmas(connection: SqliteConnection, *, read_only: bool) -> None:
    if not read_only:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise StartupError("SQLite cannot keep its write-ahead log here. Put the data directory on a local disk.")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute(f"PRAGMA journal_size_limit={JOURNAL_LIMIT}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
    if connection.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise StartupError("SQLite does not wait for the disk (synchronous=FULL was not taken).")


def postgresql_engine(url: URL, *, wait_seconds: float, statement_seconds: float | None = None) -> Engine:
    """Every wait has a limit: for the connection, for a lock, for a statement (0: none, as a migration needs)."""
    milliseconds = max(1, round(wait_seconds * 1000))
    statement = milliseconds if statement_seconds is None else round(statement_seconds * 1000)
    return create_engine(
        url,
        connect_args={
            "connect_timeout": max(2, round(wait_seconds)),  # libpq knows no shorter one
            "options": f"-c lock_timeout={milliseconds} -c statement_timeout={statement}",
            "tcp_user_timeout": milliseconds,
            "application_name": "papertap",
        },
        pool_size=POSTGRESQL_CONNECTIONS,
        max_overflow=0,
        pool_timeout=wait_seconds,
    )


def check_durability(engine: Engine) -> None:
    """StartupError when PostgreSQL would acknowledge a commit before it is on disk, or cannot be reached."""
    try:
        with engine.connect() as connection:
            synchronous = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
            flushed = connection.exec_driver_sql("SHOW fsync").scalar_one()
    except DBAPIError as error:
        raise StartupError(
            f"PostgreSQL cannot be reached: {str(error.orig).strip()}. Check the setting database.url."
        ) from error
    if synchronous not in DURABLE or flushed != "on":
        raise StartupError(
            f"PostgreSQL runs with synchronous_commit={synchronous} and fsync={flushed}, so accepted jobs could be "
            "lost. Set both to on for this database and its role."
        )
