"""Printers: what people submit to, and what staff settles about them."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from gateway.domain.house import HouseRules
from gateway.domain.kiosk import KioskProof
from gateway.domain.price import Tariff
from gateway.domain.printer import Authentication, HeldView, Printer, ReleasePolicy
from gateway.domain.project import ProjectPolicy
from gateway.domain.rights import Permission
from gateway.domain.site import parse_network
from gateway.errors import BadRequest, NotFound
from gateway.services.printers import Printers
from mobile_api.models import Body, Change, Text
from mobile_api.paging import Cursor, Limit, Page, page_of, read_cursor
from mobile_api.policy import needs, own
from mobile_api.reach import demand, reaches
from mobile_api.router import Asking, Given, Topic
from mobile_api.security import Caller
from mobile_api.services import Services
from mobile_api.versions import IfMatch, as_seen, located, tag, wanted_version

router = Topic("printers")

Name = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$", examples=["find-me"])]
SiteName = Annotated[str, Field(pattern=r"^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)?$", description="Empty: of no site.")]
Price = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=6, examples=["0.05"])]
Short = Annotated[Text, Field(max_length=255)]


class TariffBody(Body):
    """Prices of one impression without and with colour, and of one sheet, in the house's currency."""

    grey: Price = Decimal(0)
    color: Price = Decimal(0)
    sheet: Price = Decimal(0)
    sheets: dict[Annotated[str, Field(pattern=r"^[a-z0-9_.x-]{1,60}$")], Price] = Field(
        default_factory=dict, max_length=30
    )


class Rules(Body):
    """House rules: what is done to every job."""

    force_grey: bool = False
    force_duplex: bool = False
    remove_graphics: bool = False
    toner_save: Literal["light", "outline"] | None = None
    watermark: Annotated[Text, Field(max_length=200)] = ""
    header: Annotated[Text, Field(max_length=200)] = ""
    footer: Annotated[Text, Field(max_length=200)] = ""
    trace_mark: bool = False
    cover: bool = False
    bates: Annotated[Text, Field(max_length=20)] | None = None


class Can(BaseModel):
    """What the devices behind it can do together."""

    color: bool
    duplex: bool
    copies: int
    media: list[str]
    formats: list[str]


class PrinterOut(BaseModel):
    """`state` and `reasons` are printer-state and printer-state-reasons of RFC 8011."""

    name: str
    uuid: str
    info: str
    location: str
    site: str
    policy: ReleasePolicy
    authentication: Authentication
    held_view: HeldView
    devices: list[str]
    accepting: bool
    paused: bool
    default: bool
    state: str
    reasons: list[str]
    message: str
    queued: int
    guests: bool
    private_jobs: bool
    pass_through: bool
    hold_seconds: float
    subnets: list[str]
    groups: list[str]
    raw_port: int
    name_networks: list[str]
    kiosk_proofs: list[KioskProof]
    projects: ProjectPolicy
    tariff: TariffBody
    currency: str
    rules: Rules
    can: Can
    version: int


class PrinterChange(Change):
    """What is not named stays as it is."""

    info: Annotated[Short, Field(min_length=1)] | None = None
    location: Short | None = None
    organization: Short | None = None
    site: SiteName | None = None
    policy: ReleasePolicy | None = None
    authentication: Authentication | None = None
    held_view: HeldView | None = None
    devices: Annotated[list[Name], Field(max_length=1000)] | None = None
    accepting: bool | None = None
    paused: bool | None = None
    default: bool | None = None
    guests: bool | None = None
    private_jobs: bool | None = None
    pass_through: bool | None = None
    hold_seconds: Annotated[float, Field(ge=60, le=31_536_000, allow_inf_nan=False)] | None = None
    subnets: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=100)] | None = None
    groups: Annotated[list[Short], Field(max_length=1000)] | None = None
    raw_port: (
        Annotated[int, Field(ge=0, le=65535, description="Where drivers send as they are; 0: nowhere.")] | None
    ) = None
    name_networks: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=100)] | None = None
    kiosk_proofs: Annotated[list[KioskProof], Field(min_length=1, max_length=10)] | None = None
    projects: ProjectPolicy | None = None
    tariff: TariffBody | None = None
    rules: Rules | None = None


class NewPrinter(PrinterChange):
    """A Printer to be; its capabilities are those of its devices."""

    name: Name


@router.get("/printers")
@own(Permission.PRINTERS)
async def list_printers(services: Given, caller: Asking, limit: Limit = 50, cursor: Cursor = None) -> Page[PrinterOut]:
    """The Printers that the caller may use, in the order of their names; those who set them up see all."""
    after = read_cursor(cursor) or ""
    rows = [p for p in sorted(_reachable(services, caller), key=lambda p: p.name) if p.name > after]
    return page_of(rows[: limit + 1], limit, lambda p: shown(p, services.printers), lambda p: p.name)


