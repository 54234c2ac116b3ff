"""Backups: made and counted by programs. One holds every key, so that it is fetched and brought back by people alone."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

from gateway.domain.rights import Permission
from gateway.services.ports.keeping_house import BackupFile
from mobile_api.models import moment
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic

router = Topic("backups")

BackupName = Annotated[str, Path(min_length=1, max_length=100)]


class BackupOut(BaseModel):
    """`size` in octets."""

    name: str
    size: int
    made: datetime | None


@router.get("/backups")
@needs(Permission.SETTINGS)
async def list_backups(services: Given) -> list[BackupOut]:
    """Those that are kept on this machine, the newest first."""
    return [_shown(one) for one in await asyncio.to_thread(services.administration.backups.list)]


@router.post("/backups", status_code=201)
@needs(Permission.SETTINGS)
async def make_backup(services: Given, caller: Asking) -> BackupOut:
    """Make one now: rows, waiting documents, keys and certificates in one file. Serving goes on."""
    made = await asyncio.to_thread(services.administration.backups.make, services.clock.now())
    await services.house.audit.note(caller.actor, "backup.made", f"backup {made.name}")
    return _shown(made)


@router.delete("/backups/{name}", status_code=204)
@needs(Permission.SETTINGS, recent=True)
async def delete_backup(name: BackupName, services: Given, caller: Asking) -> None:
    """Delete one for good."""
    await asyncio.to_thread(services.administration.backups.delete, name)
    await services.house.audit.note(caller.actor, "backup.deleted", f"backup {name}")


def _shown(one: BackupFile) -> BackupOut:
    return BackupOut(name=one.name, size=one.size, made=moment(one.made_at))
