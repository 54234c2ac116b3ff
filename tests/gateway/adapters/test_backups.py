"""The folder of backups: made, listed, pruned, and never a way to another file."""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters.backup import restore
from gateway.adapters.backups import BackupFolder
from gateway.adapters.setup_files import LINK, MARK, DataSetupFiles
from gateway.errors import NotFound, NotPossible, StartupError
from gateway.services.ports import SetupLink
from gateway.settings import Settings

NOW = 1_790_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir()
    (data / "spool").mkdir()
    with closing(sqlite3.connect(data / "papertap.db")) as rows:
        rows.execute("CREATE TABLE one (two)")
    DataSetupFiles(data).keep_link(SetupLink(token_hash="hash", expires_at=NOW))
    (data / "keys" / "kek").write_bytes(b"k" * 32)
    return Settings(data=data)


def test_made_listed_and_pruned_newest_first(settings: Settings) -> None:
    folder = BackupFolder(settings)
    assert folder.list() == ()
    names = [folder.make(NOW + 3600 * number).name for number in range(3)]
    assert [one.name for one in folder.list()] == names[::-1]
    assert folder.prune(2) == 1
    folder.delete(names[2])
    assert [one.name for one in folder.list()] == [names[1]]
    assert (folder.path(names[1]).stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize(
    "name", ["../keys/kek", "..", "papertap-1.tar", "papertap-20260101-000000.tar", "keys/kek", ""]
)
def test_a_name_is_never_a_path(settings: Settings, name: str) -> None:
    with pytest.raises(NotFound):
        BackupFolder(settings).path(name)


def test_what_cannot_be_made_says_why_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    folder = BackupFolder(settings)
    folder.make(NOW)
    with pytest.raises(NotPossible, match="exists already"):
        folder.make(NOW)
    empty = BackupFolder(Settings(data=tmp_path))
    with pytest.raises(NotPossible, match="no database"):
        empty.make(NOW)
    assert empty.list() == ()


def test_a_restored_backup_brings_no_open_door(settings: Settings, tmp_path: Path) -> None:
    made = BackupFolder(settings).make(NOW)
    path = settings.data / "backups" / made.name
    with tarfile.open(path) as archive:
        assert LINK not in {Path(name).name for name in archive.getnames()}
    new = Settings(data=tmp_path / "new")
    restore(new, path)
    assert (new.data / MARK).is_file()
    assert DataSetupFiles(new.data).link() is None


def test_a_damaged_or_foreign_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = settings.data / "backups" / BackupFolder(settings).make(NOW).name
    (tmp_path / "cut.tar").write_bytes(path.read_bytes()[:700])
    (tmp_path / "text.tar").write_text("no archive")
    for name in ("cut.tar", "text.tar"):
        with pytest.raises(StartupError):
            restore(Settings(data=tmp_path / f"from-{name}"), tmp_path / name)
