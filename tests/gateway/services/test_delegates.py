"""Delegates: what they were let do, nothing else, and nothing after it was taken back."""

import pytest

from gateway.domain.delegation import Right
from gateway.domain.job import Job, JobState
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Forbidden, LimitReached, NotAuthenticated, NotFound
from gateway.services.delegates import MOST
from gateway.services.ports import JobQuery
from tests.builders import a_document, a_user
from tests.gateway.services.house import ALICE, BOB, OPERATOR, PHONE, House

TEAM = Actor(user="carol", groups=("team",), address="192.0.2.13")


@pytest.fixture
async def house() -> House:
    built = await House.built()
    for name in ("alice", "bob", "carol"):
        await built.users.save_user(a_user(name))
    return built


async def released(house: House, job: Job, actor: Actor) -> Job:
    (outcome,) = await house.release.release([job.id], actor, device="laser")
    if outcome.refusal is not None:
        raise outcome.refusal
    assert outcome.job is not None
    return outcome.job


async def test_without_a_grant_another_job_is_not_there(house: House) -> None:
    job = await house.held()
    with pytest.raises(NotFound):
        await house.release.visible(job.id, BOB)
    assert await house.release.find(JobQuery(owner="alice"), BOB) == []


async def test_who_may_see_sees_pages_and_does_nothing(house: House) -> None:
    plain, wrapped = house.keyring.new_key()
    job = await house.held(key=wrapped, thumbnails=(await house.sealed(b"PNG", plain),))
    await house.delegates.grant(ALICE, "BOB")
    assert await house.release.visible(job.id, BOB)
    assert await house.release.find(JobQuery(owner="Alice"), BOB) == [job]
    assert b"".join([part async for part in await house.release.thumbnail(job.id, BOB, 1)]) == b"PNG"
    for act in (
        lambda: released(house, job, BOB),
        lambda: house.release.cancel(job.id, BOB),
        lambda: house.release.extend(job.id, BOB),
        lambda: house.release.favourite(job.id, BOB, True),
        lambda: house.release.reprint(job.id, BOB),
        lambda: house.release.make_private(job.id, BOB),
        lambda: house.release.change(job.id, BOB, {"copies": 9}),
        lambda: house.release.proof(job.id, BOB, device="laser", changes={"copies": 2}),
    ):
        with pytest.raises(Forbidden):
            await act()
    assert await house.release.visible(job.id, ALICE) == job


async def test_who_may_release_releases_and_does_not_delete(house: House) -> None:
    job = await house.held()
    await house.delegates.grant(ALICE, "bob", rights=[Right.RELEASE])
    with pytest.raises(Forbidden, match="alice lets you see this job"):
        await house.release.cancel(job.id, BOB)
    sent = await released(house, job, BOB)
    assert (sent.owner, sent.released_by) == ("alice", "bob")


async def test_who_may_delete_deletes_and_does_not_release(house: House) -> None:
    job = await house.held()
    await house.delegates.grant(ALICE, "bob", rights=[Right.DELETE])
    with pytest.raises(Forbidden):
        await released(house, job, BOB)
    assert (await house.release.cancel(job.id, BOB)).state is JobState.CANCELED


async def test_members_of_a_group(house: House) -> None:
    job = await house.held()
    await house.delegates.grant(ALICE, "Team", group=True, rights=[Right.RELEASE])
    with pytest.raises(NotFound):
        await house.release.visible(job.id, BOB)
    assert (await released(house, job, TEAM)).released_by == "carol"


async def test_a_user_named_like_a_group_is_not_its_member(house: House) -> None:
    await house.users.save_user(a_user("team"))
    job = await house.held()
    await house.delegates.grant(ALICE, "team", group=True)
    with pytest.raises(NotFound):
        await house.release.visible(job.id, Actor(user="team", address="192.0.2.14"))


async def test_what_was_taken_back_is_gone_at_once(house: House) -> None:
    job = await house.held()
    grant = await house.delegates.grant(ALICE, "bob", rights=[Right.RELEASE])
    with pytest.raises(NotFound):
        await house.delegates.revoke(BOB, grant.id)
    await house.delegates.revoke(ALICE, grant.id)
    with pytest.raises(NotFound):
        await released(house, job, BOB)


async def test_saving_again_replaces_the_rights(house: House) -> None:
    job = await house.held()
    await house.delegates.grant(ALICE, "bob", rights=[Right.RELEASE, Right.DELETE])
    await house.delegates.grant(ALICE, "Bob")
    with pytest.raises(Forbidden):
        await house.release.cancel(job.id, BOB)
    assert len(await house.delegates.granted(ALICE)) == 1


async def test_a_private_job_shows_delegates_no_pages(house: House) -> None:
    job = await house.held(thumbnails=(a_document(),), private=True)
    await house.delegates.grant(ALICE, "bob", rights=[Right.RELEASE])
    with pytest.raises(NotFound, match="picture"):
        await house.release.thumbnail(job.id, BOB, 1)
    assert not await house.release.sees_pages(job, BOB)
    assert not await house.release.sees_pages(job, OPERATOR)
    assert await house.release.sees_pages(job, ALICE)


async def test_unclaimed_jobs_are_nobodys_to_delegate(house: House) -> None:
    job = await house.held(owner=None, requested_name="alice")
    await house.delegates.grant(ALICE, "bob")
    with pytest.raises(NotFound):
        await house.release.visible(job.id, BOB)


async def test_whom_one_cannot_choose(house: House) -> None:
    await house.users.save_user(a_user("gone", disabled=True))
    for name, error in (("nobody", NotFound), ("gone", NotFound), ("ALICE", BadRequest)):
        with pytest.raises(error):
            await house.delegates.grant(ALICE, name)
    for name in ("", "a\nb", "x" * 101):
        with pytest.raises(BadRequest):
            await house.delegates.grant(ALICE, name, group=True)
    with pytest.raises(NotAuthenticated):
        await house.delegates.grant(PHONE, "bob")
    with pytest.raises(NotAuthenticated):
        await house.delegates.granted(PHONE)
    assert await house.delegates.received(PHONE) == ()


async def test_there_are_not_too_many(house: House) -> None:
    for number in range(MOST):
        await house.delegates.grant(ALICE, f"group {number}", group=True)
    with pytest.raises(LimitReached):
        await house.delegates.grant(ALICE, "bob")
    await house.delegates.grant(ALICE, "Group 7", group=True, rights=[Right.DELETE])


async def test_users_who_are_gone_leave_nothing(house: House) -> None:
    job = await house.held()
    await house.delegates.grant(ALICE, "bob")
    assert await house.delegates.forget("bob") == 1
    with pytest.raises(NotFound):
        await house.release.visible(job.id, BOB)
