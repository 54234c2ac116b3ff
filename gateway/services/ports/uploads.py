"""Rows of what is only passing through: uploads under way, and guests."""

from typing import Protocol

from gateway.domain.guest import Guest
from gateway.domain.upload import Upload


class UploadStore(Protocol):
    """Uploads under way; each write is durable when it returns."""

    async def add(self, upload: Upload) -> None: ...
    async def upload(self, upload_id: str) -> Upload | None: ...
    async def of_batch(self, owner: str, batch: str) -> list[Upload]:
        """Oldest first, those that are done too."""

    async def save(self, upload: Upload) -> None:
        """Replaces the row; a row that is gone stays gone."""

    async def delete(self, upload_id: str) -> None: ...
    async def expired(self, now: float, *, limit: int = 100) -> list[Upload]: ...
    async def spool_objects(self) -> frozenset[str]:
        """Ids of every piece that some row still needs."""


class GuestStore(Protocol):
    """Guests by name, cookie and code; no two share one."""

    async def add(self, guest: Guest) -> None:
        """Conflict when the name, the code or the cookie is another's."""

    async def guest(self, name: str) -> Guest | None: ...
    async def by_cookie(self, cookie_hash: str) -> Guest | None: ...
    async def by_code(self, code_lookup: str) -> Guest | None: ...
    async def prolong(self, name: str, until: float) -> None:
        """Never shortens."""

    async def recode(self, name: str, code_lookup: str, code_masked: int) -> None:
        """Another code for the same guest; Conflict when it is another's."""

    async def purge(self, before: float) -> int:
        """Forgets all that expired at or before that time; how many."""
