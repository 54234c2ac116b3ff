"""Staff of one site: what it sees and does there, and that another site's jobs answer as not found."""

from collections.abc import AsyncIterator

import pytest

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.rights import Grant, Role
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound
from gateway.services.desk import Desk
from gateway.services.notifications import Notifications
from gateway.services.order import Order
from gateway.services.ports import JobQuery
from gateway.services.subscription_rows import SubscriptionRows
from tests.fakes_subscriptions import MemorySubscriptionStore, anybody
from tests.gateway.services.house import OPERATOR, House
from tests.webprint.web_house import House as WebHouse

OPEN = tuple(state for state in JobState if not state.ended)


def at(site: str, role: Role, user: str = "nora") -> Actor:
    return Actor(user=user, grants=(Grant(role=role, site=site),), address="192.0.2.30", via="web")


@pytest.fixture
async def house() -> AsyncIterator[House]:
    built = await House.built()
    await built.printers.change_printer("find-me", site="north")
    await built.printers.change_printer("secure", site="south")
    return built


async def some(house: House) -> tuple[Job, Job, Job]:
    """Of alice at north, south, and at no site."""
    return (
        await house.held(printer="find-me"),
        await house.held(printer="secure"),
        await house.held(printer="direct", owner="nora"),
    )


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.DELEGATE, Role.ADMINISTRATOR])
async def test_jobs_of_the_own_site_and_the_own_jobs(house: House, role: Role) -> None:
    north, south, own = await some(house)
    staff = at("north", role)
    assert {job.id for job in await house.release.find(JobQuery(states=OPEN), staff)} == {north.id, own.id}
    assert [job.id for job in await house.release.find(JobQuery(states=OPEN, printer="secure"), staff)] == []
    assert [job.id for job in await house.release.find(JobQuery(owner="alice"), staff)] == [north.id]
    assert [job.id for job in await house.release.find(JobQuery(owner="NORA"), staff)] == [own.id]
    newest = JobQuery(states=OPEN, newest_first=True, limit=1)
    assert [job.id for job in await house.release.find(newest, staff)] == [own.id]
    assert (await house.release.visible(north.id, staff)).id == north.id
    with pytest.raises(NotFound):
        await house.release.visible(south.id, staff)


async def test_a_job_of_another_site_is_not_touched(house: House) -> None:
    north, south, _ = await some(house)
    staff = at("north", Role.OPERATOR)
    for touch in (house.release.cancel(south.id, staff), house.release.extend(south.id, staff)):
        with pytest.raises(NotFound):
            await touch
    (outcome,) = await house.release.release([south.id], staff, device="inkjet")
    assert isinstance(outcome.refusal, NotFound)
    assert (await house.release.cancel(north.id, staff)).reasons == (Reason.JOB_CANCELED_BY_OPERATOR,)
    order = Order(jobs=house.jobs, printers=house.printers, events=house.events, clock=house.clock)
    with pytest.raises(NotFound):
        await order.promote(south.id, staff)


@pytest.mark.parametrize("role", [Role.DESK, Role.CASHIER, Role.REPORT_VIEWER, Role.DEVICE_MANAGER, Role.USER])
async def test_other_roles_see_nobodys_jobs(house: House, role: Role) -> None:
    north, _, own = await some(house)
    staff = at("", role)
    assert [job.id for job in await house.release.find(JobQuery(states=OPEN), staff)] == [own.id]
    with pytest.raises(NotFound):
        await house.release.visible(north.id, staff)


async def test_a_printer_without_a_site_is_whose_role_holds_everywhere(house: House) -> None:
    job = await house.held(printer="direct")
    with pytest.raises(NotFound):
        await house.release.visible(job.id, at("north", Role.OPERATOR))
    for everywhere in (OPERATOR, at("", Role.OPERATOR)):
        assert (await house.release.visible(job.id, everywhere)).id == job.id


async def test_subscriptions_are_the_sites(house: House) -> None:
    notifications = Notifications(
        rows=SubscriptionRows(
            store=MemorySubscriptionStore(house.jobs), known=anybody, jobs=house.jobs, clock=house.clock
        ),
        events=house.events,
        jobs=house.jobs,
        printers=house.printers,
        clock=house.clock,
    )
    from tests.gateway.services.test_notifications import JOBS

    kept = await notifications.subscribe(printer="find-me", wish=JOBS, actor=Actor(user="alice"))
    assert await notifications.find("find-me", at("north", Role.OPERATOR)) == (kept,)
    assert await notifications.find("find-me", at("south", Role.OPERATOR)) == ()
    with pytest.raises(NotFound):
        await notifications.get(kept.id, at("south", Role.OPERATOR))


# -- the desk


@pytest.fixture
async def desk() -> tuple[WebHouse, Desk]:
    house = await WebHouse().open()
    await house.printers.change_printer("find-me", guests=True, site="north")
    await house.printers.change_printer("direct", site="south")
    return house, house.desk


async def test_a_desk_sees_guests_of_its_site_alone(desk: tuple[WebHouse, Desk]) -> None:
    house, service = desk
    _, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99", label="")
    ticket = await house.add(owner=guest.name, name="Ticket")
    plan = await house.add(name="Plan of alice")
    staff = at("north", Role.DESK)
    assert [job.id for job in await service.waiting(staff)] == [ticket.id]
    assert [job.id for job in await service.search("plan", staff, address="10.0.0.7")] == []
    assert [job.id for job in await service.search(str(plan.id), staff, address="10.0.0.7")] == []
    assert (await service.job(ticket.id, staff)).id == ticket.id
    assert (await house.release.extend(ticket.id, staff)).extensions == 1
    with pytest.raises(NotFound):
        await service.job(plan.id, staff)
    for other in (at("south", Role.DESK), at("south", Role.OPERATOR)):
        assert await service.waiting(other) == []
        with pytest.raises(NotFound):
            await service.job(ticket.id, other)


async def test_an_own_job_is_no_business_of_the_desk(desk: tuple[WebHouse, Desk]) -> None:
    house, service = desk
    own = await house.add(owner="nora")
    with pytest.raises(NotFound):
        await service.job(own.id, at("north", Role.DESK))


async def test_money_and_pages_need_their_own_permission(desk: tuple[WebHouse, Desk]) -> None:
    house, service = desk
    _, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99", label="")
    job = await house.add_with_picture(b"png", owner=guest.name)
    with pytest.raises(Forbidden):
        await service.paid(job.id, at("north", Role.DESK), "1.20")
    await service.paid(job.id, at("north", Role.CASHIER), "1.20")
    for role in (Role.DESK, Role.CASHIER):
        with pytest.raises(Forbidden):
            await service.look(job.id, at("north", role), "asked by the guest")
    await service.look(job.id, at("north", Role.OPERATOR), "asked by the guest")
    with pytest.raises(Forbidden):
        await service.waiting(at("north", Role.DEVICE_MANAGER))
