"""Mail comes in by SMTP and LMTP: who may come, for whom mail is taken, and what is answered.

250 is said once the message and its row are on the disk. Sessions, their silence, their addresses and their mails are
bounded; when all places are taken, whoever has been silent longest makes room.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from aiosmtpd.smtp import TLSSetupException

from emailprint.addresses import AddressBook
from emailprint.data import Content
from emailprint.door import AWAY, Door
from emailprint.headers import MAX_HOPS, Tap
from emailprint.policy import is_within
from emailprint.session import BrokenOff, StreamedLmtp, StreamedSession
from gateway.domain.letter import one_line
from gateway.domain.mail import Envelope
from gateway.domain.user import Actor
from gateway.errors import (
    FormatError,
    NotAuthenticated,
    NotFound,
    PapertapError,
    Refusal,
    StorageFull,
    Throttled,
    TooLarge,
    Unavailable,
)
from gateway.services.identity import Identity
from gateway.services.incoming_mail import IncomingMail
from gateway.services.limits import Kind, Limit, mail_policies, subscriber
from gateway.settings import Smtp as Settings

# One kind of refusal, one reply (RFC 5321, RFC 3463).
REPLIES: tuple[tuple[type[PapertapError], str], ...] = (
    (TooLarge, "552 5.3.4"),
    (StorageFull, "452 4.3.1"),
    (Throttled, "450 4.7.1"),
    (Unavailable, "451 4.3.0"),
    (FormatError, "554 5.6.0"),
    (NotFound, "550 5.1.1"),
)
BARE = "550 5.6.11 The mail has a carriage return or a line feed that stands alone, which ends a line for some only."
TOO_LONG = "500 5.5.2 A line of the mail is too long."
LOOP = "554 5.4.6 The mail has been through too many servers: it goes in circles."
LOCAL_SIZE = 64

log = logging.getLogger(__name__)


class _Refused(Exception):
    """The content cannot be taken; the reply says why."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class MailServer:
    """`context` is the gateway's live certificate, None without TLS. `start` takes listening sockets.

    `refused` counts what was turned away since the start, by the reply's two codes.
    """

    def __init__(
        self,
        *,
        incoming: IncomingMail,
        book: AddressBook,
        identity: Identity,
        settings: Settings,
        context: ssl.SSLContext | None,
        name: str,
    ) -> None:
        self._incoming = incoming
        self._book = book
        self._identity = identity
        self._limits = identity.limits
        self._limits.table |= mail_policies(settings)
        self._settings = settings
        self._context = context
        self._name = name
        self._gone = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        self._sessions: dict[str, set[Door]] = {}
        self._smtp: Sequence[socket.socket] = ()
        self._lmtp: Sequence[socket.socket] = ()
        self.refused: Counter[str] = Counter()

    # -- its life

    @property
    def port(self) -> int | None:
        return self._smtp[0].getsockname()[1] if self._smtp else None

    @property
    def lmtp_port(self) -> int | None:
        return self._lmtp[0].getsockname()[1] if self._lmtp else None

    @property
    def count(self) -> int:
        """Sessions that are open now."""
        return sum(map(len, self._sessions.values()))

    async def start(self, smtp: Sequence[socket.socket], lmtp: Sequence[socket.socket] = ()) -> None:
        self._smtp, self._lmtp = smtp, lmtp
        loop = asyncio.get_running_loop()
        for sockets, kind in ((smtp, StreamedSession), (lmtp, StreamedLmtp)):
            for one in sockets:
                self._servers.append(await loop.create_server(partial(self._door, kind), sock=one, backlog=2048))

    async def stop(self, grace: float) -> None:
        """No new sessions; a mail that is coming in may end within `grace` seconds."""
        for server in self._servers:
            server.close()
        end = asyncio.get_running_loop().time() + grace
        for session in self._all():
            if session.idle:
                session.drop()
        while self.count and (left := end - asyncio.get_running_loop().time()) > 0:
            self._gone.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), left)
        for session in self._all():
            session.drop()

    def _all(self) -> list[Door]:
        return [session for several in self._sessions.values() for session in several]

    def _door(self, kind: type[StreamedSession]) -> Door:
        return Door(
            make=partial(self._session, kind),
            opened=self._opened,
            closed=self._closed,
            greeting=f"220 {self._name} Papertap\r\n".encode(),
            seconds=self._settings.idle_seconds,
            loop=asyncio.get_running_loop(),
        )

    def _session(self, kind: type[StreamedSession], door: Door) -> StreamedSession:
        return kind(
            self,
            door=door,
            deliver=self._deliver,
            verify=self._verify,
            message_seconds=self._settings.message_seconds,
            hostname=self._name,
            ident="Papertap",
            data_size_limit=self._settings.max_message,
            tls_context=self._context,
            timeout=self._settings.idle_seconds,
            auth_require_tls=True,
            loop=asyncio.get_running_loop(),
        )

    def _opened(self, door: Door) -> bool:
        may = self._may_come(door)
        if not may:
            self._counted(AWAY.decode())
        return may

    def _may_come(self, door: Door) -> bool:
        address = door.address
        if not self._allowed(address):
            return False
        party = subscriber(address)
        own = self._sessions.get(party, set())
        if len(own) >= self._settings.max_sessions_per_address and not self._is_relay(address):
            return False
        if self.count >= self._settings.max_sessions and not self._make_room():
            return False
        self._sessions.setdefault(party, set()).add(door)
        return True

    def _make_room(self) -> bool:
        silent = min((one for one in self._all() if one.idle), key=lambda one: one.seen, default=None)
        if silent is None:
            return False
        silent.drop()
        silent.gone()
        return True

    def _closed(self, door: Door) -> None:
        party = subscriber(door.address)
        own = self._sessions.get(party, set())
        own.discard(door)
        self._gone.set()
        if not own:
            self._sessions.pop(party, None)

    def _allowed(self, address: str) -> bool:
        return not self._settings.networks or is_within(address, self._settings.networks) or self._is_relay(address)

    def _is_relay(self, address: str) -> bool:
        return is_within(address, self._settings.relays)

    # -- what aiosmtpd asks

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        del session
        try:
            if not self._is_relay(server.door.address):
                self._limits.take(Limit(kind=Kind.MAIL_IN, key=(subscriber(server.door.address),)))
            await self._incoming.check()
        except Refusal as refusal:
            return self._counted(reply_of(refusal))
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if len(envelope.rcpt_tos) >= self._settings.max_recipients:
            return self._counted("452 4.5.3 Too many recipients: send the mail again to the others")
        if not self._book.is_ours(address):
            return self._counted("550 5.7.1 Mail for that domain is not taken here")
        try:
            self._book.find(address)
        except NotFound as refusal:
            return self._counted(reply_of(refusal))
        if address.casefold() not in map(str.casefold, envelope.rcpt_tos):
            envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        """A defect, or a client that went away; the session goes on, and the mail was not taken."""
        if not isinstance(error, BrokenOff | ConnectionError | TLSSetupException):
            log.error("a mail session failed", exc_info=error)
        return self._counted("451 4.3.0 Something went wrong on our side. Try again later.")

    def _counted(self, reply: str) -> str:
        self.refused[" ".join(reply.split()[:2])] += 1
        return reply

    # -- the content

    async def _deliver(self, session: Any, envelope: Any, content: Content, blocks: AsyncIterator[bytes]) -> list[str]:
        tap = Tap()
        came = self._envelope(session, envelope)
        try:
            mail = await self._incoming.accept(came, _checked(blocks, content, tap), tap.identity)
        except _Refused as refused:
            reply = self._counted(refused.reply)
        except Refusal as refusal:
            reply = self._counted(reply_of(refusal))
        else:
            reply = f"250 2.0.0 Taken as {mail.id}"
        return [reply] * max(1, len(envelope.rcpt_tos))

    def _envelope(self, session: Any, envelope: Any) -> Envelope:
        address = str((session.peer or ("",))[0])
        actor = session.auth_data if session.authenticated else None
        relay = self._is_relay(address)
        sender = "" if envelope.mail_from in {"<>", None} else str(envelope.mail_from)
        return Envelope(
            channel="smtp",
            sender=sender.encode("utf-8", "replace").decode(),
            recipients=tuple(one.encode("utf-8", "replace").decode() for one in envelope.rcpt_tos),
            address=address,
            helo=one_line(str(session.host_name or ""), 200),
            user=actor.user if isinstance(actor, Actor) else None,
            authorities=self._settings.authorities if relay else (),
            direct=not relay,
        )

    async def _verify(self, name: str, password: str, address: str) -> Actor | None:
        try:
            return await self._identity.basic(name, password, address=address)
        except (NotAuthenticated, Throttled):
            return None


async def _checked(blocks: AsyncIterator[bytes], content: Content, tap: Tap) -> AsyncIterator[bytes]:
    """The content as it passes; what was wrong with it is said at its end, before anything is kept."""
    async for block in blocks:
        tap.feed(block)
        yield block
    if content.bare:
        raise _Refused(BARE)
    if content.too_long:
        raise _Refused(TOO_LONG)
    if tap.heading.hops > MAX_HOPS:
        raise _Refused(LOOP)


def reply_of(refusal: Refusal) -> str:
    code = next((code for kind, code in REPLIES if isinstance(refusal, kind)), "550 5.7.0")
    return f"{code} {one_line(refusal.message, 300)}"
