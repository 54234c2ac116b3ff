"""The rows of terminals, and the codes that were used up."""

from typing import Protocol
from uuid import UUID

from gateway.domain.terminal import Terminal


class TerminalStore(Protocol):
    """Terminals by any of the hashes that they are found by."""

    async def terminals(self) -> list[Terminal]:
        """By name."""

    async def terminal(self, name: str) -> Terminal | None: ...
    async def by_key(self, key_hash: str) -> Terminal | None: ...
    async def by_screen(self, screen_hash: str) -> Terminal | None: ...
    async def by_code(self, code_hash: str) -> Terminal | None: ...
    async def save_terminal(self, terminal: Terminal) -> Terminal:
        """Compare-and-set; Conflict when the name is taken or somebody else was faster."""

    async def seen(self, uuid: UUID, *, at: float, address: str) -> None:
        """Beside the version: being there is no change."""

    async def delete_terminal(self, name: str) -> None: ...


class UsedCodes(Protocol):
    """What may be used once."""

    async def use(self, nonce: str, *, expires_at: float, now: float) -> bool:
        """False when it was used before; of several who ask at once, one gets True. Forgets what expired by `now`."""
