"""A list of leaked passwords that the house has as a file: words, or SHA-1 in hexadecimal as such lists come.

The file is read through each time that somebody chooses a password, which is rare, so that it costs no memory. Up to
some hundred megabytes that takes about a second.
"""

import asyncio
import hashlib
import logging
import re
from pathlib import Path

from gateway.errors import StartupError

SHORTEST_PREFIX = 10  # hexadecimal digits: fewer fit passwords that nobody leaked
_HASH = re.compile(rb"([0-9A-Fa-f]{%d,40})(?::\d+)?" % SHORTEST_PREFIX)

log = logging.getLogger(__name__)


class LeakedFile:
    """gateway.services.ports.LeakedPasswords; without a file nothing is leaked."""

    def __init__(self, path: Path | None) -> None:
        """StartupError when there is a path and no file."""
        if path is not None and not path.is_file():
            raise StartupError(f"The list of leaked passwords {path} does not exist. Name an existing file.")
        self._path = path

    async def holds(self, password: str) -> bool:
        return self._path is not None and await asyncio.to_thread(self._search, self._path, password)

    def _search(self, path: Path, password: str) -> bool:
        digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().encode()
        plain = password.encode("utf-8", "surrogatepass")
        try:
            with path.open("rb") as file:
                return any(_fits(line.rstrip(b"\r\n"), plain, digest) for line in file)
        except OSError:
            log.exception("the list of leaked passwords cannot be read")
            return False


def _fits(line: bytes, plain: bytes, digest: bytes) -> bool:
    if line == plain:
        return True
    found = _HASH.fullmatch(line)
    return found is not None and digest.startswith(found[1].lower())
