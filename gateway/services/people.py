"""How people come to have accounts beside being added one by one, in one hand: for pages, mail and the command line."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gateway.domain.user import Actor
from gateway.services.audit import Audit
from gateway.services.csv_import import CsvImports
from gateway.services.directories import DirectoryBook
from gateway.services.directory_schedule import DirectorySchedule
from gateway.services.pins import Pins
from gateway.services.registration import Registrations


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    pins: Pins
    directories: DirectoryBook
    schedule: DirectorySchedule
    imports: CsvImports
    export: Callable[[], AsyncIterator[bytes]]
    registrations: Registrations
    audit: Audit | None = None

    async def note(self, actor: Actor, action: str, subject: str, text: str = "", **values: object) -> None:
        """Into the audit log, where there is one."""
        if self.audit is not None:
            await self.audit.note(actor, action, subject, text, **values)
