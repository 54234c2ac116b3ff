"""Passwords of users who come from a directory: they are checked there, and kept nowhere here.

While it is away nobody is let in by a guess. Where a house chose so, a password that was right within the last hours is
still believed: its slow hash is remembered, and forgotten with the first answer that says otherwise.
"""

import asyncio
import logging

from gateway.domain.directory import Directory
from gateway.domain.user import User
from gateway.errors import Busy, NotFound, Unavailable
from gateway.services.directories import DirectoryBook
from gateway.services.ports import Clock, Hasher
from gateway.services.ports.directories import DirectoryAway, DirectoryStore

AT_ONCE = 8  # each is a process of its own for a moment
WAITING = 64
AWAY = "Your password is checked by another server, which does not answer now. Use your PIN or card, or try later."

log = logging.getLogger(__name__)


class DirectorySignIn:
    def __init__(self, *, book: DirectoryBook, store: DirectoryStore, hasher: Hasher, clock: Clock) -> None:
        self._book = book
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def covers(self, user: User) -> bool:
        """Whether the user's password is the directory's business."""
        return await self._directory_of(user) is not None

    async def verify(self, user: User, password: str) -> bool:
        """Unavailable while the directory is away, unless the password was right lately and that is believed here."""
        directory = await self._directory_of(user)
        if directory is None or not password:
            return False
        try:
            right = await self._ask(directory, user, password)
        except DirectoryAway as error:
            log.warning("the directory %s cannot check a password: %s", directory.name, error)
            if await self._was_right(directory, user, password):
                return True
            raise Unavailable(AWAY) from error
        await self._remember(directory, user, password, right=right)
        return right

    async def _directory_of(self, user: User) -> Directory | None:
        if not user.source:
            return None
        try:
            directory = await self._book.get(user.source)
        except NotFound:
            return None
        return directory if directory.sign_in and directory.enabled else None

    async def _ask(self, directory: Directory, user: User, password: str) -> bool:
        if self._waiting >= WAITING:
            raise Busy("Too many people sign in at this moment. Try again in a few seconds.")
        self._waiting += 1
        try:
            async with self._turns:
                return await self._book.source(directory).verify(user.name, user.external_id, password)
        finally:
            self._waiting -= 1

    async def _was_right(self, directory: Directory, user: User, password: str) -> bool:
        known = await self._store.proof(user.uuid) if directory.remember_hours > 0 else None
        if known is None or not 0 <= self._clock.now() - known[1] < directory.remember_hours * 3600:
            return False
        return await self._hasher.verify(known[0], password)

    async def _remember(self, directory: Directory, user: User, password: str, *, right: bool) -> None:
        if directory.remember_hours <= 0:
            return
        if right:
            await self._store.remember_proof(user.uuid, await self._hasher.hash(password), self._clock.now())
            return
        known = await self._store.proof(user.uuid)
        if known is not None and await self._hasher.verify(known[0], password):
            await self._store.forget_proof(user.uuid)  # it was changed there
