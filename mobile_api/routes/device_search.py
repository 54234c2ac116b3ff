"""Printers in the network: what announces itself, and what answers at addresses that somebody names."""

from typing import Annotated, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from gateway.domain.discovered import Discovered
from gateway.domain.rights import Permission
from gateway.errors import NotFound
from gateway.services.ports import SnmpAccess
from gateway.services.search import Search
from mobile_api.models import Body, Text
from mobile_api.policy import needs
from mobile_api.router import Given, Topic

router = Topic("devices")

_STAFF = needs(Permission.DEVICES)
Secret = Annotated[Text, Field(max_length=100, json_schema_extra={"writeOnly": True})]


class FoundOut(BaseModel):
    """`uris`: the ways to it, the best first. `told_by`: mdns, snmp, ipp or port."""

    name: str
    model: str
    location: str
    addresses: list[str]
    uris: list[str]
    told_by: list[str]


class SearchOut(BaseModel):
    """`asked` of `total` addresses were asked, `refused` may not be. `cut`: it took too long and ended before its end."""

    running: bool
    asked: int
    total: int
    refused: int
    cut: bool
    found: list[FoundOut]


class SnmpBody(Body):
    """`community` is for 1 and 2c; for 3 `user`, and its passphrases where it has any."""

    version: Literal["1", "2c", "3"] = "2c"
    community: Secret = "public"
    user: Secret = ""
    authentication: Secret = ""
    privacy: Secret = ""


class SearchBody(Body):
    """`ranges`: "192.168.1.0/24, 192.168.2.10-192.168.2.40"; only these are asked. "": announcements alone.

    Without `snmp` nobody is asked by it.
    """

    ranges: Annotated[Text, Field(max_length=2000)] = ""
    snmp: SnmpBody | None = None


@router.post("/device-search", status_code=202)
@_STAFF
async def search_devices(body: SearchBody, services: Given, response: Response) -> SearchOut:
    """Begins and answers at once; ask again to see what was found. One search at a time."""
    access = None if body.snmp is None else SnmpAccess(**body.snmp.model_dump())
    begun = services.administration.search.start(body.ranges, access)
    response.headers["Location"] = "/api/v1/device-search"
    return _shown(begun)


@router.get("/device-search")
@_STAFF
async def show_search(services: Given) -> SearchOut:
    """The search that goes on, or the last one."""
    current = services.administration.search.current
    if current is None:
        raise NotFound("Nothing was searched for since Papertap started.")
    return _shown(current)


@router.delete("/device-search", status_code=204)
@_STAFF
async def stop_search(services: Given) -> None:
    """Stop; what was found so far stays."""
    await services.administration.search.stop()


def _shown(search: Search) -> SearchOut:
    return SearchOut(
        running=search.running,
        asked=search.asked,
        total=search.total,
        refused=search.refused,
        cut=search.cut,
        found=[_found(one) for one in search.found],
    )


def _found(one: Discovered) -> FoundOut:
    return FoundOut(
        name=one.name,
        model=one.model,
        location=one.location,
        addresses=list(one.addresses),
        uris=list(one.ways),
        told_by=list(one.told_by),
    )
