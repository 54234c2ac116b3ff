"""Sites and their zones: which networks belong to which place, and what is shown there."""

from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, Field

from gateway.domain.rights import Permission
from gateway.domain.site import Site, Zone, parse_network
from gateway.errors import Conflict, NotFound, Outdated
from mobile_api.models import Body, Change, Text
from mobile_api.policy import needs
from mobile_api.reach import demand, reaches
from mobile_api.router import Asking, Given, Topic
from mobile_api.routes.printers import Name, Short
from mobile_api.versions import IfMatch, located, tag, wanted_version

router = Topic("sites")

NetworkText = Annotated[str, Field(max_length=50, examples=["10.20.0.0/16"])]


class ZoneBody(Body):
    """`printers` are shown here, the first as default, [] all of the site; `groups` see them, [] everybody."""

    name: Name
    networks: Annotated[list[NetworkText], Field(max_length=500)] = Field(default_factory=list)
    printers: Annotated[list[Name], Field(max_length=1000)] = Field(default_factory=list)
    groups: Annotated[list[Short], Field(max_length=200)] = Field(default_factory=list)


class SiteOut(BaseModel):
    name: str
    info: str
    location: str
    language: str
    time_zone: str
    zones: list[ZoneBody]
    version: int


class SiteChange(Change):
    """What is not named stays as it is; `zones` replaces all of them."""

    info: Annotated[Short, Field(min_length=1)] | None = None
    location: Short | None = None
    language: Annotated[Text, Field(max_length=10)] | None = None
    time_zone: Annotated[Text, Field(max_length=60)] | None = None
    zones: Annotated[list[ZoneBody], Field(max_length=500)] | None = None


class NewSite(SiteChange):
    name: Name


@router.get("/sites")
@needs(Permission.PRINTERS, somewhere=True)
async def list_sites(services: Given, caller: Asking) -> list[SiteOut]:
    """Those in the caller's reach, in the order of their names."""
    return [_shown(site) for site in services.sites.all() if reaches(caller, Permission.PRINTERS, site.name)]


@router.post("/sites", status_code=201)
@needs(Permission.PRINTERS)
async def add_site(body: NewSite, services: Given, caller: Asking, response: Response) -> SiteOut:
    """A new place."""
    fields = {name: getattr(body, name) for name in body.model_fields_set - {"name", "zones"}}
    site = await services.sites.add(body.name, **fields, zones=_zones(body.zones or []))
    await services.house.audit.note(caller.actor, "site.added", f"site {site.name}")
    located(response, "sites", site.name)
    tag(response, site.version)
    return _shown(site)


@router.get("/sites/{name}")
@needs(Permission.PRINTERS, somewhere=True)
async def show_site(name: Name, services: Given, caller: Asking, response: Response) -> SiteOut:
    """One site; its ETag is for changing it."""
    site = services.sites.get(name)
    if not reaches(caller, Permission.PRINTERS, site.name):
        raise NotFound(f'There is no site "{name}".')
    tag(response, site.version)
    return _shown(site)


@router.patch("/sites/{name}")
@needs(Permission.PRINTERS, somewhere=True)
async def change_site(  # noqa: PLR0917 - FastAPI reads them from the signature
    name: Name, body: SiteChange, services: Given, caller: Asking, response: Response, if_match: IfMatch = None
) -> SiteOut:
    """Change what is named."""
    demand(caller, Permission.PRINTERS, services.sites.get(name).name)
    seen = wanted_version(if_match)
    changes = {field: getattr(body, field) for field in body.model_fields_set - {"zones"}}
    if body.zones is not None:
        changes["zones"] = _zones(body.zones)
    if seen is not None:
        changes["version"] = seen
    try:
        site = await services.sites.change(name, **changes)
    except Conflict as error:
        if seen is None or services.sites.get(name).version == seen:
            raise
        raise Outdated("This was changed meanwhile. Read it again, and then change it.") from error
    await services.house.audit.note(
        caller.actor, "site.changed", f"site {site.name}", fields=" ".join(sorted(body.model_fields_set))
    )
    tag(response, site.version)
    return _shown(site)


@router.delete("/sites/{name}", status_code=204)
@needs(Permission.PRINTERS)
async def remove_site(name: Name, services: Given, caller: Asking) -> None:
    """Remove a site to which nothing belongs."""
    await services.sites.delete(name)
    await services.house.audit.note(caller.actor, "site.removed", f"site {name}")


def _zones(zones: list[ZoneBody]) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            name=zone.name,
            networks=tuple(parse_network(text) for text in zone.networks),
            printers=tuple(zone.printers),
            groups=tuple(zone.groups),
        )
        for zone in zones
    )


def _shown(site: Site) -> SiteOut:
    return SiteOut(
        name=site.name,
        info=site.info,
        location=site.location,
        language=site.language,
        time_zone=site.time_zone,
        zones=[
            ZoneBody.model_construct(
                name=zone.name,
                networks=[str(network) for network in zone.networks],
                printers=list(zone.printers),
                groups=list(zone.groups),
            )
            for zone in site.zones
        ],
        version=site.version,
    )
