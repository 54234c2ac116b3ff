"""What credit calls for while nobody asks: jobs that wait for it go on, and who has little left is told (rows 95, 111).

Jobs of direct Printers wait for nothing but credit. The rows are asked again and again, for credit comes in many ways: a
top-up on any machine, a higher overdraft, what another job did not use, a lower price. What still cannot be paid is found
out by reading, so that waiting writes nothing.
"""

import logging
from collections.abc import Awaitable, Callable

from gateway.domain.credit import Balance, Rules
from gateway.domain.job import Job
from gateway.errors import PapertapError, Refusal
from gateway.services.ports import Clock, CreditStore, JobQuery, JobStore
from gateway.services.release import Release

log = logging.getLogger(__name__)


class CreditRounds:
    """`tell` is given a low balance and the occasion's name, which is never told twice."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        release: Release,
        credit: CreditStore,
        rules: Rules,
        tell: Callable[[Balance, str], Awaitable[None]],
        clock: Clock,
        seconds: float,
    ) -> None:
        self._tell = tell
        self._jobs = jobs
        self._release = release
        self._credit = credit
        self._rules = rules
        self._clock = clock
        self._seconds = seconds

    async def run(self) -> None:
        """For as long as the process serves."""
        while True:
            try:
                await self.release_affordable()
                await self.tell_low()
            except PapertapError as error:
                log.warning("balances were not looked at: %s", error)
            await self._clock.sleep(self._seconds)

    async def release_affordable(self) -> int:
        """How many jobs went on."""
        gone_on = 0
        for job in await self._jobs.find(JobQuery(short_of_credit=True, limit=None)):
            try:
                if await self._affordable(job):
                    await self._release.go_on(job.id)
                    gone_on += 1
            except Refusal as refusal:  # another job of its owner was faster, or no device can print it now
                log.info("job %d waits on: %s", job.id, refusal)
        return gone_on

    async def _affordable(self, job: Job) -> bool:
        due = self._release.due_directly(job)
        if due is None or job.payer is None or not due.amount:
            return True
        balance = await self._credit.balance(job.payer, due.currency)
        return balance.free(self._rules) >= due.amount

    async def tell_low(self) -> int:
        """How many were told. The last entry names the occasion: a crash in between tells nobody twice."""
        found = await self._credit.low()
        for balance in found:
            (last,) = await self._credit.entries(balance.owner, limit=1)
            await self._tell(balance, f"low/{last.id}")
            await self._credit.low_told(balance.owner, balance.currency)
        return len(found)
