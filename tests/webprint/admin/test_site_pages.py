"""Sites in pages: what is added, which networks count, what is refused, and that a site ends with a reason."""

from ipaddress import ip_network

import pytest

from gateway.domain.rights import GivenRole, Role
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House

ZONE = {"zone": "campus", "networks": "10.20.0.0/16, fd00::/8", "printers": "direct", "groups": "staff\nall pupils\n"}


async def north(ada: Visitor) -> None:
    await ada.get("/admin/sites")
    made = await ada.post("/admin/sites", {"name": "north", "info": "Nordhaus", "location": "Hill"})
    assert made.headers["location"] == "/admin/sites/north?done=added"


async def test_a_site_gets_networks_that_count_at_once(house: House, ada: Visitor) -> None:
    assert "There are no sites" in (await ada.get("/admin/sites")).text
    await north(ada)
    saved = await ada.post("/admin/sites/north/zones", ZONE | {"new": "yes"})
    assert saved.headers["location"] == "/admin/sites/north?done=zone"
    [zone] = house.sites.get("north").zones
    assert zone.networks == (ip_network("10.20.0.0/16"), ip_network("fd00::/8"))
    assert (zone.printers, zone.groups) == (("direct",), ("staff", "all pupils"))
    shown = (await ada.get("/admin/sites?address=10.20.3.4")).text
    assert "Nordhaus / campus" in shown
    assert "In no zone" in (await ada.get("/admin/sites?address=192.0.2.1")).text
    assert "This is no address." in (await ada.get("/admin/sites?address=10.20")).text
    await ada.post("/admin/sites/north/zones", ZONE | {"networks": "10.21.0.0/16"})
    assert house.sites.get("north").zones[0].networks == (ip_network("10.21.0.0/16"),)
    noted = house.house_ports.audit.rows[-1]
    assert (noted.action, noted.values["networks"]) == ("site.zone-changed", "10.21.0.0/16")
    assert noted.values["before"] == "10.20.0.0/16 fd00::/8"
    await ada.post("/admin/sites/north/zones/remove", {"zone": "campus"})
    assert house.sites.get("north").zones == ()
    assert (await ada.post("/admin/sites/north/zones/remove", {"zone": "campus"})).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"networks": "10.20"}, "is not a network"),
        ({"networks": "10.20.0.0/33"}, "is not a network"),
        ({"networks": "<script>alert(1)</script>"}, "is not a network"),
        ({"networks": "10.99.0.0/16"}, "belongs to south/all already"),
        ({"printers": "nothing"}, "nothing"),
        ({"zone": "No Good"}, "lower-case"),
        ({"networks": "x" * 20_001}, "too long"),
    ],
)
async def test_what_cannot_be_is_refused_and_stays_to_be_mended(
    house: House, ada: Visitor, fields: dict[str, str], said: str
) -> None:
    await house.sites.add("south")
    await north(ada)
    await ada.get("/admin/sites/south")
    await ada.post("/admin/sites/south/zones", {"zone": "all", "networks": "10.99.0.0/16", "new": "yes"})
    wrong = await ada.post("/admin/sites/north/zones", ZONE | {"new": "yes"} | fields)
    assert wrong.status_code in {400, 404, 409}
    assert said in wrong.text
    assert "<script>alert" not in wrong.text
    assert "all pupils" in wrong.text
    assert house.sites.get("north").zones == ()


async def test_a_zone_is_never_overwritten_by_a_new_one(house: House, ada: Visitor) -> None:
    await north(ada)
    await ada.post("/admin/sites/north/zones", ZONE | {"new": "yes"})
    twice = await ada.post("/admin/sites/north/zones", ZONE | {"new": "yes", "networks": ""})
    assert (twice.status_code, "has a zone" in twice.text) == (400, True)
    assert len(house.sites.get("north").zones[0].networks) == 2


async def test_what_people_read_changes_unless_somebody_else_was_faster(house: House, ada: Visitor) -> None:
    await north(ada)
    version = str(house.sites.get("north").version)
    good = {"info": "North", "location": "", "language": "fr", "time_zone": "Europe/Paris", "version": version}
    assert (await ada.post("/admin/sites/north", good)).headers["location"] == "/admin/sites/north?done=changed"
    assert (house.sites.get("north").info, house.sites.get("north").time_zone) == ("North", "Europe/Paris")
    assert (await ada.post("/admin/sites/north", good)).status_code == 409
    version = str(house.sites.get("north").version)
    wrong = await ada.post("/admin/sites/north", good | {"version": version, "time_zone": "Mars/Olympus"})
    assert (wrong.status_code, "is not a time zone" in wrong.text) == (400, True)
    assert (await ada.post("/admin/sites/north", good | {"info": ""})).status_code == 400


async def test_a_site_ends_with_a_reason_and_only_when_nothing_belongs_to_it(house: House, ada: Visitor) -> None:
    await north(ada)
    assert "Write why" in (await ada.post("/admin/sites/north/remove", {"why": " "})).text
    await house.printers.change_printer("direct", site="north")
    busy = await ada.post("/admin/sites/north/remove", {"why": "closed"})
    assert (busy.status_code, "direct belong to" in busy.text) == (409, True)
    await house.printers.change_printer("direct", site="")
    gone = await ada.post("/admin/sites/north/remove", {"why": "The house was sold."})
    assert gone.headers["location"] == "/admin/sites?done=removed"
    noted = house.house_ports.audit.rows[-1]
    assert (noted.action, noted.text) == ("site.removed", "The house was sold.")
    assert (await ada.get("/admin/sites/north")).status_code == 404


async def test_another_sites_administrator_sees_and_changes_the_own_one_alone(house: House) -> None:
    await house.sites.add("north", info="Nordhaus")
    await house.sites.add("south", info="Suedhaus")
    await house.identity.add_user("nora", password=PASSWORD)
    await house.staff.rights.add_role(GivenRole(holder="nora", role=Role.ADMINISTRATOR, site="north"))
    async with visiting(house.app()) as nora:
        await nora.sign_in("nora")
        page = (await nora.get("/admin/sites")).text
        assert ("Nordhaus" in page, "Suedhaus" in page, "Add a site" in page) == (True, False, False)
        assert (await nora.post("/admin/sites", {"name": "east"})).status_code == 403
        assert (await nora.get("/admin/sites/south")).status_code == 404
        assert (await nora.post("/admin/sites/south/zones", ZONE)).status_code == 404
        await nora.get("/admin/sites/north")
        assert (await nora.post("/admin/sites/north/zones", ZONE | {"new": "yes"})).status_code == 303
        assert (await nora.post("/admin/sites/north/remove", {"why": "mine"})).status_code == 403
    assert [site.name for site in house.sites.all()] == ["north", "south"]
