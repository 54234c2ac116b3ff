import tarfile
from pathlib import Path

import pytest

from gateway.adapters.backup import backup, restore
from gateway.app import Gateway, build
from gateway.domain.document import Document
from gateway.domain.job import Job
from gateway.errors import StartupError
from gateway.settings import Settings, load
from tests.fakes import a_held_job


async def waiting_job(gateway: Gateway) -> Job:
    """A held job whose document is really in the spool."""
    key, wrapped = gateway.keyring.new_key()
    writer = await gateway.spool.create(key)
    await writer.write(b"the pages")
    object_id, size, sha256 = await writer.commit()
    document = Document(id=object_id, format="application/pdf", size=size, sha256=sha256)
    (job,) = await gateway.database.jobs.add([a_held_job(key=wrapped, documents=(document,), printable=document)])
    return job


async def text_of(gateway: Gateway, job: Job) -> bytes:
    assert job.key is not None
    assert job.printable is not None
    return b"".join([c async for c in gateway.spool.read(job.printable.id, gateway.keyring.unwrap(job.key))])


async def test_what_was_backed_up_while_serving_is_there_after_a_restore(tmp_path: Path) -> None:
    settings, file = load(data=tmp_path / "data"), tmp_path / "backup.tar"
    async with build(settings) as gateway:
        await gateway.identity.add_user("ada", password="correct horse battery")
        job = await waiting_job(gateway)
        assert backup(settings, file) >= 4
    assert file.stat().st_mode & 0o077 == 0
    restored = load(data=tmp_path / "again")
    restore(restored, file)
    async with build(restored) as gateway:
        found = await gateway.database.jobs.get(job.id)
        assert found is not None
        assert await text_of(gateway, found) == b"the pages"
        user = await gateway.identity.sign_in_password("ada", "correct horse battery", address="192.0.2.1")
        assert user.name == "ada"
    assert (restored.data / "keys" / "kek").stat().st_mode & 0o777 == 0o400


async def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    settings, file = load(data=tmp_path / "data"), tmp_path / "backup.tar"
    async with build(settings):
        backup(settings, file)
        with pytest.raises(StartupError, match="exists already"):
            backup(settings, file)
        with pytest.raises(StartupError, match="not empty"):
            restore(settings, file)


@pytest.mark.parametrize("content", [b"", b"no archive at all"])
def test_a_file_that_is_no_backup_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(StartupError):
        restore(load(data=tmp_path / "new"), file)


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "keys/../../outside"])
def test_a_backup_decides_no_path_of_ours(tmp_path: Path, name: str) -> None:
    file = tmp_path / "evil.tar"
    with tarfile.open(file, "w") as archive:
        for member in ("papertap.db", name):
            archive.addfile(tarfile.TarInfo(member))
    with pytest.raises(StartupError, match="never writes"):
        restore(load(data=tmp_path / "new"), file)
    assert not (tmp_path / "outside").exists()


def test_a_directory_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="no database"):
        backup(load(data=tmp_path), tmp_path / "backup.tar")


def test_rows_in_postgresql_are_backed_up_by_its_own_tool(tmp_path: Path) -> None:
    settings: Settings = load(data=tmp_path, database={"url": "postgresql+psycopg://x/y"})
    with pytest.raises(StartupError, match="pg_dump"):
        backup(settings, tmp_path / "backup.tar")
