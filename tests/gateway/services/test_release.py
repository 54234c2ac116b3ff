import asyncio
from typing import Any

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from gateway.domain.waiting import unassigned
from gateway.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    LimitReached,
    Locked,
    NotAuthenticated,
    NotFound,
    NotPossible,
    Refusal,
)
from gateway.services.ports import JobQuery
from tests.fakes import FakeHasher, a_held_job, a_released_job
from tests.gateway.services.house import ALICE, BOB, OPERATOR, PHONE, House

OFFLINE = DeviceStatus(state=DeviceState.UNREACHABLE, message="no answer")


async def one(house: House, job: Job, actor: Actor = ALICE, **options: Any) -> Job:
    """The released job, or the refusal raised."""
    (outcome,) = await house.release.release([job.id], actor, **{"device": "laser"} | options)
    if outcome.refusal is not None:
        raise outcome.refusal
    assert outcome.job is not None
    return outcome.job


# --- seeing


async def test_anothers_job_answers_as_not_found() -> None:
    house = await House.built()
    job = await house.held(owner="alice")
    with pytest.raises(NotFound):
        await house.release.visible(job.id, BOB)
    assert (await house.release.visible(job.id, OPERATOR)).id == job.id


async def test_an_unauthenticated_name_never_reaches_that_users_jobs() -> None:
    house = await House.built()
    job = await house.held(owner="alice", requested_name="alice")
    with pytest.raises(NotFound):
        await house.release.visible(job.id, Actor(claimed="alice", address=ALICE.address))


async def test_an_unclaimed_job_is_seen_from_its_own_device_only() -> None:
    house = await House.built()
    job = await house.held(owner=None, requested_name="mobile", address=PHONE.address)
    assert (await house.release.visible(job.id, PHONE)).id == job.id
    for stranger in (Actor(claimed="mobile", address="192.0.2.21"), Actor(claimed="x", address=PHONE.address)):
        with pytest.raises(NotFound):
            await house.release.visible(job.id, stranger)


async def test_a_list_holds_what_the_actor_may_see() -> None:
    house = await House.built()
    mine, other = await house.held(owner="alice"), await house.held(owner="bob")
    query = JobQuery(states=(JobState.PENDING_HELD,))
    assert [j.id for j in await house.release.find(query, ALICE)] == [mine.id]
    assert {j.id for j in await house.release.find(query, OPERATOR)} == {mine.id, other.id}
    assert await house.release.find(query, PHONE) == []


# --- releasing


async def test_a_released_job_waits_for_its_device() -> None:
    house = await House.built()
    released = await one(house, await house.held())
    assert (released.state, released.output_device) == (JobState.PENDING, "laser")
    assert released.release_id is not None
    assert (released.released_by, released.released_at) == ("alice", house.clock.now())


async def test_of_fifty_releases_at_once_one_wins() -> None:
    house = await House.built()
    job = await house.held()
    outcomes = await asyncio.gather(*(house.release.release([job.id], ALICE, device="laser") for _ in range(50)))
    assert sum(outcome.job is not None for (outcome,) in outcomes) == 1


async def test_several_are_released_and_one_refusal_stops_nothing() -> None:
    house = await House.built()
    first, second = await house.held(), await house.held()
    outcomes = await house.release.release([first.id, 999, second.id], ALICE, device="laser")
    assert [outcome.refusal is None for outcome in outcomes] == [True, False, True]


async def test_options_change_at_release() -> None:
    house = await House.built()
    changes = {"copies": 3, "sides": "two-sided-long-edge", "page_ranges": ((1, 2),), "print_color_mode": "monochrome"}
    released = await one(house, await house.held(), changes=changes)
    assert released.ticket == JobTicket(**changes)


async def test_an_unknown_option_is_refused_and_the_job_still_waits() -> None:
    house = await House.built()
    job = await house.held()
    with pytest.raises(BadRequest):
        await one(house, job, changes={"colour": "red"})
    assert (await house.release.visible(job.id, ALICE)).state is JobState.PENDING_HELD


async def test_a_job_in_preparation_is_not_released() -> None:
    house = await House.built()
    job = await house.added(a_held_job(printable=None, reasons=(Reason.JOB_INCOMING,)))
    with pytest.raises(NotPossible, match="prepared"):
        await one(house, job)


async def test_a_device_in_error_is_refused_and_the_nearest_good_one_named() -> None:
    house = await House.built()
    await house.printers.set_device_status("inkjet", OFFLINE)
    with pytest.raises(NotPossible, match=r"Inkjet cannot print now: no answer. Laser \(B-204\) can"):
        await one(house, await house.held(), device="inkjet")


async def test_a_device_that_lacks_what_the_ticket_asks_is_refused_with_the_reason() -> None:
    house = await House.built()
    job = await house.held(ticket=JobTicket(finishings=(4,)))
    with pytest.raises(NotPossible, match="finishing"):
        await one(house, job)


