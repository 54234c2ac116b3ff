"""Output Devices: the machines behind the Printers, as they tell of themselves."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Response
from pydantic import BaseModel, Field

from gateway.domain.device import Device, DeviceState
from gateway.domain.rights import Permission
from gateway.errors import NotFound
from gateway.i18n import gettext
from mobile_api.jobs import JobOut, job_out
from mobile_api.models import Change, Text, moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_cursor
from mobile_api.policy import needs
from mobile_api.reach import demand, reaches
from mobile_api.router import Asking, Given, Topic
from mobile_api.routes.printers import Can, Name, Short, SiteName
from mobile_api.security import Caller
from mobile_api.services import Services
from mobile_api.versions import IfMatch, as_seen, located, tag, wanted_version

router = Topic("devices")

Uri = Annotated[Text, Field(max_length=500, examples=["ipp://192.0.2.9/ipp/print", "socket://192.0.2.9:9100"])]
Format = Annotated[str, Field(pattern=r"^[a-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,100}$", examples=["application/pdf"])]


class DeviceOut(BaseModel):
    """`state`, `reasons` and `message` as the device told them last, at `told`."""

    name: str
    uuid: str
    uri: str
    info: str
    location: str
    site: str
    failover: str | None
    state: DeviceState
    reasons: list[str]
    message: str
    told: datetime | None
    model: str
    can: Can
    version: int


class DeviceChange(Change):
    """What is not named stays as it is; `formats` are for devices that cannot be asked, best first."""

    none: ClassVar[frozenset[str]] = frozenset({"failover"})

    uri: Uri | None = None
    info: Annotated[Short, Field(min_length=1)] | None = None
    location: Short | None = None
    site: SiteName | None = None
    failover: Name | None = None
    formats: Annotated[list[Format], Field(min_length=1, max_length=20)] | None = None


class NewDevice(DeviceChange):
    name: Name
    uri: Uri


@router.get("/devices")
@needs(Permission.DEVICES, somewhere=True)
async def list_devices(services: Given, caller: Asking, limit: Limit = 50, cursor: Cursor = None) -> Page[DeviceOut]:
    """Those in the caller's reach, in the order of their names."""
    after = read_cursor(cursor) or ""
    rows = sorted((d for d in services.printers.devices() if d.name > after), key=lambda d: d.name)
    within = [d for d in rows if reaches(caller, Permission.DEVICES, d.site)]
    return page_of(within[: limit + 1], limit, _shown, lambda d: d.name)


@router.post("/devices", status_code=201)
@needs(Permission.DEVICES, somewhere=True)
async def add_device(body: NewDevice, services: Given, caller: Asking, response: Response) -> DeviceOut:
    """Set up a device. It is not asked yet: see /devices/{name}/learn."""
    demand(caller, Permission.DEVICES, body.site or "")
    given = {name: getattr(body, name) for name in body.model_fields_set - {"name", "uri", "formats"}}
    device = await services.printers.add_device(body.name, body.uri, **given)
    if body.formats is not None:
        can = replace(device.capabilities, formats=tuple(body.formats))
        device = await services.printers.change_device(device.name, capabilities=can)
    await services.house.audit.note(caller.actor, "device.added", f"device {device.name}", uri=device.uri)
    located(response, "devices", device.name)
    tag(response, device.version)
    return _shown(device)


@router.get("/devices/{name}")
@needs(Permission.DEVICES, somewhere=True)
async def show_device(name: Name, services: Given, caller: Asking, response: Response) -> DeviceOut:
    """One device; its ETag is for changing it."""
    device = _found(name, services, caller)
    tag(response, device.version)
    return _shown(device)


@router.patch("/devices/{name}")
@needs(Permission.DEVICES, somewhere=True)
async def change_device(  # noqa: PLR0917 - FastAPI reads them from the signature
    name: Name, body: DeviceChange, services: Given, caller: Asking, response: Response, if_match: IfMatch = None
) -> DeviceOut:
    """Change what is named. Another address shows a new certificate, which is then pinned anew."""
    device, seen = _found(name, services, caller), wanted_version(if_match)
    demand(caller, Permission.DEVICES, device.site if body.site is None else body.site)
    changes = {field: getattr(body, field) for field in body.model_fields_set - {"formats"}}
    if body.formats is not None:
        changes["capabilities"] = replace(device.capabilities, formats=tuple(body.formats))
    if seen is not None:
        changes["version"] = seen
    with as_seen(seen):
        changed = await services.printers.change_device(name, **changes)
    fields = " ".join(sorted(body.model_fields_set))
    await services.house.audit.note(caller.actor, "device.changed", f"device {name}", fields=fields)
    tag(response, changed.version)
    return _shown(changed)


@router.delete("/devices/{name}", status_code=204)
@needs(Permission.DEVICES, somewhere=True)
async def remove_device(name: Name, services: Given, caller: Asking) -> None:
    """Remove a device that no Printer uses."""
    _found(name, services, caller)
    await services.printers.delete_device(name)
    await services.house.audit.note(caller.actor, "device.removed", f"device {name}")


@router.post("/devices/{name}/learn")
@needs(Permission.DEVICES, somewhere=True)
async def learn_device(name: Name, services: Given, caller: Asking) -> DeviceOut:
    """Ask the device what it can do and how it is, and keep the answer."""
    _found(name, services, caller)
    return _shown(await services.learn(name))


@router.post("/devices/{name}/test-page", status_code=201)
@needs(Permission.DEVICES, somewhere=True)
async def print_test_page(name: Name, services: Given, caller: Asking, response: Response) -> JobOut:
    """A real page through intake, preparation and delivery; the job tells what becomes of it."""
    device, book = _found(name, services, caller), services.administration.devices
    lines = [device.info or device.name, book.route_of(device), caller.actor.user or ""]
    job = await book.print_test_page(device.name, caller.actor, title=gettext("Test page"), lines=lines)
    await services.house.audit.note(caller.actor, "device.tested", f"device {name}", job=job.id)
    located(response, "jobs", job.id)
    return job_out(job)


def _found(name: str, services: Services, caller: Caller) -> Device:
    """A device of another site answers as if there were none."""
    device = services.printers.device(name)
    if not reaches(caller, Permission.DEVICES, device.site):
        raise NotFound(f'There is no output device "{name}".')
    return device


def _shown(device: Device) -> DeviceOut:
    can, status = device.capabilities, device.status
    return DeviceOut(
        name=device.name,
        uuid=str(device.uuid),
        uri=device.uri,
        info=device.info,
        location=device.location,
        site=device.site,
        failover=device.failover,
        state=status.state,
        reasons=list(status.reasons),
        message=status.message,
        told=moment(status.at or None),
        model=can.make_and_model,
        can=Can(
            color=can.color,
            duplex=can.duplex,
            copies=can.copies,
            media=[media.name for media in can.media],
            formats=list(can.formats),
        ),
        version=device.version,
    )
