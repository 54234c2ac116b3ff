"""Users by a CSV file, and printers by a search of the network, for programs."""

import asyncio

import pytest

from gateway.domain.discovered import Discovered
from gateway.services.ports import SnmpAccess
from gateway.services.search import NetworkSearch
from gateway.settings import Devices
from tests.fakes_administration import FakeNetwork
from tests.mobile_api.api_house import ApiHouse

CSV = {"content-type": "text/csv"}
FILE = b"name;full name;card\ncarla;Carla Sand;04A2197F\ndan;Dan Wood;\n"


async def names(house: ApiHouse) -> set[str]:
    async with house.client(token=await house.token("root")) as root:
        return {one["name"] for one in (await root.get("users")).json()["items"]}


async def test_a_file_is_looked_at_before_and_then_taken_in(house: ApiHouse) -> None:
    before = await names(house)
    async with house.client(token=await house.token("root")) as root:
        dry = await root.post("users/import", content=FILE, headers=CSV)
        assert (dry.status_code, dry.json()["counts"]) == (200, {"added": 2})
        assert {line["name"] for line in dry.json()["changes"]} == {"carla", "dan"}
        assert await names(house) == before
        done = (await root.post("users/import?dry=false", content=FILE, headers=CSV)).json()
        assert (done["counts"], done["held_back"]) == ({"added": 2}, 0)
        carla = (await root.get("users/carla")).json()
        assert (carla["full_name"], carla["cards"], carla["source"]) == ("Carla Sand", 1, "csv")
        assert len((await root.get("audit?action=users.imported")).json()["items"]) == 1
        again = (await root.post("users/import?dry=false", content=FILE, headers=CSV)).json()
        assert "added" not in again["counts"]


async def test_whoever_is_missing_from_a_whole_file_is_disabled_unless_they_are_too_many(house: ApiHouse) -> None:
    many = b"name\n" + b"".join(b"pupil-%d\n" % n for n in range(40))
    async with house.client(token=await house.token("root")) as root:
        await root.post("users/import?dry=false", content=many, headers=CSV)
        held = (await root.post("users/import?dry=false&whole=true", content=b"name\npupil-1\n", headers=CSV)).json()
        assert held["held_back"] == 39
        assert (await root.get("users/pupil-2")).json()["disabled"] is False
        forced = "users/import?dry=false&whole=true&force=true"
        assert (await root.post(forced, content=b"name\npupil-1\n", headers=CSV)).json()["held_back"] == 0
        assert (await root.get("users/pupil-2")).json()["disabled"] is True


@pytest.mark.parametrize("octets", [b"", b"\xff\xfe\x00", b"colour;size\nred;4\n"])
async def test_what_is_no_table_of_users_changes_nothing(house: ApiHouse, octets: bytes) -> None:
    before = await names(house)
    async with house.client(token=await house.token("root")) as root:
        answer = await root.post("users/import?dry=false", content=octets, headers=CSV)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert await names(house) == before


@pytest.fixture
def network(house: ApiHouse) -> FakeNetwork:
    found = FakeNetwork()
    search = NetworkSearch(
        announcements=found,
        prober=found,
        addresses=found,
        networks=lambda: ("192.0.2.0/24",),
        clock=house.gateway.clock,
        settings=Devices(),
    )
    object.__setattr__(house.app.state.services.administration, "search", search)
    return found


async def test_the_network_is_searched_where_somebody_names_it(house: ApiHouse, network: FakeNetwork) -> None:
    uris = ("socket://192.0.2.9:9100", "ipps://192.0.2.9/ipp/print")
    network.machines["192.0.2.9"] = Discovered(
        name="Copier", model="Example 3000", addresses=("192.0.2.9",), uris=uris, told_by=("ipp", "snmp")
    )
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.get("device-search")).status_code == 404
        wanted = {"ranges": "192.0.2.8-192.0.2.10", "snmp": {"version": "1", "community": "kept"}}
        begun = await olga.post("device-search", json=wanted)
        assert (begun.status_code, begun.headers["location"]) == (202, "/api/v1/device-search")
        await house.app.state.services.administration.search.finished()
        told = (await olga.get("device-search")).json()
        assert (told["running"], told["asked"], told["total"], told["cut"]) == (False, 3, 3, False)
        (copier,) = told["found"]
        assert (copier["name"], copier["uris"]) == ("Copier", [uris[1], uris[0]])
        access = SnmpAccess(version="1", community="kept")
        assert sorted(network.asked) == [(f"192.0.2.{last}", access) for last in ("10", "8", "9")]
        assert (await olga.post("device-search", json={"ranges": "nowhere"})).status_code == 400


async def test_one_search_at_a_time_and_it_can_be_stopped(house: ApiHouse, network: FakeNetwork) -> None:
    network.gate = asyncio.Event()
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.post("device-search", json={"ranges": "192.0.2.9"})).status_code == 202
        assert (await olga.post("device-search", json={"ranges": "192.0.2.9"})).status_code == 409
        assert (await olga.delete("device-search")).status_code == 204
        assert (await olga.get("device-search")).json()["running"] is False
