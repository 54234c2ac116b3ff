"""A mail that was taken in: the row that stands for it from the 250 until its sender was answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class MailState(StrEnum):
    """RECEIVED: to be read. ASKED: its sender got a link and has not opened it. PRINTING: its jobs exist, an answer is due.

    DONE: answered, or nobody is to be answered. REFUSED: nothing of it is printed.
    """

    RECEIVED = "received"
    ASKED = "asked"
    PRINTING = "printing"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailStanding:
    """How far the mails are. `waiting` were neither refused nor answered yet, the oldest of them came at `oldest_at`.

    `recent` counts the mails of the last time by their state.
    """

    waiting: int = 0
    oldest_at: float | None = None
    recent: Mapping[MailState, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class MailFile:
    """One file of a mail for one Printer: `job` that has it, or the sentence that says why it is not printed."""

    name: str
    printer: str
    job: int | None = None
    refusal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """How a mail came. `sender` is the envelope's, "" for bounces; `recipients` are ours, words of options and all.

    `user` signed in for it. `authorities`: whoever handed it over puts Authentication-Results under these names, and is
    believed. `direct`: `address` is where it really came from, so that SPF means something. `known_as` are further
    addresses that mean us. `cut`: only its heading was taken, since the whole is too large.
    """

    channel: str
    sender: str
    recipients: tuple[str, ...]
    address: str = ""
    helo: str = ""
    user: str | None = None
    authorities: tuple[str, ...] = ()
    direct: bool = True
    known_as: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """A mail's row.

    `digest` is its idempotency key. The raw message lies in the spool as `object_id`, sealed under `key`, until its jobs
    exist; the key stays with the row, since the guest's cookie is made of it. `from_address` is who wrote it as the
    message says, `owner` who was found to have written it; `confirmed` once a link to `from_address` was opened.
    `answered` counts the answers that were sent. `due_at` is when the worker looks again.
    """

    id: int = 0
    uuid: UUID
    digest: str
    envelope: Envelope
    object_id: str | None
    key: bytes | None
    size: int
    received_at: float
    state: MailState = MailState.RECEIVED
    due_at: float = 0.0
    tries: int = 0
    from_address: str = ""
    owner: str | None = None
    language: str = ""
    message_id: str = ""
    subject: str = ""
    files: tuple[MailFile, ...] = ()
    remarks: tuple[str, ...] = ()
    message: str = ""
    confirmed: bool = False
    answered: int = 0
    replied_at: float | None = None
    claimed_by: str | None = None
    claimed_until: float | None = None

    @property
    def job_ids(self) -> tuple[int, ...]:
        """Each once, in the order of the files."""
        return tuple(dict.fromkeys(file.job for file in self.files if file.job is not None))
