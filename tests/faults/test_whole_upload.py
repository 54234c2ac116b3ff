"""A resumable upload through kill -9 and broken connections: it goes on where the server says, and nothing is lost."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from gateway.domain.job import JobState
from gateway.services.upload_pieces import PIECE
from tests.faults.whole import Site, sign_in, tracebacks
from tests.webprint.visitor import Visitor

pytestmark = pytest.mark.faults

OCTETS = 2 * PIECE + PIECE // 2
CHUNK = 256 * 1024
DOCUMENT = bytes(range(256)) * (OCTETS // 256)


async def begin(visitor: Visitor) -> str:
    headers = {"tus-resumable": "1.0.0", "papertap-token": visitor.token, "upload-length": str(OCTETS)}
    answer = await visitor.client.post("/upload/files", headers=headers)
    assert answer.status_code == 201
    return str(answer.headers["location"])


async def offset(visitor: Visitor, path: str) -> int:
    answer = await visitor.client.head(path, headers={"tus-resumable": "1.0.0"})
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


async def send(visitor: Visitor, path: str, start: int, body: AsyncIterator[bytes] | bytes) -> httpx2.Response:
    headers = {"tus-resumable": "1.0.0", "papertap-token": visitor.token, "upload-offset": str(start)}
    headers |= {"content-type": "application/offset+octet-stream"}
    if start:
        seam = hashlib.sha256(DOCUMENT[max(0, start - 65536) : start]).digest()
        headers["papertap-seam"] = "sha256 " + b64encode(seam).decode()
    return await visitor.client.patch(path, content=body, headers=headers)


async def test_it_goes_on_after_kill_9_and_after_a_reset(tmp_path: Path) -> None:
    site = await Site.made(tmp_path / "data", {"raw": "socket://127.0.0.1:9"})
    sent, reached = 0, asyncio.Event()

    async def halting(start: int, most: int) -> AsyncIterator[bytes]:
        nonlocal sent
        for at in range(start, start + most, CHUNK):
            yield DOCUMENT[at : at + CHUNK]
            sent = at + CHUNK
        reached.set()
        await asyncio.Event().wait()

    async with site.visitor() as visitor:
        async with site.serving() as server:
            await sign_in(visitor)
            path = await begin(visitor)
            task = asyncio.create_task(send(visitor, path, 0, halting(0, PIECE + PIECE // 2)))
            await asyncio.wait_for(reached.wait(), 60)
            await _until(visitor, path, site)
            server.kill()
            await server.ended()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with site.serving() as server:
            start = await offset(visitor, path)
            assert PIECE <= start < PIECE + CHUNK, "what was durable is here, no octet more"
            reached.clear()
            task = asyncio.create_task(send(visitor, path, start, halting(start, PIECE // 4)))
            await asyncio.wait_for(reached.wait(), 60)
            task.cancel()  # the connection goes away
            await asyncio.gather(task, return_exceptions=True)
            start = await offset(visitor, path)
            assert PIECE + CHUNK < start <= sent
            assert (await send(visitor, path, start, DOCUMENT[start:])).status_code == 204
            assert await offset(visitor, path) == OCTETS
            (job,) = await site.jobs()
            assert job.documents[0].sha256 == hashlib.sha256(DOCUMENT).hexdigest()
            assert job.state is not JobState.PENDING_HELD or job.prepared
        assert tracebacks(server.log) == []


async def _until(visitor: Visitor, path: str, site: Site) -> None:
    """The first piece is durable: looked for in the rows, since asking the server would end the other connection."""
    for _ in range(600):
        async with site.opened() as gateway:
            row = await gateway.database.uploads.upload(path.rpartition("/")[2])
            if row is not None and row.received >= PIECE:
                return
        await asyncio.sleep(0.05)
    raise AssertionError("no piece became durable")
