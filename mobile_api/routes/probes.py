"""Reports of probes: what a machine in another network saw of our printers, taken once by its code (row 8)."""

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from gateway.services.network_doctor import ProbeReport
from gateway.services.network_view import NameView, Reached, View
from gateway.services.ports.surroundings import Announced
from mobile_api.policy import anyone
from mobile_api.router import Asking, Given, Topic

router = Topic("probes")

MOST_HEARD = 1000
MOST_REACHED = 40
Words = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Key = Literal["UUID", "rp", "URF", "pdl", "air", "TLS", "Color", "Duplex"]
Type = Literal["_ipp._tcp", "_ipps._tcp", "_universal._sub._ipp._tcp", "_universal._sub._ipps._tcp"]
Port = Annotated[int, Field(ge=0, le=65535)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class HeardIn(Part):
    """An instance that is listed under all of `types`."""

    types: Annotated[list[Type], Field(min_length=1, max_length=4)]
    instance: Words
    host: Words
    port: Port
    addresses: Annotated[list[Words], Field(max_length=8)]
    txt: dict[Key, Words]


class MulticastIn(Part):
    error: Words
    heard: Annotated[list[HeardIn], Field(max_length=MOST_HEARD)]


class NamesIn(Part):
    resolver: Words
    rcode: Annotated[int, Field(ge=0, le=15)]
    error: Words
    heard: Annotated[list[HeardIn], Field(max_length=MOST_HEARD)]


class ReachedIn(Part):
    """`status` of Get-Printer-Attributes, -1 where none came."""

    host: Words
    port: Port
    address: Words
    tls: Words
    status: Annotated[int, Field(ge=-1, le=0xFFFF)]
    error: Words


def _unscoped(address: IPv6Address) -> IPv6Address:
    """The name of an interface over there says nothing here, and could be any text."""
    if address.scope_id is not None:
        raise ValueError("an address without its interface is wanted")
    return address


OwnAddress = (
    Annotated[IPv4Address, Field(strict=False)] | Annotated[IPv6Address, Field(strict=False), AfterValidator(_unscoped)]
)


class ReportIn(Part):
    """`address` is the machine's own in the network that it looked at; `dns` is null where there was nobody to ask."""

    machine: Words
    system: Words
    address: OwnAddress
    multicast: MulticastIn
    dns: NamesIn | None
    reached: Annotated[list[ReachedIn], Field(max_length=MOST_REACHED)]


class ProbeReportIn(Part):
    """`code` came with the probe and is good for one report within an hour."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    report: ReportIn


class ProbeReportOut(BaseModel):
    """The network that the report counts for, and the worst of what was found: good, warn or bad."""

    network: str
    tone: str


@router.post("/probe-reports", status_code=201)
@anyone()
async def take_probe_report(body: ProbeReportIn, services: Given, caller: Asking) -> ProbeReportOut:
    """For the program of the page AirPrint Doctor. 404 for a code that was used, or is too old."""
    probed = await services.network.take(body.code, _report(body.report), caller.actor.address)
    return ProbeReportOut(network=probed.network, tone=probed.tone)


def _report(told: ReportIn) -> ProbeReport:
    multicast = View(
        place="", address=str(told.address), own=False, heard=_heard(told.multicast.heard), error=told.multicast.error
    )
    reached = tuple(Reached(**one.model_dump()) for one in told.reached)
    return ProbeReport(
        machine=told.machine,
        system=told.system,
        address=str(told.address),
        multicast=multicast,
        names=None if told.dns is None else _names(told.dns),
        reached=reached,
    )


def _names(told: NamesIn) -> NameView:
    return NameView(resolver=told.resolver, rcode=told.rcode, error=told.error, heard=_heard(told.heard))


def _heard(several: list[HeardIn]) -> tuple[Announced, ...]:
    return tuple(
        Announced(
            instance=one.instance,
            type=type_,
            host=one.host,
            port=one.port,
            addresses=tuple(one.addresses),
            txt={str(key): value for key, value in one.txt.items()},
        )
        for one in several
        for type_ in dict.fromkeys(one.types)
    )
