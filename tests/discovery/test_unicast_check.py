"""The self-test says in words what a phone would miss."""

import pytest

from discovery.unicast_check import Finding, Server, check
from discovery.unicast_records import PrintZone
from gateway.settings import Dns
from tests.discovery.naming import HALL, PLAIN, Naming
from tests.discovery.test_unicast_server import serving

OURS = Dns(resolvers=("127.0.0.0/8",))


async def found(naming: Naming, resolver: Naming | None = None, zone: PrintZone = PLAIN) -> list[Finding]:
    async with serving(naming) as own, serving(resolver or naming) as theirs:
        asked = Server(name="resolver", address="127.0.0.1", port=theirs.port) if resolver else None
        return await check(zone, Server(name="gateway", address="127.0.0.1", port=own.port), asked, zone.domains)


async def test_all_is_well() -> None:
    findings = await found(Naming(settings=OURS), Naming(settings=OURS))
    assert all(finding.ok for finding in findings), findings
    asked = [finding.asked for finding in findings if finding.text.startswith("resolver")]
    assert asked == [
        "print.example.org. SOA",
        "b._dns-sd._udp.example.org. PTR",
        "lb._dns-sd._udp.example.org. PTR",
        "_ipps._tcp.print.example.org. PTR",
        "_universal._sub._ipps._tcp.print.example.org. PTR",
        "Find\\032me._ipps._tcp.print.example.org. TXT",
        "Find\\032me._ipps._tcp.print.example.org. SRV",
        "find-me.print.example.org. A",
        "_ipp._tcp.print.example.org. PTR",
        "_universal._sub._ipp._tcp.print.example.org. PTR",
        "Find\\032me._ipp._tcp.print.example.org. TXT",
        "Find\\032me._ipp._tcp.print.example.org. SRV",
        "find-me.print.example.org. A",
    ]


async def test_without_a_printer_the_list_is_said_to_be_empty() -> None:
    findings = await found(Naming(settings=OURS, printers=()), Naming(settings=OURS))
    missing = [finding for finding in findings if not finding.ok]
    assert [finding.asked for finding in missing] == [
        "_ipps._tcp.print.example.org. PTR",
        "_ipp._tcp.print.example.org. PTR",
    ]
    assert "none is set up for this network" in missing[0].text
    assert not any(finding.text.startswith("resolver") for finding in findings), "first the own side is mended"


async def test_a_resolver_that_knows_no_delegation_is_told_what_to_do() -> None:
    elsewhere = Naming(settings=OURS, zone=PrintZone(**{**fields(), "name": ("other", "org"), "domains": ()}))
    findings = await found(Naming(settings=OURS), elsewhere)
    missing = [finding for finding in findings if not finding.ok]
    assert [finding.asked for finding in missing] == ["print.example.org. SOA"]
    assert "refuses" in missing[0].text
    assert "delegate print.example.org. with NS records for ns.print.example.org." in missing[0].text


async def test_a_search_domain_that_leads_nowhere_is_told_what_to_add() -> None:
    other = PrintZone(**{**fields(), "domains": ()})
    findings = await found(Naming(settings=OURS, printers=(HALL,)), Naming(settings=OURS, zone=other))
    missing = {finding.asked: finding.text for finding in findings if not finding.ok}
    assert list(missing) == ["b._dns-sd._udp.example.org. PTR", "lb._dns-sd._udp.example.org. PTR"]
    advice = missing["b._dns-sd._udp.example.org. PTR"]
    assert "Add there: b._dns-sd._udp.example.org. PTR print.example.org." in advice
    assert "delegate _dns-sd._udp.example.org. to this gateway" in advice


@pytest.mark.parametrize("port", [1])
async def test_nobody_there_is_said(port: int) -> None:
    nobody = Server(name="gateway", address="127.0.0.1", port=port)
    findings = await check(PLAIN, nobody, None, ())
    assert [finding.ok for finding in findings] == [False]
    assert "nothing listens there" in findings[0].text


def fields() -> dict[str, object]:
    from dataclasses import fields as every

    return {field.name: getattr(PLAIN, field.name) for field in every(PLAIN)}
