"""Jobs that nobody signed in for: found from the same address, and given to whoever knows the label."""

import pytest

from gateway.domain.job import Job
from gateway.domain.label import WORDS, choices_of, label_of
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound, Throttled
from gateway.services.claims import Claims
from gateway.services.identity import Identity
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Jobs
from tests.fakes import FakeHasher
from tests.gateway.services.house import ALICE, BOB, House

HERE = [ALICE.address]


async def a_house() -> tuple[House, Claims]:
    house = await House.built()
    identity = Identity(users=house.users, hasher=FakeHasher(), clock=house.clock, settings=IdentitySettings())
    return house, Claims(
        release=house.release, hasher=FakeHasher(), limits=identity.limits, clock=house.clock, settings=Jobs()
    )


async def unclaimed(house: House, **fields: object) -> Job:
    return await house.held(**{"owner": None, "created_at": house.clock.now(), "name": "Secret plan.pdf"} | fields)


def wrong(claims: Claims, job: Job) -> str:
    return next(
        label for label in choices_of(FakeHasher().lookup("job-label", job.uuid.hex), 5) if label != claims.label(job)
    )


async def test_the_label_gives_the_job_to_who_picks_it() -> None:
    house, claims = await a_house()
    job = await unclaimed(house)
    (found,) = await claims.waiting(HERE, ["find-me"])
    assert (found.job_id, found.created_at, len(found.labels)) == (job.id, job.created_at, 5)
    assert claims.label(job) in found.labels
    assert "Secret" not in repr(found)
    checked = await claims.check(job.id, claims.label(job), HERE)
    assert (await claims.claim(checked, ALICE, HERE)).owner == "alice"
    assert await claims.waiting(HERE, ["find-me"]) == []
    with pytest.raises(NotFound):
        await claims.check(job.id, claims.label(job), HERE)


async def test_a_wrong_label_is_the_only_try_for_that_job() -> None:
    house, claims = await a_house()
    job, other = await unclaimed(house), await unclaimed(house)
    with pytest.raises(Forbidden, match="not the label"):
        await claims.check(job.id, wrong(claims, job), HERE)
    with pytest.raises(Forbidden):
        await claims.check(job.id, claims.label(job), HERE)
    closed = {one.job_id: one.closed for one in await claims.waiting(HERE, ["find-me"])}
    assert closed == {job.id: True, other.id: False}
    assert await claims.check(other.id, claims.label(other), HERE)


async def test_an_address_has_few_wrong_picks_for_all_jobs_together() -> None:
    house, claims = await a_house()
    jobs = [await unclaimed(house) for _ in range(5)]
    for job in jobs[:3]:
        with pytest.raises(Forbidden):
            await claims.check(job.id, wrong(claims, job), HERE)
    with pytest.raises(Throttled, match="labels"):
        await claims.check(jobs[3].id, claims.label(jobs[3]), HERE)
    house.clock.tick(901)
    assert await claims.check(jobs[3].id, claims.label(jobs[3]), HERE)


async def test_what_is_not_from_here_of_another_printer_or_too_old_is_not_told() -> None:
    house, claims = await a_house()
    job = await unclaimed(house)
    await unclaimed(house, owner="bob")
    await unclaimed(house, password_hash="hash")
    assert [one.job_id for one in await claims.waiting(HERE, ["find-me"])] == [job.id]
    assert await claims.waiting([BOB.address], ["find-me"]) == []
    assert await claims.waiting(HERE, ["secure"]) == []
    with pytest.raises(NotFound):
        await claims.check(job.id, claims.label(job), [BOB.address])
    house.clock.tick(7201)
    assert await claims.waiting(HERE, ["find-me"]) == []


async def test_a_clock_that_ran_back_gives_nothing_out() -> None:
    house, claims = await a_house()
    job = await unclaimed(house)
    house.clock.jump(-7200)
    assert await claims.waiting(HERE, ["find-me"]) == []
    with pytest.raises(NotFound):
        await claims.check(job.id, claims.label(job), HERE)


async def test_at_most_five_are_shown_and_the_newest_first() -> None:
    house, claims = await a_house()
    jobs = [await unclaimed(house) for _ in range(8)]
    shown = [one.job_id for one in await claims.waiting(HERE, ["find-me"])]
    assert shown == [job.id for job in reversed(jobs)][:5]
    assert [job.id for job in await claims.unclaimed(["find-me"])] == shown
    assert await claims.unclaimed(["secure"]) == []


async def test_two_addresses_of_one_browser_find_what_came_from_either() -> None:
    house, claims = await a_house()
    old, new = await unclaimed(house, address="192.0.2.77"), await unclaimed(house, address="2001:db8:1:2::7")
    found = await claims.waiting(["192.0.2.77", "2001:db8:1:2:9::9"], ["find-me"])
    assert [one.job_id for one in found] == [new.id, old.id]


async def test_a_guest_may_be_the_owner() -> None:
    house, claims = await a_house()
    job = await unclaimed(house)
    guest = Actor(user="guest:1", address=ALICE.address)
    assert (await claims.claim(job, guest, HERE)).owner == "guest:1"


def test_labels_are_two_different_words_and_choices_stay_the_same() -> None:
    assert len(set(WORDS)) == len(WORDS) == 64
    labels = set()
    for number in range(500):
        digest = FakeHasher().lookup("job-label", str(number))
        first, second = label_of(digest).split()
        assert first != second
        labels.add(label_of(digest))
        choices = choices_of(digest, 5)
        assert (len(set(choices)), choices) == (5, choices_of(digest, 5))
        assert label_of(digest) in choices
    assert len(labels) > 450
