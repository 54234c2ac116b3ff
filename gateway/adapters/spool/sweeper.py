"""Finds what no row knows: the remains of a crash between the file and its row.

Ages are not taken from file times. A wall clock that jumps ahead would make a file look old whose row is being
written at this moment. Instead a file must be seen without a row, unchanged, in sweeps that lie `older_than`
seconds of monotonic time apart; after a restart that waiting begins anew.
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from gateway.adapters.spool.layout import Layout

log = logging.getLogger(__name__)

Candidate = tuple[str, int, int]  # path, size, mtime in ns: a file that is still written to is another candidate


class Sweeper:
    """Keeps in memory only what was found without a row."""

    def __init__(self, layout: Layout, monotonic: Callable[[], float]) -> None:
        self._layout = layout
        self._monotonic = monotonic
        self._first_seen: dict[Candidate, float] = {}

    def sweep(self, known: frozenset[str], older_than: float) -> int:
        """How many files were removed. Blocks; OSError when a directory cannot be read."""
        now = self._monotonic()
        self._first_seen = {found: self._first_seen.get(found, now) for found in self._unknown(known)}
        ripe = [found for found, seen in self._first_seen.items() if now - seen >= older_than]
        for found in ripe:
            del self._first_seen[found]
            with suppress(FileNotFoundError):
                Path(found[0]).unlink()
            log.warning("removed %s: no job knows it", found[0])
        return len(ripe)

    def _unknown(self, known: frozenset[str]) -> Iterator[Candidate]:
        for shard in self._layout.syncs:
            yield from _files(self._layout.objects / shard, known)


def _files(directory: Path, known: frozenset[str]) -> Iterator[Candidate]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name in known:
                continue
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                yield entry.path, status.st_size, status.st_mtime_ns
