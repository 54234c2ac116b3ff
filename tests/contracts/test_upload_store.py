"""gateway.services.ports.UploadStore and GuestStore, in memory and on SQLite."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.adapters.db import Database, open_database
from gateway.domain.guest import Guest
from gateway.domain.upload import Upload
from gateway.errors import Conflict
from gateway.services.ports import GuestStore, UploadStore
from gateway.settings import Settings
from tests.builders import NOW, a_document
from tests.databases import postgresql_settings, postgresql_url, sqlite_settings, sqlite_template
from tests.fakes_upload import MemoryGuestStore, MemoryUploadStore

__all__ = ["postgresql_settings", "postgresql_url", "sqlite_settings", "sqlite_template"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Both:
    uploads: UploadStore
    guests: GuestStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Both]:
    if request.param == "memory":
        yield Both(uploads=MemoryUploadStore(), guests=MemoryGuestStore())
        return
    settings: Settings = request.getfixturevalue(f"{request.param}_settings")
    opened: Database = await open_database(settings)
    yield Both(uploads=opened.uploads, guests=opened.guests)
    await opened.close()


def an_upload(upload_id: str = "u1", **fields: object) -> Upload:
    plain = Upload(
        id=upload_id,
        owner="guest:1",
        batch="b",
        job_id=2**40,
        name="Büro.pdf",
        format="application/pdf",
        size=2**33,
        received=5,
        pieces=(a_document(id=f"{upload_id}-a"), a_document(id=f"{upload_id}-b")),
        key=b"\0wrapped",
        last=False,
        done=True,
        created_at=NOW,
        expires_at=NOW + 900,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


def a_guest(name: str = "guest:1", **fields: object) -> Guest:
    plain = Guest(
        name=name,
        code_lookup=f"lookup {name}",
        code_masked=999_999,
        cookie_hash=f"cookie {name}",
        csrf="token",
        label="Zoë",
        place="lobby",
        address="192.0.2.7",
        created_at=NOW,
        expires_at=NOW + 100,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


async def test_an_upload_is_kept_whole(stores: Both) -> None:
    upload = an_upload()
    await stores.uploads.add(upload)
    assert await stores.uploads.upload("u1") == upload
    assert await stores.uploads.upload("other") is None
    changed = replace(upload, received=9, pieces=(a_document(id="c"),), done=False, expires_at=NOW + 1000)
    await stores.uploads.save(changed)
    assert await stores.uploads.upload("u1") == changed
    assert await stores.uploads.spool_objects() == {"c"}
    await stores.uploads.delete("u1")
    await stores.uploads.save(changed)
    assert await stores.uploads.upload("u1") is None
    assert await stores.uploads.spool_objects() == frozenset()


async def test_uploads_of_a_batch_are_its_owner_s_oldest_first(stores: Both) -> None:
    late, early = an_upload("a", created_at=NOW + 5), an_upload("z")
    for upload in (late, early, an_upload("x", owner="bob"), an_upload("y", batch="c")):
        await stores.uploads.add(upload)
    assert await stores.uploads.of_batch("guest:1", "b") == [early, late]


async def test_uploads_that_nobody_resumed_are_found(stores: Both) -> None:
    for number in range(3):
        await stores.uploads.add(an_upload(f"u{number}", expires_at=NOW + number))
    assert [row.id for row in await stores.uploads.expired(NOW + 1)] == ["u0", "u1"]
    assert [row.id for row in await stores.uploads.expired(NOW + 9, limit=1)] == ["u0"]


async def test_a_guest_is_found_by_name_cookie_and_code(stores: Both) -> None:
    guest = a_guest()
    await stores.guests.add(guest)
    assert await stores.guests.guest("guest:1") == guest
    assert await stores.guests.by_cookie("cookie guest:1") == guest
    assert await stores.guests.by_code("lookup guest:1") == guest
    assert await stores.guests.by_code("cookie guest:1") is None


@pytest.mark.parametrize("alike", ["name", "code_lookup", "cookie_hash"])
async def test_no_two_guests_are_alike(stores: Both, alike: str) -> None:
    first, second = a_guest(), a_guest("guest:2")
    await stores.guests.add(first)
    with pytest.raises(Conflict):
        await stores.guests.add(replace(second, **{alike: getattr(first, alike)}))
    await stores.guests.add(second)


async def test_a_guest_s_time_is_only_made_longer(stores: Both) -> None:
    await stores.guests.add(a_guest())
    await stores.guests.prolong("guest:1", NOW + 50)
    assert await stores.guests.guest("guest:1") == a_guest()
    await stores.guests.prolong("guest:1", NOW + 500)
    assert await stores.guests.purge(NOW + 499) == 0
    assert await stores.guests.purge(NOW + 500) == 1
    assert await stores.guests.guest("guest:1") is None
