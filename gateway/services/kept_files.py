"""Files that wait, sealed in the spool, until the preview of what they would change was read; its sweeper takes them after an hour."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.errors import NotFound, TooLarge
from gateway.services.ports import Clock, Keyring, Spool

LARGEST = 64 * 1024 * 1024
KEPT_SECONDS = 3000.0  # less than the spool keeps what no row knows
MOST_KEPT = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    object_id: str
    key: bytes
    by: str
    at: float


class KeptFiles:
    def __init__(self, *, spool: Spool, keyring: Keyring, clock: Clock) -> None:
        self._spool = spool
        self._keyring = keyring
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def take(self, chunks: AsyncIterator[bytes], *, by: str) -> str:
        """Keeps it; the word under which `by` finds it again. TooLarge."""
        await self._make_room()
        key, _wrapped = self._keyring.new_key()
        writer = await self._spool.create(key)
        size = 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise TooLarge("The file is larger than 64 MB. Split it.")
                await writer.write(chunk)
            stored = await writer.commit()
        finally:
            await writer.abort()
        word = secrets.token_urlsafe(16)
        self._kept[word] = _Kept(object_id=stored.object_id, key=key, by=by, at=self._clock.now())
        return word

    async def read(self, word: str, by: str) -> AsyncIterator[bytes]:
        """NotFound when it is no longer there, or somebody else's."""
        kept = self._found(word, by)
        async for chunk in self._spool.read(kept.object_id, kept.key):
            yield chunk

    async def forget(self, word: str, *, by: str) -> None:
        kept = self._found(word, by)
        del self._kept[word]
        await self._spool.destroy([kept.object_id])

    def _found(self, word: str, by: str) -> _Kept:
        kept = self._kept.get(word)
        if kept is None or kept.by != by or self._clock.now() - kept.at > KEPT_SECONDS:
            raise NotFound("This file is no longer here. Choose it again.")
        return kept

    async def _make_room(self) -> None:
        now = self._clock.now()
        old = [word for word, kept in self._kept.items() if now - kept.at > KEPT_SECONDS]
        old += list(self._kept)[: max(0, len(self._kept) - len(old) - MOST_KEPT + 1)]
        for word in dict.fromkeys(old):
            kept = self._kept.pop(word)
            await self._spool.destroy([kept.object_id])
