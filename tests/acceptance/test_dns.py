"""dig, unbound and bind9 find our Printers; bind9 takes our zone file, and nsupdate keeps it equal to what there is."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.peers.name_servers import bind9, dig, nsupdate, unbound
from tests.peers.ours import Instance, papertap
from tests.peers.processes import free_port

pytestmark = pytest.mark.acceptance
ZONE = "print.example.org"
HALL = r"Hall\;\0321st\032\$floor"  # as dig writes it
EMPTY = "$TTL 60\n@ SOA ns hostmaster 1 3600 600 604800 60\n@ NS ns\nns A 127.0.0.1\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """One gateway with a name server; 10.1.2.0/24 is shown `hall` alone."""

    instance: Instance
    port: int


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    port = free_port()
    setup = (
        ("printer", "add", "find-me", "--info", "Find me"),
        ("printer", "add", "hall", "--info", "Hall; 1st $floor"),
        ("site", "add", "north"),
        ("site", "zone", "set", "north", "reading", "--network", "10.1.2.0/24", "--printer", "hall"),
    )
    settings = {
        "DNS__ENABLED": "true",
        "DNS__PORT": str(port),
        "DNS__ZONE": ZONE,
        "DNS__DOMAINS": '["example.org"]',
        "DNS__ADDRESSES": '["127.0.0.1"]',
        "DNS__RESOLVERS": '["127.0.0.0/8"]',
    }
    with papertap(**settings) as instance:
        for words in setup:
            instance.here(*words)
        until(port, lines=1, subnet="10.1.2.0/24")
        packed = time.monotonic() + 60  # the records of its networks follow within a second
        while not dig(port, "+short", "b._dns-sd._udp.0.2.1.10.in-addr.arpa", "PTR"):
            assert time.monotonic() < packed, "the records are not packed anew"
            time.sleep(0.1)
        yield House(instance=instance, port=port)


def until(port: int, *, lines: int, subnet: str) -> None:
    """The server looks each second for what the command line changed."""
    end = time.monotonic() + 60
    while dig(port, "+short", f"+subnet={subnet}", f"_ipp._tcp.{ZONE}", "PTR").count("\n") != lines:
        assert time.monotonic() < end, "the change does not show up"
        time.sleep(0.1)


def test_dig_walks_from_the_search_domain_to_the_host(house: House) -> None:
    assert dig(house.port, "+short", "lb._dns-sd._udp.example.org", "PTR") == f"{ZONE}.\n"
    listed = dig(house.port, "+short", f"_universal._sub._ipps._tcp.{ZONE}", "PTR").splitlines()
    assert sorted(listed) == [f"Find\\032me._ipps._tcp.{ZONE}.", f"{HALL}._ipps._tcp.{ZONE}."]
    service = dig(house.port, "+short", listed[0], "SRV").split()
    assert service == ["0", "0", str(house.instance.port), f"find-me.{ZONE}."]
    assert dig(house.port, "+short", service[3], "A") == "127.0.0.1\n"
    text = dig(house.port, "+short", "+tcp", listed[0], "TXT")
    assert text.startswith('"txtvers=1" "qtotal=1" "rp=ipp/print/find-me"')
    assert "status: REFUSED" in dig(house.port, "example.com", "A")
    assert "status: NXDOMAIN" in dig(house.port, f"nobody.{ZONE}", "A")


def test_a_resolver_that_tells_for_whom_it_asks_gets_the_printers_of_that_network(house: House) -> None:
    here = dig(house.port, "+short", "+subnet=10.1.2.0/24", f"_ipp._tcp.{ZONE}", "PTR")
    there = dig(house.port, "+short", "+subnet=10.9.0.0/16", f"_ipp._tcp.{ZONE}", "PTR")
    assert here.splitlines() == [f"{HALL}._ipp._tcp.{ZONE}."]
    assert len(there.splitlines()) == 2
    assert "CLIENT-SUBNET: 10.1.2.0/24/24" in dig(house.port, "+subnet=10.1.2.0/24", f"_ipp._tcp.{ZONE}", "PTR")


def test_phones_behind_unbound_find_everything(house: House) -> None:
    zones = [ZONE, "_dns-sd._udp.example.org", "_dns-sd._udp.0.2.1.10.in-addr.arpa"]
    with unbound(zones, house.port) as port:
        findings = json.loads(house.instance.here("dns", "check", "--resolver", f"127.0.0.1#{port}", "--json"))
        assert all(finding["ok"] for finding in findings), findings
        assert len(findings) > 15
        assert dig(port, "+short", "b._dns-sd._udp.0.2.1.10.in-addr.arpa", "PTR") == f"{ZONE}.\n"
        assert dig(port, "+short", "+subnet=10.1.2.0/24", f"_ipp._tcp.{ZONE}", "PTR").count("\n") == 2


def test_a_resolver_without_the_delegation_is_told_what_to_do(house: House) -> None:
    with (
        unbound(["_dns-sd._udp.example.org"], house.port, refused=ZONE) as port,
        pytest.raises(AssertionError, match=rf"delegate {ZONE}\. with NS records for ns\.{ZONE}\."),
    ):
        house.instance.here("dns", "check", "--resolver", f"127.0.0.1#{port}")


def test_bind9_serves_our_zone_file_with_the_same_answers(house: House) -> None:
    with bind9(ZONE, house.instance.here("dns", "zone")) as port:
        for name, kind in (
            (f"_ipp._tcp.{ZONE}", "PTR"),
            (f"_print._sub._ipps._tcp.{ZONE}", "PTR"),
            (f"_services._dns-sd._udp.{ZONE}", "PTR"),
            (f"lb._dns-sd._udp.{ZONE}", "PTR"),
            (f"{HALL}._ipps._tcp.{ZONE}", "TXT"),
            (f"{HALL}._ipps._tcp.{ZONE}", "SRV"),
            (f"hall.{ZONE}", "A"),
            (ZONE, "NS"),
        ):
            theirs, ours = (sorted(dig(each, "+short", name, kind).splitlines()) for each in (port, house.port))
            assert theirs == ours != []


def test_nsupdate_brings_bind9_to_what_there_is_and_takes_away_what_is_gone(house: House) -> None:
    with bind9(ZONE, EMPTY) as port:
        at = ("dns", "nsupdate", "--server", f"127.0.0.1#{port}")
        first = house.instance.here(*at)
        nsupdate(first)
        before = content(port)
        assert len(before) >= 30
        nsupdate(house.instance.here(*at))
        assert content(port) == before, "run again, it leaves the same"
        house.instance.here("printer", "add", "extra", "--info", "Extra")
        nsupdate(house.instance.here(*at))
        assert f"extra.{ZONE}." in " ".join(content(port))
        house.instance.here("printer", "remove", "extra")
        nsupdate(house.instance.here(*at))
        assert content(port) == before
        nsupdate(house.instance.here(*at, "--for", "north/reading"))
        assert dig(port, "+short", f"_ipp._tcp.{ZONE}", "PTR").count("\n") == 1


def content(port: int) -> list[str]:
    """Everything that the master has, but its own SOA, whose serial grows."""
    lines = dig(port, "+nocmd", "+noall", "+answer", ZONE, "AXFR").splitlines()
    return sorted(" ".join(line.split()) for line in lines if " SOA " not in " ".join(line.split()))
