"""The process that faces the outside: ICE, DTLS and SCTP (aiortc), and the way to the meeting place.

Started by mobile_api.remote.host with a socket as standard input. It judges nothing: each message from outside goes to
the gateway, which says what is signed, answered and opened. A defect in what parses foreign packets meets no document
here but the one that its sender sends, no key, no database.
"""

import asyncio
import json
import logging
import resource
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvloop
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError
from aiortc.sdp import candidate_from_sdp

from mobile_api.remote.meeting import BrokerMeeting, Meeting, RelayMeeting
from mobile_api.remote.wire import PIECE, WINDOW, Frame, Kind, encode, encode_json, read

LABEL = "papertap"
SET_UP_SECONDS = 30.0  # from the offer to an open channel
CALLERS = 2000  # remembered names of who called; the oldest are forgotten
MEMORY = 1024 * 1024 * 1024

log = logging.getLogger(__name__)


class _Session:
    """One browser's connection. `ahead` is what came and was not taken yet."""

    def __init__(self, number: int, peer: "Peer", servers: Sequence[dict[str, Any]]) -> None:
        self.number = number
        self._peer = peer
        self._ahead = 0
        self._channel: RTCDataChannel | None = None
        # Without a list aiortc would ask a public STUN server.
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[RTCIceServer(**one) for one in servers]))
        self.connection.on("datachannel", self._opened)
        self.connection.on("connectionstatechange", self._changed)

    async def answer(self, sdp: str) -> str:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    async def candidate(self, value: dict[str, Any]) -> None:
        line = str(value["candidate"]).removeprefix("candidate:")
        if not line:
            return
        candidate = candidate_from_sdp(line)
        candidate.sdpMid, candidate.sdpMLineIndex = value["sdpMid"], value["sdpMLineIndex"]
        await self.connection.addIceCandidate(candidate)

    @property
    def is_open(self) -> bool:
        return self._channel is not None

    def say(self, text: str) -> None:
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(text)

    def took(self, octets: int) -> None:
        self._ahead -= octets

    def _opened(self, channel: RTCDataChannel) -> None:
        if self._channel is not None or channel.label != LABEL or not channel.ordered:
            self._peer.drop(self.number)
            return
        self._channel = channel
        channel.on("message", self._heard)
        channel.on("close", lambda: self._peer.drop(self.number))
        self._peer.tell(Kind.OPEN, self.number)

    def _heard(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._peer.tell(Kind.TEXT, self.number, message.encode())
            return
        self._ahead += len(message)
        if len(message) > PIECE or self._ahead > 2 * WINDOW:
            self._peer.drop(self.number)
            return
        self._peer.tell(Kind.OCTETS, self.number, message)

    def _changed(self) -> None:
        if self.connection.connectionState in {"failed", "closed"}:
            self._peer.drop(self.number)


class Peer:
    """Everything of this process; `run` until the gateway closes the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sessions: dict[int, _Session] = {}
        self._signatures: asyncio.Queue[bytes] = asyncio.Queue()
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._next = 0
        self._meeting: Meeting | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while (frame := await read(self._reader)) is not None:
            await self._do(frame)
            await self._writer.drain()

    def tell(self, kind: Kind, number: int = 0, body: bytes = b"") -> None:
        self._writer.write(encode(kind, number, body))

    def drop(self, number: int) -> None:
        """A session is over, whoever says so first."""
        session = self._sessions.pop(number, None)
        if session is not None:
            self.tell(Kind.CLOSE, number)
            self._start(session.connection.close())

    # -- what the gateway says

    async def _do(self, frame: Frame) -> None:
        session = self._sessions.get(frame.number)
        match frame.kind:
            case Kind.SETTINGS:
                self._meeting = self._meet(frame.json())
                self._start(self._meeting.run())
            case Kind.SIGNED:
                self._signatures.put_nowait(frame.body)
            case Kind.SAY:
                await self._say(frame)
            case Kind.OFFER:
                self._start(self._offer(frame))
            case Kind.CANDIDATE if session is not None:
                self._start(self._candidate(session, frame))
            case Kind.TEXT if session is not None:
                session.say(frame.body.decode())
            case Kind.TOOK if session is not None:
                session.took(int.from_bytes(frame.body))
            case Kind.CLOSE:
                self.drop(frame.number)

    def _meet(self, settings: dict[str, Any]) -> Meeting:
        if settings["relay"]:
            return RelayMeeting(
                settings["relay"],
                ca_file=settings["ca_file"],
                public_key=bytes.fromhex(settings["public_key"]),
                sign=self._sign,
                heard=self._heard,
                status=self._status,
            )
        return BrokerMeeting(
            settings["mqtt"],
            ca_file=settings["ca_file"],
            user=settings["mqtt_user"],
            password=settings["mqtt_password"],
            gateway=settings["gateway"],
            heard=self._heard,
            status=self._status,
        )

    async def _say(self, frame: Frame) -> None:
        name = self._names.get(frame.number)
        if name is not None and self._meeting is not None:
            await self._meeting.say(name, frame.body.decode())

    async def _offer(self, frame: Frame) -> None:
        asked = frame.json()
        session = self._sessions[frame.number] = _Session(frame.number, self, asked["servers"])
        try:
            sdp = await session.answer(asked["sdp"])
        except Exception as error:  # noqa: BLE001 - aiortc raises what it comes across in a foreign description
            self._writer.write(encode_json(Kind.ANSWER, frame.number, {"error": f"{type(error).__name__}: {error}"}))
            self.drop(frame.number)
            return
        self._writer.write(encode_json(Kind.ANSWER, frame.number, {"sdp": sdp}))
        await asyncio.sleep(SET_UP_SECONDS)
        if not session.is_open:
            self.drop(frame.number)

    async def _candidate(self, session: _Session, frame: Frame) -> None:
        try:
            await session.candidate(frame.json())
        except (ValueError, IndexError, KeyError, InvalidStateError, InvalidAccessError) as error:
            log.info("a candidate is of no use: %s", error)

    # -- what the meeting place says

    async def _sign(self, text: str) -> bytes:
        self.tell(Kind.SIGN, 0, text.encode())
        return await self._signatures.get()

    async def _heard(self, caller: str, text: str) -> None:
        number = self._numbers.get(caller)
        if number is None:
            self._next += 1
            number = self._numbers[caller] = self._next
            self._names[number] = caller
            if len(self._numbers) > CALLERS:
                oldest = next(iter(self._numbers))
                del self._names[self._numbers.pop(oldest)]
        self.tell(Kind.HEARD, number, text.encode())
        await self._writer.drain()

    async def _status(self, state: str, why: str) -> None:
        self._writer.write(encode_json(Kind.STATUS, 0, {"state": state, "why": why}))

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("in the remote peer: %s", error, exc_info=error)


async def _main() -> None:
    channel = socket.socket(fileno=sys.stdin.fileno())
    reader, writer = await asyncio.open_unix_connection(sock=channel)
    await Peer(reader, writer).run()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEMORY, 4 * MEMORY))
    logging.basicConfig(level=logging.WARNING, format=json.dumps({"peer": "%(message)s"}))
    uvloop.run(_main())


if __name__ == "__main__":
    main()
