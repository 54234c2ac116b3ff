"""What a file that claims to be a backup holds, before any of it is believed: is it whole, ours, and of our time?

Whoever may restore owns the house afterwards, and so may a file that was swapped on its way. Its archive is read by
rules as narrow as what `backup` writes; its rows are opened read-only, in no schema of their own making.
"""

import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.db.engines import FILE_NAME
from gateway.adapters.db.schema import VERSIONS
from gateway.domain.job import JobState
from gateway.errors import BadRequest

PARTS = (FILE_NAME, "spool", "keys", "tls")
"""What may stand at the top of a backup: anything else could be a setting, or a door."""
NEEDED = frozenset({FILE_NAME, "keys/kek", "keys/pepper"})
MOST = 10_000_000  # files
_END = 1024  # octets of zeros at the end of an archive (POSIX.1-2017, pax, "ustar Interchange Format")
NOT_OURS = (
    "This is no backup of Papertap, or it is damaged. Choose a file that `papertap backup` or this page has made."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """`size` in octets, unpacked; `made_at` when its rows were copied; `waiting` jobs have not ended."""

    files: int
    size: int
    made_at: float
    revision: str
    users: int
    printers: int
    devices: int
    jobs: int
    waiting: int


def look_into(file: Path, scratch: Path) -> Content:
    """BadRequest says what is wrong with it. `scratch` has room for its rows. Blocks."""
    try:
        _check_end(file)
        with tarfile.open(file, mode="r:") as archive, tempfile.TemporaryDirectory(dir=scratch) as folder:
            members = list(_checked(archive))
            names = {member.name for member in members}
            if missing := sorted(NEEDED - names):
                raise BadRequest(f"The backup lacks {missing[0]}: it is not whole.")
            rows = Path(folder) / "rows.db"
            [database] = [member for member in members if member.name == FILE_NAME]
            _copy(archive, database, rows)
            told = _read(rows)
            _check_revision(told.revision)
    except (tarfile.TarError, OSError, sqlite3.Error, ValueError) as error:
        raise BadRequest(NOT_OURS) from error
    return Content(
        files=sum(member.isfile() for member in members),
        size=sum(member.size for member in members),
        made_at=float(database.mtime),
        revision=told.revision,
        **told.counts,
    )


def check_member(member: tarfile.TarInfo) -> Path:
    """Where it goes below a data directory; BadRequest for whatever Papertap never writes."""
    path = Path(member.name)
    odd = path.is_absolute() or ".." in path.parts or path.parts[:1] == () or path.parts[0] not in PARTS
    if odd or not (member.isfile() or member.isdir()) or member.sparse is not None:
        raise BadRequest(f"The backup holds {member.name[:80]!r}, which Papertap never writes.")
    return path


def _checked(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    seen: set[str] = set()
    for member in archive:
        check_member(member)
        if member.name in seen or len(seen) >= MOST:
            raise BadRequest(NOT_OURS)
        seen.add(member.name)
        yield member


def _check_end(file: Path) -> None:
    """An archive that was cut off between two files would look whole without this."""
    with file.open("rb") as opened:
        opened.seek(-_END, 2)
        if any(opened.read(_END)):
            raise BadRequest("The end of the file is missing: it is not whole. Fetch it again.")


def _copy(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = archive.extractfile(member)
    if content is None:
        raise BadRequest(NOT_OURS)
    with content, target.open("xb") as copy:
        shutil.copyfileobj(content, copy)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rows:
    revision: str
    counts: dict[str, int]


def _read(rows: Path) -> _Rows:
    """The rows are a stranger's: no code of theirs runs, and nothing is written."""
    with closing(sqlite3.connect(f"{rows.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1").fetchone():
            raise BadRequest("The rows of the backup hold programs, which Papertap never writes.")
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise BadRequest("The rows of the backup are damaged. Choose another one.")
        [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        counts = {name: _count(connection, name) for name in ("users", "printers", "devices", "jobs")}
        counts["waiting"] = _count(connection, "jobs", f"WHERE state < {JobState.CANCELED:d}")
    return _Rows(revision=str(revision), counts=counts)


def _count(connection: sqlite3.Connection, table: str, which: str = "") -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table} {which}").fetchone()[0])  # noqa: S608 - names of ours


def _check_revision(found: str) -> None:
    """Older rows are brought up to date when they are opened; newer ones nobody here understands."""
    known = {path.name[1:5] for path in VERSIONS.glob("r[0-9][0-9][0-9][0-9]_*.py")}
    if found not in known:
        raise BadRequest("A newer Papertap has made this backup. Bring this one up to date first.")
