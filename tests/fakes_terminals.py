"""Terminals, used codes and copier sessions in memory, with the promises of tests/contracts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from gateway.domain.account import Receipt
from gateway.domain.copier import CopierSession, CopierState
from gateway.domain.credit import Entry
from gateway.domain.device import Device
from gateway.domain.terminal import Terminal
from gateway.errors import Conflict
from tests.fakes_credit import MemoryCreditStore


class MemoryTerminalStore:
    def __init__(self) -> None:
        self.rows: dict[UUID, Terminal] = {}

    async def terminals(self) -> list[Terminal]:
        await asyncio.sleep(0)
        return sorted(self.rows.values(), key=lambda terminal: terminal.name)

    async def terminal(self, name: str) -> Terminal | None:
        return next((row for row in await self.terminals() if row.name == name), None)

    async def by_key(self, key_hash: str) -> Terminal | None:
        return next((row for row in await self.terminals() if row.key_hash == key_hash), None)

    async def by_screen(self, screen_hash: str) -> Terminal | None:
        return next((row for row in await self.terminals() if row.screen_hash == screen_hash), None)

    async def by_code(self, code_hash: str) -> Terminal | None:
        return next((row for row in await self.terminals() if row.code_hash == code_hash), None)

    async def save_terminal(self, terminal: Terminal) -> Terminal:
        await asyncio.sleep(0)
        known = self.rows.get(terminal.uuid)
        if (known.version if known else 0) != terminal.version:
            raise Conflict(f"{terminal.name} was changed by somebody else. Read it again and repeat the change.")
        if any(row.name == terminal.name for row in self.rows.values() if row.uuid != terminal.uuid):
            raise Conflict(f"The name {terminal.name} is taken.")
        stored = self.rows[terminal.uuid] = replace(terminal, version=terminal.version + 1)
        return stored

    async def seen(self, uuid: UUID, *, at: float, address: str) -> None:
        await asyncio.sleep(0)
        if uuid in self.rows:
            self.rows[uuid] = replace(self.rows[uuid], seen_at=at, seen_address=address)

    async def delete_terminal(self, name: str) -> None:
        await asyncio.sleep(0)
        self.rows = {uuid: row for uuid, row in self.rows.items() if row.name != name}


class MemoryUsedCodes:
    def __init__(self) -> None:
        self.used: dict[str, float] = {}

    async def use(self, nonce: str, *, expires_at: float, now: float) -> bool:
        await asyncio.sleep(0)
        self.used = {one: until for one, until in self.used.items() if until > now}
        if nonce in self.used:
            return False
        self.used[nonce] = expires_at
        return True


class MemoryCopierStore:
    """`receipts` are the ledger's rows, in their order."""

    def __init__(self, receipts: Sequence[Receipt] = ()) -> None:
        self.rows: dict[int, CopierSession] = {}
        self.receipts = list(receipts)
        self.credit = MemoryCreditStore()

    async def begin(self, session: CopierSession) -> CopierSession:
        known = await self.session(session.terminal, session.key)
        if known is not None:
            return known
        number = len(self.rows) + 1
        self.rows[number] = replace(session, id=number, after_receipt=len(self.receipts))
        return self.rows[number]

    async def session(self, terminal: str, key: str) -> CopierSession | None:
        await asyncio.sleep(0)
        return next((row for row in self.rows.values() if (row.terminal, row.key) == (terminal, key)), None)

    async def open_sessions(self) -> list[CopierSession]:
        await asyncio.sleep(0)
        return [row for row in self.rows.values() if row.state is CopierState.OPEN]

    async def printed(self, session: CopierSession) -> int:
        later = self.receipts[session.after_receipt :]
        return sum(receipt.impressions for receipt in later if receipt.device == session.device)

    async def settle(self, session: CopierSession, charge: Entry | None = None) -> bool:
        await asyncio.sleep(0)
        if self.rows[session.id].state is not CopierState.OPEN:
            return False
        kept = self.rows[session.id]
        self.rows[session.id] = replace(
            kept, state=session.state, counts=dict(session.counts), ended_at=session.ended_at
        )
        if charge is not None:
            self.credit.post_now(charge)
        return True

    async def sessions_of(self, owner: str, *, limit: int) -> list[CopierSession]:
        await asyncio.sleep(0)
        own = [row for row in self.rows.values() if row.owner.casefold() == owner.casefold()]
        return own[::-1][:limit]


class FakeMeter:
    """`count` is what every device tells; None: it does not."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count

    async def impressions(self, device: Device) -> int | None:
        del device
        await asyncio.sleep(0)
        return self.count
