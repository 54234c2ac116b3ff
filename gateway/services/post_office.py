"""Letters are taken in durably and sent behind, oldest first, each once.

A letter is one row of the outbox. It is claimed, carried, and settled; a process that dies in between leaves a claim
that lapses. Only when the smarthost's answer itself was lost may a letter go out twice, and then under the same
Message-ID, so that mailboxes can tell.
"""

import asyncio
import logging
from uuid import uuid4

from gateway.domain.letter import Letter, Post, PostState, check_letter, mail_address, one_line
from gateway.errors import NotPossible
from gateway.services.ports import Clock, Courier, Outbox, Undelivered

POLL_SECONDS = 5.0  # letters of other processes, and those whose time has come
FIRST_DELAY = 60.0
LONGEST_DELAY = 4 * 3600.0
AWAY_SECONDS = 30.0  # a smarthost that did not answer is left alone for so long
BATCH = 3  # claimed together: the lease outlasts even so many that each time out
LEASE = 900.0  # seconds after which the letters of a worker that died are anybody's
KEPT_SECONDS = 30 * 24 * 3600.0  # what became of a letter can be asked for that long
PURGE_SECONDS = 3600.0

log = logging.getLogger(__name__)


class PostOffice:
    """gateway.services.ports.Mailer. `run` carries; without a courier nothing is taken in.

    `sent` and `given_up` count letters since the start.
    """

    def __init__(
        self, *, outbox: Outbox, courier: Courier | None, clock: Clock, per_minute: int, name: str = "mail"
    ) -> None:
        self._outbox = outbox
        self._courier = courier
        self._clock = clock
        self._per_minute = per_minute
        self._name = name
        self._wake = asyncio.Event()
        self._purged_at: float | None = None
        self.sent = 0
        self.given_up = 0

    @property
    def enabled(self) -> bool:
        return self._courier is not None

    async def send(self, letter: Letter) -> bool:
        if self._courier is None:
            raise NotPossible("No mail can be sent from here: no mail server is set up.")
        checked, now = check_letter(letter), self._clock.now()
        post = Post(
            uuid=uuid4(),
            kind=checked.kind,
            to=checked.to,
            language=checked.language,
            values=checked.values,
            key=checked.key,
            created_at=now,
            due_at=now,
            useful_until=now + checked.useful_seconds,
        )
        taken = await self._outbox.put(post)
        self._wake.set()
        return taken

    async def try_out(self, address: str, language: str) -> str:
        """Carries a letter at once, past the outbox: what the mail server answered. NotPossible says why it did not."""
        if self._courier is None:
            raise NotPossible("No mail server is set up. Set mail.host and what it needs in the settings.")
        now = self._clock.now()
        post = Post(
            uuid=uuid4(),
            kind="test",
            to=mail_address(address),
            language=language,
            values={},
            key=None,
            created_at=now,
            due_at=now,
            useful_until=now,
        )
        try:
            return await self._courier.deliver(post)
        except Undelivered as error:
            raise NotPossible(error.message) from error

    async def run(self) -> None:
        """Carries letters for as long as the process serves."""
        if self._courier is None:
            return
        courier = self._courier
        while True:
            self._wake.clear()
            away = await self._carry(courier)
            await self._purge()
            if away:
                await self._clock.sleep(AWAY_SECONDS)
            else:
                await self._pause()

    async def run_once(self) -> None:
        """All that can go now."""
        if self._courier is not None:
            await self._carry(self._courier)

    async def recover(self, *, alone: bool) -> None:
        """At the start, before anything is carried: what a process that died had claimed goes back in line."""
        if alone:
            await self._outbox.release_claims()

    # -- within

    async def _carry(self, courier: Courier) -> bool:
        """True when the smarthost turned out to be away, and it is no use to try another letter now."""
        while True:
            now = self._clock.now()
            claimed = await self._outbox.claim(
                self._name, now=now, lease=LEASE, limit=BATCH, per_minute=self._per_minute
            )
            away = False
            for post in claimed:
                if away:
                    await self._put_back(post)
                else:
                    away = await self._one(courier, post)
            if away or len(claimed) < BATCH:
                return away

    async def _one(self, courier: Courier, post: Post) -> bool:
        if post.useful_until <= self._clock.now():
            await self._settle(post, PostState.GIVEN_UP, post.answer or "It could not be sent in time.")
            return False
        try:
            answer = await courier.deliver(post)
        except Undelivered as error:
            await self._failed(post, error)
            return error.away
        except Exception:
            # A letter that cannot be written would come back for ever: the trace is logged, the letter recorded.
            log.exception("letter %d of kind %s cannot be written", post.id, post.kind)
            await self._settle(post, PostState.GIVEN_UP, "It could not be written; the log says why.")
            return False
        await self._settle(post, PostState.SENT, answer)
        return False

    async def _failed(self, post: Post, error: Undelivered) -> None:
        now, delay = self._clock.now(), delay_after(post.tries)
        if error.permanent or now + delay > post.useful_until:
            log.warning("letter %d of kind %s is given up: %s", post.id, post.kind, one_line(error.message))
            await self._settle(post, PostState.GIVEN_UP, error.message)
            return
        log.info("letter %d waits %.0f s for its next try: %s", post.id, delay, one_line(error.message))
        await self._settle(post, PostState.WAITING, error.message, due_at=now + delay)

    async def _put_back(self, post: Post) -> None:
        await self._settle(post, PostState.WAITING, post.answer, due_at=self._clock.now() + AWAY_SECONDS)

    async def _settle(self, post: Post, state: PostState, answer: str, *, due_at: float | None = None) -> None:
        self.sent += state is PostState.SENT
        self.given_up += state is PostState.GIVEN_UP
        await self._outbox.settle(
            post.uuid, self._name, state=state, now=self._clock.now(), answer=one_line(answer, 500), due_at=due_at
        )

    async def _pause(self) -> None:
        """Until a letter is taken in here, or the poll's time has come."""
        woken = asyncio.create_task(self._wake.wait())
        slept = asyncio.create_task(self._sleep())
        try:
            await asyncio.wait({woken, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (woken, slept):
                task.cancel()
            await asyncio.gather(woken, slept, return_exceptions=True)

    async def _sleep(self) -> None:
        await self._clock.sleep(POLL_SECONDS)

    async def _purge(self) -> None:
        now = self._clock.monotonic()
        if self._purged_at is not None and now - self._purged_at < PURGE_SECONDS:
            return
        self._purged_at = now
        while await self._outbox.purge_posts(before=self._clock.now() - KEPT_SECONDS, limit=500) == 500:
            pass


def delay_after(tries: int) -> float:
    """Seconds until the next try, after so many: a minute, doubled up to four hours."""
    return min(FIRST_DELAY * 2.0 ** max(0, tries - 1), LONGEST_DELAY)
