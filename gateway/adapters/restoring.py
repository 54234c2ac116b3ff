"""A backup that was sent through the page: taken, looked into, unpacked beside the data, and put in place at a start.

Nothing of what is there is touched while the gateway runs. At the next start, before anything is opened, what was there
moves into a folder of its own and what was unpacked takes its place; each step is a rename, and a start that breaks off
in between goes on where it stopped.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from io import BufferedWriter
from pathlib import Path

from gateway.adapters.backup import unpack_member
from gateway.adapters.backup_look import PARTS, Content, check_member, look_into
from gateway.adapters.db.engines import FILE_NAME
from gateway.adapters.setup_files import close_setup
from gateway.adapters.spool.layout import sync_directory
from gateway.adapters.tls_files import write_durably
from gateway.errors import Conflict, NotFound, NotPossible, PapertapError, StartupError
from gateway.settings import Settings

FOLDER = "restore"
BEFORE = "before-restore-"
_FILE, _CONTENT, _WHOLE = "backup.tar", "content.json", "whole"
_READY, _MOVING = "ready", "moving"
_REPLACED = (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", *PARTS[1:])
_LOOK_AFTER = 64 * 1024 * 1024  # octets between two looks at the room that is left


class RestoreFolder:
    """gateway.services.ports.RestoreKeeper in the data directory. What is no coroutine blocks: run it in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._data = settings, settings.data
        self._folder = settings.data / FOLDER
        self._busy = False
        self._preparing = threading.Lock()

    async def take(self, chunks: AsyncIterator[bytes]) -> Content:
        if self._settings.database.url:
            raise NotPossible(
                "The rows are in PostgreSQL: restore them with pg_restore, and the data directory as files."
            )
        if self._busy or self._preparing.locked():
            raise Conflict("A backup is being taken already. Wait for it.")
        if await asyncio.to_thread(self._ready.exists):
            raise Conflict("A backup waits for the next start already. Drop it first.")
        self._busy = True
        try:
            return await self._take(chunks)
        finally:
            self._busy = False

    def content(self) -> Content | None:
        with suppress(OSError, ValueError, TypeError):
            return Content(**json.loads((self._folder / _CONTENT).read_text("utf-8")))
        return None

    def ready(self) -> bool:
        return self._ready.exists()

    def prepare(self, now: float) -> None:
        """Unpacks what was taken and sets the mark, after which the next start puts it in place; once is enough."""
        if not self._preparing.acquire(blocking=False):
            raise Conflict("The backup is being unpacked already. Wait for it.")
        try:
            if not self.ready():
                self._unpack(now)
        finally:
            self._preparing.release()

    def _unpack(self, now: float) -> None:
        content = self.content()
        if content is None:
            raise NotFound("There is no backup to restore. Choose one.")
        self._check_places()
        self._check_room(content.size)
        whole = self._folder / _WHOLE
        shutil.rmtree(whole, ignore_errors=True)
        whole.mkdir(mode=0o700)
        try:
            with tarfile.open(self._folder / _FILE, mode="r:") as archive:
                for member in archive:
                    check_member(member)
                    unpack_member(archive, member, whole)
        except (tarfile.TarError, OSError, PapertapError) as error:
            shutil.rmtree(whole, ignore_errors=True)
            raise NotPossible(f"The backup could not be unpacked: {error}") from error
        for folder, _, _ in os.walk(whole):
            sync_directory(Path(folder))
        aside = f"{BEFORE}{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"
        write_durably(self._ready, aside.encode(), 0o600)

    def drop(self) -> None:
        """The mark first: what is half deleted must never be put in place."""
        if self._preparing.locked():
            raise Conflict("The backup is being unpacked already. Wait for it.")
        self._ready.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def before(self) -> tuple[str, ...]:
        """Folders with what was there before a restore, the newest first."""
        return tuple(sorted((path.name for path in self._data.glob(f"{BEFORE}*") if path.is_dir()), reverse=True))

    def forget(self, name: str) -> None:
        if name not in self.before():
            raise NotFound("There is no such folder.")
        shutil.rmtree(self._data / name)

    # -- within

    @property
    def _ready(self) -> Path:
        return self._folder / _READY

    async def _take(self, chunks: AsyncIterator[bytes]) -> Content:
        await asyncio.to_thread(self._begin)
        partial, written, looked = self._folder / f"{_FILE}.part", 0, 0
        try:
            file = await asyncio.to_thread(_created, partial)
            with file:
                async for chunk in chunks:
                    await asyncio.to_thread(file.write, chunk)
                    written += len(chunk)
                    if written - looked > _LOOK_AFTER:
                        looked = written
                        await asyncio.to_thread(self._check_room, 0)
                await asyncio.to_thread(_synced, file)
            content = await asyncio.to_thread(look_into, partial, self._folder)
            await asyncio.to_thread(self._keep, partial, content)
        except BaseException:
            await asyncio.to_thread(self.drop)
            raise
        return content

    def _begin(self) -> None:
        self.drop()
        self._folder.mkdir(mode=0o700)

    def _keep(self, partial: Path, content: Content) -> None:
        partial.rename(self._folder / _FILE)
        write_durably(self._folder / _CONTENT, json.dumps(asdict(content)).encode(), 0o600)

    def _check_room(self, wanted: int) -> None:
        free = shutil.disk_usage(self._data).free - self._settings.spool.low_bytes
        if wanted > free:
            raise NotPossible("There is not enough room on the disk for this backup beside what is there.")

    def _check_places(self) -> None:
        """What is mounted or linked from elsewhere cannot be renamed away."""
        device = self._data.stat().st_dev
        for name in _REPLACED:
            path = self._data / name
            if path.is_symlink() or (path.exists() and path.stat().st_dev != device):
                raise NotPossible(
                    f"{name} of the data directory lies elsewhere. Restore on the machine's shell: papertap restore."
                )


