"""Credit in memory, with the same promises as the database keeps (tests/contracts/test_credit_store.py)."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from gateway.domain.credit import Balance, Entry, EntryKind, Rules
from gateway.domain.job import Job
from gateway.errors import KeyReused

RULES = Rules(low=Decimal(1))


class MemoryCreditStore:
    """`jobs` are the rows that reserve."""

    def __init__(self, jobs: Callable[[], Iterable[Job]] = tuple, rules: Rules = RULES) -> None:
        self.rules = rules
        self.rows: list[Entry] = []
        self._jobs = jobs
        self._balances: dict[tuple[str, str], Balance] = {}
        self._low: dict[tuple[str, str], bool] = {}  # False: was told

    async def balance(self, owner: str, currency: str) -> Balance:
        await asyncio.sleep(0)
        return self._balance(owner, currency)

    async def post(self, entry: Entry) -> Entry:
        await asyncio.sleep(0)
        return self.post_now(entry)

    async def entry(self, entry_id: int) -> Entry | None:
        await asyncio.sleep(0)
        return next((entry for entry in self.rows if entry.id == entry_id), None)

    async def entries(self, owner: str, *, before_id: int | None = None, limit: int = 100) -> list[Entry]:
        await asyncio.sleep(0)
        own = [entry for entry in self.rows if entry.owner.casefold() == owner.casefold()]
        return [entry for entry in reversed(own) if before_id is None or entry.id < before_id][:limit]

    async def set_overdraft(self, owner: str, currency: str, overdraft: Decimal | None) -> Balance:
        await asyncio.sleep(0)
        self._balances[owner.casefold(), currency] = replace(self._balance(owner, currency), overdraft=overdraft)
        return self._balance(owner, currency)

    async def low(self, *, limit: int = 100) -> list[Balance]:
        await asyncio.sleep(0)
        return [self._balance(*key) for key, to_tell in self._low.items() if to_tell][:limit]

    async def low_told(self, owner: str, currency: str) -> bool:
        await asyncio.sleep(0)
        told = self._low.get((owner.casefold(), currency), False)
        if told:
            self._low[owner.casefold(), currency] = False
        return told

    def forget(self, owner: str, pseudonym: str) -> None:
        """As an erasure does: the sums stay, under a name that is nobody's."""
        self.rows = [
            replace(
                row,
                owner=pseudonym if (mine := row.owner.casefold() == owner.casefold()) else row.owner,
                text="" if mine else row.text,
                by=pseudonym if row.by == owner else row.by,
            )
            for row in self.rows
        ]
        for name, currency in list(self._balances):
            if name == owner.casefold():
                kept = self._balances.pop((name, currency))
                self._balances[pseudonym.casefold(), currency] = replace(kept, owner=pseudonym)

    # -- within the transactions of others

    def check_reserved(self, job: Job) -> None:
        """LimitReached unless its payer can pay for it beside all other rows."""
        if job.reserves and job.payer is not None:
            found = self._balance(job.payer, job.reserved_in, but=job.id)
            found.check(job.reserves, self.rules)

    def post_now(self, entry: Entry) -> Entry:
        known = next((row for row in self.rows if row.key == entry.key), None)
        if known is not None:
            if _told(known) != _told(entry):
                raise KeyReused("This key names another entry. Use a new key for each.")
            return known
        key, before = (entry.owner.casefold(), entry.currency), self._balance(entry.owner, entry.currency)
        stored = replace(entry, id=len(self.rows) + 1, balance=before.amount + entry.amount)
        self.rows.append(stored)
        self._balances[key] = replace(before, amount=stored.balance)
        if stored.balance >= self.rules.low:
            self._low.pop(key, None)
        elif entry.kind is EntryKind.CHARGE:
            self._low.setdefault(key, True)
        return stored

    def _balance(self, owner: str, currency: str, *, but: int = 0) -> Balance:
        """Without what the job `but` reserves."""
        known = self._balances.get((owner.casefold(), currency), Balance(owner=owner, currency=currency))
        reserving = (
            job.reserves
            for job in self._jobs()
            if job.id != but and (job.payer or "").casefold() == owner.casefold() and job.reserved_in == currency
        )
        return replace(known, reserved=sum(reserving, Decimal(0)))


def _told(entry: Entry) -> tuple[object, ...]:
    return (entry.owner.casefold(), entry.amount, entry.currency, entry.kind)
