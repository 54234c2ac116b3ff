"""Passwords and PINs as argon2id with a pepper that is not in the database: a stolen database guesses nothing.

The C library's own secret parameter is out of reach from Python, so the pepper goes in as an HMAC before argon2.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.adapters.secret_file import create_secret, read_secret
from gateway.errors import Busy, Locked

MEMORY_KIB = 19 * 1024  # with two passes and one lane: the smallest set that OWASP's cheat sheet accepts, since
PASSES = 2  # ... the front process must stay small while several people sign in at once
WORKERS = 2
MAX_WAITING = 64  # hashes in work or waiting; more would only wait until their client has given up

Result = TypeVar("Result")


class Argon2Hasher:
    """Slow hashes run in two threads of their own; Busy when too many wait."""

    def __init__(self, directory: Path, *, create_if_new: bool = False, memory_kib: int = MEMORY_KIB) -> None:
        """`create_if_new`: no hash exists yet, so that a missing pepper is made. StartupError: see read_secret."""
        self._path = directory / "pepper"
        self._pepper = read_secret(self._path)
        if self._pepper is None and create_if_new:
            self._pepper = create_secret(self._path)
        self._argon2 = PasswordHasher(time_cost=PASSES, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="hasher")
        self._waiting = 0

    async def hash(self, secret: str) -> str:
        """An argon2id text in PHC format. Busy, or Locked without the pepper."""
        return await self._run(self._hash, self.lookup("argon2id", secret))

    async def verify(self, hashed: str, secret: str) -> bool:
        """Whether `hashed` was made of `secret`; a text that is no argon2 hash is nobody's."""
        return await self._run(self._verify, hashed, self.lookup("argon2id", secret))

    def lookup(self, purpose: str, secret: str) -> str:
        """HMAC-SHA256 of `secret` under a key of its own for each purpose, hexadecimal."""
        if self._pepper is None:
            raise Locked(
                f"The file {self._path} is missing: no password, PIN or card can be checked. "
                "Restore it from a backup and start again."
            )
        key = hmac.digest(self._pepper, purpose.encode(), hashlib.sha256)
        return hmac.new(key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def close(self) -> None:
        """Waits for what is in work."""
        self._threads.shutdown()

    async def _run(self, function: Callable[..., Result], *args: str) -> Result:
        if self._waiting >= MAX_WAITING:
            raise Busy("Too many people sign in at this moment. Try again in a few seconds.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
        finally:
            self._waiting -= 1

    def _hash(self, peppered: str) -> str:
        return self._argon2.hash(peppered)

    def _verify(self, hashed: str, peppered: str) -> bool:
        try:
            return self._argon2.verify(hashed, peppered)
        except (VerificationError, InvalidHashError):
            return False
