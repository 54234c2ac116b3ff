"""Places: what stands in front of a phone, what waits there for its holder, and proof that somebody is there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from gateway.domain.device import Device
from gateway.domain.phone import Presence
from gateway.errors import BadRequest, NotPossible
from gateway.services.panel import Turn, Waiting
from gateway.services.places import Place
from gateway.services.release import Outcome
from mobile_api.jobs import JobOut, job_out
from mobile_api.models import Body, Text, moment
from mobile_api.policy import own
from mobile_api.problems import Problem, problem_of
from mobile_api.router import Asking, Given, Topic
from mobile_api.security import Caller
from mobile_api.services import Services
from mobile_api.tickets import Options

router = Topic("places")

Named = Annotated[str, Path(max_length=63, description="A name, or the number on the sticker.", examples=["0412"])]
JobId = Annotated[int, Field(ge=1, le=2**63 - 1)]
DeviceName = Annotated[str, Field(max_length=63, description="Needed where several devices can print it.")]
Code = Annotated[Text, Field(min_length=1, max_length=200)]


class PlaceOut(BaseModel):
    """`number` stands on its sticker. `presence`: what proves that somebody is there."""

    name: str
    number: str
    title: str
    location: str
    ready: bool
    state: str
    message: str
    presence: Presence
    devices: list[str]


class Waits(BaseModel):
    """`price` is null where nothing is charged."""

    job: JobOut
    price: Decimal | None


class PlaceDetail(PlaceOut):
    """With the caller's own jobs that come out there; `unclaimed` ones came from here without anybody signing in."""

    waiting: list[Waits]
    total: Decimal | None
    currency: str
    unclaimed: int


class Scan(Body):
    code: Code


class Scanned(BaseModel):
    """One of `choices` stands beside the code on the screen: ask for it, and send it with the release."""

    code: str
    choices: list[int]


class Touch(Body):
    jobs: Annotated[list[JobId], Field(min_length=1, max_length=200)]
    device: DeviceName | None = None
    options: Options = Options()


class PlaceRelease(Touch):
    """`code` and `number` where the place asks for the code on its screen."""

    code: Code | None = None
    number: Annotated[str, Field(pattern=r"^[0-9]{2}$")] | None = None


class PlaceReleased(BaseModel):
    """What became of one: the job as it stands now, or why not."""

    id: int
    job: JobOut | None = None
    problem: Problem | None = None


class TouchOut(BaseModel):
    """`number` stands on the screen, too: whoever waits touches it there. `outcomes` once `state` is done."""

    id: str
    number: int
    state: Turn
    outcomes: list[PlaceReleased]


class ClaimableOut(BaseModel):
    """A job that nobody owns yet; which of `labels` is its own stands on the screen there, and on the phone that sent it."""

    job: int
    printer: str
    created: datetime | None
    labels: list[str]
    closed: bool


class Claim(Body):
    job: JobId
    label: Annotated[Text, Field(min_length=1, max_length=60)]


@router.get("/places")
@own()
async def list_places(services: Given, caller: Asking) -> list[PlaceOut]:
    """Where the caller can print from where it is."""
    shown = services.sites.printers_at(caller.actor.address, caller.actor)
    return [await _out(services, place) for place in services.phone.places.near(shown)]


@router.get("/places/{place}")
@own()
async def show_place(place: Named, services: Given, caller: Asking) -> PlaceDetail:
    """A Printer or an Output Device by name or number, with the caller's jobs there and what they cost."""
    places = services.phone.places
    found = await places.find(place)
    jobs = await places.waiting(found, caller.actor)
    waiting = [Waits(job=job_out(job), price=places.price(job, found.device)) for job in jobs]
    prices = [one.price for one in waiting if one.price is not None]
    unclaimed = await services.phone.claims.waiting(_addresses(services, caller), _printers(found))
    return PlaceDetail(
        **(await _out(services, found)).model_dump(),
        waiting=waiting,
        total=sum(prices, Decimal(0)) if prices else None,
        currency=services.settings.site.currency,
        unclaimed=len(unclaimed),
    )


@router.post("/places/{place}/scan")
@own()
async def scan_code(place: Named, body: Scan, services: Given, caller: Asking) -> Scanned:
    """Take the changing code of the screen there for oneself: for two minutes it is good for its first reader alone."""
    found = await services.phone.places.find(place)
    scanned = await services.phone.codes.scan(body.code, found.name, _holder(caller))
    return Scanned(code=scanned.code, choices=list(scanned.choices))


