"""Asks one name server one question, for the self-test: over UDP, and over TCP where the answer is cut."""

import asyncio
import contextlib
import secrets
import struct
from dataclasses import dataclass
from typing import Any, Final

from dnslib import (  # type: ignore[import-untyped]  # it has no annotations
    EDNS0,
    QTYPE,
    DNSError,
    DNSHeader,
    DNSLabel,
    DNSQuestion,
    DNSRecord,
)

from discovery.unicast_answers import TYPES, UDP_MAX
from discovery.unicast_records import Name

SECONDS: Final = 3.0
_TRIES: Final = 2


class NoAnswer(Exception):
    """The message says what happened instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """`rcode`: 0 is fine, 3 no such name, 5 refused. `values`: what the records of the asked type say, as text.

    `targets` are the names that PTR, NS and SRV records lead to.
    """

    rcode: int
    authoritative: bool
    values: tuple[str, ...]
    targets: tuple[Name, ...]


async def ask(server: str, port: int, name: Name, kind: str, *, seconds: float = SECONDS) -> Reply:
    """NoAnswer when the server is silent or speaks no DNS. `server` is an address."""
    question = DNSRecord(
        DNSHeader(id=secrets.randbelow(65536), rd=1),
        q=DNSQuestion(DNSLabel([label.encode() for label in name]), TYPES[kind]),
    )
    question.add_ar(EDNS0(udp_len=UDP_MAX))
    packet = bytes(question.pack())
    answer = await _by_udp(server, port, packet, seconds)
    if answer is None:
        answer = await _by_tcp(server, port, packet, seconds)
    return _read(answer, kind)


async def _by_udp(server: str, port: int, packet: bytes, seconds: float) -> bytes | None:
    """The answer; None where it is cut."""
    for _ in range(_TRIES):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                answer = await _exchange(server, port, packet)
                return None if answer[2] & 0x02 else answer
    raise NoAnswer(f"{server} port {port} does not answer over UDP")


async def _exchange(server: str, port: int, packet: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[bytes] = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Waiting(packet[:2], arrived), remote_addr=(server, port)
        )
    except OSError as error:
        raise NoAnswer(f"{server} cannot be reached: {error.strerror or error}") from error
    try:
        transport.sendto(packet)
        return await arrived
    finally:
        transport.close()


class _Waiting(asyncio.DatagramProtocol):
    def __init__(self, ident: bytes, arrived: asyncio.Future[bytes]) -> None:
        self._ident, self._arrived = ident, arrived

    def datagram_received(self, data: bytes, _address: Any) -> None:
        if not self._arrived.done() and len(data) >= 12 and data[:2] == self._ident and data[2] & 0x80:
            self._arrived.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self._arrived.done():
            self._arrived.set_exception(NoAnswer(f"nothing listens there: {error}"))


async def _by_tcp(server: str, port: int, packet: bytes, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(server, port)
            try:
                writer.write(struct.pack("!H", len(packet)) + packet)
                size = int.from_bytes(await reader.readexactly(2), "big")
                return await reader.readexactly(size)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise NoAnswer(f"{server} port {port} does not answer over TCP, which long lists need") from error


def _read(answer: bytes, kind: str) -> Reply:
    """Whatever a foreign server sends: dnslib raises much, and a chain of pointers makes it recurse."""
    try:
        parsed = DNSRecord.parse(answer)
        rows = [row for row in parsed.rr if QTYPE[row.rtype] == kind]
        return Reply(
            rcode=parsed.header.rcode,
            authoritative=bool(parsed.header.aa),
            values=tuple(str(row.rdata) for row in rows),
            targets=tuple(filter(None, (_target(row.rdata) for row in rows))),
        )
    except (DNSError, RecursionError, ValueError, LookupError, AttributeError, struct.error) as error:
        raise NoAnswer("the answer is no DNS that can be read") from error


def _target(data: Any) -> Name | None:
    label = getattr(data, "target", None) or getattr(data, "label", None)
    return tuple(part.decode(errors="replace") for part in label.label) if isinstance(label, DNSLabel) else None
