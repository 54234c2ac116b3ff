"""Frames between the gateway and the process that faces the outside (pure).

length   4 octets, of what follows
kind     1 octet
number   4 octets: a caller at the meeting place, or a session
body     the rest
"""

import asyncio
import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

_HEAD = struct.Struct("!IBI")
_FIXED = _HEAD.size - 4
LONGEST = 1024 * 1024
PIECE = 64 * 1024
"""Octets of a message on the data channel: what every browser can send at once (RFC 8831, section 6.6)."""
WINDOW = 4 * 1024 * 1024
"""How far a sender runs ahead of what was taken; twice as far closes the channel."""
ACKNOWLEDGE = 512 * 1024
"""So often a sender hears how much was taken."""


def challenge_text(host: str, challenge: str) -> str:
    """What a gateway signs for a relay: with the relay's name in it, nobody can have it signed for somebody else."""
    return f"papertap relay\n{host}\n{challenge}"


class Kind(IntEnum):
    """From the gateway (->) and to it (<-). A number in brackets is what `number` means."""

    SETTINGS = 0  # -> JSON, first of all
    SIGN = 1  # <- text that the meeting place wants signed
    SIGNED = 2  # -> the signature
    HEARD = 3  # <- [caller] a message
    SAY = 4  # -> [caller] the answer
    OFFER = 5  # -> [session] JSON: sdp, servers
    ANSWER = 6  # <- [session] JSON: sdp, or why there is none
    CANDIDATE = 7  # -> [session] JSON
    OPEN = 8  # <- [session] the data channel is there
    TEXT = 9  # <-> [session] a message of the data channel
    OCTETS = 10  # <- [session]
    TOOK = 11  # -> [session] as many octets went to the disk
    CLOSE = 12  # <-> [session]
    STATUS = 13  # <- JSON: how the meeting place is


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    kind: Kind
    number: int = 0
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


def encode(kind: Kind, number: int = 0, body: bytes = b"") -> bytes:
    return _HEAD.pack(_FIXED + len(body), kind, number) + body


def encode_json(kind: Kind, number: int, value: object) -> bytes:
    return encode(kind, number, json.dumps(value, separators=(",", ":")).encode())


async def read(stream: asyncio.StreamReader) -> Frame | None:
    """None at the end; ValueError for a frame that our other half never sends."""
    try:
        length, kind, number = _HEAD.unpack(await stream.readexactly(_HEAD.size))
        if not _FIXED <= length <= LONGEST:
            raise ValueError(f"a frame of {length} octets")
        return Frame(kind=Kind(kind), number=number, body=await stream.readexactly(length - _FIXED))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
