from pathlib import Path

import pytest

from gateway.app import build
from gateway.errors import Locked, StartupError
from gateway.settings import load


async def test_an_empty_directory_becomes_a_gateway_of_the_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "new"
    async with build(load(data=data)) as gateway:
        assert not gateway.keyring.locked
        await gateway.printers.add_printer("find-me")
    assert data.stat().st_mode & 0o077 == 0
    async with build(load(data=data)) as again:
        assert again.printers.get("find-me").info == "find-me"


async def test_a_lost_key_locks_and_is_never_made_anew(tmp_path: Path) -> None:
    async with build(load(data=tmp_path)) as gateway:
        await gateway.identity.add_user("ada", password="correct horse battery")
    (tmp_path / "keys" / "kek").unlink()
    async with build(load(data=tmp_path)) as gateway:
        assert gateway.keyring.locked
        with pytest.raises(Locked):
            gateway.keyring.new_key()
    assert not (tmp_path / "keys" / "kek").exists()


async def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="cannot be made"):
        async with build(load(data=tmp_path / "file" / "data")):
            pass
