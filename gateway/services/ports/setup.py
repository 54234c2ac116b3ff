"""What the first run keeps outside of the database: a backup or an empty table must not open it again."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupLink:
    """The one link that opens set-up: the hash of its token, when it ends, and whether the machine's shell asked."""

    token_hash: str
    expires_at: float
    by_shell: bool = False


class SetupFiles(Protocol):
    """Files of the data directory. Small and rare: they may block."""

    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def reopen(self) -> None: ...
    def link(self) -> SetupLink | None: ...
    def keep_link(self, link: SetupLink) -> None:
        """Takes the place of an earlier one."""

    def drop_link(self) -> None: ...
