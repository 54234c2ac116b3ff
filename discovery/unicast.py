"""The authoritative name server of the print zone, without sockets: a packet in, a packet or silence out.

It answers for its zone and for the browsing names below search domains, and refuses everything else. Nothing is
recursive, nothing is transferred, nothing is changed from outside.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from discovery.unicast_answers import UDP_MAX
from discovery.unicast_limit import ResponseLimit, Verdict, network_of
from discovery.unicast_query import AA, HEADER, OPCODE, QR, RD, TC, Malformed, Query, parse_query
from discovery.unicast_records import PrintZone
from discovery.unicast_zone import Found, PackedZone, View
from gateway.domain.printer import Printer
from gateway.services.ports import Clock
from gateway.settings import Dns

NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 3, 4, 5, 16
LOOK_SECONDS: Final = 1.0
PLAIN_MAX: Final = 512  # octets over UDP for who says nothing of EDNS
TCP_MAX: Final = 65_535
_IN: Final = 1
_META: Final = range(249, 255)  # TKEY, TSIG, transfers and mailboxes: nothing of an ordinary question
_ASKERS_MAX: Final = 10_000  # addresses of which is remembered what they are shown
_OPT: Final = b"\0\0\x29" + UDP_MAX.to_bytes(2, "big")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """What is known of an address: the network it counts for, and whether it is a resolver that asks for others."""

    network: bytes
    trusted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What the zone is made of. `generation` is another one whenever the rest may be."""

    generation: Callable[[], object]
    zone: Callable[[], PrintZone]
    printers: Callable[[], tuple[Printer, ...]]
    printers_at: Callable[[str], tuple[Printer, ...]]


class Authority:
    """Silent until `refresh` has run once; `run` keeps it equal to its source."""

    def __init__(self, source: Source, *, settings: Dns, clock: Clock) -> None:
        self._source, self._clock = source, clock
        self._resolvers = tuple(ip_network(network, strict=False) for network in settings.resolvers)
        self._limit = ResponseLimit(rate=settings.answer_rate, burst=settings.answer_burst)
        self._askers: dict[str, Asker] = {}
        self._views: dict[str, View] = {}
        self._generation: object = None
        self._content: PackedZone | None = None
        self._serial = 0

    async def refresh(self) -> None:
        """Packs anew where something changed."""
        generation = self._source.generation()
        if self._content is not None and generation == self._generation:
            return
        self._serial = max(self._serial + 1, int(self._clock.now()))
        zone, printers = self._source.zone(), self._source.printers()
        content = await asyncio.to_thread(PackedZone, zone, printers, serial=self._serial)
        self._content, self._generation = content, generation
        self._views.clear()

    async def run(self) -> None:
        while True:
            await self.refresh()
            await self._clock.sleep(LOOK_SECONDS)

    def answer(self, packet: bytes, address: str, *, tcp: bool = False) -> bytes | None:
        """None is silence: for what is no query, and for a network that asks too much over UDP."""
        if len(packet) < HEADER.size or packet[2] & 0x80 or self._content is None:
            return None
        try:
            query = parse_query(packet)
        except Malformed:
            query = None
        asker = self._asker(address)
        reply = _form_error(packet) if query is None else self._reply(query, address, asker, self._content, tcp=tcp)
        if tcp or asker.trusted:
            return reply
        verdict = self._limit.take(asker.network, len(reply), self._clock.monotonic())
        if verdict is Verdict.TRUNCATE and query is not None:
            return _encode(query, AA | TC)
        return reply if verdict is Verdict.ANSWER else None

    def _reply(self, query: Query, address: str, asker: Asker, content: PackedZone, *, tcp: bool) -> bytes:
        refusal = _refusal(query)
        if refusal is not None:
            return _encode(query, 0, rcode=refusal)
        subnet = query.edns.subnet if query.edns and asker.trusted else None
        where = subnet.address if subnet else address
        found = content.look_up(query.key, query.type, lambda: self._view(where))
        if found is None:
            return _encode(query, 0, rcode=REFUSED)
        counts, body, rcode = _sections(query, found, content)
        option = _with_scope(subnet.option) if subnet else b""
        room = TCP_MAX if tcp else max(PLAIN_MAX, min(query.edns.size, UDP_MAX)) if query.edns else PLAIN_MAX
        used = HEADER.size + len(query.question) + len(body) + (11 + len(option) if query.edns else 0)
        packed = found.packed
        if packed is not None and packed.extra and used + len(packed.extra) <= room:
            counts, body = (*counts[:2], packed.extra_count), body + packed.extra
        elif used > room:
            return _encode(query, AA | TC, rcode=rcode, option=option)
        return _encode(query, AA, rcode=rcode, counts=counts, body=body, option=option)

    def _view(self, address: str) -> View:
        view = self._views.get(address)
        if view is None:
            if len(self._views) >= _ASKERS_MAX:
                self._views.clear()
            view = self._views[address] = self._source.printers_at(address)
        return view

    def _asker(self, address: str) -> Asker:
        known = self._askers.get(address)
        if known is None:
            if len(self._askers) >= _ASKERS_MAX:
                self._askers.clear()
            own = ip_address(address.partition("%")[0])
            trusted = any(own.version == network.version and own in network for network in self._resolvers)
            known = self._askers[address] = Asker(network=network_of(address), trusted=trusted)
        return known


def _refusal(query: Query) -> int | None:
    if query.opcode:
        return NOTIMP
    if query.edns and query.edns.version:
        return BADVERS
    return REFUSED if query.klass != _IN or query.type in _META else None


def _sections(query: Query, found: Found, content: PackedZone) -> tuple[tuple[int, int, int], bytes, int]:
    """Counts, octets and status: the answer, or a no with the SOA that says how long it holds (RFC 2308)."""
    if found.packed is not None:
        return (found.packed.count, 0, 0), found.packed.body, NOERROR
    at = HEADER.size + len(query.key) - len(found.apex)
    body = (0xC000 | at).to_bytes(2, "big") + content.soa(found.apex)
    return (0, 1, 0), body, NOERROR if found.exists else NXDOMAIN


def _encode(
    query: Query,
    flags: int,
    *,
    rcode: int = NOERROR,
    counts: tuple[int, int, int] = (0, 0, 0),
    body: bytes = b"",
    option: bytes = b"",
) -> bytes:
    """Of the asker's flags only the wish for recursion comes back, which is not granted."""
    head = QR | (query.flags & (OPCODE | RD)) | flags | (rcode & 0xF)
    if query.edns is None:
        return HEADER.pack(query.id, head, 1, *counts) + query.question + body
    edns = _OPT + bytes((rcode >> 4, 0, 0, 0)) + len(option).to_bytes(2, "big") + option
    return HEADER.pack(query.id, head, 1, counts[0], counts[1], counts[2] + 1) + query.question + body + edns


def _with_scope(option: bytes) -> bytes:
    """The client subnet again; the answer holds for the whole of what was told of it (RFC 7871 section 7.2.1)."""
    return b"\0\x08" + len(option).to_bytes(2, "big") + option[:3] + option[2:3] + option[4:]


def _form_error(packet: bytes) -> bytes:
    flags = int.from_bytes(packet[2:4], "big") & (OPCODE | RD)
    return HEADER.pack(int.from_bytes(packet[:2], "big"), QR | flags | FORMERR, 0, 0, 0, 0)
