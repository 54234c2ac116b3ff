"""A mail's row and its message: what every step of the work reads, changes and at last lets go."""

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from gateway.domain.mail import Mail, MailState
from gateway.services.ports import Clock, Keyring, MailStore, Spool

log = logging.getLogger(__name__)


class MailRows:
    def __init__(self, *, mails: MailStore, spool: Spool, keyring: Keyring, clock: Clock) -> None:
        self._mails = mails
        self._spool = spool
        self._keyring = keyring
        self._clock = clock

    def message(self, mail: Mail) -> AsyncIterator[bytes]:
        """The message as it came, while the row still needs it."""
        assert mail.object_id is not None
        assert mail.key is not None
        return self._spool.read(mail.object_id, self._keyring.unwrap(mail.key))

    async def whole(self, mail: Mail) -> bytes:
        return b"".join([chunk async for chunk in self.message(mail)])

    async def change(self, mail: Mail, change: Callable[[Mail], Mail]) -> Mail:
        return await self._mails.change(mail.id, change)

    async def later(self, mail: Mail, seconds: float) -> Mail:
        """Nobody's again, and looked at in so many seconds."""
        due_at = self._clock.now() + seconds
        return await self.change(mail, lambda row: replace(row, due_at=due_at, claimed_by=None, claimed_until=None))

    async def over(self, mail: Mail, change: Callable[[Mail], Mail]) -> Mail:
        """The message itself is not needed any more: the row first, then the file."""
        changed = await self.change(
            mail, lambda row: replace(change(row), claimed_by=row.claimed_by, claimed_until=row.claimed_until)
        )
        if mail.object_id is not None:
            await self._spool.destroy([mail.object_id])
        return changed

    async def refused(self, mail: Mail, why: str, *, replied: bool = False) -> Mail:
        log.info("mail %d is not printed: %s", mail.id, why)

        def change(row: Mail) -> Mail:
            at = self._clock.now() if replied else row.replied_at
            return replace(row, state=MailState.REFUSED, message=why, object_id=None, replied_at=at)

        return await self.over(mail, change)
