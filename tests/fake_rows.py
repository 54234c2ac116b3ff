"""Printers, devices, users, sessions and attempts in memory, with the promises of tests/contracts."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from gateway.domain.device import Device
from gateway.domain.events import IntakeAttempt
from gateway.domain.printer import Printer
from gateway.domain.rights import Role
from gateway.domain.user import Session, User
from gateway.errors import Conflict

Row = TypeVar("Row", Printer, Device, User)


def _saved(rows: Sequence[Row], row: Row) -> tuple[list[Row], Row]:
    """The rows with `row` put in under compare-and-set, and the row as stored."""
    known: Row | None = next((other for other in rows if other.uuid == row.uuid), None)
    if (known.version if known else 0) != row.version:
        raise Conflict(f"{row.name} was changed by somebody else. Read it again and repeat the change.")
    others: list[Row] = [other for other in rows if other.uuid != row.uuid]
    if any(other.name.casefold() == row.name.casefold() for other in others):
        raise Conflict(f"The name {row.name} is taken.")
    stored = replace(row, version=row.version + 1)
    others.append(stored)
    return sorted(others, key=lambda other: other.name), stored


class MemoryPrinterStore:
    def __init__(self, printers: Sequence[Printer] = (), devices: Sequence[Device] = ()) -> None:
        self._printers = [replace(printer, version=printer.version + 1) for printer in printers]
        self._devices = [replace(device, version=device.version + 1) for device in devices]

    async def printers(self) -> list[Printer]:
        await asyncio.sleep(0)
        return sorted(self._printers, key=lambda printer: printer.name)

    async def printer(self, name: str) -> Printer | None:
        return next((printer for printer in await self.printers() if printer.name == name), None)

    async def save_printer(self, printer: Printer) -> Printer:
        await asyncio.sleep(0)
        self._printers, stored = _saved(self._printers, printer)
        return stored

    async def delete_printer(self, name: str) -> None:
        await asyncio.sleep(0)
        self._printers = [printer for printer in self._printers if printer.name != name]

    async def devices(self) -> list[Device]:
        await asyncio.sleep(0)
        return sorted(self._devices, key=lambda device: device.name)

    async def device(self, name: str) -> Device | None:
        return next((device for device in await self.devices() if device.name == name), None)

    async def save_device(self, device: Device) -> Device:
        await asyncio.sleep(0)
        self._devices, stored = _saved(self._devices, device)
        return stored

    async def delete_device(self, name: str) -> None:
        await asyncio.sleep(0)
        self._devices = [device for device in self._devices if device.name != name]


class MemoryUserStore:
    def __init__(self, users: Sequence[User] = ()) -> None:
        self._users = [replace(user, version=user.version + 1) for user in users]
        self._sessions: dict[str, Session] = {}

    async def user(self, name: str) -> User | None:
        await asyncio.sleep(0)
        return next((user for user in self._users if user.name.casefold() == name.casefold()), None)

    async def user_by_uuid(self, uuid: UUID) -> User | None:
        await asyncio.sleep(0)
        return next((user for user in self._users if user.uuid == uuid), None)

    async def user_by_email(self, address: str) -> User | None:
        await asyncio.sleep(0)
        found = [user for user in self._users if (user.email or "").casefold() == address.strip().casefold() != ""]
        return found[0] if len(found) == 1 else None

    async def user_by_pin(self, pin_lookup: str) -> User | None:
        await asyncio.sleep(0)
        return next((user for user in self._users if user.pin_lookup == pin_lookup), None)

    async def user_by_card(self, card: str) -> User | None:
        await asyncio.sleep(0)
        return next((user for user in self._users if card in user.cards), None)

    async def users(self, *, contains: str = "", after: str = "", limit: int = 100) -> list[User]:
        await asyncio.sleep(0)
        wanted = contains.casefold()
        found = [u for u in self._users if any(wanted in (t or "").casefold() for t in (u.name, u.full_name, u.email))]
        found = [user for user in found if user.name.casefold() > after.casefold()]
        return sorted(found, key=lambda user: user.name.casefold())[:limit]

    async def staff(self, roles: Sequence[Role]) -> list[User]:
        await asyncio.sleep(0)
        found = [user for user in self._users if user.role in roles and user.role is not Role.USER]
        return sorted((user for user in found if not user.disabled), key=lambda user: user.name.casefold())

    async def save_user(self, user: User) -> User:
        await asyncio.sleep(0)
        others = [other for other in self._users if other.uuid != user.uuid]
        if user.pin_lookup is not None and any(other.pin_lookup == user.pin_lookup for other in others):
            raise Conflict("This PIN is taken.")
        if any(set(user.cards) & set(other.cards) for other in others):
            raise Conflict("This card belongs to another user.")
        self._users, stored = _saved(self._users, user)
        return stored

    async def delete_user(self, name: str) -> None:
        self._users = [user for user in self._users if user.name.casefold() != name.casefold()]
        await self.delete_sessions_of(name)

    async def user_count(self) -> int:
        await asyncio.sleep(0)
        return len(self._users)

    async def session(self, id_hash: str) -> Session | None:
        await asyncio.sleep(0)
        return self._sessions.get(id_hash)

    async def save_session(self, session: Session) -> None:
        await asyncio.sleep(0)
        self._sessions[session.id_hash] = session

    async def sessions_of(self, user: str) -> list[Session]:
        await asyncio.sleep(0)
        found = [session for session in self._sessions.values() if session.user.casefold() == user.casefold()]
        return sorted(found, key=lambda session: session.seen_at, reverse=True)

    async def delete_session(self, id_hash: str) -> None:
        await asyncio.sleep(0)
        self._sessions.pop(id_hash, None)

    async def delete_sessions_of(self, user: str) -> int:
        return await self._keep(lambda session: session.user.casefold() != user.casefold())

    async def delete_expired_sessions(self, now: float) -> int:
        return await self._keep(lambda session: session.expires_at > now)

    async def _keep(self, wanted: Callable[[Session], bool]) -> int:
        await asyncio.sleep(0)
        before = len(self._sessions)
        self._sessions = {key: session for key, session in self._sessions.items() if wanted(session)}
        return before - len(self._sessions)


class MemoryAttemptStore:
    def __init__(self) -> None:
        self.rows: list[IntakeAttempt] = []

    async def record_attempts(self, attempts: Sequence[IntakeAttempt]) -> None:
        await asyncio.sleep(0)
        self.rows += attempts

    async def attempts(self, *, since: float = 0.0, limit: int = 100) -> list[IntakeAttempt]:
        await asyncio.sleep(0)
        found = [row for _, row in sorted(enumerate(self.rows), key=lambda pair: (pair[1].at, pair[0]), reverse=True)]
        return [row for row in found if row.at >= since][:limit]

    async def purge_attempts(self, *, before: float, limit: int = 5000) -> int:
        await asyncio.sleep(0)
        old = sorted((row.at, number) for number, row in enumerate(self.rows) if row.at <= before)[:limit]
        gone = {number for _, number in old}
        self.rows = [row for number, row in enumerate(self.rows) if number not in gone]
        return len(gone)