async def test_a_secure_job_is_released_at_its_own_device_only() -> None:
    house = await House.built()
    job = await house.held(printer="secure")
    with pytest.raises(NotFound):
        await one(house, job, device="laser")
    assert (await one(house, job, device=None)).output_device == "inkjet"


async def test_with_several_devices_one_must_be_named() -> None:
    house = await House.built()
    with pytest.raises(NotPossible, match="which output device"):
        await one(house, await house.held(), device=None)


async def test_a_pin_job_asks_for_its_pin_unless_its_owner_is_signed_in() -> None:
    house = await House.built()
    hashed = await FakeHasher().hash("4711")
    unclaimed = {"owner": None, "requested_name": "mobile", "address": PHONE.address, "password_hash": hashed}
    job = await house.held(**unclaimed)
    for wrong in (None, b"0000"):
        with pytest.raises(NotAuthenticated):
            await one(house, job, PHONE, job_password=wrong)
    assert (await one(house, job, PHONE, job_password=b"4711")).state is JobState.PENDING
    assert (await one(house, await house.held(password_hash=hashed))).state is JobState.PENDING


async def test_nothing_is_released_while_the_key_is_missing() -> None:
    house = await House.built()
    job = await house.held()
    house.keyring.locked = True
    with pytest.raises(Locked):
        await one(house, job)


# --- holding


async def test_release_job_takes_a_hold_away_but_is_no_release_at_a_printer() -> None:
    house = await House.built()
    job = await house.held()
    held = await house.release.hold(job.id, ALICE)
    assert held.reasons == (Reason.JOB_HOLD_UNTIL_SPECIFIED,)
    back = await house.release.unhold(job.id, ALICE)
    assert back.state is JobState.PENDING_HELD
    assert Reason.JOB_RELEASE_WAIT in back.reasons
    with pytest.raises(NotPossible):
        await house.release.unhold(job.id, ALICE)


async def test_a_hold_until_a_time_is_asked_for_over_ipp() -> None:
    house = await House.built()
    job = await house.held(printer="direct")
    held = await house.release.hold(job.id, ALICE, until_time=house.clock.now() + 60)
    assert (held.ticket.job_hold_until, held.ticket.job_hold_until_time) == (None, house.clock.now() + 60)
    house.clock.tick(61)
    assert await house.release.release_due() == 1


async def test_on_a_direct_printer_the_end_of_a_hold_prints() -> None:
    house = await House.built()
    job = await house.held(printer="direct", reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,))
    freed = await house.release.unhold(job.id, ALICE)
    assert (freed.state, freed.output_device) == (JobState.PENDING, "laser")


async def test_a_job_held_before_preparation_goes_back_to_it() -> None:
    house = await House.built()
    job = await house.spooled(b"%PDF")
    await house.release.hold(job.id, ALICE)
    assert (await house.release.unhold(job.id, ALICE)).reasons == ()


async def test_a_hold_with_a_time_ends_by_itself() -> None:
    house = await House.built()
    due = house.clock.now() + 60
    job = await house.held(printer="direct", reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,), not_before=due)
    assert await house.release.release_due() == 0
    house.clock.tick(61)
    assert await house.release.release_due() == 1
    assert (await house.release.visible(job.id, ALICE)).state is JobState.PENDING


# --- ending


async def test_cancel_says_who_did_it() -> None:
    house = await House.built()
    mine, also_mine = await house.held(), await house.held()
    assert (await house.release.cancel(mine.id, ALICE)).reasons == (Reason.JOB_CANCELED_BY_USER,)
    assert (await house.release.cancel(also_mine.id, OPERATOR)).reasons == (Reason.JOB_CANCELED_BY_OPERATOR,)
    with pytest.raises(NotPossible):
        await house.release.cancel(mine.id, ALICE)
    with pytest.raises(NotFound):
        await house.release.cancel(mine.id, BOB)


@pytest.mark.parametrize(("came_out", "state"), [(True, JobState.COMPLETED), (False, JobState.PENDING_HELD)])
async def test_the_user_says_whether_it_came_out(came_out: bool, state: JobState) -> None:
    house = await House.built()
    job = await house.added(
        a_released_job(state=JobState.PROCESSING_STOPPED, reasons=(Reason.OUTCOME_UNKNOWN,), bytes_sent=10)
    )
    after = await house.release.resolve(job.id, ALICE, came_out=came_out)
    assert after.state is state
    receipts = await house.jobs.receipts()
    assert [(r.release_id, r.impressions, r.confirmed) for r in receipts] == (
        [(job.release_id, 1, False)] if came_out else []
    )
    assert (after.release_id is None) is not came_out


