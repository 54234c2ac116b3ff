"""The rows of sites."""

from typing import Protocol

from gateway.domain.site import Site


class SiteStore(Protocol):
    """Sites with their zones. `save_site` inserts version 0 and compares-and-sets otherwise (Conflict)."""

    async def sites(self) -> list[Site]:
        """By name."""
        ...

    async def site(self, name: str) -> Site | None: ...
    async def save_site(self, site: Site) -> Site: ...
    async def delete_site(self, name: str) -> None: ...
