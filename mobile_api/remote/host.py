"""The gateway's half of printing from outside: judges what the peer's process hears, and takes the documents."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.domain.remote import IceServer
from gateway.errors import BadRequest, Busy, NotAuthenticated, PapertapError, Refusal, Unavailable
from gateway.i18n import negotiate, said, speaking
from gateway.services.release import Release
from gateway.services.remote_access import STRANGE, Admitted, RemoteAccess
from gateway.services.remote_messages import Wish, servers_as_json, write_envelope, write_payload
from gateway.services.remote_session import Channel, Message, RemoteSession
from gateway.services.sites import Sites
from gateway.services.uploads import Uploads
from gateway.settings import Remote as RemoteSettings
from mobile_api.remote.wire import ACKNOWLEDGE, Frame, Kind, encode, encode_json, read

BACKLOG = 512  # frames of one session that wait; a window of the smallest useful messages
STOP_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class _Guest:
    """A session: who it is, its work, and the caller whose offer waits for an answer."""

    admitted: Admitted
    caller: int
    waiting: "asyncio.Queue[Frame | None]"
    work: "asyncio.Task[None] | None" = None


class RemoteHost:
    """`run` in the background of a front. `status` is "connected", or why nobody can come in."""

    def __init__(
        self,
        *,
        access: RemoteAccess,
        uploads: Uploads,
        release: Release,
        sites: Sites,
        settings: RemoteSettings,
    ) -> None:
        self._access = access
        self._uploads = uploads
        self._release = release
        self._sites = sites
        self._settings = settings
        self._guests: dict[int, _Guest] = {}
        self._offers: dict[tuple[str, str], int] = {}
        self._next = 0
        self._writer: asyncio.StreamWriter | None = None
        self.status = "starting"

    async def run(self) -> None:
        """Until cancelled; a peer that dies is started again by whoever runs this."""
        async with self._peer() as (reader, writer):
            self._writer = writer
            writer.write(encode_json(Kind.SETTINGS, 0, self._told()))
            try:
                while (frame := await read(reader)) is not None:
                    await self._do(frame)
                    await writer.drain()
            finally:
                self._writer = None
                self.status = "The process for printing from outside has ended."
                await self._end_all()
        raise Unavailable(self.status)

    # -- the process

    @asynccontextmanager
    async def _peer(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "mobile_api.remote.peer"),
                stdin=theirs.fileno(),
                # Nothing of the gateway's settings, some of which are secrets.
                env={name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ},
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        try:
            yield reader, writer
        finally:
            writer.close()  # the peer ends with it
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()

    def _told(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "relay": settings.relay,
            "ca_file": None if settings.relay_ca_file is None else str(settings.relay_ca_file),
            "mqtt": settings.mqtt,
            "mqtt_user": settings.mqtt_user,
            "mqtt_password": settings.mqtt_password.get_secret_value(),
            "gateway": self._access.gateway,
            "public_key": self._access.public_key.hex(),
        }

    # -- what the peer says

    async def _do(self, frame: Frame) -> None:
        guest = self._guests.get(frame.number)
        match frame.kind:
            case Kind.SIGN:
                self._tell(Kind.SIGNED, 0, self._access.sign(frame.body.decode()))
            case Kind.STATUS:
                self._note_status(frame.json())
            case Kind.HEARD:
                await self._heard(frame)
            case Kind.ANSWER if guest is not None:
                self._answered(guest, frame.json())
            case Kind.OPEN if guest is not None:
                guest.work = asyncio.create_task(self._serve(frame.number, guest))
            case Kind.TEXT | Kind.OCTETS if guest is not None:
                self._hand_on(frame, guest)
            case Kind.CLOSE:
                await self._close(frame.number)

    def _note_status(self, told: dict[str, str]) -> None:
        status = told["state"] if told["state"] == "connected" else f"The meeting place is away. {told['why']}"
        if status != self.status:
            log.info("printing from outside: %s", status)
        self.status = status

    async def _heard(self, frame: Frame) -> None:
        """A message of somebody outside; strangers hear nothing at all."""
        try:
            admitted = await self._access.admit(frame.body)
        except (BadRequest, NotAuthenticated) as refusal:
            log.info("somebody outside was not let in: %s", refusal)
            return
        except PapertapError as error:
            log.warning("somebody outside could not be answered: %s", error)
            return
        try:
            await self._wished(frame.number, admitted)
        except Refusal as refusal:
            with speaking(negotiate(admitted.payload.language)):
                self._reply(frame.number, admitted, "refused", reason=refusal.kind, message=said(refusal.message))

    async def _wished(self, caller: int, admitted: Admitted) -> None:
        payload, browser = admitted.payload, admitted.browser
        match payload.wish:
            case Wish.HELLO:
                servers = self._access.servers(browser.id)
                self._reply(caller, admitted, "servers", servers=servers_as_json(servers))
            case Wish.OFFER:
                await self._offer(caller, admitted)
            case Wish.CANDIDATE:
                number = self._offers.get((browser.id, payload.session))
                if number is not None and payload.candidate is not None:
                    self._writer_or_fail().write(encode_json(Kind.CANDIDATE, number, dict(payload.candidate)))

    async def _offer(self, caller: int, admitted: Admitted) -> None:
        if len(self._guests) >= self._settings.sessions:
            raise Busy("Too many people print from outside at the moment. Try again in a minute.")
        for number, guest in list(self._guests.items()):
            if guest.admitted.browser.id == admitted.browser.id:
                await self._drop(number)  # it comes again: what it had before is dead
        self._next += 1
        number = self._next
        self._guests[number] = _Guest(admitted=admitted, caller=caller, waiting=asyncio.Queue(BACKLOG))
        self._offers[(admitted.browser.id, admitted.payload.nonce)] = number
        servers: tuple[IceServer, ...] = self._access.servers("gateway")
        offer = {"sdp": admitted.payload.sdp, "servers": servers_as_json(servers)}
        self._writer_or_fail().write(encode_json(Kind.OFFER, number, offer))

    def _answered(self, guest: _Guest, told: dict[str, str]) -> None:
        if "sdp" in told:
            self._reply(guest.caller, guest.admitted, "answer", sdp=told["sdp"])
            return
        log.info("an offer was of no use: %s", told["error"])
        message = "No connection could be made. Try again."
        self._reply(guest.caller, guest.admitted, "refused", reason="unavailable", message=message)

    def _reply(self, caller: int, admitted: Admitted, kind: str, **values: Any) -> None:
        payload = write_payload(kind, admitted.envelope, **values)
        self._tell(Kind.SAY, caller, write_envelope(payload, self._access.sign(payload)).encode())

    # -- documents

    def _hand_on(self, frame: Frame, guest: _Guest) -> None:
        try:
            guest.waiting.put_nowait(frame)
        except asyncio.QueueFull:
            self._tell(Kind.CLOSE, frame.number)

    async def _serve(self, number: int, guest: _Guest) -> None:
        """One session's messages, in their order, in its language."""
        session = RemoteSession(
            self._channel(number, guest), uploads=self._uploads, release=self._release, sites=self._sites
        )
        with speaking(negotiate(guest.admitted.payload.language)):
            try:
                while (frame := await guest.waiting.get()) is not None:
                    if frame.kind is Kind.OCTETS:
                        await session.take(frame.body)
                    else:
                        await session.hear(frame.body.decode("utf-8", "replace"))
            except BadRequest as refusal:
                log.info("a session from outside was closed: %s", refusal)
            except Exception:
                log.exception("a session from outside failed")
            finally:
                self._tell(Kind.CLOSE, number)
                await session.close()

    def _channel(self, number: int, guest: _Guest) -> Channel:
        async def tell(message: Message) -> None:
            if self._writer is not None:
                self._writer.write(encode_json(Kind.TEXT, number, message))
                await self._writer.drain()

        taken = 0

        async def took(octets: int) -> None:
            nonlocal taken
            self._tell(Kind.TOOK, number, octets.to_bytes(4))
            taken += octets
            if taken >= ACKNOWLEDGE:
                taken, told = 0, taken
                await tell({"took": told})

        async def allowed() -> None:
            if not await self._access.still(guest.admitted):
                raise NotAuthenticated(STRANGE)

        return Channel(actor=guest.admitted.actor, tell=tell, took=took, allowed=allowed, said=said)

    # -- ends

    async def _drop(self, number: int) -> None:
        self._tell(Kind.CLOSE, number)
        await self._close(number)

    async def _close(self, number: int) -> None:
        guest = self._guests.pop(number, None)
        if guest is None:
            return
        self._offers.pop((guest.admitted.browser.id, guest.admitted.payload.nonce), None)
        if guest.work is not None:
            guest.work.cancel()
            await asyncio.wait({guest.work})

    async def _end_all(self) -> None:
        for number in list(self._guests):
            await self._close(number)

    def _tell(self, kind: Kind, number: int = 0, body: bytes = b"") -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(encode(kind, number, body))

    def _writer_or_fail(self) -> asyncio.StreamWriter:
        if self._writer is None:
            raise Unavailable(self.status)
        return self._writer
