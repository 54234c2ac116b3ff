"""A backup by the page: only what is whole, ours and of our time is taken, and a start puts it in place or goes on."""

import io
import os
import shutil
import sqlite3
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.adapters import restoring
from gateway.adapters.backup import backup
from gateway.adapters.backup_look import look_into
from gateway.adapters.db.engines import FILE_NAME
from gateway.adapters.restoring import FOLDER, RestoreFolder, put_in_place
from gateway.app import build
from gateway.errors import BadRequest, Conflict, NotFound, NotPossible, StartupError
from gateway.settings import Settings, load
from tests.fake_time import NOW
from tests.gateway.adapters.test_backup import text_of, waiting_job

PASSWORD = "correct horse battery"


async def pieces(octets: bytes, size: int = 5000) -> AsyncIterator[bytes]:
    for begin in range(0, len(octets), size):
        yield octets[begin : begin + size]


async def a_backup(folder: Path) -> bytes:
    """Of a house with ada and one job that waits."""
    settings = settings_of(folder / "old")
    async with build(settings) as gateway:
        await gateway.identity.add_user("ada", password=PASSWORD)
        await gateway.printers.add_printer("find-me")
        await waiting_job(gateway)
        backup(settings, folder / "backup.tar")
    return (folder / "backup.tar").read_bytes()


def settings_of(data: Path) -> Settings:
    settings = load(data=data)
    return settings.model_copy(update={"spool": settings.spool.model_copy(update={"low_bytes": 0})})


async def test_what_was_brought_takes_its_place_at_the_next_start(tmp_path: Path) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    async with build(settings) as gateway:
        await gateway.identity.add_user("eve", password=PASSWORD)
        folder = RestoreFolder(settings)
        content = await folder.take(pieces(octets))
        assert (content.users, content.printers, content.jobs, content.waiting) == (1, 1, 1, 1)
        assert content.files >= 5
        assert folder.content() == content
        folder.prepare(NOW)
        assert folder.ready()
        assert (await gateway.identity.get("eve")).name == "eve", "nothing changes while it runs"
    aside = put_in_place(settings.data)
    assert aside is not None
    assert put_in_place(settings.data) is None, "once"
    assert not (settings.data / FOLDER).exists()
    assert (settings.data / "setup-closed").exists()
    assert (settings.data / "keys" / "kek").stat().st_mode & 0o777 == 0o400
    async with build(settings) as gateway:
        with pytest.raises(NotFound):
            await gateway.identity.get("eve")
        [job] = [found for found in [await gateway.database.jobs.get(1)] if found is not None]
        assert await text_of(gateway, job) == b"the pages"
        assert (await gateway.identity.sign_in_password("ada", PASSWORD, address="192.0.2.1")).name == "ada"
    old = settings_of(settings.data / aside)
    async with build(old) as gateway:
        assert (await gateway.identity.get("eve")).name == "eve", "what was there before is a house of its own"
    folder = RestoreFolder(settings)
    assert folder.before() == (aside,)
    for wrong in ("", "..", "keys", FILE_NAME):
        with pytest.raises(NotFound):
            folder.forget(wrong)
    folder.forget(aside)
    assert folder.before() == ()


@pytest.mark.parametrize("table", ["sessions", "phones", "pending_sign_ins"])
async def test_whoever_was_signed_in_then_is_not_signed_in_now(tmp_path: Path, table: str) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    folder = RestoreFolder(settings)
    settings.data.mkdir()
    await folder.take(pieces(octets))
    folder.prepare(NOW)
    rows = settings.data / FOLDER / "whole" / FILE_NAME
    with closing(sqlite3.connect(rows)) as connection, connection:
        columns = [f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({table})")]
        connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('1' for _ in columns)})")
    put_in_place(settings.data)
    with closing(sqlite3.connect(settings.data / FILE_NAME)) as connection:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


class Power(BaseException):
    """It went out."""


