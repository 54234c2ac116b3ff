"""The authoritative name server without sockets: what it knows, what it refuses, how long its answers are."""

import struct
from dataclasses import replace

import pytest
from dnslib import QTYPE, DNSRecord

from discovery.records import IPP, Ports, services
from discovery.unicast_answers import wire
from gateway.settings import Dns
from tests.discovery.naming import FIND_ME, HALL, PLAIN, ZONE, Naming, kinds, many, question, targets
from tests.fakes import a_printer

IPP_LIST = ("_ipp", "_tcp", *ZONE)
INSTANCE = ("Hall, 1st floor", *IPP_LIST)
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 3, 4, 5


@pytest.fixture
async def naming() -> Naming:
    return await Naming().ready()


@pytest.mark.parametrize("kind", ["_ipp", "_ipps"])
@pytest.mark.parametrize("prefix", [(), ("_universal", "_sub"), ("_print", "_sub")])
async def test_printers_are_listed_with_what_comes_next(naming: Naming, kind: str, prefix: tuple[str, ...]) -> None:
    answer = naming.ask((*prefix, kind, "_tcp", *ZONE), "PTR", "10.1.2.3")
    assert (answer.header.rcode, answer.header.aa, answer.header.ra, answer.header.ad) == (NOERROR, 1, 0, 0)
    assert targets(answer) == ["Hall, 1st floor"]
    assert kinds(answer.ar) == ["SRV", "TXT", "A", "AAAA", "OPT"]


async def test_the_types_of_services_are_listed(naming: Naming) -> None:
    assert targets(naming.ask(("_services", "_dns-sd", "_udp", *ZONE), "PTR")) == ["_ipp", "_ipps"]


async def test_an_instance_has_its_port_host_and_the_text_of_the_one_model(naming: Naming) -> None:
    service = naming.ask(INSTANCE, "SRV")
    assert str(service.rr[0].rdata) == "0 0 8631 hall.print.example.org."
    assert kinds(service.ar) == ["A", "AAAA", "OPT"]
    text = naming.ask(INSTANCE, "TXT").rr[0].rdata
    told = services(HALL, instance="Hall, 1st floor", base_url=PLAIN.base_url, ports=PLAIN.ports)
    expected = next(service for service in told if service.type == IPP)
    assert b"".join(bytes((len(item),)) + item for item in text.data) == expected.encoded_txt()
    assert text.data[0] == b"txtvers=1"
    assert b"rp=ipp/print/hall" in text.data


@pytest.mark.parametrize("host", [(), ("ns",), ("hall",), ("find-me",)])
async def test_hosts_have_the_addresses_of_the_gateway(naming: Naming, host: tuple[str, ...]) -> None:
    assert str(naming.ask((*host, *ZONE), "A").rr[0].rdata) == "192.0.2.7"
    assert str(naming.ask((*host, *ZONE), "AAAA").rr[0].rdata) == "2001:db8::7"


@pytest.mark.parametrize(
    "domain",
    [
        ("example", "org"),
        ZONE,
        ("0", "2", "1", "10", "in-addr", "arpa"),
        (*tuple("0000000000000000000010008bd01002"), "ip6", "arpa"),
    ],
)
async def test_search_domains_and_networks_lead_to_the_zone(naming: Naming, domain: tuple[str, ...]) -> None:
    for word in ("b", "lb", "db"):
        answer = naming.ask((word, "_dns-sd", "_udp", *domain), "PTR")
        assert str(answer.rr[0].rdata) == "print.example.org."
    for word in ("r", "dr"):
        answer = naming.ask((word, "_dns-sd", "_udp", *domain), "PTR")
        assert (answer.header.rcode, answer.rr, kinds(answer.auth)) == (NOERROR, [], ["SOA"])


async def test_the_zone_has_its_soa_and_name_servers(naming: Naming) -> None:
    soa = naming.ask(ZONE, "SOA").rr[0].rdata
    assert (str(soa.mname), str(soa.rname)) == ("ns.print.example.org.", "hostmaster.example.org.")
    assert soa.times[4] == 30
    assert str(naming.ask(ZONE, "NS").rr[0].rdata) == "ns.print.example.org."
    browsing = naming.ask(("_dns-sd", "_udp", "example", "org"), "NS")
    assert str(browsing.rr[0].rdata) == "ns.print.example.org."


async def test_a_no_tells_how_long_it_holds(naming: Naming) -> None:
    missing = naming.ask(("nobody", *ZONE), "A")
    assert (missing.header.rcode, missing.header.aa) == (NXDOMAIN, 1)
    other_type = naming.ask(INSTANCE, "A")
    assert (other_type.header.rcode, other_type.rr) == (NOERROR, [])
    for answer, owner in ((missing, ZONE), (other_type, ZONE)):
        assert tuple(part.decode() for part in answer.auth[0].rname.label) == owner
        assert answer.auth[0].ttl == 30
    between = naming.ask(("_sub", *IPP_LIST), "PTR")
    assert (between.header.rcode, between.rr) == (NOERROR, [])


