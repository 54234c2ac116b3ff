"""Packets as an attacker of a name server sends them: damaged questions, chains of pointers, lying counts."""

import random
from collections.abc import Iterator

from tests.discovery.naming import ZONE, question

_KINDS = ("PTR", "SRV", "TXT", "A", "AAAA", "SOA", "NS", "ANY", "AXFR")
_NAMES = (
    ZONE,
    ("_ipp", "_tcp", *ZONE),
    ("Hall, 1st floor", "_ipp", "_tcp", *ZONE),
    ("b", "_dns-sd", "_udp", "example", "org"),
)


def packets(chance: random.Random, count: int) -> Iterator[bytes]:
    """The same ones for the same `chance`."""
    makers = (_flipped, _cut, _grown, _noise, _pointers, _counts, _labels, _options)
    for number in range(count):
        yield makers[number % len(makers)](chance)


def _good(chance: random.Random) -> bytearray:
    subnet = chance.choice(("", "10.1.2.0/24", "2001:db8::/32"))
    name, kind = chance.choice(_NAMES), chance.choice(_KINDS)
    return bytearray(
        question(name, kind, subnet=subnet, ident=chance.randrange(65536), size=chance.choice((0, 512, 65535)))
    )


def _flipped(chance: random.Random) -> bytes:
    packet = _good(chance)
    for _ in range(chance.randrange(1, 9)):
        packet[chance.randrange(len(packet))] = chance.randrange(256)
    return bytes(packet)


def _cut(chance: random.Random) -> bytes:
    packet = _good(chance)
    return bytes(packet[: chance.randrange(len(packet))])


def _grown(chance: random.Random) -> bytes:
    return bytes(_good(chance)) + chance.randbytes(chance.randrange(1, 900))


def _noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(0, 1500))


def _pointers(chance: random.Random) -> bytes:
    """A chain in which each pointer leads to the one before: 1,900 of them, or a loop."""
    head = chance.randbytes(2) + b"\x01\0\0\x01\0\0\0\0\0\0"
    chain = b"".join((0xC000 | max(12, 10 + 2 * n)).to_bytes(2, "big") for n in range(chance.randrange(1, 1900)))
    start = chance.choice((b"", b"\x01a", b"\xc0\x0c", b"\xff\xff"))
    return head + start + chain + b"\0\x0c\0\x01"


def _counts(chance: random.Random) -> bytes:
    packet = _good(chance)
    packet[4:12] = chance.choice((b"\xff" * 8, b"\0" * 8, chance.randbytes(8)))
    return bytes(packet)


def _labels(chance: random.Random) -> bytes:
    """Labels of every length, also those that no name may have."""
    head = chance.randbytes(2) + b"\x01\0\0\x01\0\0\0\0\0\0"
    labels = b"".join(bytes((n := chance.randrange(80),)) + chance.randbytes(n) for _ in range(chance.randrange(12)))
    return head + labels + b"\0\0\x0c\0\x01"


def _options(chance: random.Random) -> bytes:
    packet = _good(chance)
    data = b"\0\x08" + chance.randbytes(2) + chance.randbytes(chance.randrange(30))
    packet[-2:] = len(data).to_bytes(2, "big")
    return bytes(packet) + data
