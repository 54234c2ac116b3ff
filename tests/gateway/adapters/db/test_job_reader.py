"""Lists come from memory where the rows did not change, and from the rows where they did."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, create_engine, event, insert, update

from gateway.adapters.db.job_reader import AT_ONCE, JobReader
from gateway.adapters.db.job_rows import job_row
from gateway.adapters.db.tables import jobs, metadata
from gateway.services.ports import JobQuery
from tests.fakes import a_job

ALL = JobQuery(limit=None)


class Counted:
    """A connection and what was asked of it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.statements: list[str] = []
        event.listen(connection, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.statements.append(statement)


@pytest.fixture
def counted() -> Iterator[Counted]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(jobs), [job_row(a_job()) for _ in range(AT_ONCE + 20)])
        yield Counted(connection)
    engine.dispose()


def rows_read(counted: Counted) -> int:
    return sum("documents" in statement for statement in counted.statements)


def test_what_did_not_change_is_not_read_again(counted: Counted) -> None:
    reader = JobReader()
    first = reader.find(counted.connection, ALL)
    assert [job.id for job in first] == list(range(1, AT_ONCE + 21))
    counted.statements.clear()
    again = reader.find(counted.connection, ALL)
    assert all(one is other for one, other in zip(first, again, strict=True))
    assert rows_read(counted) == 0
    assert reader.find(counted.connection, JobQuery(newest_first=True, limit=2)) == [first[-1], first[-2]]
    assert rows_read(counted) == 0


def test_a_changed_row_is_read_alone(counted: Counted) -> None:
    reader = JobReader()
    first = reader.find(counted.connection, ALL)
    counted.connection.execute(update(jobs).where(jobs.c.id == 7).values(message="new", version=1))
    counted.statements.clear()
    assert reader.find(counted.connection, ALL) == [
        replace(job, message="new", version=1) if job.id == 7 else job for job in first
    ]
    assert rows_read(counted) == 1


def test_the_room_is_bounded(counted: Counted) -> None:
    reader = JobReader(kept=10)
    reader.find(counted.connection, ALL)
    assert len(reader._known) == 0
    for start in range(0, 60, 6):
        found = reader.find(counted.connection, JobQuery(after_id=start, limit=6))
        assert [job.id for job in found] == list(range(start + 1, start + 7))
        assert len(reader._known) <= 10
    assert {job_id for job_id, _ in reader._known} == set(range(51, 61))
