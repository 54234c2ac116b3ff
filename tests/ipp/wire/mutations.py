"""Damaged messages without end, the same for the same seed: for the unit test and for the long fault run."""

import random
from collections.abc import Callable, Iterator, Sequence

from ipp.wire import DecodeError, Decoder, Message
from tests.ipp.wire.samples import SAMPLES

_CORPUS = [octets for octets, _ in SAMPLES.values()]
_TELLING = bytes([0x00, 0x01, 0x03, 0x10, 0x21, 0x34, 0x37, 0x4A, 0x7F, 0x80, 0xFF])


def mutations(count: int, seed: int, corpus: Sequence[bytes] = _CORPUS) -> Iterator[bytes]:
    """Give `count` messages, each with one to eight damages at random places."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(corpus))
        for _ in range(chance.randint(1, 8)):
            chance.choice(_DAMAGES)(chance, data)
        yield bytes(data)


def outcome(data: bytes, size: int = 1 << 30) -> tuple[Message, bytes] | tuple[int, str] | None:
    """Decode `data` in pieces of `size`: (message, document), (offset, reason) of the DecodeError, or None for more.

    Any other exception passes: it is the defect that the caller looks for.
    """
    decoder = Decoder()
    try:
        for start in range(0, len(data), size):
            message = decoder.feed(data[start : start + size])
            if message is not None:
                return message, decoder.trailing + data[start + size :]
    except DecodeError as error:
        if not (0 <= error.offset <= len(data) and str(error).endswith(f"at offset {error.offset}")):
            raise
        return error.offset, error.reason
    return None


def _flip(chance: random.Random, data: bytearray) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _overwrite(chance: random.Random, data: bytearray) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice(_TELLING)


def _insert(chance: random.Random, data: bytearray) -> None:
    at = chance.randint(0, len(data))
    data[at:at] = chance.choice((chance.randbytes(chance.randint(1, 9)), bytes([chance.choice(_TELLING)]) * 5))


def _remove(chance: random.Random, data: bytearray) -> None:
    at = chance.randint(0, len(data))
    del data[at : at + chance.randint(1, 12)]


def _truncate(chance: random.Random, data: bytearray) -> None:
    del data[chance.randint(0, len(data)) :]


def _repeat(chance: random.Random, data: bytearray) -> None:
    start = chance.randint(0, len(data))
    piece = data[start : start + chance.randint(1, 60)]
    if len(data) < 65536:
        data[start:start] = piece * chance.choice((1, 2, 50))


def _splice(chance: random.Random, data: bytearray) -> None:
    other = chance.choice(_CORPUS)
    data[chance.randint(0, len(data)) :] = other[chance.randint(0, len(other)) :]


_DAMAGES: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip,
    _flip,
    _overwrite,
    _overwrite,
    _insert,
    _remove,
    _truncate,
    _repeat,
    _splice,
)
