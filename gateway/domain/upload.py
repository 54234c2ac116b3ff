"""A file on its way in over several requests: what of it has arrived, and which job it is for."""

from dataclasses import dataclass

from gateway.domain.document import Document

REHEARSAL = 0
"""The job of a file that only shows whether files can be uploaded: there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """`pieces` are sealed under `key` (wrapped) and make up the first `received` of `size` octets.

    Files of one `batch` go into one job, in the order in which they are complete; `last` closes it. Once `done` the
    document is the job's and the pieces are gone.
    """

    id: str
    owner: str
    batch: str
    job_id: int
    name: str
    format: str
    size: int
    received: int = 0
    pieces: tuple[Document, ...] = ()
    key: bytes
    last: bool = True
    done: bool = False
    created_at: float
    expires_at: float

    @property
    def rehearsal(self) -> bool:
        return self.job_id == REHEARSAL

    @property
    def complete(self) -> bool:
        return self.received == self.size
