"""A print zone for the tests of unicast DNS-SD: Printers that a test changes, questions, and answers read by dnslib."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

from dnslib import EDNS0, QTYPE, DNSHeader, DNSLabel, DNSQuestion, DNSRecord, EDNSOption

from discovery.records import Ports
from discovery.unicast import Authority, Source
from discovery.unicast_records import Name, PrintZone
from gateway.domain.printer import Printer
from gateway.settings import Dns
from tests.fakes import FakeClock, a_printer

ZONE = ("print", "example", "org")
PLAIN = PrintZone(
    name=ZONE,
    servers=(("ns", *ZONE),),
    contact=("hostmaster", "example", "org"),
    addresses=("192.0.2.7", "2001:db8::7"),
    ports=Ports(ipp=8631, ipps=8631),
    base_url="https://print.example.org",
    ttl=120,
    negative_ttl=30,
    domains=(("example", "org"),),
    networks=(ip_network("10.1.2.0/24"), ip_network("2001:db8:1::/64")),
)
HALL = a_printer("hall", info="Hall, 1st floor", location='The "Hall"; $1', host_names=("hall.print.example.org",))
FIND_ME = a_printer("find-me", info="Find me")


@dataclass(kw_only=True, slots=True)
class Naming:
    """The authority over rows that the test holds; in 10.1.2.0/24 only HALL is shown."""

    zone: PrintZone = PLAIN
    printers: tuple[Printer, ...] = (FIND_ME, HALL)
    settings: Dns = field(default_factory=Dns)
    clock: FakeClock = field(default_factory=FakeClock)
    generation: int = 0
    authority: Authority = field(init=False)

    def __post_init__(self) -> None:
        source = Source(
            generation=lambda: self.generation,
            zone=lambda: self.zone,
            printers=lambda: self.printers,
            printers_at=self.shown,
        )
        self.authority = Authority(source, settings=self.settings, clock=self.clock)

    async def ready(self) -> "Naming":
        await self.authority.refresh()
        return self

    async def change(self, *printers: Printer) -> None:
        self.printers, self.generation = printers, self.generation + 1
        await self.authority.refresh()

    def shown(self, address: str) -> tuple[Printer, ...]:
        return tuple(p for p in self.printers if p.name == "hall" or not address.startswith("10.1.2."))

    def ask(self, name: Name, kind: str, address: str = "192.0.2.50", *, tcp: bool = False, **given: Any) -> DNSRecord:
        answer = self.authority.answer(question(name, kind, **given), address, tcp=tcp)
        assert answer is not None
        return DNSRecord.parse(answer)


def question(
    name: Name,
    kind: str = "PTR",
    *,
    size: int | None = 1232,
    subnet: str = "",
    upper: bool = False,
    ident: int = 7,
    klass: int = 1,
    rd: int = 1,
) -> bytes:
    """`size` None is a question without EDNS; `subnet`: address/prefix of EDNS Client Subnet."""
    labels = [(label.upper() if upper else label).encode() for label in name]
    record = DNSRecord(DNSHeader(id=ident, rd=rd), q=DNSQuestion(DNSLabel(labels), getattr(QTYPE, kind), klass))
    if size is not None:
        record.add_ar(EDNS0(udp_len=size, opts=[EDNSOption(8, client_subnet(subnet))] if subnet else []))
    return bytes(record.pack())


def client_subnet(text: str) -> bytes:
    """RFC 7871 section 6."""
    network = ip_network(text)
    family = b"\0\x01" if network.version == 4 else b"\0\x02"
    octets = network.network_address.packed[: (network.prefixlen + 7) // 8]
    return family + bytes((network.prefixlen, 0)) + octets


def targets(answer: DNSRecord) -> list[str]:
    """What the PTR records of the answer lead to, by their first label."""
    return [row.rdata.label.label[0].decode() for row in answer.rr if row.rtype == QTYPE.PTR]


def kinds(rows: Sequence[Any]) -> list[str]:
    return [QTYPE[row.rtype] for row in rows]


def many(count: int) -> tuple[Printer, ...]:
    return tuple(a_printer(f"p{n:04d}", info=f"Printer number {n:04d}") for n in range(count))


def with_networks(*networks: str) -> PrintZone:
    return replace(PLAIN, networks=tuple(map(ip_network, networks)))
