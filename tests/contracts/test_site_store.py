"""SiteStore: sites with their zones, saved by compare-and-set."""

from dataclasses import fields, replace
from ipaddress import ip_network
from uuid import uuid4

import pytest

from gateway.domain.site import Site, Zone
from gateway.errors import Conflict
from gateway.services.ports import SiteStore
from tests.builders import NOW
from tests.databases import Stores


def a_site(name: str = "north") -> Site:
    return Site(name=name, uuid=uuid4())


def a_full_site() -> Site:
    zones = (
        Zone(
            name="reading-room",
            networks=(ip_network("10.2.0.0/16"), ip_network("fd00:2::/32")),
            printers=("direct", "find-me"),
            groups=("staff", "Gäste"),
        ),
        Zone(name="rest"),
    )
    return Site(
        name="north",
        uuid=uuid4(),
        info="Bibliothek Nord",
        location="Straße 1",
        language="de",
        time_zone="Europe/Berlin",
        zones=zones,
        created_at=NOW,
    )


@pytest.fixture
def store(stores: Stores) -> SiteStore:
    return stores.sites


def test_the_full_site_leaves_no_field_at_its_default() -> None:
    full, plain = a_full_site(), a_site()
    assert {f.name for f in fields(full) if getattr(full, f.name) == getattr(plain, f.name)} <= {"name", "version"}
    zone = full.zones[0]
    assert all(getattr(zone, f.name) for f in fields(zone))


@pytest.mark.parametrize("site", [a_site(), a_full_site()], ids=["plain", "full"])
async def test_a_site_comes_back_as_it_was_saved(store: SiteStore, site: Site) -> None:
    saved = await store.save_site(site)
    assert saved == replace(site, version=1)
    assert await store.site("north") == saved
    assert await store.sites() == [saved]


async def test_sites_are_by_name_and_deleted_ones_are_gone(store: SiteStore) -> None:
    for name in ("b", "a", "c"):
        await store.save_site(a_site(name))
    await store.delete_site("b")
    await store.delete_site("unknown")
    assert [site.name for site in await store.sites()] == ["a", "c"]
    assert await store.site("b") is None


async def test_an_edit_of_an_old_version_and_a_taken_name_are_conflicts(store: SiteStore) -> None:
    first = await store.save_site(a_site())
    second = await store.save_site(replace(first, info="Second"))
    with pytest.raises(Conflict):
        await store.save_site(replace(first, info="Late"))
    with pytest.raises(Conflict):
        await store.save_site(a_site("NORTH"))
    assert await store.sites() == [second]
