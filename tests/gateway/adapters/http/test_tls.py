"""TLS on its own port, and plain or TLS on one port by the first octet."""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from gateway.adapters.certificates import Certificates
from tests.fakes import FakeClock
from tests.gateway.adapters.http.serving import Mirror, connected, serving, until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    # OpenSSL compares with the real time.
    made = Certificates(directory=tmp_path, names=("localhost", "127.0.0.1"), clock=FakeClock(time.time()))
    made.load()
    return made


def trusting(certificates: Certificates) -> ssl.SSLContext:
    assert certificates.ca_pem is not None
    context = ssl.create_default_context(cadata=certificates.ca_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("mode", ["always", "detect"])
def test_tls(certificates: Certificates, loop: str, mode: str) -> None:
    async def main() -> None:
        async with (
            serving(Mirror(), tls=mode, certificates=certificates) as listener,
            connected(listener, ssl=trusting(certificates), server_hostname="localhost") as wire,
        ):
            for _ in range(2):
                await wire.send(GET)
                assert (await wire.answer())[1]["scheme"] == "https"
            await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000))
            assert (await wire.answer())[1]["octets"] == 300_000
            # The early answer in TLS: no half-close there, and the answer must arrive all the same.
            await wire.send(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + bytes(900_000))
            assert (await wire.rest()).endswith(b"too large")

    run(loop, main)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_plain_and_tls_on_one_port(certificates: Certificates, loop: str) -> None:
    async def main() -> None:
        async with serving(Mirror(), tls="detect", certificates=certificates) as listener:
            for _ in range(3):
                async with connected(listener) as plain:
                    await plain.send(GET)
                    assert (await plain.answer())[1]["scheme"] == "http"
                async with connected(listener, ssl=trusting(certificates), server_hostname="localhost") as secure:
                    await secure.send(GET)
                    assert (await secure.answer())[1]["scheme"] == "https"

    run(loop, main)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_the_first_octet_may_come_late(certificates: Certificates, loop: str) -> None:
    async def main() -> None:
        async with serving(Mirror(), tls="detect", certificates=certificates) as listener:
            async with connected(listener) as wire:
                await until(lambda: len(listener._door._knocking) == 1)
                await wire.send(GET)
                assert (await wire.answer())[0] == 200
            async with connected(listener) as silent:
                await until(lambda: len(listener._door._knocking) == 1)
                silent.writer.close()
                await until(lambda: not listener._door._knocking)
            await until(lambda: listener.admission.open == 0)

    run(loop, main)


async def test_who_says_nothing_is_dropped(certificates: Certificates) -> None:
    clock = FakeClock()
    async with serving(Mirror(), tls="detect", certificates=certificates, clock=clock) as listener:
        async with connected(listener) as silent:
            await until(lambda: len(listener._door._knocking) == 1)
            clock.tick(11)
            listener.tick()
            assert await silent.rest() == b""
        assert listener.dropped == {"header": 1}
        assert listener.admission.open == 0


async def test_a_handshake_that_does_not_go_on_is_dropped(certificates: Certificates) -> None:
    options: dict[str, Any] = {"tls": "always", "certificates": certificates, "header_seconds": 0.2}
    async with serving(Mirror(), **options) as listener, connected(listener) as wire:
        await wire.send(b"\x16\x03\x01")
        assert await wire.rest() == b""
        assert listener.dropped == {"handshake": 1}
        await until(lambda: listener.admission.open == 0)


async def test_stop_does_not_wait_for_handshakes(certificates: Certificates) -> None:
    options: dict[str, Any] = {"tls": "always", "certificates": certificates, "header_seconds": 3600.0}
    async with serving(Mirror(), **options) as listener, connected(listener) as wire:
        await wire.send(b"\x16\x03\x01")
        await until(lambda: len(listener._door._tasks) == 1)
        await asyncio.wait_for(listener.stop(grace=0.0), 60)
        assert await wire.rest() == b""
        assert listener.admission.open == 0


async def test_plain_http_on_the_tls_port_is_told_what_to_do(certificates: Certificates) -> None:
    app = Mirror()
    async with serving(app, tls="always", certificates=certificates) as listener, connected(listener) as wire:
        await wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000))
        answer = await wire.rest()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.endswith(b"Write https:// in front of the address.\n")
        assert not app.entered.is_set()


async def test_a_new_certificate_serves_new_connections_and_old_ones_go_on(
    certificates: Certificates, tmp_path: Path
) -> None:
    async with (
        serving(Mirror(), tls="always", certificates=certificates) as listener,
        connected(listener, ssl=trusting(certificates), server_hostname="localhost") as old,
    ):
        await old.send(GET)
        await old.answer()
        (tmp_path / "server.crt").unlink()
        assert certificates.refresh()
        await old.send(GET)
        assert (await old.answer())[0] == 200
        async with connected(listener, ssl=trusting(certificates), server_hostname="localhost") as new:
            first, second = (wire.writer.get_extra_info("ssl_object") for wire in (old, new))
            assert first.getpeercert(True) != second.getpeercert(True)


async def test_old_tls_is_refused(certificates: Certificates) -> None:
    old = trusting(certificates)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(Mirror(), tls="always", certificates=certificates) as listener:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", listener.port, ssl=old, server_hostname="localhost")
        await until(lambda: listener.dropped == {"handshake": 1})


async def test_accepted_sockets_do_not_wait_for_full_packets(certificates: Certificates) -> None:
    async with serving(Mirror(), tls="detect", certificates=certificates) as listener, connected(listener) as wire:
        await wire.send(GET)
        await wire.answer()
        (connection,) = listener._open_connections()
        sock = connection.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def run(loop: str, main: Callable[[], Awaitable[None]]) -> None:
    runner = uvloop.run if loop == "uvloop" else asyncio.run
    runner(main())  # type: ignore[arg-type]  # both take a coroutine
