"""SPF (RFC 7208): mechanisms, modifiers, macros, and bounds that nobody's record gets around."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailprint.spf import Spf, check_host
from tests.emailprint.mail_house import FakeDns

RECORDS = {
    ("example.com", "TXT"): ["unrelated", "v=spf1 a mx include:other.example ip4:192.0.2.0/28 ip6:2001:db8::/32 ~all"],
    ("example.com", "A"): ["192.0.2.200"],
    ("example.com", "AAAA"): ["2001:dead::1"],
    ("example.com", "MX"): ["mail-a.example.com", "mail-b.example.com"],
    ("mail-a.example.com", "A"): ["192.0.2.129"],
    ("mail-b.example.com", "A"): ["192.0.2.130"],
    ("other.example", "TXT"): ["v=spf1 ip4:203.0.113.5 -ip4:192.0.2.1 -all"],
    ("moved.example", "TXT"): ["v=spf1 redirect=example.com"],
    ("lost.example", "TXT"): ["v=spf1 redirect=nowhere.example"],
    ("two.example", "TXT"): ["v=spf1 -all", "v=spf1 +all"],
    ("neutral.example", "TXT"): ["V=SPF1 ?ip4:192.0.2.7 ip4:192.0.2.8"],
    ("prefix.example", "TXT"): ["v=spf1 a:host.example/24 -all"],
    ("host.example", "A"): ["198.51.100.1"],
    ("loop.example", "TXT"): ["v=spf1 include:loop.example -all"],
    ("typo.example", "TXT"): ["v=spf1 ipv4:192.0.2.1 -all"],
    ("macro.example", "TXT"): ["v=spf1 exists:%{ir}.%{l1r-}._spf.%{d2} -all"],
    ("7.2.0.192.strong._spf.macro.example", "A"): ["127.0.0.2"],
    ("void.example", "TXT"): ["v=spf1 a:1.example a:2.example a:3.example +all"],
    ("many.example", "TXT"): [f"v=spf1 {' '.join(f'a:host.example/{n}' for n in range(22, 33))} +all"],
    ("ptr.example", "TXT"): ["v=spf1 ptr -all"],
}


def checked(address: str, domain: str, sender: str = "") -> Spf:
    sender = sender or f"strong-bad@{domain}"
    return check_host(FakeDns(RECORDS), address=address, domain=domain, sender=sender, helo="mx.sender.example")


@pytest.mark.parametrize(
    ("address", "domain", "result"),
    [
        ("192.0.2.200", "example.com", Spf.PASS),  # a
        ("2001:dead::1", "example.com", Spf.PASS),
        ("192.0.2.130", "example.com", Spf.PASS),  # mx
        ("203.0.113.5", "example.com", Spf.PASS),  # include
        ("192.0.2.1", "example.com", Spf.PASS),  # a fail of what is included decides nothing
        ("::ffff:192.0.2.1", "example.com", Spf.PASS),
        ("2001:db8::7", "example.com", Spf.PASS),
        ("198.51.100.9", "example.com", Spf.SOFTFAIL),
        ("203.0.113.5", "moved.example", Spf.PASS),
        ("203.0.113.5", "other.example", Spf.PASS),
        ("203.0.113.6", "other.example", Spf.FAIL),
        ("192.0.2.7", "neutral.example", Spf.NEUTRAL),
        ("192.0.2.9", "neutral.example", Spf.NEUTRAL),  # the end of a record without all
        ("198.51.100.77", "prefix.example", Spf.PASS),
        ("198.51.101.77", "prefix.example", Spf.FAIL),
        ("192.0.2.7", "macro.example", Spf.PASS),
        ("192.0.2.8", "macro.example", Spf.FAIL),
        ("192.0.2.7", "ptr.example", Spf.FAIL),
        ("192.0.2.7", "nowhere.example", Spf.NONE),
        ("192.0.2.7", "no domain", Spf.NONE),
        ("no address", "example.com", Spf.NONE),
    ],
)
def test_what_a_domain_says_of_a_host(address: str, domain: str, result: Spf) -> None:
    assert checked(address, domain) is result


@pytest.mark.parametrize(
    "domain", ["lost.example", "two.example", "loop.example", "typo.example", "void.example", "many.example"]
)
def test_a_record_without_sense_or_without_end_lets_nobody_send(domain: str) -> None:
    assert checked("192.0.2.99", domain) is Spf.PERMERROR


def test_a_name_server_that_is_away_says_nothing() -> None:
    dns = FakeDns(RECORDS)
    dns.away = True
    found = check_host(dns, address="192.0.2.1", domain="example.com", sender="a@example.com", helo="x")
    assert found is Spf.TEMPERROR


@given(st.text(max_size=200), st.text(max_size=30))
def test_no_record_raises_and_none_asks_for_ever(record: str, local: str) -> None:
    dns = FakeDns({("x.example", "TXT"): [f"v=spf1 {record}"]})
    check_host(dns, address="192.0.2.1", domain="x.example", sender=f"{local}@x.example", helo="x")
    assert len(dns.asked) < 30