async def test_a_job_whose_outcome_is_known_asks_nothing() -> None:
    house = await House.built()
    with pytest.raises(NotPossible):
        await house.release.resolve((await house.held()).id, ALICE, came_out=True)


# --- keeping


async def test_a_job_is_extended_three_times() -> None:
    house = await House.built()
    job = await house.held()
    for _ in range(3):
        extended = await house.release.extend(job.id, ALICE)
    assert extended.expires_at == house.clock.now() + 24 * 3600
    with pytest.raises(LimitReached):
        await house.release.extend(job.id, ALICE)


async def test_a_favourite_never_expires_and_there_are_not_too_many() -> None:
    house = await House.built()
    job = await house.held()
    assert (await house.release.favourite(job.id, ALICE, on=True)).expires_at is None
    assert (await house.release.favourite(job.id, ALICE, on=False)).expires_at is not None
    for _ in range(20):
        await house.held(favourite=True)
    with pytest.raises(LimitReached):
        await house.release.favourite(job.id, ALICE, on=True)


async def test_an_unclaimed_job_is_claimed_from_its_own_address_once() -> None:
    house = await House.built()
    job = await house.held(owner=None, address=ALICE.address)
    here, there = [ALICE.address], [BOB.address]
    with pytest.raises(NotAuthenticated):
        await house.release.claim(job.id, Actor(address=ALICE.address), addresses=here)
    with pytest.raises(NotFound):
        await house.release.claim(job.id, BOB, addresses=there)
    assert [j.id for j in await house.release.claimable(here)] == [job.id]
    assert (await house.release.claim(job.id, ALICE, addresses=here)).owner == "alice"
    with pytest.raises(NotFound):
        await house.release.claim(job.id, ALICE, addresses=here)


async def test_what_came_from_an_address_long_ago_may_be_somebody_elses() -> None:
    house = await House.built()
    job = await house.held(owner=None, address=ALICE.address)
    with pytest.raises(NotFound):
        await house.release.visible(job.id, ALICE)
    house.clock.tick(7201)
    assert await house.release.claimable([ALICE.address]) == []
    with pytest.raises(NotFound):
        await house.release.claim(job.id, ALICE, addresses=[ALICE.address])


@pytest.mark.parametrize(
    ("job", "phone", "same"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:1:2:aa::1", "2001:db8:1:2:bb:cc:dd:ee", True),  # privacy addresses of one network
        ("2001:db8:1::1", "2001:db8:1:0:9:9:9:9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:db8::1", "2001:db9::1", False),
        ("fe80::1", "fe80::2", False),  # the link is everybody's
        ("fe80::1", "fe80::1", True),
        ("192.0.2.7", "", False),
    ],
)
async def test_one_client_is_an_address_or_an_ipv6_network(job: str, phone: str, same: bool) -> None:
    house = await House.built()
    row = await house.held(owner=None, address=job)
    assert [one.id for one in await house.release.claimable([phone])] == ([row.id] if same else [])


async def test_a_job_with_a_pin_is_not_claimed_around_it() -> None:
    house = await House.built()
    job = await house.held(owner=None, address=ALICE.address, password_hash=await FakeHasher().hash("4711"))
    with pytest.raises(Forbidden, match="PIN"):
        await house.release.claim(job.id, ALICE, addresses=[ALICE.address])


async def test_pages_that_are_not_there_and_too_many_copies_are_refused() -> None:
    house = await House.built()
    job = await house.held(pages=2)
    with pytest.raises(BadRequest, match="2 pages"):
        await one(house, job, changes={"page_ranges": ((3, 4),)})
    with pytest.raises(BadRequest, match="999 copies"):
        await one(house, job, changes={"copies": 1000})
    assert (await one(house, job, changes={"page_ranges": ((2, 4),)})).state is JobState.PENDING


async def test_a_reprint_is_a_new_job_under_a_key_of_its_own() -> None:
    house = await House.built()
    plain, wrapped = house.keyring.new_key()
    printable = await house.sealed(b"pages", plain)
    job = await house.held(key=wrapped, printable=printable, documents=(printable,))
    again = await house.release.reprint(job.id, ALICE)
    assert again.id != job.id
    assert again.key is not None
    assert again.key != job.key
    assert again.printable is not None
    copied = house.spool.read(again.printable.id, house.keyring.unwrap(again.key))
    assert b"".join([chunk async for chunk in copied]) == b"pages"


async def test_a_destroyed_document_is_not_printed_again() -> None:
    house = await House.built()
    job = await house.held(key=None)
    with pytest.raises(NotPossible, match="destroyed"):
        await house.release.reprint(job.id, ALICE)
    with pytest.raises(Forbidden):
        await house.release.reprint(job.id, OPERATOR)


