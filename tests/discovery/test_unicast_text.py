"""Zone file and update script: nothing that people write can end a record and begin another."""

import re
from dataclasses import replace

import pytest

from discovery.unicast_records import PrintZone, parse_contact, parse_name, reverse_name
from discovery.unicast_text import crowded, domain, nsupdate_script, zone_file, zone_records
from gateway.domain.site import parse_network
from gateway.errors import StartupError
from tests.discovery.naming import FIND_ME, HALL, PLAIN, ZONE, many
from tests.fakes import a_printer

_LINE = re.compile(
    r'[\w\\.-]+\. \d+ IN (?:PTR|SRV|A|AAAA|NS|SOA) [\w\\.:\ -]+|[\w\\.-]+\. \d+ IN TXT(?: "(?:[^"\\]|\\.)*")+', re.ASCII
)
HOSTILE = 'Hall"\n; $INCLUDE /etc/passwd\\ (ü)'


def test_every_record_stands_in_one_line_of_the_zone_file() -> None:
    printers = (FIND_ME, a_printer("hall", info=HOSTILE, location=HOSTILE))
    records = zone_records(PLAIN, printers, printers)
    text = zone_file(PLAIN, records, 77)
    lines = text.splitlines()
    assert len(lines) == 1 + 2 + len(records)
    assert all(_LINE.fullmatch(line) for line in lines[1:])
    assert "77 3600 600 604800 30" in text
    assert "Hall\\034\\032\\059\\032\\036INCLUDE" in text


def test_only_what_is_shown_is_listed_and_everything_can_be_found() -> None:
    text = zone_file(PLAIN, zone_records(PLAIN, (FIND_ME, HALL), (HALL,)), 1)
    lists = [line for line in text.splitlines() if line.startswith("_ipp._tcp")]
    assert lists == ["_ipp._tcp.print.example.org. 120 IN PTR Hall\\044\\0321st\\032floor._ipp._tcp.print.example.org."]
    assert "Find\\032me._ipp._tcp.print.example.org. 120 IN SRV 0 0 8631 find-me.print.example.org." in text


def test_more_than_bind9_takes_is_said() -> None:
    some, lots = many(100), many(101)
    assert crowded(zone_records(PLAIN, some, some)) == 0
    records = zone_records(PLAIN, lots, lots)
    assert crowded(records) == 101
    for text in (zone_file(PLAIN, records, 1), nsupdate_script(PLAIN, records)):
        assert "; say: max-records-per-type 201;" in text


def test_an_update_takes_the_old_with_the_message_that_brings_the_new() -> None:
    script = nsupdate_script(PLAIN, zone_records(PLAIN, (HALL,), (HALL,)), stale=[("Gone", "_ipp", "_tcp", *ZONE)])
    lines = script.splitlines()
    assert lines[0].startswith(";")
    assert lines[1] == "zone print.example.org."
    assert "update delete Gone._ipp._tcp.print.example.org." in lines
    delete = lines.index("update delete hall.print.example.org. A")
    assert lines[delete + 2] == "update add hall.print.example.org. 120 IN A 192.0.2.7"
    assert lines[-1] == "send"


def test_an_update_empties_lists_that_have_nothing_left() -> None:
    script = nsupdate_script(PLAIN, zone_records(PLAIN, (), ()), server="192.0.2.53 53")
    assert "update delete _universal._sub._ipps._tcp.print.example.org. PTR" in script
    assert "server 192.0.2.53 53" in script
    assert "update add _ipp" not in script


def test_names_in_search_domains_come_before_the_zone_is_named() -> None:
    lines = nsupdate_script(PLAIN, zone_records(PLAIN, (HALL,), (HALL,)), browsing=True).splitlines()
    zone = lines.index("zone print.example.org.")
    assert "update add lb._dns-sd._udp.example.org. 120 IN PTR print.example.org." in lines[:zone]
    assert "update add b._dns-sd._udp.0.2.1.10.in-addr.arpa. 120 IN PTR print.example.org." in lines[:zone]


def test_no_message_of_an_update_is_longer_than_one_may_be() -> None:
    lots = many(250)
    script = nsupdate_script(PLAIN, zone_records(PLAIN, lots, lots))
    messages = script.split("\nsend\n")
    assert len(messages) > 3
    assert all(len(message) < 120_000 for message in messages)
    assert script.count("update delete _ipp._tcp.print.example.org. PTR") == 1


@pytest.mark.parametrize("text", ["", ".", "a..b", "x" * 64, "a b.org", "a" * 60 + ".b" * 100, "\n.org"])
def test_a_setting_that_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(StartupError):
        parse_name(text)


def test_names_of_settings() -> None:
    assert parse_name("Print.Example.ORG.") == ZONE
    assert parse_name("drucken.schüle.example")[1] == "xn--schle-mva"
    assert parse_contact("", ZONE) == ("hostmaster", *ZONE)
    assert parse_contact("dns.team@example.org", ZONE) == ("dns.team", "example", "org")
    assert domain(parse_contact("dns.team@example.org", ZONE)) == "dns\\046team.example.org."
    assert domain(reverse_name(parse_network("10.1.2.0/23"))) == "0.2.1.10.in-addr.arpa."


def test_the_zone_itself_is_no_apex_beside_itself() -> None:
    zone: PrintZone = replace(PLAIN, domains=(ZONE, ("example", "org")), networks=())
    assert zone.browse_apexes == (("_dns-sd", "_udp", "example", "org"),)
