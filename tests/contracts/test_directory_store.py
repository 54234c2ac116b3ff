"""DirectoryStore: rows with every field, leases that one holds, runs of which the last are kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.directory import (
    Directory,
    FieldMap,
    GraphSettings,
    Kind,
    LdapSettings,
    Membership,
    RunEnd,
    RunRecord,
    RunState,
    UserName,
)
from gateway.errors import Conflict
from gateway.services.ports import UserStore
from gateway.services.ports.directories import DirectoryStore
from tests.builders import NOW, a_user
from tests.databases import postgresql_settings, postgresql_url, sqlite_settings, sqlite_template
from tests.fakes import MemoryUserStore
from tests.fakes_directory import MemoryDirectoryStore

__all__ = ["postgresql_settings", "postgresql_url", "sqlite_settings", "sqlite_template"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Two:
    store: DirectoryStore
    users: UserStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def two(request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    if request.param == "memory":
        yield Two(store=MemoryDirectoryStore(), users=MemoryUserStore())
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Two(store=opened.directories, users=opened.users)
    await opened.close()


def ldap(**more: object) -> Directory:
    settings = LdapSettings(
        urls=("ldaps://a.example", "ldap://b.example"),
        starttls=True,
        bind_dn="cn=p",
        base="dc=x",
        user_filter="(a=b)",
        group_base="ou=g",
        group_filter="(c=d)",
        group_name="n",
        group_member="m",
        membership=Membership.PERSON,
        only_group="cn=top",
        changed="uSNChanged",
        ca="PEM",
        certificate="PEM2",
        page=7,
        seconds=3.0,
    )
    plain = Directory(
        name="school",
        uuid=uuid4(),
        kind=Kind.LDAP,
        info="School",
        preset="ad",
        enabled=False,
        settings=settings,
        fields=FieldMap(name="sAMAccountName", external_id="objectGUID", cards="card", pin="pin"),
        secret=b"\0sealed",
        interval=60.0,
        full_hour=5,
        sign_in=False,
        remember_hours=2.0,
        adopt=True,
        pins=True,
        most_disabled=3.5,
        created_at=NOW,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # reason: the caller names fields


def graph() -> Directory:
    settings = GraphSettings(
        tenant="t", client_id="c", login="https://l", graph="https://g", user_name=UserName.SAM, guests=True, ca="PEM"
    )
    return Directory(name="cloud", uuid=uuid4(), kind=Kind.GRAPH, settings=settings)


async def test_directories_come_back_as_saved_by_name(two: Two) -> None:
    first, second = ldap(), graph()
    assert await two.store.save_directory(first) == replace(first, version=1)
    assert await two.store.save_directory(second) == replace(second, version=1)
    assert await two.store.directories() == [replace(second, version=1), replace(first, version=1)]
    defaults = Directory(name="x", uuid=uuid4(), kind=Kind.LDAP, settings=LdapSettings(urls=()))
    same = {f.name for f in fields(first) if getattr(first, f.name) == getattr(defaults, f.name)}
    assert same == {"kind", "version"}, "every field is tried"
    plain = LdapSettings(urls=())
    assert not [f.name for f in fields(plain) if getattr(first.settings, f.name) == getattr(plain, f.name)]


async def test_of_two_who_change_one_wins_and_names_are_taken_once(two: Two) -> None:
    saved = await two.store.save_directory(ldap())
    changed = await two.store.save_directory(replace(saved, info="Changed"))
    assert changed.version == 2
    with pytest.raises(Conflict):
        await two.store.save_directory(replace(saved, info="Too late"))
    with pytest.raises(Conflict):
        await two.store.save_directory(ldap())


async def test_where_runs_stand_is_no_matter_of_the_version(two: Two) -> None:
    saved = await two.store.save_directory(ldap())
    assert await two.store.state(saved.uuid) == RunState()
    state = RunState(cursor="c", full_at=1.0, run_at=2.0, failing_since=3.0)
    await two.store.save_state(saved.uuid, state)
    assert await two.store.state(saved.uuid) == state
    await two.store.save_directory(replace(saved, info="New"))
    assert await two.store.state(saved.uuid) == state
    assert await two.store.state(uuid4()) == RunState()


async def test_a_lease_is_one_workers_until_it_ends_or_lapses(two: Two) -> None:
    one = (await two.store.save_directory(ldap())).uuid
    taken = await asyncio.gather(*(two.store.lease(one, f"w{n}", now=NOW, seconds=10) for n in range(4)))
    assert sorted(taken) == [False, False, False, True]
    holder = f"w{taken.index(True)}"
    assert await two.store.lease(one, holder, now=NOW + 5, seconds=10)
    assert not await two.store.lease(one, "other", now=NOW + 14, seconds=10)
    assert await two.store.lease(one, "other", now=NOW + 15, seconds=10)
    await two.store.end_lease(one, holder)
    assert not await two.store.lease(one, holder, now=NOW + 16, seconds=10)
    await two.store.end_lease(one, "other")
    assert await two.store.lease(one, holder, now=NOW + 16, seconds=10)
    assert not await two.store.lease(uuid4(), holder, now=NOW, seconds=10)


async def test_the_last_runs_are_kept(two: Two) -> None:
    one, other = (await two.store.save_directory(ldap())).uuid, (await two.store.save_directory(graph())).uuid
    run = RunRecord(
        directory=one,
        started_at=NOW,
        ended_at=NOW + 1,
        by="olga",
        full=True,
        end=RunEnd.HELD,
        counts={"added": 3},
        message="Text",
        lines=(("problem", "u1", "why"), ("added", "u2", "")),
    )
    numbers = [await two.store.record_run(replace(run, started_at=NOW + n), keep=3) for n in range(5)]
    await two.store.record_run(replace(run, directory=other), keep=3)
    found = await two.store.runs(one)
    assert found == [replace(run, id=numbers[n], started_at=NOW + n) for n in (4, 3, 2)]
    assert len(await two.store.runs(other)) == 1
    assert await two.store.runs(one, limit=1) == found[:1]


async def test_a_removed_one_takes_its_runs_along(two: Two) -> None:
    saved = await two.store.save_directory(ldap())
    run = RunRecord(directory=saved.uuid, started_at=NOW, ended_at=NOW, by="x", full=False, end=RunEnd.DONE)
    await two.store.record_run(run)
    await two.store.delete_directory("school")
    assert (await two.store.directories(), await two.store.runs(saved.uuid)) == ([], [])


async def test_a_password_that_was_right_is_remembered_and_forgotten(two: Two) -> None:
    user = await two.users.save_user(a_user())
    assert await two.store.proof(user.uuid) is None
    await two.store.remember_proof(user.uuid, "hash", NOW)
    await two.store.remember_proof(user.uuid, "hash-2", NOW + 1)
    assert await two.store.proof(user.uuid) == ("hash-2", NOW + 1)
    await two.store.forget_proof(user.uuid)
    assert await two.store.proof(user.uuid) is None
