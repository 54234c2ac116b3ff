"""One SMTP or LMTP session on aiosmtpd's protocol: content is streamed, and secrets are asked of the house.

aiosmtpd keeps a whole message in memory and reads it line by line; so DATA is our own. Its commands, limits and TLS are
kept, but for what a session means by its answers.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, syntax

from emailprint.data import Content
from emailprint.door import Door

READ = 1024 * 1024  # more than the reader ever holds: what is read leaves it empty
CALLS = 100  # of one command in a session
AUTHS = 6

logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it writes every command of every stranger

Verify = Callable[[str, str, str], Awaitable[Any]]
"""(name, password, address of the client) -> what the session then knows; None for a wrong proof."""
Deliver = Callable[[Any, Any, Content, AsyncIterator[bytes]], Awaitable[list[str]]]
"""(session, envelope, content, its bytes) -> one reply for each recipient, in their order."""


class BrokenOff(Exception):
    """The client went away, or took too long, in the middle of its mail."""


class StreamedSession(SMTP):
    """`deliver` takes the content; `verify` decides on AUTH. The door has greeted already."""

    def __init__(
        self,
        handler: Any,
        *,
        door: Door,
        deliver: Deliver,
        verify: Verify,
        message_seconds: float,
        **options: Any,
    ) -> None:
        self.door = door
        self._deliver = deliver
        self._verify = verify
        self._message_seconds = message_seconds
        self._greeted = False
        self.busy = False
        calls = {"*": CALLS, "AUTH": AUTHS, "STARTTLS": 2, "EHLO": 20, "NOOP": CALLS}
        super().__init__(handler, authenticator=_collected, command_call_limit=calls, enable_SMTPUTF8=True, **options)

    # -- its life

    def connection_lost(self, error: Exception | None) -> None:
        self.door.gone()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self.door.seen = self.loop.time()
        super().data_received(data)

    async def push(self, status: AnyStr) -> None:
        """The first word is the greeting, which the door has said."""
        greeted, self._greeted = self._greeted, True
        if greeted:
            await super().push(status)

    @property
    def idle(self) -> bool:
        """Neither a mail nor the beginning of one."""
        return not self.busy and not (self.envelope is not None and self.envelope.mail_from)

    # -- who it is

    async def auth_PLAIN(self, _server: Any, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        return await self._decided(await super().auth_PLAIN(_server, args))

    async def auth_LOGIN(self, _server: Any, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        return await self._decided(await super().auth_LOGIN(_server, args))

    async def _decided(self, told: AuthResult) -> AuthResult:
        """The house says whether the proof is right; aiosmtpd only read it."""
        proof = told.auth_data
        if not told.success or not isinstance(proof, LoginPassword):
            return told
        try:
            name, password = proof.login.decode("utf-8"), proof.password.decode("utf-8")
        except UnicodeDecodeError:
            return AuthResult(success=False, handled=False)
        found = await self._verify(name, password, self.door.address)
        if found is None:
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=found)

    # -- the content

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content, envelope = Content(), self.envelope
        self.busy = True
        self._reset_timeout(self._message_seconds)
        try:
            blocks = self._blocks(content)
            replies = await self._deliver(self.session, envelope, content, blocks)
            async for _ in blocks:
                """What was refused early is read to its end: only then an answer is heard."""
        finally:
            self.busy = False
            self._reset_timeout()
        if content.rest:
            self._reader.feed_data(content.rest)  # commands of a client that does not wait for answers
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # reason: aiosmtpd's own
        for reply in self._told(envelope, replies):
            await self.push(reply)

    def _told(self, _envelope: Any, replies: list[str]) -> list[str]:
        """SMTP has one answer: a mail that one recipient takes is taken."""
        return [min(replies)]

    async def _blocks(self, content: Content) -> AsyncIterator[bytes]:
        while not content.done:
            block = await self._reader.read(READ)
            if not block:
                raise BrokenOff
            plain = content.feed(block)
            if plain:
                yield plain


class StreamedLmtp(StreamedSession, LMTP):
    """LMTP (RFC 2033): LHLO, and an answer for each recipient."""

    def _told(self, _envelope: Any, replies: list[str]) -> list[str]:
        return replies


def _collected(_server: Any, _session: Any, _envelope: Any, _mechanism: str, proof: Any) -> AuthResult:
    """What aiosmtpd asks in the loop, without waiting: what was told is looked at afterwards."""
    return AuthResult(success=True, auth_data=proof)
