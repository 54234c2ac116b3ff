"""The probe: messages as RFC 1035 writes them, browsing beside another responder, and asking a name server."""

import asyncio
import json
import random
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dnslib import RR, SRV, TXT, A, DNSHeader, DNSQuestion, DNSRecord

from discovery import probe
from discovery.records import Ports, services
from tests.discovery.announcing import a_named_printer, advertising
from tests.peers.names import name_server
from tests.peers.processes import free_port

HEAD = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0)
PTR_RECORD = b"\4_ipp\4_tcp\5local\0" + struct.pack("!2HIH", 12, 1, 120, 6) + b"\3Hal\xc0\x0c"


def test_a_message_is_read_with_its_pointers() -> None:
    assert probe.records(HEAD + PTR_RECORD) == [
        (("_ipp", "_tcp", "local"), probe.PTR, ("Hal", "_ipp", "_tcp", "local")),
    ]


def test_a_goodbye_says_nothing() -> None:
    gone = PTR_RECORD.replace(struct.pack("!I", 120), struct.pack("!I", 0))
    assert probe.records(HEAD + gone) == []


def test_a_question_is_what_another_codec_reads() -> None:
    read = DNSRecord.parse(probe.question([(("Hall; 1st", "_ipp", "_tcp", "local"), probe.SRV)], 7, 0x0100, edns=True))
    assert (read.header.id, read.header.rd, read.questions[0].qtype) == (7, 1, probe.SRV)
    assert read.questions[0].qname.label[0] == b"Hall; 1st"
    assert read.ar[0].edns_len == 1232