@router.post("/places/{place}/release")
@own()
async def release_there(place: Named, body: PlaceRelease, services: Given, caller: Asking) -> list[PlaceReleased]:
    """Let jobs come out there, each on its own. A code is used up by it, whether its number is right or not."""
    found = await services.phone.places.find(place)
    target, actor = _target(found, body.device), caller.actor
    if body.code is not None:
        await services.phone.codes.take(body.code, found.name, _holder(caller), body.number or "")
        actor = replace(actor, present_at=target.name)
    outcomes = await services.release.release(body.jobs, actor, device=target.name, changes=body.options.changes())
    return _released(outcomes)


@router.post("/places/{place}/touches", status_code=201)
@own()
async def ask_touch(place: Named, body: Touch, services: Given, caller: Asking) -> TouchOut:
    """Wait for a touch at the screen there, which releases these jobs; for a minute."""
    found = await services.phone.places.find(place)
    target = _target(found, body.device)
    jobs = [await services.release.visible(one, caller.actor) for one in body.jobs]
    printers = [services.printers.get(job.printer) for job in jobs]
    if replace(found, devices=(target,)).presence(printers) is not Presence.PANEL:
        raise NotPossible("No touch is asked for here: release the jobs.")
    who, changes = caller.actor.user or "", body.options.changes()
    return _touch(
        services.phone.panel.ask(found.name, caller.actor, who, body.jobs, device=target.name, changes=changes)
    )


@router.get("/places/{place}/touches/{touch}")
@own()
async def show_touch(
    place: Named, touch: Annotated[str, Path(max_length=100)], services: Given, caller: Asking
) -> TouchOut:
    """Whether the screen was touched: waiting, done or over."""
    await services.phone.places.find(place)
    return _touch(services.phone.panel.of(touch, caller.actor))


@router.get("/places/{place}/claims")
@own()
async def list_claims(place: Named, services: Given, caller: Asking) -> list[ClaimableOut]:
    """Jobs that came from the caller's own address a short while ago, and that nobody owns yet."""
    found = await services.phone.places.find(place)
    rows = await services.phone.claims.waiting(_addresses(services, caller), _printers(found))
    return [
        ClaimableOut(
            job=row.job_id,
            printer=row.printer,
            created=moment(row.created_at),
            labels=list(row.labels),
            closed=row.closed,
        )
        for row in rows
    ]


@router.post("/places/{place}/claims")
@own()
async def claim_job(place: Named, body: Claim, services: Given, caller: Asking) -> JobOut:
    """The job becomes the caller's if that is its label; a wrong one closes it."""
    await services.phone.places.find(place)
    addresses, claims = _addresses(services, caller), services.phone.claims
    job = await claims.check(body.job, body.label, addresses)
    return job_out(await claims.claim(job, caller.actor, addresses))


async def _out(services: Services, place: Place) -> PlaceOut:
    device = place.device
    return PlaceOut(
        name=place.name,
        number=await services.phone.places.number(place),
        title=place.title,
        location=place.location,
        ready=place.ready,
        state="" if device is None else device.status.state.value,
        message="" if device is None else device.status.message,
        presence=place.presence(place.printers if device is None else ()),
        devices=[one.name for one in place.devices],
    )


def _holder(caller: Caller) -> str:
    """As the pages name it, so that a code which a page has scanned is good for its scripts."""
    return f"session:{caller.session.id_hash}" if caller.session is not None else caller.key


def _addresses(services: Services, caller: Caller) -> tuple[str, ...]:
    """Where the caller is, and where its page signed in a short while ago (IPv6 here, IPv4 there)."""
    session, here = caller.session, caller.actor.address
    young = session is not None and services.clock.now() - session.created_at <= services.settings.jobs.claim_seconds
    return (here, session.address) if session is not None and young and session.address != here else (here,)


def _printers(place: Place) -> list[str]:
    return [printer.name for printer in place.printers]


def _target(place: Place, wanted: str | None) -> Device:
    """The place's own device, or the one of it that was named."""
    device = place.device if wanted is None else next((one for one in place.devices if one.name == wanted), None)
    if device is None:
        raise BadRequest("Name one of the place's devices.")
    return device


def _released(outcomes: Sequence[Outcome]) -> list[PlaceReleased]:
    return [
        PlaceReleased(
            id=one.job_id,
            job=job_out(one.job) if one.job else None,
            problem=problem_of(one.refusal) if one.refusal else None,
        )
        for one in outcomes
    ]


def _touch(waiting: Waiting) -> TouchOut:
    return TouchOut(id=waiting.id, number=waiting.number, state=waiting.turn, outcomes=_released(waiting.outcomes))
