"""One-time links and delegations: the same promises in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from gateway.adapters.db import open_database
from gateway.domain.delegation import Delegation, Right
from gateway.domain.share import Payer, Share
from gateway.services.ports import DelegationStore, ShareStore
from tests.builders import NOW, a_user
from tests.fakes_jobs import MemoryShareStore


class Both(ShareStore, DelegationStore, Protocol):
    """One store keeps both promises."""


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Both]:
    if request.param == "memory":
        yield MemoryShareStore()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.shares
    await opened.close()


def a_share(token: str = "a", **fields: object) -> Share:
    plain = {"token_hash": token, "job_id": 7, "owner": "alice", "created_at": NOW}
    return Share(**plain | fields)  # type: ignore[arg-type]  # reason: a test's own fields


async def test_a_link_comes_back_as_it_was_kept(store: Both) -> None:
    share = await store.add_share(a_share(payer=Payer.PRINTING, shows_page=True, expires_at=NOW + 60))
    assert share.id
    assert await store.share_by_token("a") == share
    assert await store.share_by_token("b") is None


async def test_the_links_of_a_job_newest_first(store: Both) -> None:
    first, second = await store.add_share(a_share("a")), await store.add_share(a_share("b"))
    await store.add_share(a_share("c", job_id=8))
    assert await store.shares_of(7) == [second, first]


async def test_of_fifty_who_use_a_link_at_once_one_wins(store: Both) -> None:
    share = await store.add_share(a_share())
    won = await asyncio.gather(*(store.use_share(share.id, by=f"visitor {n}", at=NOW) for n in range(50)))
    assert won.count(True) == 1
    used = await store.share_by_token("a")
    assert used is not None
    assert (used.used_at, used.used_by) == (NOW, f"visitor {won.index(True)}")


async def test_a_link_given_back_is_used_again(store: Both) -> None:
    share = await store.add_share(a_share())
    assert await store.use_share(share.id, by="x", at=NOW)
    await store.give_share_back(share.id)
    assert await store.share_by_token("a") == share
    assert await store.use_share(share.id, by="y", at=NOW)


async def test_an_expired_link_is_not_used(store: Both) -> None:
    share = await store.add_share(a_share(expires_at=NOW))
    assert not await store.use_share(share.id, by="x", at=NOW)


async def test_a_revoked_link_is_not_used_nor_revoked_again(store: Both) -> None:
    share = await store.add_share(a_share())
    assert not await store.revoke_share(share.id, job_id=8, at=NOW), "it is of another job"
    assert await store.revoke_share(share.id, job_id=7, at=NOW)
    assert not await store.revoke_share(share.id, job_id=7, at=NOW)
    assert not await store.use_share(share.id, by="x", at=NOW)


async def test_old_links_are_purged(store: Both) -> None:
    for number in range(3):
        await store.add_share(a_share(f"old {number}", created_at=NOW - 10 + number))
    young = await store.add_share(a_share("young", created_at=NOW))
    assert await store.purge_shares(before=NOW - 1, limit=2) == 2
    assert await store.purge_shares(before=NOW - 1, limit=2) == 1
    assert await store.shares_of(7) == [young]


async def test_a_delegation_is_one_row_for_owner_and_delegate(store: Both) -> None:
    first = await store.save_delegation(Delegation(owner="Alice", delegate="Bob", created_at=NOW))
    both = frozenset({Right.SEE, Right.DELETE})
    again = await store.save_delegation(Delegation(owner="alice", delegate="bob", rights=both, created_at=NOW))
    assert again.id == first.id
    assert await store.delegations_of("ALICE") == [again]


async def test_delegations_by_name_and_through_groups(store: Both) -> None:
    to_bob = await store.save_delegation(Delegation(owner="alice", delegate="bob"))
    to_team = await store.save_delegation(Delegation(owner="carol", delegate="Team", group=True))
    await store.save_delegation(Delegation(owner="dave", delegate="bob", group=True))
    await store.save_delegation(Delegation(owner="erin", delegate="team"))
    assert await store.delegations_to("BOB", ()) == [to_bob]
    assert await store.delegations_to("bob", ("team", "others")) == [to_bob, to_team]
    assert await store.delegations_to("nobody", ()) == []


async def test_users_come_before_groups(store: Both) -> None:
    for name, group in (("zoe", False), ("board", True), ("bob", False)):
        await store.save_delegation(Delegation(owner="alice", delegate=name, group=group))
    assert [d.delegate for d in await store.delegations_of("alice")] == ["bob", "zoe", "board"]


async def test_only_the_owner_takes_a_delegation_back(store: Both) -> None:
    grant = await store.save_delegation(Delegation(owner="alice", delegate="bob"))
    assert not await store.delete_delegation(grant.id, "bob")
    assert await store.delete_delegation(grant.id, "ALICE")
    assert await store.delegations_of("alice") == []


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_deleted_user_leaves_no_trust_to_the_next_of_that_name(
    request: pytest.FixtureRequest, engine: str
) -> None:
    database = await open_database(request.getfixturevalue(f"{engine}_settings"))
    await database.users.save_user(a_user("Bob"))
    await database.shares.save_delegation(Delegation(owner="alice", delegate="bob"))
    kept = await database.shares.save_delegation(Delegation(owner="alice", delegate="carol"))
    await database.users.delete_user("BOB")
    assert await database.shares.delegations_of("alice") == [kept]
    await database.close()


async def test_nothing_is_left_of_a_user_who_is_gone(store: Both) -> None:
    await store.save_delegation(Delegation(owner="alice", delegate="bob"))
    await store.save_delegation(Delegation(owner="bob", delegate="carol"))
    kept = await store.save_delegation(Delegation(owner="alice", delegate="bob", group=True))
    assert await store.delete_delegations_of("Bob") == 2
    assert await store.delegations_of("alice") == [kept]
