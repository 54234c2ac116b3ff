"""Which Printers are shown where, and what may be said of places."""

from ipaddress import ip_network
from typing import Any

import pytest

from gateway.domain.events import Event
from gateway.domain.site import Zone
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Conflict, NotFound, Unavailable
from gateway.services.sites import Sites
from tests.fakes_sites import MemorySiteStore
from tests.gateway.services.house import ALICE, OPERATOR, House


class Places(House):
    """A house with the sites `north` (10.1/16, in it the reading room 10.1.2/24) and `south` (10.2/16)."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = MemorySiteStore()
        self.sites = Sites(store=self.rows, printers=self.printers, events=self.events, clock=self.clock)

    async def with_places(self) -> "Places":
        await self.sites.add("north", info="North", language="de", time_zone="Europe/Berlin")
        await self.sites.put_zone("north", a_zone("all", "10.1.0.0/16"))
        await self.sites.put_zone("north", a_zone("reading", "10.1.2.0/24", printers=("secure", "find-me")))
        await self.sites.add("south")
        await self.sites.put_zone("south", a_zone("all", "10.2.0.0/16"))
        return self

    def shown(self, address: str, actor: Actor | None = None) -> list[str]:
        return [printer.name for printer in self.sites.printers_at(address, actor)]


def a_zone(name: str, *networks: str, **fields: Any) -> Zone:
    return Zone(name=name, networks=tuple(map(ip_network, networks)), **fields)


@pytest.fixture
async def places() -> Places:
    built = await Places.built()
    assert isinstance(built, Places)
    return built


async def test_without_sites_the_subnets_alone_decide(places: Places) -> None:
    assert places.shown("10.1.2.3") == places.shown("") == ["direct", "find-me", "secure"]
    await places.printers.change_printer("direct", subnets=("192.0.2.0/24",))
    assert places.shown("10.1.2.3") == ["find-me", "secure"]
    assert "direct" in places.shown("192.0.2.9")
    assert "direct" in places.shown("")


async def test_a_zone_shows_its_printers_in_its_order_and_the_smallest_network_counts(places: Places) -> None:
    await places.with_places()
    assert places.shown("10.1.2.3") == ["secure", "find-me"]
    assert places.shown("::ffff:10.1.2.3") == ["secure", "find-me"]
    assert places.shown("10.1.9.9") == ["direct", "find-me", "secure"]


async def test_what_belongs_to_a_site_is_shown_there_alone(places: Places) -> None:
    await places.with_places()
    await places.printers.change_printer("direct", site="south")
    assert "direct" not in places.shown("10.1.9.9")
    assert "direct" in places.shown("10.2.0.1")
    assert places.shown("203.0.113.5") == ["find-me", "secure"]
    assert places.shown("no address") == ["find-me", "secure"]


async def test_the_subnets_of_a_printer_narrow_its_zone(places: Places) -> None:
    await places.with_places()
    await places.printers.change_printer("secure", subnets=("10.1.2.128/25",))
    assert places.shown("10.1.2.3") == ["find-me"]
    assert places.shown("10.1.2.200") == ["secure", "find-me"]


async def test_groups_hide_only_from_who_is_known(places: Places) -> None:
    await places.with_places()
    await places.printers.change_printer("find-me", groups=("staff",))
    await places.sites.put_zone("south", a_zone("all", "10.2.0.0/16", groups=("guests",)))
    staff = Actor(user="sue", groups=("staff",))
    assert places.shown("10.1.2.3", ALICE) == ["secure"]
    assert places.shown("10.1.2.3", staff) == places.shown("10.1.2.3") == ["secure", "find-me"]
    assert places.shown("10.2.0.1", staff) == []
    assert len(places.shown("10.2.0.1")) == len(places.shown("10.2.0.1", OPERATOR)) == 3


async def test_the_generation_follows_sites_and_printers(places: Places) -> None:
    before = places.sites.generation
    await places.sites.add("north")
    after = places.sites.generation
    assert before != after
    await places.sites.refresh()
    assert places.sites.generation == after
    await places.printers.change_printer("direct", info="Now")
    assert places.sites.generation != after
    assert Event.SITES_CHANGED in {happening.event for happening in places.events.happenings}


async def test_what_another_process_changed_shows_up(places: Places) -> None:
    other = Sites(store=places.rows, printers=places.printers, events=places.events, clock=places.clock)
    await other.add("north")
    assert places.sites.all() == ()
    await places.sites.refresh()
    assert [site.name for site in places.sites.all()] == ["north"]


async def test_a_network_belongs_to_one_zone_and_nested_ones_are_told(places: Places) -> None:
    await places.with_places()
    with pytest.raises(Conflict, match="north/all"):
        await places.sites.put_zone("south", a_zone("second", "10.1.0.0/16"))
    assert places.sites.overlaps() == (
        "10.1.2.0/24 of north/reading lies within 10.1.0.0/16 of north/all: there north/reading counts.",
    )
    await places.sites.put_zone("north", a_zone("all", "10.1.0.0/16", "fd00:1::/32"))
    assert len(places.sites.get("north").zones) == 2


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"language": "xx"}, BadRequest),
        ({"time_zone": "Moon/Tranquility"}, BadRequest),
        ({"zones": (a_zone("a"), a_zone("a"))}, BadRequest),
        ({"zones": (a_zone("../a"),)}, BadRequest),
        ({"zones": (a_zone("a", printers=("nothing",)),)}, NotFound),
    ],
)
async def test_what_makes_no_sense_is_refused(places: Places, fields: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await places.sites.add("north", **fields)
    assert places.sites.all() == ()


async def test_names_are_given_once_and_unknown_ones_refused(places: Places) -> None:
    await places.with_places()
    with pytest.raises(Conflict):
        await places.sites.add("north")
    with pytest.raises(BadRequest):
        await places.sites.add("No Name")
    for nothing in (
        places.sites.change("west", info="West"),
        places.sites.delete("west"),
        places.sites.delete_zone("north", "west"),
    ):
        with pytest.raises(NotFound):
            await nothing


async def test_a_site_goes_when_nothing_belongs_to_it(places: Places) -> None:
    await places.with_places()
    await places.printers.change_device("laser", site="north")
    with pytest.raises(Conflict, match="laser"):
        await places.sites.delete("north")
    await places.printers.change_device("laser", site="")
    await places.sites.delete("north")
    with pytest.raises(NotFound):
        places.sites.get("north")
    assert (await places.sites.delete_zone("south", "all")).zones == ()


async def test_a_deleted_printer_leaves_its_zone(places: Places) -> None:
    await places.with_places()
    await places.printers.delete_printer("secure")
    assert places.shown("10.1.2.3") == ["find-me"]


async def test_a_database_that_is_away_leaves_the_snapshot(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    await places.with_places()

    async def away() -> list[Any]:
        monkeypatch.undo()
        raise Unavailable("The database cannot be reached.")

    monkeypatch.setattr(places.rows, "sites", away)
    with pytest.raises(Unavailable):
        await places.sites.refresh()
    assert places.shown("10.1.2.3") == ["secure", "find-me"]


@pytest.mark.parametrize("name", ["a b", "192.0.2.1", "-a.example", "a..b", "x" * 64 + ".example", ""])
async def test_a_host_name_that_is_none_is_refused(places: Places, name: str) -> None:
    with pytest.raises(BadRequest):
        await places.printers.change_printer("direct", host_names=(name,))


async def test_a_host_name_means_one_printer(places: Places) -> None:
    changed = await places.printers.change_printer("direct", host_names=("Hall.Print.Example.org.",))
    assert changed.host_names == ("hall.print.example.org",)
    with pytest.raises(Conflict, match="direct"):
        await places.printers.change_printer("find-me", host_names=("hall.print.example.org",))
    assert (await places.printers.change_printer("direct", info="Hall")).host_names == changed.host_names
