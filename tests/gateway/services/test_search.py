"""The search of the network: what is asked, in which bounds, and what an announcement may cause: nothing."""

import asyncio

import pytest

from gateway.domain.discovered import Discovered, merged
from gateway.errors import BadRequest, Conflict
from gateway.services.ports import SnmpAccess
from gateway.services.search import NetworkSearch, parse_ranges
from gateway.settings import Devices
from tests.fakes import FakeClock
from tests.fakes_administration import FakeNetwork

PRINTER = Discovered(
    name="Oak",
    model="LaserPro 9",
    addresses=("192.0.2.7",),
    uris=("socket://192.0.2.7:9100", "ipps://192.0.2.7:631/ipp/print", "ipp://192.0.2.7:631/ipp/print"),
    told_by=("ipp",),
)


def a_search(network: FakeNetwork, **settings: float) -> NetworkSearch:
    return NetworkSearch(
        announcements=network,
        prober=network,
        addresses=network,
        networks=lambda: ("192.0.2.0/24",),
        clock=FakeClock(),
        settings=Devices(**settings),  # type: ignore[arg-type]  # reason: the names are the setting's own
    )


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("192.0.2.7", ["192.0.2.7"]),
        ("192.0.2.0/30", ["192.0.2.1", "192.0.2.2"]),
        ("192.0.2.7-192.0.2.9, 192.0.2.8; fd00::1", ["192.0.2.7", "192.0.2.8", "192.0.2.9", "fd00::1"]),
        ("", []),
    ],
)
def test_ranges_as_people_write_them(text: str, addresses: list[str]) -> None:
    assert parse_ranges(text, 100) == addresses


@pytest.mark.parametrize(
    "text",
    [
        *("printer", "192.0.2.300", "192.0.2.9-192.0.2.7", "192.0.2.1-fd00::1", "10.0.0.0/8", "fd00::/64"),
        *("1 " * 33, "10.0.0.0-10.9.0.0", "10.0.0.0/25 10.0.1.0/25"),
    ],
)
def test_what_is_no_range_or_too_much_is_refused_before_anything_is_asked(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_ranges(text, 200)


async def test_the_named_addresses_are_asked_and_no_others() -> None:
    network = FakeNetwork()
    network.machines = {"192.0.2.7": PRINTER}
    network.announced = [Discovered(name="Spoof", addresses=("198.51.100.1",), uris=("ipp://198.51.100.1/",))]
    search = a_search(network)
    access = SnmpAccess(community="secret")
    search.start("192.0.2.6-192.0.2.8 127.0.0.1", access)
    await search.finished()
    assert {address for address, _ in network.asked} == {"192.0.2.6", "192.0.2.7", "192.0.2.8"}
    assert {given for _, given in network.asked} == {access}
    assert "secret" not in repr(access)
    assert network.closed == 1
    assert search.current is not None
    assert [one.name for one in search.current.found] == ["Oak", "Spoof"]
    assert (search.current.asked, search.current.refused, search.current.running) == (3, 1, False)


async def test_progress_can_be_seen_one_search_goes_at_a_time_and_it_can_be_stopped() -> None:
    network = FakeNetwork()
    network.gate = asyncio.Event()
    search = a_search(network, search_at_once=2)
    going = search.start("192.0.2.0/24")
    while len(network.asked) < 2:
        await asyncio.sleep(0)
    assert (going.running, going.asked, going.total, len(network.asked)) == (True, 0, 254, 2)
    with pytest.raises(Conflict, match="goes on already"):
        search.start("192.0.2.7")
    await search.stop()
    assert not going.running
    network.gate.set()
    search.start("192.0.2.7")
    await search.finished()


async def test_a_network_that_answers_nothing_does_not_hold_a_search_for_ever() -> None:
    network = FakeNetwork()
    network.gate = asyncio.Event()
    search = a_search(network, search_seconds=0.01)
    going = search.start("192.0.2.0/24")
    await search.finished()
    assert (going.cut, going.running) == (True, False)


def test_the_best_way_is_encrypted_and_followed() -> None:
    assert PRINTER.best == "ipps://192.0.2.7:631/ipp/print"
    assert PRINTER.protocols == ("ipps", "ipp", "socket")
    assert Discovered(addresses=("192.0.2.7",)).best == ""


def test_a_machine_that_was_found_in_three_ways_is_one() -> None:
    by_name = Discovered(name="Oak [1]", addresses=("fd00::7", "192.0.2.7"), told_by=("mdns",))
    by_serial = Discovered(model="LP9", identity="serial:1", addresses=("192.0.2.7",), told_by=("snmp",))
    other = Discovered(name="Elm", identity="serial:1", addresses=("192.0.2.8",))
    found = merged([by_name, PRINTER, Discovered(name="Ash", addresses=("192.0.2.9",)), by_serial, other])
    assert [one.name for one in found] == ["Ash", "Oak [1]"]
    assert found[1].told_by == ("mdns", "ipp", "snmp")
    assert found[1].addresses == ("fd00::7", "192.0.2.7", "192.0.2.8")
