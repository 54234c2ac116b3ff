"""How far the mails are: what waits, for how long, and what became of those of the last day. Figures cannot wait for rows."""

import logging

from gateway.domain.mail import MailStanding
from gateway.errors import PapertapError
from gateway.services.ports import Clock, MailStore

DAY = 86400.0
LOOK_SECONDS = 15.0

log = logging.getLogger(__name__)


class MailWatch:
    """`seen` is what the last look found; `run` looks again and again for as long as the process serves."""

    def __init__(self, *, mails: MailStore, clock: Clock) -> None:
        self._mails = mails
        self._clock = clock
        self.seen = MailStanding()

    async def look(self) -> MailStanding:
        self.seen = await self._mails.standing(since=self._clock.now() - DAY)
        return self.seen

    @property
    def waited(self) -> float:
        """Seconds that the mail has waited which waits longest; 0 when none does."""
        oldest = self.seen.oldest_at
        return 0.0 if oldest is None else max(0.0, self._clock.now() - oldest)

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except PapertapError as error:
                log.debug("nobody can tell how the mails are: %s", error)
            await self._clock.sleep(LOOK_SECONDS)
