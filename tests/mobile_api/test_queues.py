"""Queues by network, by token and its maker's groups, as JSON and for shells."""

from ipaddress import ip_network

from gateway.domain.site import Zone
from tests.mobile_api.api_house import ApiHouse


async def test_a_computer_is_told_the_queues_of_its_network(house: ApiHouse) -> None:
    await house.gateway.sites.add("north")
    zone = Zone(name="reading", networks=(ip_network("10.1.2.0/24"),), printers=("direct", "find-me"))
    await house.gateway.sites.put_zone("north", zone)
    async with house.client(address="10.1.2.3") as client:
        told = (await client.get("queues")).json()
        text = (await client.get("queues.txt")).text
    assert (told["site"], told["zone"]) == ("north", "reading")
    assert [(queue["name"], queue["default"]) for queue in told["queues"]] == [("direct", True), ("find-me", False)]
    assert told["queues"][0]["uri"] == "ipps://print.example:8631/ipp/print/direct"
    assert text.splitlines()[1].split("\x1f")[:3] == ["direct", "ipps://print.example:8631/ipp/print/direct", "1"]
    assert text.endswith("end\n")
    async with house.client(address="203.0.113.9") as client:
        elsewhere = (await client.get("queues")).json()
    assert (elsewhere["zone"], [queue["name"] for queue in elsewhere["queues"]]) == (None, ["direct", "find-me"])


async def test_a_token_brings_the_groups_of_its_maker(house: ApiHouse) -> None:
    await house.gateway.printers.change_printer("direct", groups=("staff",))
    async with house.client(token=await house.token("alice")) as client:
        assert [queue["name"] for queue in (await client.get("queues")).json()["queues"]] == ["find-me"]
    async with house.client(token="papertap_unknown") as client:
        assert (await client.get("queues")).status_code == 401


async def test_a_host_that_is_not_ours_is_not_repeated(house: ApiHouse) -> None:
    for host in ("evil.example", "evil.example:99", "[::1]:8443", "localhost"):
        async with house.client() as client:
            told = (await client.get("queues", headers={"host": host})).json()
        assert {queue["uri"].split("/")[2] for queue in told["queues"]} == {"192.0.2.1:8631"}
    async with house.client() as client:
        assert (await client.get("queues", headers={"host": "x'; reboot"})).status_code == 400


async def test_a_house_may_want_to_know_who_asks(house: ApiHouse) -> None:
    house.gateway.settings.queues.sign_in = True
    async with house.client() as client:
        assert (await client.get("queues")).status_code == 401
        assert (await client.get("queues.txt")).status_code == 401
    async with house.client(token=await house.token("alice")) as client:
        assert (await client.get("queues.txt")).status_code == 200
