"""A job shared by a link: one other person may print it once (row 176)."""

from dataclasses import dataclass
from enum import StrEnum


class Payer(StrEnum):
    """Whose account the print is counted on. Only somebody who signs in can pay."""

    SHARER = "sharer"
    PRINTING = "printing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """One link. Only the hash of its token is kept: whoever reads the rows cannot print with them.

    `owner` made it. `shows_page` lets visitors see the first page. `expires_at` None: as long as the job waits.
    """

    id: int = 0
    token_hash: str
    job_id: int
    owner: str
    payer: Payer = Payer.SHARER
    shows_page: bool = False
    created_at: float
    expires_at: float | None = None
    used_at: float | None = None
    used_by: str = ""
    revoked_at: float | None = None

    def open_at(self, now: float) -> bool:
        """Whether it can still be used as far as the link itself goes."""
        unused = self.used_at is None and self.revoked_at is None
        return unused and (self.expires_at is None or now < self.expires_at)
