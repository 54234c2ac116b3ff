"""People who ask for an account by themselves: what they told, and how far they got (row 102)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class RegistrationState(StrEnum):
    """ASKED: the mail was sent. WAITING: the address is theirs, and staff decides. The others are the end."""

    ASKED = "asked"
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """`email` in normal form; `via` is where it came in: web or mail. `token_hash` is the SHA-256 of the link's secret.

    `decided_by` is "" where nobody had to decide.
    """

    uuid: UUID
    email: str
    full_name: str
    via: str
    token_hash: str
    language: str = ""
    origin: str = ""
    state: RegistrationState = RegistrationState.ASKED
    created_at: float
    expires_at: float
    confirmed_at: float | None = None
    decided_at: float | None = None
    decided_by: str = ""
