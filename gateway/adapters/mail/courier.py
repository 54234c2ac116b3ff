"""Carries letters to the smarthost by SMTP (RFC 5321), over TLS unless the settings say otherwise."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import aiosmtplib

from gateway.adapters.mail.writer import LetterWriter
from gateway.domain.letter import Post, mail_address, one_line
from gateway.errors import BadRequest, StartupError
from gateway.services.ports import Clock, Undelivered
from gateway.settings import Settings

Pictures = Callable[[str], Awaitable[bytes]]
"""PNG octets of a picture by its name in the letter; empty when it is gone."""
PORTS = {"starttls": 587, "tls": 465, "none": 25}
_NEVER = range(500, 600)
# What a smarthost says of us, not of the letter: the operator mends it, and the letter waits for that.
_OURS = frozenset({530, 534, 535, 538, 554})


class SmtpCourier:
    """gateway.services.ports.Courier over one SMTP server. `password` is read at each connection: it may be renewed."""

    def __init__(
        self, *, settings: Settings, writer: LetterWriter, clock: Clock, pictures: Pictures | None = None
    ) -> None:
        self._pictures = pictures
        self._mail = settings.mail
        self._writer = writer
        self._clock = clock

    async def deliver(self, post: Post) -> str:
        message = self._writer.write(post, at=self._clock.now(), pictures=await self._drawn(post))
        async with self._connected() as smtp:
            try:
                _refused, answer = await smtp.sendmail(self._writer.sender, post.to, message.as_bytes())
            except aiosmtplib.SMTPRecipientsRefused as error:
                first = error.recipients[0]
                raise _said(first.code, f"The mail server refuses the recipient: {first.message}") from error
            except aiosmtplib.SMTPSenderRefused as error:
                raise Undelivered(_told(f"The mail server refuses our sender {error.sender}", error)) from error
            except aiosmtplib.SMTPResponseException as error:
                raise _said(error.code, _told("The mail server refuses the letter", error)) from error
            return one_line(answer, 300) or "taken"

    async def _drawn(self, post: Post) -> dict[str, bytes]:
        """Those of the named pictures that still are there."""
        names = post.values.get("pictures", "").split()
        if self._pictures is None:
            return {}
        found = {name: await self._pictures(name) for name in names}
        return {name: octets for name, octets in found.items() if octets}

    async def check(self) -> str:
        async with self._connected() as smtp:
            how = {"starttls": "STARTTLS", "tls": "TLS", "none": "no encryption"}[self._mail.security]
            who = f", signed in as {self._mail.user}" if self._mail.user else ""
            await smtp.noop()
            return f"{self._mail.host}:{self._port} takes mail ({how}{who})"

    @property
    def _port(self) -> int:
        return self._mail.port or PORTS[self._mail.security]

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Signed in, or Undelivered with `away`; a connection that breaks later is Undelivered, too."""
        smtp = None
        try:
            smtp = await self._client()
            async with asyncio.timeout(2 * self._mail.seconds):
                await self._sign_in(smtp)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            if smtp is not None:
                _hang_up(smtp, smtp.transport)
            raise Undelivered(self._unreachable(error), away=True) from error
        try:
            async with asyncio.timeout(4 * self._mail.seconds):
                yield smtp
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Undelivered(f"The mail server broke off: {error or type(error).__name__}") from error
        finally:
            await _leave(smtp)

    async def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._mail.host,
            port=self._port,
            local_hostname=self._writer.sender.rpartition("@")[2],
            timeout=self._mail.seconds,
            use_tls=self._mail.security == "tls",
            start_tls=False,  # in a step of its own: where it fails there is a connection to hang up
            tls_context=await asyncio.to_thread(self._trust) if self._mail.security != "none" else None,
        )

    async def _sign_in(self, smtp: aiosmtplib.SMTP) -> None:
        await smtp.connect()
        if self._mail.security == "starttls":
            await smtp.starttls()
        if self._mail.user:
            await smtp.login(self._mail.user, await asyncio.to_thread(self._password))

    def _password(self) -> str:
        return read_password(self._mail.password_file) or self._mail.password.get_secret_value()

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._mail.ca_file)

    def _unreachable(self, error: Exception) -> str:
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return _told(f"{self._mail.host} does not accept our sign-in as {self._mail.user}", error)
        if isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
            return f"The certificate of {self._mail.host} is not trusted here. Name its CA in mail.ca_file."
        return one_line(f"{self._mail.host}:{self._port} cannot be reached: {error or type(error).__name__}", 300)


async def _leave(smtp: aiosmtplib.SMTP) -> None:
    """A letter that was taken stays taken, however the farewell goes."""
    transport = smtp.transport  # after QUIT it is known to nobody else
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        if smtp.is_connected:
            await smtp.quit(timeout=2.0)
    _hang_up(smtp, transport)


def _hang_up(smtp: aiosmtplib.SMTP, transport: asyncio.BaseTransport | None) -> None:
    """Says goodbye in TLS, and waits for nobody's answer to it: a server that gives none would keep a socket open."""
    smtp.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _said(code: int, message: str) -> Undelivered:
    return Undelivered(one_line(message, 300), permanent=code in _NEVER and code not in _OURS)


def _told(text: str, error: aiosmtplib.SMTPResponseException) -> str:
    return one_line(f"{text}: {error.code} {error.message}", 300)


def read_password(file: Path | None) -> str:
    """The first line of the file; StartupError when it cannot be read."""
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeError) as error:
        raise StartupError(f"The file {file} with the password for mail cannot be read: {error}.") from error


def courier_of(settings: Settings, *, clock: Clock, pictures: Pictures | None = None) -> SmtpCourier | None:
    """None where no mail is set up; StartupError for settings that would not work or would tell a password."""
    mail = settings.mail
    if not mail.host:
        return None
    if mail.user and mail.security == "none" and not _is_here(mail.host):
        raise StartupError("mail.user with mail.security none would send the password in clear. Use starttls or tls.")
    if not mail.user and (mail.password_file or mail.password.get_secret_value()):
        raise StartupError("A password for mail without mail.user signs nobody in. Give the user, too.")
    read_password(mail.password_file)
    try:
        sender = mail_address(mail.sender or f"papertap@{socket.gethostname()}")
    except BadRequest as error:
        raise StartupError(f"mail.sender is wrong: {error}") from error
    site = settings.site.name
    writer = LetterWriter(sender=sender, sender_name=mail.sender_name or site, site_name=site)
    return SmtpCourier(settings=settings, writer=writer, clock=clock, pictures=pictures)


def _is_here(host: str) -> bool:
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
