"""The RAW sink, port 9100: what comes until the sender closes is a job. The protocol has no acknowledgement."""

import asyncio
from collections.abc import AsyncIterator

from ipp.virtual.operations import Hinder
from ipp.virtual.pjl import UEL, PjlHead, needs_more, parse_head
from ipp.virtual.reception import Reception

_CHUNK = 64 * 1024


async def serve_raw(
    reader: asyncio.StreamReader, hinder: Hinder, reception: Reception, *, address: str, idle: float
) -> None:
    """One connection; a sender that is silent for `idle` seconds has ended its job. No octets, no job."""
    chunks = hinder(_chunks(reader, idle))
    head, rest = await _head(chunks)
    if not rest and not head.length:
        return
    job = await reception.open(
        protocol="raw",
        name=head.name or f"raw from {address}",
        user=head.user or "anonymous",
        asked=dict(head.asked),
        copies=head.copies,
        duplex=head.duplex,
    )
    await reception.store(job, _without_tail(_joined(rest, chunks)), "application/octet-stream")
    await reception.close(job)


async def _chunks(reader: asyncio.StreamReader, idle: float) -> AsyncIterator[bytes]:
    while True:
        try:
            data = await asyncio.wait_for(reader.read(_CHUNK), idle)
        except TimeoutError:
            return
        if not data:
            return
        yield data


async def _head(chunks: AsyncIterator[bytes]) -> tuple[PjlHead, bytes]:
    data = b""
    while needs_more(data):
        try:
            data += await anext(chunks)
        except StopAsyncIteration:
            break
    head = parse_head(data)
    return head, data[head.length :]


async def _joined(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in chunks:
        yield chunk


async def _without_tail(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Leave out the PJL that follows the document: from the last UEL on, which stands in the last few octets."""
    held = b""
    async for chunk in chunks:
        held += chunk
        if len(held) > 512:
            yield held[:-512]
            held = held[-512:]
    tail = held.find(UEL)
    if remaining := held if tail < 0 else held[:tail]:
        yield remaining
