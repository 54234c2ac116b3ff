"""Stands beside every try to submit and writes down what came of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.domain.events import IntakeAttempt
from gateway.domain.job import Job
from gateway.errors import Refusal, StorageFailed
from gateway.services.attempts import AttemptLog
from gateway.services.ports import Clock
from gateway.services.submission import Submission, clean_text
from gateway.services.tally import Tally


class Witness:
    """What came of one try."""

    job_id: int | None = None
    octets = 0

    def accepted(self, job: Job) -> Job:
        self.job_id = job.id
        self.octets = job.documents[-1].size if job.documents else 0
        return job


class Witnesses:
    """Counts and records tries. `storage_failed` is called when one found out that the disk cannot be trusted."""

    def __init__(self, *, log: AttemptLog, tally: Tally, clock: Clock, storage_failed: Callable[[], None]) -> None:
        self._log = log
        self._tally = tally
        self._clock = clock
        self._storage_failed = storage_failed

    @contextmanager
    def witness(self, submission: Submission, document_name: str) -> Iterator["Witness"]:
        """Writes the try down, whatever comes of it."""
        witness = Witness()
        outcome, text = "accepted", ""
        try:
            yield witness
        except Refusal as error:
            outcome, text = error.kind, error.message
            if isinstance(error, StorageFailed):
                self._storage_failed()
            raise
        except BaseException as error:
            outcome, text = "interrupted", type(error).__name__
            raise
        finally:
            self._tally.count(outcome, witness.octets)
            self._note(submission, document_name, outcome, text, witness.job_id)

    def _note(self, submission: Submission, document_name: str, outcome: str, text: str, job_id: int | None) -> None:
        actor = submission.actor
        attempt = IntakeAttempt(
            at=self._clock.now(),
            channel=submission.source,
            printer=clean_text(submission.printer),
            address=actor.address,
            requested_name=clean_text(actor.claimed),
            owner=actor.user,
            document_name=clean_text(submission.name) or clean_text(document_name),
            outcome=outcome,
            text=text,
            job_id=job_id,
        )
        self._log.note(attempt)
