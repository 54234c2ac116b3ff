"""The desk: finding people's jobs without seeing what is in them, cash, lost codes, and looks that are written down."""

from decimal import Decimal

import pytest

from gateway.domain.job import Job, JobState
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Forbidden, NotAuthenticated, NotFound, NotPossible, Throttled
from gateway.services.access_log import AccessLog
from gateway.services.desk import Desk
from tests.fakes_house import an_audit
from tests.fakes_personal import MemoryAccessLog
from tests.webprint.web_house import PASSWORD, House, a_page

HERE = "10.0.0.7"


@pytest.fixture
async def house() -> House:
    house = await House().open()
    await house.printers.change_printer("find-me", guests=True)
    return house


@pytest.fixture
async def olga(house: House) -> Actor:
    return await house.identity.actor_of(await house.identity.get("olga"), address=HERE, via="web")


async def a_guest(house: House, label: str = "") -> tuple[str, str]:
    """(the owner's name, the code) of a guest."""
    cookie, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99", label=label)
    return guest.name, house.guests.code(guest, cookie)


async def found(house: House, text: str, olga: Actor) -> list[str]:
    return sorted(job.name for job in await house.desk.search(text, olga, address=HERE))


async def test_found_by_name_document_number_and_code(house: House, olga: Actor) -> None:
    guest, code = await a_guest(house)
    job = await house.add(name="Plan of alice")
    await house.add(owner=guest, name="Photo")
    await house.add(owner=None, requested_name="carol", name="Ticket")
    await house.add(name="Long gone", state=JobState.COMPLETED)
    assert await found(house, "PLAN", olga) == ["Plan of alice"]
    assert await found(house, "Alice", olga) == ["Plan of alice"]
    assert await found(house, "ode", olga) == ["Plan of alice"], "a part of her full name"
    assert await found(house, str(job.id), olga) == ["Plan of alice"]
    assert await found(house, f" {code[:3]} {code[3:]} ", olga) == ["Photo"]
    assert await found(house, "carol", olga) == ["Ticket"]
    assert await found(house, "", olga) == ["Photo", "Plan of alice", "Ticket"]
    assert await found(house, "nothing such", olga) == []
    assert await found(house, "9" * 50, olga) == []


async def test_the_name_of_a_private_document_is_not_found_by_guessing(house: House, olga: Actor) -> None:
    await house.add(name="My divorce", private=True)
    assert await found(house, "divorce", olga) == []
    assert await found(house, "alice", olga) == ["My divorce"]


async def test_guests_alone(house: House, olga: Actor) -> None:
    guest, _ = await a_guest(house, label="Mrs Smith")
    job = await house.add(owner=guest)
    await house.add()
    assert [one.id for one in await house.desk.waiting(olga, guests_only=True)] == [job.id]
    assert await house.desk.guest_label(job) == "Mrs Smith"
    nameless, _ = await a_guest(house)
    assert await house.desk.guest_label(await house.add(owner=nameless)) == ""
    assert await house.desk.guest_label(await house.add()) == ""


async def test_codes_cannot_be_guessed_through_the_search(house: House, olga: Actor) -> None:
    for guess in range(20):
        assert await house.desk.search(f"9{guess:05d}", olga, address=HERE) == []
    with pytest.raises(Throttled):
        await house.desk.search("900099", olga, address=HERE)


async def test_cash(house: House, olga: Actor) -> None:
    job = await house.add()
    assert await house.desk.paid_so_far(job.id) == ""
    assert await house.desk.paid(job.id, olga, " 1,20 ") == Decimal("1.20")
    assert await house.desk.paid_so_far(job.id) == "1.20 EUR"
    (record,) = await house.jobs.records(job.id)
    assert (record.what, record.by, record.text) == ("paid in cash", "olga", "1.20 EUR")


@pytest.mark.parametrize("amount", ["", "0", "-1", "free", "1e9", "NaN", "Infinity", "1.23456", "99999999", "1 2", "٣"])
async def test_what_is_no_amount(house: House, olga: Actor, amount: str) -> None:
    job = await house.add()
    if amount == "٣":  # a digit all the same
        assert await house.desk.paid(job.id, olga, amount) == 3
        return
    with pytest.raises(BadRequest, match=r"Write for example 1\.20"):
        await house.desk.paid(job.id, olga, amount)
    assert await house.jobs.records(job.id) == []


async def test_a_lost_code_is_void_once_another_was_given_out(house: House, olga: Actor) -> None:
    guest, old = await a_guest(house)
    job = await house.add(owner=guest)
    new = await house.desk.new_code(job.id, olga)
    assert len(new) == 6
    assert (await house.guests.by_code(new, address=HERE, terminal="copy-room")).user == guest
    if new != old:
        with pytest.raises(NotAuthenticated):
            await house.guests.by_code(old, address=HERE, terminal="copy-room")
    (record,) = await house.jobs.records(job.id)
    assert (record.what, record.by, record.text) == ("given a new code", "olga", "")
    row = await house.guests.named(guest)
    assert row is not None
    assert house.guests.code(row, "any cookie") == "", "the browser does not tell a wrong one"


