"""Sites in memory, with the promises of tests/contracts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.site import Site
from gateway.errors import Conflict


class MemorySiteStore:
    def __init__(self, sites: Sequence[Site] = ()) -> None:
        self._sites = {site.uuid: replace(site, version=site.version + 1) for site in sites}

    async def sites(self) -> list[Site]:
        await asyncio.sleep(0)
        return sorted(self._sites.values(), key=lambda site: site.name)

    async def site(self, name: str) -> Site | None:
        return next((site for site in await self.sites() if site.name == name), None)

    async def save_site(self, site: Site) -> Site:
        await asyncio.sleep(0)
        known = self._sites.get(site.uuid)
        if (known.version if known else 0) != site.version:
            raise Conflict(f"{site.name} was changed by somebody else. Read it again and repeat the change.")
        others = (other for uuid, other in self._sites.items() if uuid != site.uuid)
        if any(other.name.casefold() == site.name.casefold() for other in others):
            raise Conflict(f"The name {site.name} is taken.")
        self._sites[site.uuid] = replace(site, version=site.version + 1)
        return self._sites[site.uuid]

    async def delete_site(self, name: str) -> None:
        await asyncio.sleep(0)
        self._sites = {uuid: site for uuid, site in self._sites.items() if site.name != name}
