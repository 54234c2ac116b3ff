"""Uploads under way and guests in memory."""

from dataclasses import replace

from gateway.domain.guest import Guest
from gateway.domain.upload import Upload
from gateway.errors import Conflict


class MemoryUploadStore:
    def __init__(self) -> None:
        self.rows: dict[str, Upload] = {}

    async def add(self, upload: Upload) -> None:
        self.rows[upload.id] = upload

    async def upload(self, upload_id: str) -> Upload | None:
        return self.rows.get(upload_id)

    async def of_batch(self, owner: str, batch: str) -> list[Upload]:
        mine = [row for row in self.rows.values() if (row.owner, row.batch) == (owner, batch)]
        return sorted(mine, key=lambda row: (row.created_at, row.id))

    async def save(self, upload: Upload) -> None:
        if upload.id in self.rows:
            self.rows[upload.id] = upload

    async def delete(self, upload_id: str) -> None:
        self.rows.pop(upload_id, None)

    async def expired(self, now: float, *, limit: int = 100) -> list[Upload]:
        due = sorted((row for row in self.rows.values() if row.expires_at <= now), key=lambda row: row.expires_at)
        return due[:limit]

    async def spool_objects(self) -> frozenset[str]:
        return frozenset(piece.id for row in self.rows.values() for piece in row.pieces)


class MemoryGuestStore:
    def __init__(self) -> None:
        self.rows: dict[str, Guest] = {}

    async def add(self, guest: Guest) -> None:
        for row in self.rows.values():
            if {row.name, row.code_lookup, row.cookie_hash} & {guest.name, guest.code_lookup, guest.cookie_hash}:
                raise Conflict("Another guest has this code. Take another.")
        self.rows[guest.name] = guest

    async def guest(self, name: str) -> Guest | None:
        return self.rows.get(name)

    async def by_cookie(self, cookie_hash: str) -> Guest | None:
        return next((row for row in self.rows.values() if row.cookie_hash == cookie_hash), None)

    async def by_code(self, code_lookup: str) -> Guest | None:
        return next((row for row in self.rows.values() if row.code_lookup == code_lookup), None)

    async def prolong(self, name: str, until: float) -> None:
        row = self.rows.get(name)
        if row is not None and row.expires_at < until:
            self.rows[name] = replace(row, expires_at=until)

    async def recode(self, name: str, code_lookup: str, code_masked: int) -> None:
        if any(row.code_lookup == code_lookup for row in self.rows.values() if row.name != name):
            raise Conflict("Another guest has this code. Take another.")
        if name in self.rows:
            self.rows[name] = replace(self.rows[name], code_lookup=code_lookup, code_masked=code_masked)

    async def purge(self, before: float) -> int:
        due = [name for name, row in self.rows.items() if row.expires_at <= before]
        for name in due:
            del self.rows[name]
        return len(due)
