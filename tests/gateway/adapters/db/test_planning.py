"""What PostgreSQL knows of its tables after many rows came at once; see gateway.adapters.db.planning."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, create_engine, text

from gateway.adapters.db.project_store import SqlProjectStore
from gateway.adapters.db.transactions import Outcome, PostgresqlTransactions, Work
from gateway.domain.project import Person
from gateway.settings import Settings
from tests.fakes_projects import a_project

NUMBER = 10_000
TABLES = ("projects", "project_words", "project_holders")


class WatchedTransactions(PostgresqlTransactions):
    """Something happens beside each write before it is committed."""

    def __init__(self, url: str, beside: Callable[[], None]) -> None:
        super().__init__(engine=create_engine(url), wait_seconds=10, connections=1)
        self._beside = beside

    async def write(self, work: Work[Outcome]) -> Outcome:
        def watched(connection: Connection) -> Outcome:
            outcome = work(connection)
            self._beside()
            return outcome

        return await super().write(watched)


@pytest.fixture
def url(postgresql_settings: Settings) -> str:
    return str(postgresql_settings.database.url)


async def test_counting_beside_an_import_does_not_make_its_projects_unknown(url: str) -> None:
    """As autovacuum counts: in a transaction of its own, which sees no row of the import, and waiting for no lock."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def count() -> None:
        with engine.connect() as connection:
            connection.execute(text(f"ANALYZE (SKIP_LOCKED) {', '.join(TABLES)}"))

    transactions = WatchedTransactions(url, count)
    store = SqlProjectStore(transactions)
    several = [a_project(f"P-{n:05}", title=f"Client {n}", groups=("Research",), everyone=False) for n in range(NUMBER)]
    try:
        await store.save_projects(several)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT relname, reltuples FROM pg_class"))
            sizes = {row.relname: row.reltuples for row in rows}
        found = await store.projects(Person(name="x", groups=("research",)), text="p-09 client", limit=2)
    finally:
        await transactions.close()
        engine.dispose()
    assert [project.code for project in found] == ["P-09000", "P-09001"]
    for table in TABLES:
        assert sizes[table] >= NUMBER, f"{table} is planned with as if it had {sizes[table]:.0f} rows"