@pytest.mark.parametrize(
    "message",
    [
        b"",
        HEAD,
        HEAD + b"\xc0\x0c" + bytes(10),  # a pointer to itself
        HEAD + b"\xc0\x20" + bytes(40),  # a pointer ahead
        HEAD + b"\x80" + bytes(20),  # no kind of length
        HEAD + b"\1a\0" + struct.pack("!2HIH", 12, 1, 120, 4000) + b"\0",
        HEAD + b"\x3f" + b"a" * 20,
    ],
)
def test_what_is_no_message_is_told_so(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        probe.records(message)


def test_whatever_comes_it_is_read_or_refused() -> None:
    """Bounded, and never another error: the probe listens to strangers."""
    answer = DNSRecord(DNSHeader(qr=1), q=DNSQuestion("a._ipp._tcp.local"))
    answer.add_answer(RR("a._ipp._tcp.local", 33, rdata=SRV(0, 0, 631, "h.local"), ttl=9))
    answer.add_answer(RR("a._ipp._tcp.local", 16, rdata=TXT([b"UUID=1", b"rp=x"]), ttl=9))
    answer.add_answer(RR("h.local", 1, rdata=A("192.0.2.1"), ttl=9))
    good, chance = bytes(answer.pack()), random.Random(8)
    assert len(probe.records(good)) == 3
    began = time.monotonic()
    for _ in range(20_000):
        broken = bytearray(good)
        for _ in range(chance.randrange(1, 8)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            probe.records(bytes(broken[: chance.randrange(len(broken) + 1)]))
        except ValueError:
            continue
    assert time.monotonic() - began < 20


def test_a_flood_of_names_stays_bounded() -> None:
    book = probe.Book()
    for number in range(2 * probe.MOST_NAMES):
        book.take([(("_ipp", "_tcp", "local"), probe.PTR, (f"p{number}", "_ipp", "_tcp", "local"))])
        book.take([((f"p{number}", "_ipp", "_tcp", "local"), probe.SRV, (631, (f"h{number}", "local")))])
    assert len(book.services(("local",))) == probe.MOST_NAMES
    assert len(book.hosts) == probe.MOST_NAMES


async def test_it_sees_what_the_other_responder_announces() -> None:
    printer = a_named_printer()
    async with advertising(printer, ports=Ports(ipp=8631, ipps=8632), host="probe-seen") as running:
        await running.name()
        heard = await asyncio.to_thread(probe.browse, "127.0.0.1", 3.0)
    mine = [one for one in heard if one["txt"].get("UUID") == str(printer.uuid)]
    assert [(one["type"], one["port"]) for one in mine] == [
        ("_ipp._tcp", 8631),
        ("_ipps._tcp", 8632),
        ("_universal._sub._ipp._tcp", 8631),
        ("_universal._sub._ipps._tcp", 8632),
    ]
    assert {(one["instance"], one["host"]) for one in mine} == {(printer.info, "probe-seen.local")}
    assert all("127.0.0.1" in one["addresses"] for one in mine)
    assert mine[0]["txt"]["rp"] == f"ipp/print/{printer.name}"


def test_a_resolver_is_asked_as_a_phone_asks() -> None:
    with name_server({("nobody.example.org", "TXT"): ("x",)}) as port:
        told = probe.look_up(f"127.0.0.1#{port}", "print.example.org", time.monotonic() + 5)
    assert (told["rcode"], told["error"], told["heard"]) == (3, "", [])


def test_a_resolver_that_is_not_there() -> None:
    told = probe.look_up(f"127.0.0.1#{free_port()}", "print.example.org", time.monotonic() + 5)
    assert told["error"]


def test_nobody_listens_at_a_printers_place() -> None:
    told = probe.reach("printer.example", free_port(), "ipp/print", "127.0.0.1")
    assert (told["status"], told["tls"]) == (-1, "")
    assert told["error"]


def test_what_speaks_no_tls_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        plain.settimeout(5)
        told = asyncio.run(_beside(plain))
    assert told["status"] == -1
    assert told["error"]


async def _beside(plain: socket.socket) -> dict[str, object]:
    def answer() -> None:
        connection, _ = plain.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    port = plain.getsockname()[1]
    _, told = await asyncio.gather(
        asyncio.to_thread(answer), asyncio.to_thread(probe.reach, "a.example", port, "ipp/print", "127.0.0.1")
    )
    return told


def test_a_host_without_an_address_is_asked_for_both() -> None:
    book, name = probe.Book(), ("Hall", "_ipp", "_tcp", "local")
    book.take([(("_ipp", "_tcp", "local"), probe.PTR, name), (name, probe.SRV, (631, ("h", "local")))])
    asked = book.open_questions(("local",))
    assert [kind for host, kind in asked if host == ("h", "local")] == [probe.A, probe.AAAA]
    book.take([(("h", "local"), probe.AAAA, "2001:db8::1")])
    assert not [kind for host, kind in book.open_questions(("local",)) if host == ("h", "local")]


def test_an_interface_is_known_by_its_ipv6_address(tmp_path: Path) -> None:
    table = tmp_path / "if_inet6"
    table.write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n20010db8000000000000000000000001 0b 40 00 80     eth0\n"
    )
    assert probe.interface_index("2001:db8::1", str(table)) == 11
    assert probe.interface_index("2001:db8::2", str(table)) == 0
    assert probe.interface_index("2001:db8::1", str(tmp_path / "none")) == 0
    assert probe.interface_index("fe80::1%7") == 7
    assert probe.interface_index("fe80::1%lo") == socket.if_nametoindex("lo")


def test_by_ipv6_only_ipv6_addresses_are_connected_to() -> None:
    ours = {"host": "h.local", "port": 8631, "addresses": ["192.0.2.1", "2001:db8::1"], "txt": {"UUID": "own"}}
    order = {"printers": ["own"], "targets": [["gw.example", 1, "p"], ["192.0.2.1", 1, "p"], ["2001:db8::1", 1, "p"]]}
    assert [row[3] for row in probe.targets(order, [ours], "2001:db8::7")] == [
        "gw.example",
        "2001:db8::1",
        "2001:db8::1",
    ]
    assert [row[3] for row in probe.targets(order, [ours], "192.0.2.7")] == ["gw.example", "192.0.2.1", "192.0.2.1"]


def test_what_no_report_may_hold_is_left_out() -> None:
    book, name = probe.Book(), ("Hall\n\x1b[2J", "_ipp", "_tcp", "local")
    book.take([(("_ipp", "_tcp", "local"), probe.PTR, name), (name, probe.SRV, (631, ("h\0", "local")))])
    book.take([(name, probe.TXT, {"rp": "a\r\nb", "other": "x"})])
    book.take([(("h\0", "local"), probe.A, f"192.0.2.{number}") for number in range(200)])
    (told,) = book.services(("local",))
    assert (told["instance"], told["host"], told["txt"]) == ("Hall[2J", "h.local", {"rp": "ab"})
    assert len(told["addresses"]) == probe.MOST_ADDRESSES


def test_the_way_to_the_gateway_is_the_first_that_there_is() -> None:
    assert probe.own_address([("no.such.host.invalid", 1), ("127.0.0.1", 9)]) == "127.0.0.1"
    assert probe.own_address([("no.such.host.invalid", 1)]) == ""


def test_only_our_own_printers_are_connected_to() -> None:
    stranger = {"host": "other.local", "port": 631, "addresses": ["192.0.2.9"], "txt": {"UUID": "other"}}
    ours = {"host": "h.local", "port": 8631, "addresses": ["fe80::1", "192.0.2.1"], "txt": {"UUID": "OWN", "rp": "/a"}}
    order = {"printers": ["own"], "targets": [["gw", 8631, "ipp/print"]]}
    assert probe.targets(order, [stranger, ours, ours], "192.0.2.7") == [
        ("gw", 8631, "ipp/print", "gw"),
        ("h.local", 8631, "a", "192.0.2.1"),
    ]


def test_a_report_on_many_printers_stays_below_what_the_gateway_takes() -> None:
    (service,) = services(a_named_printer(), instance="x", base_url="https://gw", ports=Ports(ipp=8631, ipps=None))
    txt = {key: value for key, value in service.txt if key in probe.KEYS}
    row = {"host": "gw.local", "port": 8631, "addresses": ["192.0.2.1", "fe80::1"]}
    rows = [
        {**row, "instance": f"Printer {number:03d}", "type": type_, "txt": {**txt, "UUID": f"{number:036d}"}}
        for type_ in probe.TYPES
        for number in range(200)
    ]
    told = probe.together(rows)
    assert len(told) == 200
    assert told[7]["types"] == list(probe.TYPES)
    assert len(json.dumps(told)) < 128 * 1024  # twice: by multicast and by DNS


def test_the_bare_file_needs_nothing_and_says_where_to_load_it(tmp_path: Path) -> None:
    alone = tmp_path / "papertap-probe.py"
    alone.write_bytes(Path(probe.__file__).read_bytes())
    done = subprocess.run([sys.executable, "-I", str(alone)], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert "AirPrint Doctor" in done.stderr


def test_the_resolver_is_the_first_that_dhcp_gave(tmp_path: Path) -> None:
    written = tmp_path / "resolv.conf"
    written.write_text("# a comment\nsearch example.org\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n")
    assert probe.own_resolver(str(written)) == "192.0.2.53"
    assert probe.own_resolver(str(tmp_path / "none")) == ""
