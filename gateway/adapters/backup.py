"""One file that holds everything, and the way back: rows, waiting documents, keys, certificates.

The server may run meanwhile. Spooled objects never change once they are there, so they are linked before and after
the snapshot of the rows: what the rows name is in one of the two passes, whatever came or went in between.
"""

import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from gateway.adapters.db.engines import FILE_NAME
from gateway.adapters.setup_files import LINK, close_setup
from gateway.errors import StartupError
from gateway.settings import Settings

DATABASE = FILE_NAME
_KEPT = ("keys", "tls")


def backup(settings: Settings, file: Path) -> int:
    """Writes `file` (0600) and returns how many files it holds; StartupError says what stands in the way."""
    data = settings.data
    if settings.database.url:
        raise StartupError("The rows are in PostgreSQL: back them up with pg_dump, and the data directory as files.")
    if not (data / DATABASE).is_file():
        raise StartupError(f"{data} holds no database: name the data directory with --data.")
    if file.exists():
        raise StartupError(f"{file} exists already: name a new file.")
    partial = file.with_name(file.name + ".part")
    with tempfile.TemporaryDirectory(dir=data, prefix=".backup-") as scratch:
        work = Path(scratch)
        # Before the rows: the head of the audit log must not be newer than what it is the head of.
        for name in _KEPT:
            if (data / name).is_dir():  # the link that opens set-up stays where it was made
                shutil.copytree(data / name, work / name, ignore=shutil.ignore_patterns(LINK))
        _link_spool(data / "spool", work / "spool")
        _snapshot(data / DATABASE, work / DATABASE)
        _link_spool(data / "spool", work / "spool")
        count = _write(work, partial)
    partial.replace(file)
    return count


def restore(settings: Settings, file: Path) -> int:
    """Unpacks into an empty or absent data directory; nothing that is there is ever overwritten."""
    data = settings.data
    if data.exists() and any(data.iterdir()):
        raise StartupError(f"{data} is not empty: restore into a new directory, named with --data.")
    try:
        with tarfile.open(file) as archive:
            members = archive.getmembers()
            if DATABASE not in {m.name for m in members}:
                raise StartupError(f"{file} is not a backup of Papertap.")
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            for member in members:
                unpack_member(archive, member, data)
    except (tarfile.TarError, OSError) as error:
        raise StartupError(f"{file} cannot be read as a backup: {error}") from error
    for key in [*(data / "keys").glob("*"), *(data / "tls").glob("*.key")]:
        key.chmod(0o400)
    close_setup(data)
    return sum(m.isfile() for m in members)


def unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, data: Path) -> None:
    """Files and folders below `data` and nothing else: whoever made the archive decides no path of ours."""
    path = Path(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
        raise StartupError(f"The backup holds {member.name!r}, which Papertap never writes. Nothing more was restored.")
    if member.isdir():
        (data / path).mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    content = archive.extractfile(member)
    assert content is not None
    (data / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with content, os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        os.fsync(descriptor)


def _snapshot(source: Path, target: Path) -> None:
    """A consistent copy while others write."""
    with closing(sqlite3.connect(source)) as rows, closing(sqlite3.connect(target)) as copy:
        rows.backup(copy)


def _link_spool(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if not path.is_file() or path.name.startswith(".") or "tmp" in path.relative_to(source).parts[:1]:
            continue
        link = target / path.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, link)
        except FileExistsError:
            continue
        except FileNotFoundError:  # destroyed this moment: no row will name it
            continue


def _write(work: Path, file: Path) -> int:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    count = 0
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w") as archive:
        for path in sorted(work.rglob("*")):
            archive.add(path, arcname=str(path.relative_to(work)), recursive=False)
            count += path.is_file()
        archive.close()
        raw.flush()
        os.fsync(raw.fileno())
    return count
