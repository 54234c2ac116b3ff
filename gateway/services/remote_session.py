"""One data channel of somebody outside: files go through Uploads, and nothing is called sent before the barrier.

Messages are JSON objects with an `id` that the answer repeats; octets follow a `send` until its file is complete, or
until a `stop`. `took` tells of octets that are on their way to the disk: the sender runs ahead of it by a window, so
that memory stays flat whatever a document's size.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.job import JobState
from gateway.domain.ticket import JobTicket
from gateway.domain.upload import Upload
from gateway.domain.user import Actor
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.services.release import Release
from gateway.services.remote_messages import octets64
from gateway.services.sites import Sites
from gateway.services.upload_pieces import Piece, Wanted
from gateway.services.uploads import Uploads

LONGEST = 16 * 1024  # characters of a message
BROKE_OFF = "The connection broke before everything had arrived. What is here is kept: go on from there."
UNKNOWN = "This message is not understood here. Open the page anew."

Message = Mapping[str, Any]
Tell = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """The other end. `allowed` raises when the browser may not print any more; `said` puts a refusal into words."""

    actor: Actor
    tell: Tell
    took: Callable[[int], Awaitable[None]]
    allowed: Callable[[], Awaitable[None]]
    said: Callable[[str], str]


class _Arriving:
    """Octets of one file between the channel and the spool."""

    def __init__(self, size: int, took: Callable[[int], Awaitable[None]]) -> None:
        self.size = self.left = size
        self.task: asyncio.Task[None] | None = None
        self._took = took
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._over = False

    async def put(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left < 0:
            raise BadRequest("More of this file arrived than was announced. Start again.")
        if self._over:
            await self._took(len(data))
            return
        self._waiting.put_nowait(data)

    def end(self) -> None:
        """Nothing more comes."""
        self._waiting.put_nowait(None)

    async def body(self) -> AsyncIterator[bytes]:
        left = self.size
        while left:
            data = await self._waiting.get()
            if data is None:
                raise BadRequest(BROKE_OFF)
            left -= len(data)
            yield data
            await self._took(len(data))

    async def drain(self) -> None:
        """Nobody reads any more: what waits is let go, and so is what still comes."""
        self._over = True
        while not self._waiting.empty():
            await self._took(len(self._waiting.get_nowait() or b""))


class RemoteSession:
    """Not for several tasks at once: messages are handed over one after the other."""

    def __init__(self, channel: Channel, *, uploads: Uploads, release: Release, sites: Sites) -> None:
        self._channel = channel
        self._uploads = uploads
        self._release = release
        self._sites = sites
        self._arriving: _Arriving | None = None
        self._doings: dict[str, Callable[[Message], Awaitable[Message | None]]] = {
            "printers": self._printers,
            "begin": self._begin,
            "resume": self._resume,
            "send": self._send,
            "stop": self._halt,
            "drop": self._drop,
            "job": self._job,
        }

    async def hear(self, text: str) -> None:
        """Answers, also with a refusal; BadRequest when the channel must be closed."""
        message = _read(text)
        number = message.get("id")
        if not isinstance(number, int):
            raise BadRequest(UNKNOWN)
        try:
            did = await self._do(message)
        except Refusal as refusal:
            await self._refuse(number, refusal)
        else:
            if did is not None:
                await self._channel.tell({"id": number, **did})

    async def take(self, data: bytes) -> None:
        """Octets of the file that is being sent; BadRequest when there is none."""
        if self._arriving is None:
            raise BadRequest(UNKNOWN)
        await self._arriving.put(data)

    async def close(self) -> None:
        """The channel is gone; what arrived is kept for whoever comes back."""
        await self._stop()

    # -- within

    async def _do(self, message: Message) -> Message | None:
        """None where the answer follows later."""
        await self._channel.allowed()
        doing = self._doings.get(str(message.get("do")))
        if doing is None:
            raise BadRequest(UNKNOWN)
        return await doing(message)

    async def _begin(self, message: Message) -> Message:
        return _told(await self._uploads.begin(self._channel.actor, self._wanted(message)))

    async def _resume(self, message: Message) -> Message:
        return _told(await self._uploads.find(_word(message, "upload"), self._channel.actor))

    async def _drop(self, message: Message) -> Message:
        await self._uploads.drop(_word(message, "upload"), self._channel.actor)
        return {}

    async def _halt(self, _message: Message) -> Message:
        await self._stop()
        return {}

    async def _printers(self, _message: Message) -> Message:
        shown = self._sites.printers_at("", self._channel.actor)
        return {"printers": [{"name": one.name, "info": one.info, "location": one.location} for one in shown]}

    def _wanted(self, message: Message) -> Wanted:
        """What a Printer that prints at once holds here: nobody who is outside stands in front of it."""
        printer = next(
            (p for p in self._sites.printers_at("", self._channel.actor) if p.name == message.get("printer")), None
        )
        if printer is None:
            raise NotFound("This printer is not there for you any more. Choose another.")
        return Wanted(
            printer=printer.name,
            name=_word(message, "name", 255),
            format=_word(message, "type", 255),
            size=_number(message, "size"),
            batch=_word(message, "batch", 64),
            last=message.get("last") is not False,
            ticket=JobTicket() if printer.holds else JobTicket(job_hold_until="indefinite"),
        )

    async def _send(self, message: Message) -> None:
        """Answered when the file is where it was sent to: behind the barrier, or as far as it came."""
        if self._arriving is not None:
            raise BadRequest("One file after the other: this one has to wait.")
        upload, number = _word(message, "upload"), int(message["id"])
        offset, size = _number(message, "offset"), _number(message, "size")
        seam = octets64(_word(message, "seam")) if message.get("seam") else None
        arriving = self._arriving = _Arriving(max(0, size - offset), self._channel.took)
        piece = Piece(offset=offset, body=arriving.body(), size=size, seam=seam)
        arriving.task = asyncio.create_task(self._write(number, upload, piece, arriving))

    async def _write(self, number: int, upload: str, piece: Piece, arriving: _Arriving) -> None:
        try:
            kept = await self._uploads.write(upload, self._channel.actor, piece)
        except Refusal as refusal:
            await self._refuse(number, refusal)
        else:
            # Before it is told: the next `send` may be on its way as soon as the other end has heard.
            self._arriving = None
            await self._channel.tell({"id": number, **_told(kept)})
        finally:
            await arriving.drain()

    async def _stop(self) -> None:
        arriving, self._arriving = self._arriving, None
        if arriving is not None and arriving.task is not None:
            arriving.end()
            await asyncio.wait({arriving.task})
            arriving.task.result()

    async def _job(self, message: Message) -> Message:
        job = await self._release.visible(_number(message, "job"), self._channel.actor)
        ready = job.prepared or job.state.ended or job.state is JobState.PENDING_HELD
        failed = job.state is JobState.ABORTED
        return {"ready": ready, "failed": failed, "pages": job.pages, "message": self._channel.said(job.message)}

    async def _refuse(self, number: int, refusal: Refusal) -> None:
        await self._channel.tell(
            {"id": number, "refused": refusal.kind, "message": self._channel.said(refusal.message)}
        )


def _told(upload: Upload) -> Message:
    return {"upload": upload.id, "received": upload.received, "done": upload.done, "job": upload.job_id}


def _read(text: str) -> Message:
    try:
        found = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadRequest(UNKNOWN)
    return found


def _word(message: Message, name: str, most: int = 100) -> str:
    value = message.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(UNKNOWN)
    return value


def _number(message: Message, name: str) -> int:
    value = message.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise BadRequest(UNKNOWN)
    return value
