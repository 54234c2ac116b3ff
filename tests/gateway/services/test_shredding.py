"""When a document was destroyed, out of its job's records."""

from gateway.domain.events import JobRecord
from gateway.services.shredding import destroyed, destroyed_at
from tests.fakes import a_held_job


def test_destruction_takes_the_key_and_leaves_a_receipt() -> None:
    change = destroyed(a_held_job(id=7, key=b"wrapped", password_hash="x", favourite=True), 9.0, by="erase")
    assert (change.job.key, change.job.password_hash, change.job.favourite) == (None, None, False)
    [record] = change.records
    assert (record.job_id, record.at, record.by) == (7, 9.0, "erase")
    assert destroyed_at(change.records) == 9.0


def test_the_last_word_counts_and_without_one_the_document_exists() -> None:
    def a_record(what: str, at: float) -> JobRecord:
        return JobRecord(job_id=7, at=at, what=what)

    assert destroyed_at([]) is None
    assert destroyed_at([a_record("released", 1.0)]) is None
    kept = [a_record("document destroyed", 1.0), a_record("document destroyed", 2.0), a_record("seen", 3.0)]
    assert destroyed_at(kept) == 2.0
