"""Sites on SQLite and PostgreSQL."""

from dataclasses import fields, replace
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, delete, select

from gateway.adapters.db.json_values import as_object, dump, load
from gateway.adapters.db.saving import save
from gateway.adapters.db.site_tables import sites
from gateway.adapters.db.transactions import Transactions
from gateway.domain.site import Site, Zone

_OWN_COLUMNS = {"uuid", "name", "version", "zones"}
_FIELDS = tuple(f.name for f in fields(Site) if f.name not in _OWN_COLUMNS)
_ALL = select(sites)
_NAMED = select(sites).where(sites.c.name == bindparam("wanted"))
_DELETE = delete(sites).where(sites.c.name == bindparam("wanted"))


class SqlSiteStore:
    """gateway.services.ports.SiteStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def sites(self) -> list[Site]:
        rows = await self._transactions.read(lambda connection: connection.execute(_ALL).mappings().all())
        return sorted(map(_site_of, rows), key=lambda site: site.name)

    async def site(self, name: str) -> Site | None:
        row = await self._transactions.read(
            lambda connection: connection.execute(_NAMED, {"wanted": name}).mappings().one_or_none()
        )
        return None if row is None else _site_of(row)

    async def save_site(self, site: Site) -> Site:
        row = _row(site)
        version = await self._transactions.write(lambda connection: save(connection, sites, row))
        return replace(site, version=version)

    async def delete_site(self, name: str) -> None:
        await self._transactions.write(lambda connection: connection.execute(_DELETE, {"wanted": name}))


def _row(site: Site) -> dict[str, Any]:
    settings = as_object(site, _FIELDS) | {"zones": [_from_zone(zone) for zone in site.zones]}
    return {
        "uuid": str(site.uuid),
        "name": site.name,
        "name_folded": site.name.casefold(),
        "settings": dump(settings),
        "version": site.version,
    }


def _site_of(row: RowMapping) -> Site:
    settings = load(row["settings"])
    zones = tuple(map(_to_zone, settings.pop("zones")))
    return Site(uuid=UUID(row["uuid"]), name=row["name"], version=row["version"], zones=zones, **settings)


def _from_zone(zone: Zone) -> dict[str, Any]:
    return as_object(zone, ("name", "printers", "groups")) | {"networks": [str(network) for network in zone.networks]}


def _to_zone(stored: dict[str, Any]) -> Zone:
    return Zone(
        name=stored["name"],
        networks=tuple(ip_network(network) for network in stored["networks"]),
        printers=tuple(stored["printers"]),
        groups=tuple(stored["groups"]),
    )
