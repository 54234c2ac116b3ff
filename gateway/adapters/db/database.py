"""The one thing the composition root opens: all stores over one database."""

import asyncio
from contextlib import ExitStack

from sqlalchemy import text

from gateway.adapters.db.api_store import SqlAnswerStore, SqlApiTokenStore
from gateway.adapters.db.attempt_store import SqlAttemptStore
from gateway.adapters.db.audit_store import SqlAuditStore
from gateway.adapters.db.bulk_users import SqlUserRows
from gateway.adapters.db.copier_store import SqlCopierStore
from gateway.adapters.db.credential_store import SqlCredentialStore, SqlPendingStore
from gateway.adapters.db.credit_store import SqlCreditStore
from gateway.adapters.db.directory_store import SqlDirectoryStore
from gateway.adapters.db.engines import (
    POSTGRESQL_CONNECTIONS,
    SQLITE_READERS,
    check_durability,
    database_url,
    parse_url,
    postgresql_engine,
    sqlite_engine,
)
from gateway.adapters.db.group_store import SqlGroupStore
from gateway.adapters.db.guest_store import SqlGuestStore
from gateway.adapters.db.history_store import SqlHistoryStore
from gateway.adapters.db.house_store import SqlHouseStore
from gateway.adapters.db.incoming_mail_store import SqlMailStore
from gateway.adapters.db.job_store import SqlJobStore
from gateway.adapters.db.notice_store import SqlAccessLog, SqlNoticeStore
from gateway.adapters.db.number_store import SqlSideNumbers
from gateway.adapters.db.outbox_store import SqlOutbox
from gateway.adapters.db.personal_data import SqlPersonalData
from gateway.adapters.db.personal_store import SqlPersonalStore
from gateway.adapters.db.phone_store import (
    SqlPhoneStore,
    SqlPlaceNumbers,
    SqlPushStore,
    SqlQueueStore,
    SqlScreenStore,
)
from gateway.adapters.db.printer_store import SqlPrinterStore
from gateway.adapters.db.project_store import SqlProjectStore
from gateway.adapters.db.registration_store import SqlRegistrationStore
from gateway.adapters.db.remote_store import SqlRemoteBrowserStore
from gateway.adapters.db.role_store import SqlRoleStore
from gateway.adapters.db.schema import require_current
from gateway.adapters.db.second_factor_store import SqlSecondFactorStore
from gateway.adapters.db.share_store import SqlShareStore
from gateway.adapters.db.site_store import SqlSiteStore
from gateway.adapters.db.subscription_store import SqlSubscriptionStore
from gateway.adapters.db.terminal_store import SqlTerminalStore, SqlUsedCodes
from gateway.adapters.db.transactions import PostgresqlTransactions, SqliteTransactions, Transactions
from gateway.adapters.db.upload_store import SqlUploadStore
from gateway.adapters.db.user_store import SqlUserStore
from gateway.adapters.db.webhook_store import SqlWebhookStore
from gateway.adapters.db.why_store import SqlWhyStore
from gateway.domain.credit import Rules
from gateway.settings import Settings

_ALIVE = text("SELECT 1")


class Database:
    """The stores, and the threads under them until `close`."""

    def __init__(self, transactions: Transactions, rules: Rules) -> None:
        self._transactions = transactions
        self.jobs = SqlJobStore(transactions, rules)
        self.credit = SqlCreditStore(transactions, rules)
        self.printers = SqlPrinterStore(transactions)
        self.users = SqlUserStore(transactions)
        self.directories = SqlDirectoryStore(transactions)
        self.user_rows = SqlUserRows(transactions)
        self.attempts = SqlAttemptStore(transactions)
        self.uploads = SqlUploadStore(transactions)
        self.guests = SqlGuestStore(transactions)
        self.credentials = SqlCredentialStore(transactions)
        self.pending = SqlPendingStore(transactions)
        self.shares = SqlShareStore(transactions)
        self.history = SqlHistoryStore(transactions)
        self.mails = SqlMailStore(transactions)
        self.outbox = SqlOutbox(transactions)
        self.personal = SqlPersonalStore(transactions)
        self.notices = SqlNoticeStore(transactions)
        self.access_log = SqlAccessLog(transactions)
        self.personal_data = SqlPersonalData(transactions)
        self.registrations = SqlRegistrationStore(transactions)
        self.second_factors = SqlSecondFactorStore(transactions)
        self.roles = SqlRoleStore(transactions)
        self.groups = SqlGroupStore(transactions)
        self.audit = SqlAuditStore(transactions)
        self.numbers = SqlSideNumbers(transactions)
        self.sites = SqlSiteStore(transactions)
        self.tokens = SqlApiTokenStore(transactions)
        self.answers = SqlAnswerStore(transactions)
        self.webhooks = SqlWebhookStore(transactions)
        self.terminals = SqlTerminalStore(transactions)
        self.copiers = SqlCopierStore(transactions, rules)
        self.used_codes = SqlUsedCodes(transactions)
        self.phones = SqlPhoneStore(transactions)
        self.queues = SqlQueueStore(transactions)
        self.push = SqlPushStore(transactions)
        self.places = SqlPlaceNumbers(transactions)
        self.screens = SqlScreenStore(transactions)
        self.house = SqlHouseStore(transactions)
        self.remote_browsers = SqlRemoteBrowserStore(transactions)
        self.subscriptions = SqlSubscriptionStore(transactions)
        self.why = SqlWhyStore(transactions)
        self.projects = SqlProjectStore(transactions)

    async def check(self) -> None:
        """Busy or Unavailable when the database takes no transaction now."""
        await self._transactions.write(lambda connection: connection.execute(_ALIVE).scalar_one())

    async def close(self) -> None:
        await self._transactions.close()


async def open_database(settings: Settings) -> Database:
    """StartupError when the schema is not this program's (see `migrate`) or durability is less than promised."""
    opened = await asyncio.to_thread(_open, database_url(settings), settings.database.wait_seconds)
    return Database(opened, Rules(overdraft=settings.credit.overdraft, low=settings.credit.low_balance))


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