@pytest.mark.parametrize(
    ("name", "kind", "klass", "rcode"),
    [
        (("example", "com"), "A", 1, REFUSED),
        (("example", "org"), "A", 1, REFUSED),
        (("org",), "NS", 1, REFUSED),
        ((), "NS", 1, REFUSED),
        (ZONE, "AXFR", 1, REFUSED),
        (ZONE, "IXFR", 1, REFUSED),
        (("version", "bind"), "TXT", 3, REFUSED),
        (ZONE, "SOA", 255, REFUSED),
    ],
)
async def test_what_is_not_ours_is_refused(
    naming: Naming, name: tuple[str, ...], kind: str, klass: int, rcode: int
) -> None:
    answer = naming.ask(name, kind, klass=klass)
    assert (answer.header.rcode, answer.header.aa, answer.header.ra, answer.rr) == (rcode, 0, 0, [])
    assert answer.q.qname == DNSRecord.parse(question(name, kind)).q.qname


@pytest.mark.parametrize("name", [ZONE, INSTANCE, IPP_LIST])
async def test_whoever_asks_for_anything_gets_one_small_record(naming: Naming, name: tuple[str, ...]) -> None:
    answer = naming.ask(name, "ANY")
    assert [(QTYPE[row.rtype], bytes(row.rdata.data)) for row in answer.rr] == [("HINFO", b"\x07RFC8482\x00")]


async def test_letters_may_be_large_and_come_back_as_they_were(naming: Naming) -> None:
    packet = question(INSTANCE, "SRV", upper=True)
    answer = naming.authority.answer(packet, "192.0.2.50")
    assert answer is not None
    size = 12 + len(wire(INSTANCE)) + 4
    assert answer[12:size] == packet[12:size]
    assert str(DNSRecord.parse(answer).rr[0].rdata).endswith("hall.print.example.org.")


async def test_only_the_wish_for_recursion_comes_back(naming: Naming) -> None:
    packet = bytearray(question(ZONE, "SOA", rd=0))
    packet[2:4] = struct.pack("!H", 0x0170)  # RD, Z, AD, CD
    answer = naming.authority.answer(bytes(packet), "192.0.2.50")
    assert answer is not None
    assert struct.unpack("!H", answer[2:4])[0] == 0x8500


@pytest.mark.parametrize(("opcode", "rcode"), [(1, NOTIMP), (4, NOTIMP), (5, NOTIMP), (15, NOTIMP)])
async def test_only_questions_are_answered(naming: Naming, opcode: int, rcode: int) -> None:
    packet = bytearray(question(ZONE, "SOA"))
    packet[2] = opcode << 3
    answer = naming.authority.answer(bytes(packet), "192.0.2.50")
    assert answer is not None
    assert (answer[2] & 0x78) >> 3 == opcode
    assert answer[3] & 0xF == rcode


async def test_answers_and_scraps_get_no_answer(naming: Naming) -> None:
    packet = bytearray(question(ZONE, "SOA"))
    packet[2] |= 0x80
    for nothing in (bytes(packet), b"", b"\0" * 11):
        assert naming.authority.answer(nothing, "192.0.2.50") is None
    assert Naming().authority.answer(question(ZONE, "SOA"), "192.0.2.50") is None


async def test_a_newer_edns_is_told_which_one_is_spoken(naming: Naming) -> None:
    packet = bytearray(question(ZONE, "SOA"))
    packet[-5] = 1
    answer = naming.authority.answer(bytes(packet), "192.0.2.50")
    assert answer is not None
    told = DNSRecord.parse(answer)
    assert (told.header.rcode, told.ar[0].ttl >> 24, told.rr) == (0, 1, [])


async def test_without_edns_there_is_none_in_the_answer(naming: Naming) -> None:
    answer = naming.ask(INSTANCE, "SRV", size=None)
    assert kinds(answer.ar) == ["A", "AAAA"]


async def test_long_answers_are_cut_and_come_whole_by_tcp() -> None:
    naming = await Naming(printers=many(200)).ready()
    for size in (None, 512, 1232, 4096):
        packet = question(IPP_LIST, size=size)
        answer = naming.authority.answer(packet, "192.0.2.50")
        assert answer is not None
        assert len(answer) <= len(packet)
        parsed = DNSRecord.parse(answer)
        assert (parsed.header.tc, parsed.rr, str(parsed.q.qname)) == (1, [], "_ipp._tcp.print.example.org.")
    whole = naming.ask(IPP_LIST, "PTR", tcp=True)
    assert (whole.header.tc, len(targets(whole))) == (0, 200)


async def test_what_would_come_next_is_left_out_before_an_answer_is_cut(naming: Naming) -> None:
    whole, short = naming.ask(IPP_LIST, "PTR", "10.1.2.3"), naming.ask(IPP_LIST, "PTR", "10.1.2.3", size=None)
    assert targets(short) == targets(whole) == ["Hall, 1st floor"]
    assert (short.header.tc, short.ar) == (0, [])
    assert len(whole.ar) == 5


