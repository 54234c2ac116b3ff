"""SMTP and LMTP sessions over real sockets: what is taken, what is refused, and that nobody gets stuck."""

import asyncio
import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.policy import SMTP
from typing import Any, TypeVar

import pytest
import trustme

from emailprint.server import MailServer
from gateway.domain.mail import Mail
from gateway.errors import StorageFailed, StorageFull
from tests.emailprint.mail_house import ADA, MailHouse, a_message
from tests.webprint.web_house import PASSWORD

Result = TypeVar("Result")
AUTHORITY = trustme.CA()


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A server that runs; `smtp` is for clients in threads."""

    house: MailHouse
    server: MailServer

    def client(self, *, lmtp: bool = False) -> smtplib.SMTP:
        port = self.server.lmtp_port if lmtp else self.server.port
        assert port is not None
        kind = smtplib.LMTP if lmtp else smtplib.SMTP
        return kind("127.0.0.1", port, timeout=60) if not lmtp else kind("127.0.0.1", port)

    def raw(self) -> socket.socket:
        assert self.server.port is not None
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=60)

    def mails(self) -> list[Mail]:
        return sorted(self.house.mails.rows.values(), key=lambda mail: mail.id)


def a_socket() -> socket.socket:
    one = socket.create_server(("127.0.0.1", 0))
    one.setblocking(False)
    return one


@asynccontextmanager
async def posted(**smtp: Any) -> AsyncIterator[Post]:
    house = await MailHouse.built(**smtp)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server = MailServer(
        incoming=house.incoming,
        book=house.book,
        identity=house.house.identity,
        settings=house.house.settings.smtp,
        context=context,
        name="mx.print.example",
    )
    await server.start([a_socket()], [a_socket()])
    try:
        yield Post(house=house, server=server)
    finally:
        await server.stop(1.0)


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


async def threaded(work: Callable[[], Result]) -> Result:
    return await asyncio.to_thread(work)


def said(sock: socket.socket, octets: bytes = b"", *, until: bytes) -> bytes:
    """Send, and read until `until` has come or the other side is gone."""
    sock.sendall(octets)
    heard = b""
    while until not in heard and (more := sock.recv(65536)):
        heard += more
    return heard


MAIL = b"EHLO client.example\r\nMAIL FROM:<ada@example.org>\r\nRCPT TO:<find-me@print.example>\r\nDATA\r\n"


async def test_a_mail_is_taken_with_its_envelope() -> None:
    async with posted() as post:

        def work() -> dict[str, str]:
            with post.client() as client:
                client.ehlo("client.example")
                client.sendmail(
                    ADA, ["find-me+2s@print.example", "print@print.example"], a_message().as_bytes(policy=SMTP)
                )
                return dict(client.esmtp_features)

        features = await threaded(work)
        assert {"size", "8bitmime", "smtputf8", "starttls"} <= features.keys()
        assert "auth" not in features
        [mail] = post.mails()
        envelope = mail.envelope
        assert envelope.recipients == ("find-me+2s@print.example", "print@print.example")
        assert (envelope.sender, envelope.address, envelope.helo, envelope.user) == (
            ADA,
            "127.0.0.1",
            "client.example",
            None,
        )
        assert envelope.direct
        octets = b"".join([chunk async for chunk in post.house.rows.message(mail)])
        assert octets == a_message().as_bytes().replace(b"\n", b"\r\n")


async def test_everything_at_once_and_two_mails_in_one_session() -> None:
    """A client that does not wait for answers (RFC 2920), and what it says after the first mail is heard."""
    async with posted() as post:

        def work() -> bytes:
            one = MAIL + b"Subject: 1\r\n\r\n..\r\n.\r\n"
            two = MAIL.partition(b"\r\n")[2] + b"Subject: 2\r\n\r\nx\r\n.\r\nQUIT\r\n"
            with post.raw() as sock:
                return said(sock, one + two, until=b"221")

        heard = await threaded(work)
        assert heard.count(b"250 2.0.0 Taken") == 2
        assert len(post.mails()) == 2


async def test_strangers_are_not_relayed_and_unknown_ones_refused_at_once() -> None:
    async with posted(domains=("print.example",), max_recipients=2) as post:

        def work() -> list[int]:
            with post.client() as client:
                client.ehlo()
                client.mail(ADA)
                names = ("nobody@print.example", "find-me@elsewhere.example", "find-me", "Find-Me@PRINT.example")
                codes = [client.rcpt(name)[0] for name in (*names, "direct@print.example", "print@print.example")]
                codes.append(client.docmd("DATA")[0])
                client.close()
                return codes

        assert await threaded(work) == [550, 550, 550, 250, 250, 452, 354]
        assert post.server.refused == {"550 5.1.1": 1, "550 5.7.1": 2, "452 4.5.3": 1}
        assert post.mails() == []


async def test_bounces_are_taken_from_nobody() -> None:
    async with posted() as post:

        def work() -> None:
            with post.client() as client:
                client.sendmail("", ["find-me@print.example"], b"Subject: bounce\r\n\r\nx\r\n")

        await threaded(work)
        assert post.mails()[0].envelope.sender == ""


async def test_sign_in_only_under_tls_and_only_with_the_right_proof() -> None:
    async with posted() as post:

        def work() -> list[int]:
            codes = []
            with post.client() as client:
                client.ehlo()
                codes.append(client.docmd("AUTH", "PLAIN AGFkYQBjb3JyZWN0IGhvcnNl")[0])
                client.starttls(context=trusting())
                client.ehlo()
                assert client.has_extn("auth")
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    client.login("ada", "wrong")
                client.login("ada", PASSWORD)
                client.sendmail("scanner@device.invalid", ["find-me@print.example"], a_message().as_bytes(policy=SMTP))
            return codes

        assert await threaded(work) == [538]
        assert post.mails()[0].envelope.user == "ada"


async def test_what_is_said_before_tls_is_forgotten_with_it() -> None:
    """STARTTLS injection: commands behind STARTTLS in the clear must not be answered inside of it."""
    async with posted() as post:

        def work() -> tuple[bytes, bytes]:
            with post.raw() as sock:
                said(sock, b"EHLO evil.example\r\n", until=b"HELP\r\n")
                said(sock, b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<find-me@x>\r\n", until=b"220")
                with trusting().wrap_socket(sock, server_hostname="localhost") as safe:
                    first = said(safe, b"NOOP\r\n", until=b"\r\n")
                    second = said(safe, b"EHLO me\r\nRCPT TO:<find-me@x>\r\n", until=b"503")
                    return first, second

        first, second = await threaded(work)
        assert first == b"250 OK\r\n"
        assert b"503" in second


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n.\n", b"\r.\r\n"])
async def test_smuggled_commands_are_text_and_their_mail_is_refused(end: bytes) -> None:
    async with posted() as post:

        def work() -> bytes:
            inner = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<direct@x>\r\nDATA\r\nSubject: forged\r\n\r\n"
            with post.raw() as sock:
                return said(
                    sock, MAIL + b"Subject: x\r\n\r\nhello" + end + inner + b".\r\nNOOP\r\nQUIT\r\n", until=b"221"
                )

        heard = await threaded(work)
        assert heard.count(b"550 5.6.11") == 1
        assert b"Taken" not in heard
        assert post.mails() == []


async def test_circles_sizes_and_lines_have_an_end() -> None:
    async with posted(max_message=100_000) as post:

        def work() -> list[int]:
            codes = []
            with post.client() as client:
                client.ehlo()
                codes.append(client.docmd("MAIL", "FROM:<ada@example.org> SIZE=100001")[0])
                for body in (
                    b"Received: by x\r\n" * 31 + b"\r\nx\r\n",
                    b"Subject: x\r\n\r\n" + b"y" * 70 * 1500 + b"\r\n",
                    b"Subject: x\r\n\r\n" + b"y\r\n" * 40_000,
                    b"",
                ):
                    client.mail(ADA)
                    client.rcpt("find-me@print.example")
                    client.docmd("DATA")
                    client.sock.sendall(body + b".\r\n")
                    codes.append(client.getreply()[0])
                    client.rset()
            return codes

        assert await threaded(work) == [552, 554, 552, 552, 554]
        assert post.mails() == []
        assert not post.house.house.spool.objects


@pytest.mark.parametrize(("error", "code"), [(StorageFull("full"), 452), (StorageFailed("broken"), 451)])
async def test_a_disk_that_says_no_is_told_before_the_content(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with posted() as post:

        async def check() -> None:
            raise error

        monkeypatch.setattr(post.house.incoming, "check", check)

        def work() -> int:
            with post.client() as client:
                client.ehlo()
                return client.mail(ADA)[0]

        assert await threaded(work) == code


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing() -> None:
    async with posted() as post:

        def work() -> None:
            with post.raw() as sock:
                said(sock, MAIL, until=b"354")
                sock.sendall(b"Subject: x\r\n\r\nhalf a mail\r\n")

        await threaded(work)
        async with asyncio.timeout(60):
            while post.server.count:
                await asyncio.sleep(0.01)
        assert post.mails() == []
        assert not post.house.house.spool.objects


async def test_a_mail_that_only_trickles_has_an_end() -> None:
    async with posted(message_seconds=0.5, idle_seconds=30.0) as post:

        def work() -> float:
            with post.raw() as sock:
                said(sock, MAIL, until=b"354")
                begun = time.monotonic()
                with contextlib.suppress(OSError):
                    while time.monotonic() - begun < 20:
                        sock.sendall(b"x\r\n")
                        sock.settimeout(0.05)
                        with contextlib.suppress(TimeoutError):
                            if not sock.recv(1000):
                                break
                return time.monotonic() - begun

        assert await threaded(work) < 10
        async with asyncio.timeout(60):
            while post.server.count:
                await asyncio.sleep(0.01)
        assert post.mails() == []
        assert not post.house.house.spool.objects


async def test_lmtp_answers_for_each_recipient() -> None:
    async with posted() as post:

        def work() -> list[bytes]:
            assert post.server.lmtp_port is not None
            with socket.create_connection(("127.0.0.1", post.server.lmtp_port), timeout=60) as sock:
                said(sock, b"LHLO relay\r\n", until=b"HELP\r\n")
                said(sock, b"MAIL FROM:<ada@example.org>\r\n", until=b"250")
                said(
                    sock,
                    b"RCPT TO:<find-me@x>\r\nRCPT TO:<nobody@x>\r\nRCPT TO:<direct@x>\r\n",
                    until=b"2.1.5 OK\r\n550",
                )
                said(sock, b"DATA\r\n", until=b"354")
                heard = said(sock, b"Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n", until=b"221")
                assert said(sock, until=b"never") == b""
                return heard.splitlines()

        lines = await threaded(work)
        assert [line[:3] for line in lines if line.startswith(b"250 2.0.0")] == [b"250", b"250"]
        assert post.mails()[0].envelope.recipients == ("find-me@x", "direct@x")


async def test_lmtp_knows_no_ehlo_and_smtp_no_lhlo() -> None:
    async with posted() as post:

        def work() -> tuple[int, int]:
            with post.client() as client:
                smtp = client.docmd("LHLO", "x")[0]
            assert post.server.lmtp_port is not None
            with smtplib.SMTP("127.0.0.1", post.server.lmtp_port, timeout=60) as other:
                return smtp, other.docmd("EHLO", "x")[0]

        assert await threaded(work) == (500, 500)


async def test_one_address_has_few_sessions_and_the_silent_make_room() -> None:
    async with posted(max_sessions=3, max_sessions_per_address=2, relays=("127.0.0.2/32",)) as post:

        def opened(source: str) -> tuple[socket.socket, bytes]:
            assert post.server.port is not None
            sock = socket.create_connection(("127.0.0.1", post.server.port), timeout=60, source_address=(source, 0))
            return sock, said(sock, until=b"\r\n")

        def work() -> tuple[list[bytes], bytes]:
            kept = [opened("127.0.0.1") for _ in range(3)]
            busy = opened("127.0.0.2")
            said(busy[0], MAIL, until=b"354")
            relay = opened("127.0.0.2")  # nobody's place is left: the first one has been silent longest
            told = said(kept[0][0], until=b"\r\n")
            done = said(busy[0], b"Subject: x\r\n\r\ny\r\n.\r\n", until=b"Taken")
            for sock, _ in (*kept, busy, relay):
                sock.close()
            return [greeting[:3] for _, greeting in (*kept, busy, relay)], told + done

        greetings, told = await threaded(work)
        assert greetings == [b"220", b"220", b"421", b"220", b"220"]
        assert told.startswith(b"421 4.4.2")
        assert b"Taken" in told


async def test_a_foreign_network_and_a_silent_client_are_sent_away() -> None:
    async with posted(networks=("10.0.0.0/8",)) as post:

        def work() -> bytes:
            with post.raw() as sock:
                return said(sock, until=b"never")

        assert (await threaded(work)).startswith(b"421")
    async with posted(idle_seconds=0.3) as post:

        def silent() -> bytes:
            with post.raw() as sock:
                return said(sock, until=b"never")

        assert (await threaded(silent)).startswith(b"220")
        assert post.server.count == 0


async def test_a_flood_from_one_address_is_slowed_and_a_relay_is_not() -> None:
    for relays, code in (((), 450), (("127.0.0.1/32",), 250)):
        async with posted(mails_per_minute=2, relays=relays) as post:

            def work(post: Post = post) -> int:
                with post.client() as client:
                    client.ehlo()
                    for _ in range(2):
                        client.mail(ADA)
                        client.rset()
                    return client.mail(ADA)[0]

            assert await threaded(work) == code


@pytest.mark.parametrize(
    "line",
    [
        b"\x00\xff\xfe",
        b"MAIL FROM:<" + b"a" * 600 + b">",
        b"EHLO " + b"x" * 3000,
        b"MAIL FROM:<\xc3\xa4@x> BODY=BINARYMIME",
        b"RCPT TO:<<<>>>",
        b"AUTH PLAIN",
        b"BDAT 10",
        b"VRFY find-me",
        b"EXPN list",
        b"DATA",
        b"HELP \xff",
        b"STARTTLS now",
        b"MAIL FROM:<a@b> SIZE=\xd9\xa3",
        b"RCPT TO:<\r>",
    ],
)
async def test_nonsense_is_answered_and_the_session_goes_on(line: bytes) -> None:
    async with posted() as post:

        def work() -> bytes:
            with post.raw() as sock:
                said(sock, until=b"220")
                answer = said(sock, line + b"\r\n", until=b"\r\n")
                if answer.startswith(b"421"):
                    return answer
                return answer + said(sock, b"NOOP\r\nQUIT\r\n", until=b"221")

        heard = await threaded(work)
        assert heard[:1] in {b"2", b"4", b"5"}
        assert b"Traceback" not in heard
        assert b"Error: (" not in heard
        assert b"221" in heard