@pytest.mark.parametrize("step", range(14))
async def test_a_start_that_breaks_off_anywhere_goes_on_at_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    async with build(settings) as gateway:
        await gateway.identity.add_user("eve", password=PASSWORD)
    folder = RestoreFolder(settings)
    await folder.take(pieces(octets))
    folder.prepare(NOW)
    left = step
    plain = Path.rename

    def rename(self: Path, target: Path) -> Path:
        nonlocal left
        if left == 0:
            raise Power
        left -= 1
        return plain(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    aside = None
    try:
        aside = put_in_place(settings.data)
    except Power:
        left = 1000
        aside = put_in_place(settings.data)
    assert aside is not None
    monkeypatch.undo()
    async with build(settings) as gateway:
        assert await gateway.database.users.user_count() == 1
        assert (await gateway.identity.get("ada")).name == "ada"
    async with build(settings_of(settings.data / aside)) as gateway:
        assert (await gateway.identity.get("eve")).name == "eve"


async def test_a_command_between_two_starts_does_not_mix_the_houses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    async with build(settings):
        pass
    folder = RestoreFolder(settings)
    await folder.take(pieces(octets))
    folder.prepare(NOW)
    monkeypatch.setattr(restoring, "_put_in", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(StartupError, match="no room"):
        put_in_place(settings.data)
    monkeypatch.undo()
    async with build(settings) as gateway:  # `papertap user add`, on what looks like an empty directory
        await gateway.identity.add_user("mallory", password=PASSWORD)
    assert put_in_place(settings.data) is not None
    async with build(settings) as gateway:
        assert [user.name for user in await gateway.database.users.users()] == ["ada"]


async def test_another_one_may_be_taken_until_one_waits(tmp_path: Path) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    settings.data.mkdir()
    folder = RestoreFolder(settings)
    with pytest.raises(NotFound):
        folder.prepare(NOW)
    await folder.take(pieces(octets))
    await folder.take(pieces(octets))
    folder.prepare(NOW)
    with pytest.raises(Conflict):
        await folder.take(pieces(octets))
    folder.drop()
    assert (folder.content(), folder.ready()) == (None, False)
    assert put_in_place(settings.data) is None
    assert list(settings.data.iterdir()) == []


async def test_twice_is_once_and_what_is_not_whole_is_never_put_in_place(tmp_path: Path) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    async with build(settings) as gateway:
        await gateway.identity.add_user("eve", password=PASSWORD)
    folder = RestoreFolder(settings)
    await folder.take(pieces(octets))
    folder.prepare(NOW)
    (settings.data / FOLDER / "backup.tar").unlink()
    folder.prepare(NOW + 60)
    assert folder.ready()
    shutil.rmtree(settings.data / FOLDER / "whole")
    with pytest.raises(StartupError, match="nothing was changed"):
        put_in_place(settings.data)
    async with build(settings) as gateway:
        assert (await gateway.identity.get("eve")).name == "eve"


async def test_nothing_stays_of_a_file_that_is_refused_or_broke_off(tmp_path: Path) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    settings.data.mkdir()
    folder = RestoreFolder(settings)

    async def broken() -> AsyncIterator[bytes]:
        yield octets[:7000]
        raise BadRequest("The form ended in the middle of a file.")

    for chunks in (
        broken(),
        pieces(octets.rstrip(b"\0")),
        pieces(octets[:9000]),
        pieces(b""),
        pieces(b"no archive" * 1000),
    ):
        with pytest.raises(BadRequest):
            await folder.take(chunks)
        assert list(settings.data.iterdir()) == []


async def test_where_rows_or_disk_do_not_allow_it_nothing_is_taken(tmp_path: Path) -> None:
    octets = await a_backup(tmp_path)
    settings = settings_of(tmp_path / "new")
    postgresql = settings.database.model_copy(update={"url": "postgresql+psycopg://x/y"})
    with pytest.raises(NotPossible, match="pg_restore"):
        await RestoreFolder(settings.model_copy(update={"database": postgresql})).take(pieces(octets))
    settings.data.mkdir()
    folder = RestoreFolder(settings)
    await folder.take(pieces(octets))
    (tmp_path / "elsewhere").mkdir()
    (settings.data / "spool").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotPossible, match="lies elsewhere"):
        folder.prepare(NOW)
    (settings.data / "spool").unlink()
    full = settings.spool.model_copy(update={"low_bytes": 2**62})
    with pytest.raises(NotPossible, match="room"):
        RestoreFolder(settings.model_copy(update={"spool": full})).prepare(NOW)
    assert not folder.ready()


# -- what a file may hold


Change = Callable[[Path], None]


def execute(sql: str) -> Change:
    def change(rows: Path) -> None:
        with closing(sqlite3.connect(rows)) as connection, connection:
            connection.execute(sql)

    return change


def damage(rows: Path) -> None:
    octets = bytearray(rows.read_bytes())
    for page in range(4096 * 3, len(octets), 4096):
        octets[page : page + 8] = os.urandom(8)
    rows.write_bytes(octets)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (execute("UPDATE alembic_version SET version_num = '9999'"), "newer Papertap"),
        (execute("CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM users; END"), "hold programs"),
        (execute("CREATE VIEW v AS SELECT * FROM users"), "hold programs"),
        (execute("DROP TABLE printers"), "no backup of Papertap"),
        (damage, "damaged"),
        (lambda rows: rows.write_bytes(b"SQLite format 3\0 or not"), "no backup of Papertap"),
    ],
)
async def test_rows_that_are_not_ours_are_refused(tmp_path: Path, change: Change, said: str) -> None:
    await a_backup(tmp_path)
    inside = tmp_path / "inside"
    with tarfile.open(tmp_path / "backup.tar") as archive:
        archive.extractall(inside)
    change(inside / FILE_NAME)
    with tarfile.open(tmp_path / "changed.tar", "w") as archive:
        for path in sorted(inside.rglob("*")):
            archive.add(path, arcname=str(path.relative_to(inside)), recursive=False)
    with pytest.raises(BadRequest, match=said):
        look_into(tmp_path / "changed.tar", tmp_path)


def entry(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, to
    return made


@pytest.mark.parametrize(
    "odd",
    [
        entry("../escaped"),
        entry("/etc/papertap.toml"),
        entry("keys/../../escaped"),
        entry("papertap.toml"),
        entry("setup-closed"),
        entry("restore/ready"),
        entry("keys/link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("keys/hard", tarfile.LNKTYPE, "keys/kek"),
        entry("spool/pipe", tarfile.FIFOTYPE),
        entry("spool/device", tarfile.CHRTYPE),
        entry("keys/kek"),
    ],
)
async def test_an_archive_with_anything_else_is_refused(tmp_path: Path, odd: tarfile.TarInfo) -> None:
    await a_backup(tmp_path)
    changed = tmp_path / "changed.tar"
    shutil.copy(tmp_path / "backup.tar", changed)
    with tarfile.open(changed, "a") as archive:
        archive.addfile(odd, io.BytesIO())
    with pytest.raises(BadRequest):
        look_into(changed, tmp_path)


async def test_what_is_missing_is_named(tmp_path: Path) -> None:
    await a_backup(tmp_path)
    with (
        tarfile.open(tmp_path / "backup.tar") as archive,
        tarfile.open(tmp_path / "changed.tar", "w") as changed,
    ):
        for member in archive:
            if member.name != "keys/kek":
                changed.addfile(member, archive.extractfile(member))
    with pytest.raises(BadRequest, match="lacks keys/kek"):
        look_into(tmp_path / "changed.tar", tmp_path)
