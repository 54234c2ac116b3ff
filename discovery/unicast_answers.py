"""Answers of the print zone, packed once: a question finds octets, and only its own name and id are put before.

dnslib packs each answer together with its question, so that its names point into that question at octet 12; whatever
letters the asker wrote there in which case, the pointers stay right. What a no needs, the SOA, points to the part of the
question that is the zone's name.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from dnslib import (  # type: ignore[import-untyped]  # it has no annotations
    AAAA,
    NS,
    PTR,
    RD,
    RR,
    SOA,
    SRV,
    TXT,
    A,
    DNSHeader,
    DNSLabel,
    DNSQuestion,
    DNSRecord,
)

from discovery.unicast_query import HEADER
from discovery.unicast_records import Data, Host, Name, Ns, Ptr, Record, Soa, Srv, Txt

TYPES: Final = {"A": 1, "NS": 2, "SOA": 6, "PTR": 12, "HINFO": 13, "TXT": 16, "AAAA": 28, "SRV": 33}
ANY: Final = 255
_FIXED: Final = struct.Struct("!HHIH")  # type, class, ttl, length of the data
Known = Mapping[Name, Mapping[str, list[Record]]]
_KINDS: Final = {number: kind for kind, number in TYPES.items()}
UDP_MAX: Final = 1232  # octets that pass every network in one piece
_EDNS_ROOM: Final = 11 + 24  # the record itself, and a client subnet
TCP_MAX: Final = 60_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """`body`: `count` answers that follow the question; `extra`: `extra_count` additionals that may follow or not."""

    count: int
    body: bytes
    extra_count: int = 0
    extra: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A name that exists; `apex` is the wire form of the zone that it lies in, `records` what it has, by type.

    An answer is packed when it is first asked for: most of a zone of hundreds of Printers is asked for seldom.
    """

    name: Name
    apex: bytes
    records: Mapping[str, list[Record]]
    packed: dict[int, Packed] = field(default_factory=dict)

    def answer(self, kind: int, known: Known) -> Packed | None:
        """None where there is nothing of this type."""
        found = self.packed.get(kind)
        if found is None and self.records:
            rows = self.records.get(_KINDS.get(kind, ""))
            if kind == ANY:
                found = minimal_any(self.name, next(iter(self.records.values()))[0].ttl)
            elif rows:
                found = pack(self.name, _KINDS[kind], rows, known)
            if found is not None:
                self.packed[kind] = found
        return found


def wire(name: Name) -> bytes:
    """As it stands in a packet, in lower case; UTF-8 as DNS-SD has it (RFC 6763 section 4.1.3)."""
    labels = (label.encode().lower() for label in name)
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def by_name(records: Iterable[Record]) -> dict[Name, dict[str, list[Record]]]:
    found: dict[Name, dict[str, list[Record]]] = {}
    for record in records:
        found.setdefault(record.name, {}).setdefault(record.data.type, []).append(record)
    return found


def nodes(apex: Name, known: Known, further: Iterable[Name] = ()) -> dict[bytes, Node]:
    """Every name of a zone; `further` names, and those between a name and the zone, exist empty."""
    above = wire(apex)
    names = _with_parents((*known, *further), apex)
    return {wire(name): Node(name=name, apex=above, records=known.get(name, {})) for name in names}


def _with_parents(names: Iterable[Name], apex: Name) -> Iterable[Name]:
    """Each once, and all between it and the zone's own."""
    return dict.fromkeys(name[depth:] for name in names for depth in range(len(name) - len(apex) + 1))


def soa_body(record: Record) -> bytes:
    """The SOA for the authority section without its name, to which two octets point; nothing in it is a pointer."""
    soa = record.data
    assert isinstance(soa, Soa)
    times = struct.pack("!IIIII", soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum)
    data = wire(soa.primary) + wire(soa.contact) + times
    return _FIXED.pack(TYPES["SOA"], 1, min(record.ttl, soa.minimum), len(data)) + data


def pack(name: Name, kind: str, rows: list[Record], known: Known) -> Packed:
    """The answer of one name and type; `known` has what it leads to.

    It brings along what the asker will want next, where all of it fits into one datagram (RFC 6763 section 12).
    """
    rows = _fitting(rows) if kind == "PTR" else rows
    plain = _body(name, kind, rows, [])
    if len(plain) > UDP_MAX // 2:
        return Packed(count=len(rows), body=plain)
    more = list(dict.fromkeys(_wanted_next(rows, known)))
    full = _body(name, kind, rows, more)
    if HEADER.size + len(wire(name)) + len(full) + _EDNS_ROOM > UDP_MAX:
        return Packed(count=len(rows), body=plain)
    return Packed(count=len(rows), body=plain, extra_count=len(more), extra=full[len(plain) :])


def _fitting(rows: list[Record]) -> list[Record]:
    """As many as one TCP message takes, which is more than a thousand."""
    sizes, fitting = 0, []
    for row in rows:
        sizes += 16 + (len(row.data.target[0].encode()) if isinstance(row.data, Ptr) else 0)
        if sizes > TCP_MAX:
            break
        fitting.append(row)
    return fitting


def _wanted_next(rows: list[Record], known: Known) -> Iterable[Record]:
    for row in rows:
        if isinstance(row.data, Ptr):
            there = known.get(row.data.target, {})
            services = there.get("SRV", [])
            yield from (*services, *there.get("TXT", []), *_wanted_next(services, known))
        elif isinstance(row.data, Srv):
            there = known.get(row.data.target, {})
            yield from (*there.get("A", []), *there.get("AAAA", []))


def minimal_any(name: Name, ttl: int) -> Packed:
    """RFC 8482 section 4.2: whoever asks for anything gets one record that says so."""
    record = DNSRecord(DNSHeader(qr=1), q=DNSQuestion(_label(name), ANY))
    record.add_answer(RR(_label(name), TYPES["HINFO"], ttl=ttl, rdata=RD(b"\x07RFC8482\x00")))
    return Packed(count=1, body=_without_question(record, name))


def _body(name: Name, kind: str, rows: list[Record], more: list[Record]) -> bytes:
    record = DNSRecord(DNSHeader(qr=1), q=DNSQuestion(_label(name), TYPES[kind]))
    for row in rows:
        record.add_answer(_rr(row))
    for row in more:
        record.add_ar(_rr(row))
    return _without_question(record, name)


def _without_question(record: DNSRecord, name: Name) -> bytes:
    return bytes(record.pack()[HEADER.size + len(wire(name)) + 4 :])


def _rr(record: Record) -> RR:
    return RR(_label(record.name), TYPES[record.data.type], ttl=record.ttl, rdata=_rdata(record.data))


def _rdata(data: Data) -> RD:
    match data:
        case Ptr():
            return PTR(_label(data.target))
        case Srv():
            return SRV(0, 0, data.port, _label(data.target))
        case Txt():
            return TXT(list(data.items))
        case Host():
            return A(str(data.address)) if data.type == "A" else AAAA(str(data.address))
        case Ns():
            return NS(_label(data.target))
        case Soa():
            times = (data.serial, data.refresh, data.retry, data.expire, data.minimum)
            return SOA(_label(data.primary), _label(data.contact), times)


def _label(name: Name) -> DNSLabel:
    return DNSLabel([label.encode() for label in name])