@router.post("/printers", status_code=201)
@needs(Permission.PRINTERS, somewhere=True)
async def add_printer(body: NewPrinter, services: Given, caller: Asking, response: Response) -> PrinterOut:
    """Set up a Printer; 409 when the name is taken."""
    demand(caller, Permission.PRINTERS, body.site or "")
    given = _fields(body, services.settings.site.currency)
    added = await services.printers.add_printer(
        body.name,
        policy=given.pop("policy", ReleasePolicy.PULL),
        devices=given.pop("devices", ()),
        **given,
    )
    await services.house.audit.note(caller.actor, "printer.added", f"printer {added.name}")
    located(response, "printers", added.name)
    tag(response, added.version)
    return shown(services.printers.get(added.name), services.printers)


@router.get("/printers/{name}")
@own(Permission.PRINTERS)
async def show_printer(name: Name, services: Given, caller: Asking, response: Response) -> PrinterOut:
    """One Printer; its ETag is for changing it."""
    found = next((p for p in _reachable(services, caller) if p.name == name), None)
    if found is None:
        raise NotFound(f'There is no printer "{name}" here.')
    tag(response, found.version)
    return shown(found, services.printers)


@router.patch("/printers/{name}")
@needs(Permission.PRINTERS, somewhere=True)
async def change_printer(  # noqa: PLR0917 - FastAPI reads them from the signature
    name: Name, body: PrinterChange, services: Given, caller: Asking, response: Response, if_match: IfMatch = None
) -> PrinterOut:
    """Change what is named."""
    before = services.printers.get(name).site
    demand(caller, Permission.PRINTERS, before, before if body.site is None else body.site)
    seen = wanted_version(if_match)
    changes = _fields(body, services.settings.site.currency) | ({} if seen is None else {"version": seen})
    with as_seen(seen):
        changed = await services.printers.change_printer(name, **changes)
    fields = " ".join(sorted(body.model_fields_set))
    await services.house.audit.note(caller.actor, "printer.changed", f"printer {name}", fields=fields)
    tag(response, changed.version)
    return shown(changed, services.printers)


@router.delete("/printers/{name}", status_code=204)
@needs(Permission.PRINTERS, somewhere=True)
async def remove_printer(name: Name, services: Given, caller: Asking) -> None:
    """Remove a Printer on which no job waits."""
    demand(caller, Permission.PRINTERS, services.printers.get(name).site)
    await services.printers.delete_printer(name)
    await services.house.audit.note(caller.actor, "printer.removed", f"printer {name}")


def shown(printer: Printer, printers: Printers) -> PrinterOut:
    status, can, tariff = printers.status(printer.name), printer.capabilities, printer.tariff
    return PrinterOut(
        name=printer.name,
        uuid=str(printer.uuid),
        info=printer.info,
        location=printer.location,
        site=printer.site,
        policy=printer.policy,
        authentication=printer.authentication,
        held_view=printer.held_view,
        devices=list(printer.devices),
        accepting=printer.is_accepting_jobs,
        paused=printer.paused,
        default=printer.is_default,
        state=status.state,
        reasons=list(status.reasons),
        message=status.message,
        queued=status.queued_jobs,
        guests=printer.guests,
        projects=printer.projects,
        private_jobs=printer.private_jobs,
        pass_through=printer.pass_through,
        hold_seconds=printer.hold_seconds,
        subnets=list(printer.subnets),
        groups=list(printer.groups),
        raw_port=printer.raw_port or 0,
        name_networks=list(printer.name_networks),
        kiosk_proofs=list(printer.kiosk_proofs),
        tariff=TariffBody(grey=tariff.grey, color=tariff.color, sheet=tariff.sheet, sheets=dict(tariff.sheets)),
        currency=tariff.currency,
        rules=Rules(**{name: getattr(printer.house, name) for name in Rules.model_fields}),
        can=Can(
            color=can.color,
            duplex=can.duplex,
            copies=can.copies,
            media=[media.name for media in can.media],
            formats=list(can.formats),
        ),
        version=printer.version,
    )


def _reachable(services: Services, caller: Caller) -> tuple[Printer, ...]:
    """Those that one is shown where one is, and those that one may set up."""
    shown_here = services.sites.printers_at(caller.actor.address, caller.actor)
    return tuple(p for p in services.printers.all() if p in shown_here or reaches(caller, Permission.PRINTERS, p.site))


_NAMES = {"accepting": "is_accepting_jobs", "default": "is_default", "rules": "house"}
_TUPLES = ("devices", "subnets", "groups", "name_networks", "kiosk_proofs")


def _fields(body: PrinterChange, currency: str) -> dict[str, Any]:
    """As fields of the domain's Printer."""
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set - {"name"}}
    for name in _TUPLES:
        if name in given:
            given[name] = tuple(given[name])
    if body.tariff is not None:
        tariff = body.tariff
        given["tariff"] = Tariff(
            grey=tariff.grey,
            color=tariff.color,
            sheet=tariff.sheet,
            sheets=tuple(tariff.sheets.items()),
            currency=currency,
        )
    if body.rules is not None:
        given["rules"] = HouseRules(**body.rules.model_dump())
    for network in (*given.get("subnets", ()), *given.get("name_networks", ())):
        parse_network(network)
    if "raw_port" in given:
        given["raw_port"] = given["raw_port"] or None
    if len(set(given.get("devices", ()))) != len(given.get("devices", ())):
        raise BadRequest("A device is named twice. Name each once.")
    return {_NAMES.get(name, name): value for name, value in given.items()}