async def test_an_operator_sees_no_picture_of_anothers_pages() -> None:
    house = await House.built()
    plain, wrapped = house.keyring.new_key()
    picture = await house.sealed(b"png", plain, "image/png")
    job = await house.held(key=wrapped, thumbnails=(picture,))
    assert b"".join([c async for c in await house.release.thumbnail(job.id, ALICE, 1)]) == b"png"
    for actor, number in ((OPERATOR, 1), (ALICE, 2)):
        with pytest.raises(NotFound):
            await house.release.thumbnail(job.id, actor, number)


async def test_a_job_that_prints_cannot_be_changed() -> None:
    house = await House.built()
    job = await house.held()
    changed = await house.release.change(job.id, ALICE, {"copies": 2}, name="Renamed")
    assert (changed.ticket.copies, changed.name) == (2, "Renamed")
    printing = await house.added(a_released_job(state=JobState.PROCESSING))
    with pytest.raises(Refusal):
        await house.release.change(printing.id, ALICE, {"copies": 2})


# -- proof


async def with_document(house: House, **fields: Any) -> Job:
    plain, wrapped = house.keyring.new_key()
    return await house.held(
        key=wrapped,
        documents=(await house.sealed(b"as sent", plain),),
        printable=await house.sealed(b"printable", plain),
        **fields,
    )


async def test_a_proof_is_one_copy_and_the_rest_waits() -> None:
    house = await House.built()
    job = await with_document(house, ticket=JobTicket(copies=5), name="Report")
    proof, rest = await house.release.proof(job.id, ALICE, device="laser", changes={"sides": "two-sided-long-edge"})
    assert (proof.state, proof.output_device, proof.ticket.copies) == (JobState.PENDING, "laser", 1)
    assert (rest.id, rest.state, rest.ticket.copies) == (job.id, JobState.PENDING_HELD, 4)
    assert {proof.ticket.sides, rest.ticket.sides} == {"two-sided-long-edge"}
    assert (proof.name, proof.owner, proof.released_by) == ("Report", "alice", "alice")
    assert proof.key != rest.key
    assert proof.printable != rest.printable
    (sent,) = await house.release.release([job.id], ALICE, device="laser")
    assert sent.job is not None
    assert sent.job.ticket.copies == 4


async def test_one_copy_has_no_proof() -> None:
    house = await House.built()
    job = await with_document(house)
    with pytest.raises(NotPossible, match="first of several copies"):
        await house.release.proof(job.id, ALICE, device="laser")
    proof, rest = await house.release.proof(job.id, ALICE, device="laser", changes={"copies": 2})
    assert (proof.ticket.copies, rest.ticket.copies) == (1, 1)


async def test_two_taps_at_once_make_one_proof() -> None:
    house = await House.built()
    job = await with_document(house, ticket=JobTicket(copies=5))
    outcomes = await asyncio.gather(
        *(house.release.proof(job.id, ALICE, device="laser") for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4
    row = await house.jobs.get(job.id)
    assert row is not None
    assert row.ticket.copies == 4
    assert len(house.jobs.rows) == 2


async def test_a_proof_that_cannot_be_printed_takes_no_copy_away() -> None:
    house = await House.built()
    job = await with_document(house, ticket=JobTicket(copies=5))
    await house.printers.set_device_status("laser", DeviceStatus(state=DeviceState.STOPPED))
    with pytest.raises(NotPossible, match="cannot print now"):
        await house.release.proof(job.id, ALICE, device="laser")
    assert await house.jobs.get(job.id) == job


async def test_only_a_waiting_job_has_a_proof() -> None:
    house = await House.built()
    job = await with_document(house, ticket=JobTicket(copies=5))
    await house.release.release([job.id], ALICE, device="laser")
    with pytest.raises(NotPossible):
        await house.release.proof(job.id, ALICE, device="laser")


# -- private


async def test_a_private_job_is_printed_once_and_kept_nowhere() -> None:
    house = await House.built()
    job = await with_document(house)
    assert (await house.release.make_private(job.id, ALICE)).private
    for act in (house.release.reprint(job.id, ALICE), house.release.favourite(job.id, ALICE, True)):
        with pytest.raises(NotPossible, match="private"):
            await act


async def test_nobody_else_makes_a_job_private() -> None:
    house = await House.built()
    job = await with_document(house)
    with pytest.raises(NotFound):
        await house.release.make_private(job.id, BOB)
    with pytest.raises(Forbidden):
        await house.release.make_private(job.id, OPERATOR)
    await house.release.favourite(job.id, ALICE, True)
    with pytest.raises(NotPossible):
        await house.release.make_private(job.id, ALICE)


async def test_who_pays_is_forgotten_when_the_job_comes_back() -> None:
    house = await House.built()
    job = await house.held()
    sent = await house.release.release_shared(job.id, ALICE, device="laser", by="bob", charged_to="bob")
    assert sent.charged_to == "bob"
    assert unassigned(sent).charged_to is None
