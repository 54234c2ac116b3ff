"""Whom a terminal may let in while it cannot reach us (row 86, offline login).

Nothing secret leaves the gateway: a terminal remembers what it saw itself, sealed under its key, of people whose stamp
we gave it at their sign-in. A stamp names a user and what proves them at that moment; when a PIN or card changes, or
the user is disabled, the old stamp is good no more, and the terminal forgets at its next contact.
"""

import hmac
from collections.abc import Sequence
from uuid import UUID

from gateway.domain.terminal import OnTap, Terminal
from gateway.domain.user import User
from gateway.services.ports import Hasher, UserStore
from gateway.settings import Terminals as TerminalSettings

MOST_STAMPS = 2000  # of one question
_MAC = 32


class OfflineLogins:
    def __init__(self, *, users: UserStore, hasher: Hasher, settings: TerminalSettings) -> None:
        self._users = users
        self._hasher = hasher
        self.settings = settings

    def stamp(self, user: User) -> str:
        """Empty for whom no terminal may remember."""
        return f"{user.uuid.hex}.{self._mac(user)}" if self._allowed(user) else ""

    async def good(self, stamps: Sequence[str]) -> list[str]:
        """Those that still hold."""
        return [stamp for stamp in stamps[:MOST_STAMPS] if await self.user_of(stamp)]

    def wish_seconds(self, terminal: Terminal) -> float:
        """For how long a tap without contact is kept at that terminal; 0: it prints nothing by itself."""
        return (
            self.settings.wish_seconds if terminal.on_tap is OnTap.RELEASE and self.settings.offline_hours > 0 else 0.0
        )

    async def user_of(self, stamp: str) -> User | None:
        """Whom it names, if it still holds."""
        uuid, _, mac = stamp.partition(".")
        try:
            user = await self._users.user_by_uuid(UUID(hex=uuid))
        except ValueError:
            return None
        if user is None or not self._allowed(user) or not hmac.compare_digest(self._mac(user).encode(), mac.encode()):
            return None
        return user

    def _allowed(self, user: User) -> bool:
        """By the sync list: names and groups, or everybody where neither is given."""
        settings = self.settings
        listed = user.name in settings.offline_users or not set(user.groups).isdisjoint(settings.offline_groups)
        everybody = not settings.offline_users and not settings.offline_groups
        return settings.offline_hours > 0 and not user.disabled and (listed or everybody)

    def _mac(self, user: User) -> str:
        proofs = "\n".join((user.uuid.hex, user.pin_hash or "", *user.cards))
        return self._hasher.lookup("offline-stamp", proofs)[:_MAC]