async def test_only_guests_have_codes(house: House, olga: Actor) -> None:
    job = await house.add()
    with pytest.raises(NotPossible, match="Only guests have codes"):
        await house.desk.new_code(job.id, olga)
    gone = await house.add(owner="guest:0000")
    with pytest.raises(NotFound, match="not known any more"):
        await house.desk.new_code(gone.id, olga)


def with_log(house: House) -> tuple[Desk, AccessLog]:
    log = AccessLog(store=MemoryAccessLog(), audit=an_audit(house.clock), clock=house.clock)
    desk = Desk(
        release=house.release,
        jobs=house.jobs,
        identity=house.identity,
        spool=house.spool,
        keyring=house.keyring,
        clock=house.clock,
        currency=lambda: "EUR",
        guests=house.guests,
        access=log,
    )
    return desk, log


async def picture_of(desk: Desk, job: Job, actor: Actor) -> bytes:
    return b"".join([chunk async for chunk in await desk.picture(job.id, 1, actor)])


async def test_a_look_needs_a_reason_that_the_owner_can_read(house: House, olga: Actor) -> None:
    desk, log = with_log(house)
    job = await house.add_with_picture(a_page(1))
    for reason in ("", "why", " " * 30, "x" * 201):
        with pytest.raises(BadRequest, match="Write why"):
            await desk.look(job.id, olga, reason)
    with pytest.raises(NotFound):
        await picture_of(desk, job, olga)
    await desk.look(job.id, olga, "She asked me  to check\nthe first page")
    assert await picture_of(desk, job, olga) == a_page(1)
    (look,) = await log.of("alice")
    assert (look.by, look.what, look.reason) == ("olga", "pages", "She asked me to check the first page")
    (record,) = await house.jobs.records(job.id)
    assert (record.what, record.by) == ("looked at", "olga")
    house.clock.tick(301)
    with pytest.raises(NotFound):
        await picture_of(desk, job, olga)


async def test_the_look_of_one_is_not_the_look_of_another(house: House, olga: Actor) -> None:
    desk, _ = with_log(house)
    job = await house.add_with_picture(a_page(1))
    await desk.look(job.id, olga, "She asked me to check")
    other = Actor(user="otto", role=olga.role, address=HERE)
    with pytest.raises(NotFound):
        await picture_of(desk, job, other)


async def test_private_jobs_are_nobodys_to_look_at(house: House, olga: Actor) -> None:
    desk, log = with_log(house)
    for fields in ({"private": True}, {"password_hash": "hash"}):
        job = await house.add_with_picture(a_page(1), **fields)
        with pytest.raises(Forbidden, match="private"):
            await desk.look(job.id, olga, "I am curious about it")
        with pytest.raises(NotFound):
            await picture_of(desk, job, olga)
    assert await log.of("alice") == []


async def test_a_job_made_private_after_a_look_is_closed(house: House, olga: Actor) -> None:
    desk, _ = with_log(house)
    job = await house.add_with_picture(a_page(1))
    await desk.look(job.id, olga, "She asked me to check")
    await house.change(job.id, private=True)
    with pytest.raises(NotFound):
        await picture_of(desk, job, olga)


async def test_nothing_is_for_users(house: House) -> None:
    job = await house.add()
    bob = await house.identity.actor_of(await house.identity.get("bob"), address=HERE, via="web")
    alice = await house.identity.actor_of(await house.identity.get("alice"), address=HERE, via="web")
    for actor in (bob, alice, Actor(address=HERE)):
        for use in (
            house.desk.waiting(actor),
            house.desk.search("alice", actor, address=HERE),
            house.desk.job(job.id, actor),
            house.desk.paid(job.id, actor, "1"),
            house.desk.new_code(job.id, actor),
            house.desk.look(job.id, actor, "I am curious about it"),
            house.desk.picture(job.id, 1, actor),
        ):
            with pytest.raises(Forbidden):
                await use
        with pytest.raises(Forbidden):
            house.desk.unlock("alice", actor)
    assert await house.jobs.records(job.id) == []


async def test_unlocking_a_name(house: House, olga: Actor) -> None:
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            await house.identity.sign_in_password("alice", "wrong", address=HERE)
    with pytest.raises(Throttled):
        await house.identity.sign_in_password("alice", PASSWORD, address=HERE)
    assert house.desk.unlock(" Alice ", olga) >= 1
    assert (await house.identity.sign_in_password("alice", PASSWORD, address=HERE)).name == "alice"
    with pytest.raises(BadRequest):
        house.desk.unlock("  ", olga)
