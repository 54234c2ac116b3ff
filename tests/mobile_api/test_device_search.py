"""Printers by a search of the network, for programs."""

import asyncio

import pytest

from gateway.domain.discovered import Discovered
from gateway.services.ports import SnmpAccess
from gateway.services.search import NetworkSearch
from gateway.settings import Devices
from tests.fakes_administration import FakeNetwork
from tests.mobile_api.api_house import ApiHouse


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
