"""Asks RADIUS servers whether a password is right: Access-Request with PAP (RFC 2865), the answer's authenticity checked.

The password is hidden on the wire by MD5 and the shared secret alone (section 5.2): the way to the server must be one's
own network, or a tunnel. The library blocks; each question has a thread.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import StartupError, Unavailable
from gateway.settings import Radius

PORT = 1812
LONGEST = 128  # octets of a password, section 5.2
USER_NAME, USER_PASSWORD, NAS_IDENTIFIER, NAS_PORT_TYPE = 1, 2, 32, 61
VIRTUAL = b"\x00\x00\x00\x05"  # section 5.41
AWAY = "Your password is checked by another server, which does not answer now. Use your PIN or card, or try later."

log = logging.getLogger(__name__)


class RadiusServers:
    """gateway.services.ports.Radius. StartupError when the settings cannot be meant."""

    def __init__(self, settings: Radius) -> None:
        self._settings = settings
        self._servers = tuple(map(_parsed, settings.servers))
        self._secret = _secret(settings)
        self._library: Any = None
        if find_spec("pyrad") is None:
            raise StartupError("identity.radius needs the Python package pyrad: install it, or take the servers away.")

    async def accepts(self, name: str, password: str) -> bool:
        """Unavailable when no server answers. A challenge for a further step is a no: nobody here can answer it."""
        octets = password.encode()
        if not 0 < len(octets) <= LONGEST or "\x00" in password:
            return False
        return await asyncio.to_thread(self._ask, name.encode(), octets)

    async def check(self) -> str:
        """What a test says: the first server that answers Status-Server (RFC 5997). Unavailable when none does."""
        return await asyncio.to_thread(self._status)

    def _ask(self, name: bytes, password: bytes) -> bool:
        library = self._loaded()

        def request(client: Any) -> Any:
            packet = client.CreateAuthPacket(code=library.packet.AccessRequest)
            packet[USER_NAME] = [name]
            packet[USER_PASSWORD] = [packet.PwCrypt(password)]
            packet[NAS_PORT_TYPE] = [VIRTUAL]
            return packet

        _, reply = self._answer(request, strict=self._settings.require_message_authenticator)
        if reply.code == library.packet.AccessChallenge:
            log.warning("the RADIUS server asks %r for a further step, which is not possible here", name)
        return bool(reply.code == library.packet.AccessAccept)

    def _status(self) -> str:
        library = self._loaded()
        where, _ = self._answer(lambda client: client.CreateAuthPacket(code=library.packet.StatusServer), strict=False)
        return f"{where} answers."

    def _answer(self, request: Callable[[Any], Any], *, strict: bool) -> tuple[str, Any]:
        """(server, reply). `strict`: one without Message-Authenticator is none; who signs in must not be forged."""
        library = self._loaded()
        for where, client in self._clients(strict=strict):
            packet = request(client)
            packet[NAS_IDENTIFIER] = [self._settings.nas_identifier.encode()]
            try:
                return where, client.SendPacket(packet)
            except (library.client.Timeout, OSError) as error:
                log.warning("the RADIUS server %s does not answer: %s", where, error or "no answer in time")
            finally:
                client._CloseSocket()  # noqa: SLF001 - it has no other way to end
        raise Unavailable(AWAY)

    def _clients(self, *, strict: bool) -> Iterator[tuple[str, Any]]:
        given = self._settings
        for host, port in self._servers:
            client = self._loaded().client.Client(
                server=host,
                authport=port,
                secret=self._secret,
                retries=given.tries,
                timeout=given.seconds,
                enforce_ma=strict,
            )
            yield f"{host}:{port}", client

    def _loaded(self) -> Any:
        """The library, which only a house with RADIUS loads."""
        if self._library is None:
            import pyrad.client  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415
            import pyrad.packet  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415

            self._library = pyrad
        return self._library


def _parsed(text: str) -> tuple[str, int]:
    """host, host:port, or [address]:port for IPv6."""
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host = None
    if not host or parts.username is not None or parts.netloc != text.strip():
        raise StartupError(f'identity.radius.servers: "{text[:80]}" is none. Write host, host:port or [address]:port.')
    return host, port


def _secret(settings: Radius) -> bytes:
    if settings.secret_file is None:
        secret = settings.secret.get_secret_value()
    else:
        try:
            secret = settings.secret_file.read_text("utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeError) as error:
            raise StartupError(f"The RADIUS secret cannot be read from {settings.secret_file}.") from error
    if not secret:
        raise StartupError("identity.radius needs the secret that its servers know: set secret or secret_file.")
    return secret.encode()