async def test_more_printers_than_a_message_takes_are_left_out() -> None:
    naming = await Naming(printers=many(2500)).ready()
    answer = naming.authority.answer(question(IPP_LIST), "192.0.2.50", tcp=True)
    assert answer is not None
    assert 50_000 < len(answer) <= 65_535
    assert 1500 < int.from_bytes(answer[6:8], "big") < 2500


async def test_printers_are_listed_by_the_network_of_who_asks(naming: Naming) -> None:
    assert targets(naming.ask(IPP_LIST, "PTR", "10.1.2.3")) == ["Hall, 1st floor"]
    assert targets(naming.ask(IPP_LIST, "PTR", "10.9.9.9")) == ["Find me", "Hall, 1st floor"]
    stored = naming.ask(("Find me", *IPP_LIST), "SRV", "10.1.2.3")
    assert str(stored.rr[0].rdata).endswith("find-me.print.example.org."), "who has stored it finds it everywhere"


async def test_a_resolver_of_ours_tells_for_whom_it_asks() -> None:
    naming = await Naming(settings=Dns(resolvers=("192.0.2.53/32",))).ready()
    asked = naming.ask(IPP_LIST, "PTR", "192.0.2.53", subnet="10.1.2.0/24")
    assert targets(asked) == ["Hall, 1st floor"]
    option = next(row for row in asked.ar if row.rtype == QTYPE.OPT).rdata[0]
    assert (option.code, option.data) == (8, b"\0\x01\x18\x18\x0a\x01\x02")
    stranger = naming.ask(IPP_LIST, "PTR", "192.0.2.99", subnet="10.1.2.0/24")
    assert len(targets(stranger)) == 2
    assert not next(row for row in stranger.ar if row.rtype == QTYPE.OPT).rdata
    six = naming.ask(IPP_LIST, "PTR", "192.0.2.53", subnet="2001:db8:1::/56")
    assert len(targets(six)) == 2


async def test_changes_show_up_with_a_higher_serial(naming: Naming) -> None:
    first = naming.ask(ZONE, "SOA").rr[0].rdata.times[0]
    await naming.change(HALL, replace(FIND_ME, info="Anywhere"))
    assert naming.ask(ZONE, "SOA").rr[0].rdata.times[0] > first
    assert naming.ask(("Find me", *IPP_LIST), "SRV").header.rcode == NXDOMAIN
    assert targets(naming.ask(IPP_LIST, "PTR")) == ["Hall, 1st floor", "Anywhere"]
    await naming.change()
    empty = naming.ask(IPP_LIST, "PTR")
    assert (empty.header.rcode, empty.rr, kinds(empty.auth)) == (NOERROR, [], ["SOA"])
    assert naming.ask(IPP_LIST, "ANY").rr == []


async def test_equal_names_are_numbered_and_shown_by_the_same_number_everywhere() -> None:
    naming = await Naming(printers=(a_printer("a", info="Same"), a_printer("hall", info="SAME"))).ready()
    assert targets(naming.ask(IPP_LIST, "PTR")) == ["Same", "SAME (2)"]
    assert targets(naming.ask(IPP_LIST, "PTR", "10.1.2.3")) == ["SAME (2)"]


@pytest.mark.parametrize("info", ["Größe Ω", 'a"b\\c\n;$(x)', "x" * 200, "日本語" * 20, "."])
async def test_every_name_that_people_give_can_be_asked_for(info: str) -> None:
    naming = await Naming(printers=(a_printer("hall", info=info),)).ready()
    listed = naming.ask(IPP_LIST, "PTR").rr[0].rdata.label
    name = tuple(part.decode() for part in listed.label)
    assert str(naming.ask(name, "SRV").rr[0].rdata).endswith("hall.print.example.org.")
    assert len(listed.label[0]) <= 63


async def test_without_tls_only_what_there_is_is_told() -> None:
    naming = await Naming(zone=replace(PLAIN, ports=Ports(ipp=631, ipps=None))).ready()
    assert targets(naming.ask(("_services", "_dns-sd", "_udp", *ZONE), "PTR")) == ["_ipp"]
    assert naming.ask(("_ipps", "_tcp", *ZONE), "PTR").rr == []


async def test_a_name_server_elsewhere_needs_no_address_here() -> None:
    zone = replace(PLAIN, servers=(("ns1", "example", "org"), ("ns", *ZONE)))
    naming = await Naming(zone=zone).ready()
    assert [str(row.rdata) for row in naming.ask(ZONE, "NS").rr] == ["ns1.example.org.", "ns.print.example.org."]
    assert naming.ask(("ns1", "example", "org"), "A").header.rcode == REFUSED


async def test_it_follows_its_source_until_it_is_stopped(naming: Naming) -> None:
    import asyncio

    running = asyncio.create_task(naming.authority.run())
    await naming.clock.until_sleeping()
    naming.printers, naming.generation = (HALL,), naming.generation + 1
    await naming.clock.advance(1.0)
    while len(targets(naming.ask(IPP_LIST, "PTR"))) != 1:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
