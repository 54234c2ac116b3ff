"""One DNS query out of a packet (RFC 1035 section 4.1, RFC 6891, RFC 7871). Pure; no pointer is ever followed.

    0  id(2) flags(2) qdcount(2) ancount(2) nscount(2) arcount(2)
    12 qname: length(1) label ... 0(1);  qtype(2) qclass(2)
       records: name, type(2) class(2) ttl(4) rdlength(2) rdata; the one of type 41 is EDNS:
         class is the size of answers that the asker takes, ttl is extended-rcode(1) version(1) flags(2),
         rdata is option-code(2) option-length(2) data; option 8 is family(2) source(1) scope(1) address

A question needs no compression, so a pointer in it is an error, and one in a further record just ends its name.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

HEADER: Final = struct.Struct("!HHHHHH")
QR, OPCODE, AA, TC, RD = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100
NAME_MAX: Final = 255
OPT: Final = 41
_RECORD: Final = struct.Struct("!HHIH")
_SHORTS: Final = struct.Struct("!HH")
_CLIENT_SUBNET: Final = 8
_RECORDS_MAX: Final = 16  # a query has one or two


class Malformed(ValueError):
    """The message says what is wrong, and ends with the offset."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subnet:
    """EDNS Client Subnet: whose question it is, as far as the resolver tells; `option` is the data as it came."""

    address: str
    option: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Edns:
    size: int
    version: int
    subnet: Subnet | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """`question` are its octets as they came; `key` is the name in lower case, still in wire form."""

    id: int
    flags: int
    question: bytes
    key: bytes
    type: int
    klass: int
    edns: Edns | None

    @property
    def opcode(self) -> int:
        return (self.flags & OPCODE) >> 11


def parse_query(packet: bytes) -> Query:
    """Malformed for everything that is no single question."""
    if len(packet) < HEADER.size:
        raise Malformed(f"The header is cut off at {len(packet)}")
    ident, flags, questions, answers, authorities, additionals = HEADER.unpack_from(packet)
    if questions != 1:
        raise Malformed(f"{questions} questions instead of one at 4")
    end = _end_of_question(packet)
    if len(packet) < end + 4:
        raise Malformed(f"The question is cut off at {len(packet)}")
    kind, klass = _SHORTS.unpack_from(packet, end)
    further = answers + authorities + additionals
    edns = _records(packet, end + 4, further) if further else None
    return Query(
        id=ident,
        flags=flags,
        question=packet[HEADER.size : end + 4],
        key=packet[HEADER.size : end].lower(),
        type=kind,
        klass=klass,
        edns=edns,
    )


def _end_of_question(packet: bytes) -> int:
    at, size = HEADER.size, len(packet)
    while at < size:
        length = packet[at]
        if length == 0:
            return at + 1
        if length > 63:
            raise Malformed(f"A label that is none at {at}")
        at += length + 1
        if at - HEADER.size >= NAME_MAX:
            raise Malformed(f"A name over {NAME_MAX} octets at {at}")
    raise Malformed(f"The name is cut off at {size}")


def _records(packet: bytes, at: int, count: int) -> Edns | None:
    if count > _RECORDS_MAX:
        raise Malformed(f"{count} records in a query at 6")
    edns = None
    for _ in range(count):
        start, at = at, _skip_name(packet, at)
        if len(packet) < at + _RECORD.size:
            raise Malformed(f"A record is cut off at {len(packet)}")
        kind, klass, ttl, length = _RECORD.unpack_from(packet, at)
        at += _RECORD.size
        if len(packet) < at + length:
            raise Malformed(f"A record is cut off at {len(packet)}")
        if kind == OPT:
            if edns is not None or packet[start] != 0:
                raise Malformed(f"A second or a named EDNS record at {start}")
            subnet = _options(packet, at, at + length)
            edns = Edns(size=klass, version=ttl >> 16 & 0xFF, subnet=subnet)
        at += length
    return edns


def _skip_name(packet: bytes, at: int) -> int:
    start, size = at, len(packet)
    while at < size and at - start < NAME_MAX:
        length = packet[at]
        if length == 0:
            return at + 1
        if length >= 0xC0:
            return at + 2
        if length > 63:
            break
        at += length + 1
    raise Malformed(f"A name that is none at {start}")


def _options(packet: bytes, at: int, end: int) -> Subnet | None:
    subnet = None
    while at < end:
        if end < at + 4:
            raise Malformed(f"An option is cut off at {end}")
        code, length = _SHORTS.unpack_from(packet, at)
        at += 4
        if end < at + length:
            raise Malformed(f"An option is cut off at {end}")
        if code == _CLIENT_SUBNET:
            subnet = _subnet(packet[at : at + length], at)
        at += length
    return subnet


def _subnet(data: bytes, at: int) -> Subnet:
    """RFC 7871 section 6: as many octets of the address as the source prefix needs; scope is 0 in a query."""
    if len(data) < 4:
        raise Malformed(f"A client subnet is cut off at {at + len(data)}")
    family, source, scope = int.from_bytes(data[:2], "big"), data[2], data[3]
    size = {1: 4, 2: 16}.get(family, 0)
    octets = data[4:]
    if not size or scope or source > 8 * size or len(octets) != (source + 7) // 8:
        raise Malformed(f"A client subnet that is none at {at}")
    if source % 8 and octets[-1] & (0xFF >> source % 8):
        raise Malformed(f"A client subnet with bits behind its prefix at {at}")
    padded = octets.ljust(size, b"\0")
    return Subnet(address=str(IPv4Address(padded) if size == 4 else IPv6Address(padded)), option=data)
