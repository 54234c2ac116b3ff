"""What is kept about a person beside the account: choices, addresses, cards, notices, and who looked at what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class NoticeKind(StrEnum):
    READY = "ready"
    EXPIRING = "expiring"
    PRINTED = "printed"
    FAILED = "failed"
    NEEDS_WORD = "needs-word"
    LOOKED = "looked"
    COPIED = "copied"
    LOW_BALANCE = "low-balance"


# What is lost without a word from its owner is told unasked; the rest is told to whoever wants it. COPIED, that somebody
# else may be signed in as its owner, is told everywhere, whatever was chosen.
TOLD_UNASKED = frozenset(
    {
        NoticeKind.EXPIRING,
        NoticeKind.FAILED,
        NoticeKind.NEEDS_WORD,
        NoticeKind.LOOKED,
        NoticeKind.LOW_BALANCE,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """`language`, `device`: "" for what the browser says, and for none. `mail`, `page`, `push`: where notices are told.

    `push_names`: whether the names of documents may stand on a phone's locked screen.
    """

    language: str = ""
    device: str = ""
    select_all: bool = False
    mail: frozenset[NoticeKind] = TOLD_UNASKED
    page: frozenset[NoticeKind] = TOLD_UNASKED
    push: frozenset[NoticeKind] = TOLD_UNASKED | {NoticeKind.READY, NoticeKind.PRINTED}
    push_names: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class MailAddress:
    """One that its user has proved to read. `primary`: letters go there."""

    address: str
    added_at: float = 0.0
    primary: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OneTimeToken:
    """What a link in a mail is good for, once: `purpose` on `subject`, for `user`."""

    purpose: str
    user: UUID
    subject: str
    created_at: float
    expires_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CardNote:
    """What is known of a card beside its keyed hash: its user's word, the last digits, and when a lent one ends."""

    card: str
    label: str
    ending: str
    added_at: float
    expires_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One thing told to one user, once for each occasion of a job; 0 is none. `kind` None: it was told by mail only."""

    id: int = 0
    user: UUID
    job_id: int
    occasion: str
    kind: NoticeKind | None
    at: float
    values: Mapping[str, str] = field(default_factory=dict)
    read_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Somebody opened what is `owner`'s: who, from where, what of which job, and why."""

    at: float
    owner: str
    by: str
    via: str
    address: str
    what: str
    job_id: int
    job_name: str
    reason: str = ""
