"""The one thing the composition root opens: all stores over one database."""

import asyncio
from contextlib import ExitStack

from sqlalchemy import text

from gateway.adapters.db.attempt_store import SqlAttemptStore
from gateway.adapters.db.credential_store import SqlCredentialStore, SqlPendingStore
from gateway.adapters.db.engines import (
    POSTGRESQL_CONNECTIONS,
    SQLITE_READERS,
    check_durability,
    database_url,
    parse_url,
    postgresql_engine,
    sqlite_engine,
)
from gateway.adapters.db.guest_store import SqlGuestStore
from gateway.adapters.db.history_store import SqlHistoryStore
from gateway.adapters.db.job_store import SqlJobStore
from gateway.adapters.db.notice_store import SqlAccessLog, SqlNoticeStore
from gateway.adapters.db.number_store import SqlSideNumbers
from gateway.adapters.db.outbox_store import SqlOutbox
from gateway.adapters.db.personal_data import SqlPersonalData
from gateway.adapters.db.personal_store import SqlPersonalStore
from gateway.adapters.db.printer_store import SqlPrinterStore
from gateway.adapters.db.schema import require_current
from gateway.adapters.db.share_store import SqlShareStore
from gateway.adapters.db.transactions import PostgresqlTransactions, SqliteTransactions, Transactions
from gateway.adapters.db.upload_store import SqlUploadStore
from gateway.adapters.db.user_store import SqlUserStore
from gateway.settings import Settings

_ALIVE = text("SELECT 1")


class Database:
    """The stores, and the threads under them until `close`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self.jobs = SqlJobStore(transactions)
        self.printers = SqlPrinterStore(transactions)
        self.users = SqlUserStore(transactions)
        self.attempts = SqlAttemptStore(transactions)
        self.uploads = SqlUploadStore(transactions)
        self.guests = SqlGuestStore(transactions)
        self.credentials = SqlCredentialStore(transactions)
        self.pending = SqlPendingStore(transactions)
        self.shares = SqlShareStore(transactions)
        self.history = SqlHistoryStore(transactions)
        self.outbox = SqlOutbox(transactions)
        self.personal = SqlPersonalStore(transactions)
        self.notices = SqlNoticeStore(transactions)
        self.access_log = SqlAccessLog(transactions)
        self.personal_data = SqlPersonalData(transactions)
        self.numbers = SqlSideNumbers(transactions)

    async def check(self) -> None:
        """Busy or Unavailable when the database takes no transaction now."""
        await self._transactions.write(lambda connection: connection.execute(_ALIVE).scalar_one())

    async def close(self) -> None:
        await self._transactions.close()


async def open_database(settings: Settings) -> Database:
    """StartupError when the schema is not this program's (see `migrate`) or durability is less than promised."""
    return Database(await asyncio.to_thread(_open, database_url(settings), settings.database.wait_seconds))


def _open(url: str, wait_seconds: float) -> Transactions:
    parsed = parse_url(url)
    with ExitStack() as on_failure:
        if parsed.get_backend_name() == "postgresql":
            engine = postgresql_engine(parsed, wait_seconds=wait_seconds)
            on_failure.callback(engine.dispose)
            check_durability(engine)
            require_current(engine)
            on_failure.pop_all()
            return PostgresqlTransactions(engine=engine, wait_seconds=wait_seconds, connections=POSTGRESQL_CONNECTIONS)
        writer = sqlite_engine(parsed, wait_seconds=wait_seconds)
        on_failure.callback(writer.dispose)
        require_current(writer)
        on_failure.pop_all()
    reader = sqlite_engine(parsed, wait_seconds=wait_seconds, read_only=True)
    return SqliteTransactions(writer=writer, reader=reader, wait_seconds=wait_seconds, readers=SQLITE_READERS)
