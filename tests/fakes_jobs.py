"""One-time links, delegations and histories in memory, with the promises of tests/contracts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gateway.domain.account import Receipt
from gateway.domain.delegation import Delegation
from gateway.domain.job import Job, JobState
from gateway.domain.share import Share
from gateway.domain.statistics import Usage
from tests.fake_jobs import MemoryJobStore, same_name


class MemoryShareStore:
    def __init__(self) -> None:
        self.shares: dict[int, Share] = {}
        self.delegations: dict[int, Delegation] = {}
        self._last_id = 0

    # -- links

    async def add_share(self, share: Share) -> Share:
        await asyncio.sleep(0)
        stored = replace(share, id=self._next_id())
        self.shares[stored.id] = stored
        return stored

    async def share_by_token(self, token_hash: str) -> Share | None:
        await asyncio.sleep(0)
        return next((share for share in self.shares.values() if share.token_hash == token_hash), None)

    async def shares_of(self, job_id: int) -> list[Share]:
        await asyncio.sleep(0)
        return [share for _, share in sorted(self.shares.items(), reverse=True) if share.job_id == job_id]

    async def use_share(self, share_id: int, *, by: str, at: float) -> bool:
        await asyncio.sleep(0)
        share = self.shares.get(share_id)
        if share is None or not share.open_at(at):
            return False
        self.shares[share_id] = replace(share, used_at=at, used_by=by)
        return True

    async def give_share_back(self, share_id: int) -> None:
        await asyncio.sleep(0)
        self.shares[share_id] = replace(self.shares[share_id], used_at=None, used_by="")

    async def revoke_share(self, share_id: int, *, job_id: int, at: float) -> bool:
        await asyncio.sleep(0)
        share = self.shares.get(share_id)
        if share is None or share.job_id != job_id or share.used_at is not None or share.revoked_at is not None:
            return False
        self.shares[share_id] = replace(share, revoked_at=at)
        return True

    async def purge_shares(self, *, before: float, limit: int = 500) -> int:
        await asyncio.sleep(0)
        old = sorted((s.created_at, s.id) for s in self.shares.values() if s.created_at <= before)[:limit]
        for _, share_id in old:
            del self.shares[share_id]
        return len(old)

    # -- delegations

    async def save_delegation(self, delegation: Delegation) -> Delegation:
        await asyncio.sleep(0)
        known = next((d.id for d in self.delegations.values() if _key(d) == _key(delegation)), None)
        stored = replace(delegation, id=known or self._next_id())
        self.delegations[stored.id] = stored
        return stored

    async def delegations_of(self, owner: str) -> list[Delegation]:
        await asyncio.sleep(0)
        found = [d for d in self.delegations.values() if same_name(d.owner, owner)]
        return sorted(found, key=lambda d: (d.group, d.delegate.casefold()))

    async def delegations_to(self, user: str, groups: tuple[str, ...]) -> list[Delegation]:
        await asyncio.sleep(0)
        wanted = {(False, user.casefold()), *((True, group.casefold()) for group in groups)}
        found = [d for d in self.delegations.values() if (d.group, d.delegate.casefold()) in wanted]
        return sorted(found, key=lambda d: (d.owner.casefold(), d.id))

    async def delete_delegation(self, delegation_id: int, owner: str) -> bool:
        await asyncio.sleep(0)
        found = self.delegations.get(delegation_id)
        if found is None or not same_name(found.owner, owner):
            return False
        del self.delegations[delegation_id]
        return True

    async def delete_delegations_of(self, user: str) -> int:
        await asyncio.sleep(0)
        gone = [
            d.id
            for d in self.delegations.values()
            if same_name(d.owner, user) or (not d.group and same_name(d.delegate, user))
        ]
        for delegation_id in gone:
            del self.delegations[delegation_id]
        return len(gone)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


class MemoryHistoryStore:
    """Reads what a MemoryJobStore holds."""

    def __init__(self, jobs: MemoryJobStore) -> None:
        self._jobs = jobs

    async def usage(self, owner: str, bounds: Sequence[float]) -> list[Usage]:
        await asyncio.sleep(0)
        found = [Usage() for _ in bounds[1:]]
        for at, usage in [*self._printed(owner), *self._unprinted(owner)]:
            for number, (low, high) in enumerate(pairwise(bounds)):
                if low <= at < high:
                    found[number] += usage
        return found

    async def destroyed_at(self, job_ids: Sequence[int]) -> dict[int, float]:
        found: dict[int, float] = {}
        for job_id in job_ids:
            for record in await self._jobs.records(job_id):
                if record.what == "document destroyed":
                    found[job_id] = max(record.at, found.get(job_id, 0.0))
        return found

    def _printed(self, owner: str) -> list[tuple[float, Usage]]:
        return [(r.at, _usage(r)) for r in self._jobs.ledger if same_name(r.owner, owner)]

    def _unprinted(self, owner: str) -> list[tuple[float, Usage]]:
        def counts(job: Job) -> bool:
            unprinted = job.state is JobState.CANCELED and not job.impressions_completed
            return same_name(job.owner, owner) and unprinted and job.ended_at is not None

        gone = [job for job in self._jobs.rows.values() if counts(job)]
        return [(job.ended_at or 0.0, Usage(saved=job.impressions or 0)) for job in gone]


def _usage(receipt: Receipt) -> Usage:
    two_sided = min(max(0, receipt.impressions - receipt.media_sheets), receipt.media_sheets)
    return Usage(
        jobs=1,
        impressions=receipt.impressions,
        media_sheets=receipt.media_sheets,
        color_impressions=receipt.impressions if receipt.color else 0,
        two_sided_sheets=two_sided,
        cost=receipt.amount,
    )


def _key(delegation: Delegation) -> tuple[str, bool, str]:
    return (delegation.owner.casefold(), delegation.group, delegation.delegate.casefold())
