"""Backups in a folder of the data directory: made now or by a schedule, listed, fetched, and the oldest let go."""

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.adapters.backup import backup
from gateway.errors import Conflict, NotFound, NotPossible, StartupError
from gateway.settings import Settings

FOLDER = "backups"
_NAME = re.compile(r"papertap-\d{8}-\d{6}\.tar")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """`name` is the file's, which tells when it was made (UTC)."""

    name: str
    size: int
    made_at: float


class BackupFolder:
    """Its methods block: run them in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._folder = settings, settings.data / FOLDER
        self._busy = threading.Lock()

    def list(self) -> tuple[Kept, ...]:
        """Newest first."""
        found = [path for path in self._folder.glob("papertap-*.tar") if _NAME.fullmatch(path.name)]
        kept = [Kept(name=path.name, size=path.stat().st_size, made_at=path.stat().st_mtime) for path in found]
        return tuple(sorted(kept, key=lambda one: one.name, reverse=True))

    def make(self, now: float) -> Kept:
        """NotPossible says what stands in the way; Conflict while another is being made."""
        if not self._busy.acquire(blocking=False):
            raise Conflict("A backup is being made already. Wait for it.")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for left in self._folder.glob("*.part"):
                left.unlink()
            name = f"papertap-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}.tar"
            backup(self._settings, self._folder / name)
        except (StartupError, OSError) as error:
            raise NotPossible(f"The backup could not be made: {error}") from error
        finally:
            self._busy.release()
        return next(one for one in self.list() if one.name == name)

    def prune(self, keep: int) -> int:
        """How many of the oldest were removed so that `keep` stay."""
        old = self.list()[keep:]
        for one in old:
            (self._folder / one.name).unlink(missing_ok=True)
        return len(old)

    def path(self, name: str) -> Path:
        """NotFound for whatever is no backup of this folder: a name is never a path."""
        path = self._folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFound("There is no such backup.")
        return path

    def delete(self, name: str) -> None:
        self.path(name).unlink()