def put_in_place(data: Path) -> str | None:
    """The folder where lies what was there before, when a backup waited; call it before anything of `data` is opened.

    StartupError when a step fails: nothing is lost, and the next start goes on there.
    """
    folder = data / FOLDER
    try:
        if (folder / _READY).exists():
            _put_aside(data, folder)
        if not (folder / _MOVING).exists():
            return None
        return _put_in(data, folder)
    except OSError as error:
        raise StartupError(
            f"The backup that waits could not be put in place: {error}. Mend that and start again."
        ) from error


def _put_aside(data: Path, folder: Path) -> None:
    if not (folder / _WHOLE / FILE_NAME).is_file():
        raise StartupError(
            f"The backup in {folder} is not whole. Remove that folder and start again: nothing was changed."
        )
    aside = data / (folder / _READY).read_text("utf-8")
    aside.mkdir(mode=0o700, exist_ok=True)
    for name in _REPLACED:
        _move_aside(data / name, aside)
    sync_directory(aside)
    sync_directory(data)
    (folder / _READY).rename(folder / _MOVING)
    sync_directory(folder)


def _put_in(data: Path, folder: Path) -> str:
    aside = data / (folder / _MOVING).read_text("utf-8")
    whole = folder / _WHOLE
    for path in sorted(whole.iterdir()):
        # Another command may have made a new one here after a start that broke off.
        _move_aside(data / path.name, aside)
        path.rename(data / path.name)
    for name in (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
        _move_aside(data / name, aside)
    for key in [*(data / "keys").glob("*"), *(data / "tls").glob("*.key")]:
        key.chmod(0o400)
    close_setup(data)
    _end_sessions(data / FILE_NAME)
    sync_directory(data)
    (folder / _MOVING).unlink()
    shutil.rmtree(folder)
    return aside.name


def _move_aside(path: Path, aside: Path) -> None:
    if not os.path.lexists(path):
        return
    target, number = aside / path.name, 1
    while os.path.lexists(target):
        target, number = aside / f"{path.name}.{number}", number + 1
    path.rename(target)


def _end_sessions(rows: Path) -> None:
    """Who was signed in when the backup was made, or a phone that stays so, may have been signed out since for a reason."""
    with closing(sqlite3.connect(rows)) as connection, connection:
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for name in ("sessions", "phones", "pending_sign_ins"):
            if name in there:  # a backup may be older than the table
                connection.execute(f"DELETE FROM {name}")  # noqa: S608 - names of ours


def _created(path: Path) -> BufferedWriter:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _synced(file: BufferedWriter) -> None:
    file.flush()
    os.fsync(file.fileno())
