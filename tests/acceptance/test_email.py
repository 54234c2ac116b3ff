"""E-mail to print with real peers: swaks and Postfix as senders, a DNS of its own, a sink for the answers."""

import asyncio
import re
import smtplib
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from emailprint.resolver import DnsResolver
from gateway.app import build
from gateway.domain.job import Job
from gateway.domain.mail import Mail, MailState
from gateway.domain.mailbox import MailRules, Strangers
from gateway.domain.price import Tariff
from gateway.domain.user import is_guest
from gateway.settings import load
from tests.emailprint.forgeries import BOB, SMTP_SETTINGS, forged, honest, signed, zone
from tests.emailprint.mail_house import ADA, MailHouse, a_message
from tests.ipp.virtual.samples import a_pdf
from tests.peers.mail import relaying_postfix
from tests.peers.names import name_server
from tests.peers.ours import Instance, papertap
from tests.peers.processes import free_port
from tests.peers.smtp import PASSWORD as SINK_PASSWORD
from tests.peers.smtp import USER as SINK_USER
from tests.peers.smtp import Sink, smtp_sink
from tests.sandbox.formats.winmail import a_file as a_packed_file
from tests.sandbox.formats.winmail import winmail

pytestmark = pytest.mark.acceptance

PASSWORD = "the long password of ada"


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A Papertap that takes mail on two ports, and where its answers arrive."""

    ours: Instance
    sink: Sink
    smtp: int
    lmtp: int

    def jobs(self, name: str, wanted: int, *, seconds: float = 60.0) -> list[Job]:
        """Those of that name, once there are so many."""
        end = time.monotonic() + seconds
        while True:
            found = [job for job in self.ours.jobs() if job.name == name]
            if len(found) >= wanted or time.monotonic() > end:
                return found
            time.sleep(0.2)

    def answers(self, wanted: int, *, seconds: float = 60.0) -> list[EmailMessage]:
        end = time.monotonic() + seconds
        while len(self.sink.letters) < wanted and time.monotonic() < end:
            time.sleep(0.05)
        found, self.sink.letters[:] = list(self.sink.letters), []
        return found


async def furnished(data: Path) -> None:
    """What an administrator would type; the server sees it within a second."""
    async with build(load(data=data)) as gateway:
        await gateway.printers.add_printer("find-me")
        rules = MailRules(strangers=Strangers.GUEST, aliases=("empfang",))
        await gateway.printers.add_printer("lobby", mail=rules, tariff=Tariff(grey=Decimal("0.05"), currency="EUR"))
        await gateway.identity.add_user("ada", email=ADA, password=PASSWORD)
        await gateway.identity.add_user("cleo", email="cleo@lan.example", password=PASSWORD)
    await asyncio.sleep(1.5)


@pytest.fixture(scope="module")
def dns() -> Iterator[int]:
    records = zone() | {("lan.example", "TXT"): ["v=spf1 ip4:127.0.0.1 -all"]}
    with name_server(records) as port:
        yield port


@pytest.fixture(scope="module")
def post(dns: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    smtp, lmtp = free_port(), free_port()
    with ExitStack() as stack:
        sink = stack.enter_context(smtp_sink(tmp_path_factory.mktemp("sink")))
        given = {
            "SMTP__ENABLED": "true",
            "SMTP__PORT": str(smtp),
            "SMTP__LMTP_PORT": str(lmtp),
            "SMTP__DOMAINS": '["print.example"]',
            "SMTP__DNS": '["127.0.0.1"]',
            "SMTP__DNS_PORT": str(dns),
            "SMTP__MAILS_PER_MINUTE": "1000",
            "MAIL__HOST": "localhost",
            "MAIL__PORT": str(sink.port),
            "MAIL__CA_FILE": str(sink.ca_file),
            "MAIL__USER": SINK_USER,
            "MAIL__PASSWORD": SINK_PASSWORD,
            "MAIL__SENDER": "print@print.example",
            "SANDBOX__OFFICE_WORKERS": "0",
        }
        ours = stack.enter_context(papertap(roles="front,prepare,deliver", **given))
        asyncio.run(furnished(ours.data))
        yield Post(ours=ours, sink=sink, smtp=smtp, lmtp=lmtp)


def swaks(post: Post, *words: str, lmtp: bool = False) -> subprocess.CompletedProcess[str]:
    port = post.lmtp if lmtp else post.smtp
    protocol = ("--protocol", "LMTP") if lmtp else ()
    command = ["swaks", "--server", f"127.0.0.1:{port}", *protocol, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def a_file(tmp_path: Path, name: str = "Report.pdf", pages: int = 3) -> Path:
    path = tmp_path / name
    path.write_bytes(a_pdf(pages))
    return path


def test_a_guest_writes_and_has_a_code_within_twenty_seconds(post: Post, tmp_path: Path) -> None:
    """Journey 3: forward a mail; an answer with a code, a square, pages, a price and links; two taps to the documents."""
    begun = time.monotonic()
    sent = swaks(
        post, "--from", "guest@nowhere.example", "--to", "empfang+2s@print.example", "--h-Subject", "Poster [bw]",
        "--h-From", "Guest <guest@nowhere.example>", "--add-header", "Accept-Language: de",
        "--h-Message-Id", "<poster@nowhere.example>", "--attach-type", "application/pdf",
        "--attach-name", "Poster.pdf", "--attach", f"@{a_file(tmp_path)}", "--body", "Please print.",
    )  # fmt: skip
    assert sent.returncode == 0, sent.stdout
    [answer] = post.answers(1)
    assert time.monotonic() - begun < 20
    assert (answer["To"], answer["In-Reply-To"]) == ("guest@nowhere.example", "<poster@nowhere.example>")
    assert answer["Subject"] == "Bereit zum Drucken: Poster [bw]"
    assert answer["Auto-Submitted"] == "auto-replied"
    text = answer.get_body(("plain",))
    page = answer.get_body(("html",))
    assert text is not None
    assert page is not None
    words = text.get_content()
    code = re.search(r"^ +(\d{6})\r?$", words, re.MULTILINE)
    assert code is not None
    assert "Poster.pdf" in words
    assert "3 Seiten" in words
    assert "0,15" in words
    for action in ("open", "keep", "delete", "not-me"):
        assert f"/mail/{action}?token=" in words
    pictures = {part["Content-ID"] for part in answer.walk() if part.get_content_type() == "image/png"}
    assert "<code@papertap>" in pictures
    assert len(pictures) == 4
    assert all(f"cid:{name[1:-1]}" in page.get_content() for name in pictures)
    [job] = post.jobs("Poster.pdf", 1)
    assert is_guest(job.owner)
    assert job.printer == "lobby"


def test_the_text_says_how_it_is_printed(post: Post) -> None:
    """Row 35 through the whole program: the options of the first line count, and stand on no paper."""
    message = a_message(From="cleo@lan.example", Subject="Minutes [3x]", Message_ID="<minutes@lan.example>")
    message.set_content("Hello,\n[2x bw silver]\nthe minutes.\n\n> [2s]\n")
    with smtplib.SMTP("127.0.0.1", post.smtp, timeout=60) as client:
        client.send_message(message, "cleo@lan.example", ["find-me@print.example"])
    [job] = post.jobs("Minutes [3x]", 1)
    assert (job.ticket.copies, job.ticket.print_color_mode, job.ticket.sides) == (3, "monochrome", None)
    heading = "".join(f"{name}: {message[name]}\n" for name in ("From", "To", "Date", "Subject"))
    assert job.documents[0].size == len(f"{heading}\nHello,\r\nthe minutes.\r\n\r\n> [2s]\r\n")
    [answer] = [one for one in post.answers(1) if one["To"] == "cleo@lan.example"]
    words = answer.get_body(("plain",))
    assert words is not None
    assert "silver" in words.get_content()


def test_what_outlook_packed_is_printed_and_what_it_garbled_is_named(post: Post) -> None:
    packed = winmail(a_packed_file("Zahlen.pdf", a_pdf(2)), text="The report.")
    for number, octets in enumerate((packed, packed[:-40])):
        message = a_message(From="outlook@nowhere.example", Message_ID=f"<{number}@nowhere.example>")
        message.add_attachment(octets, maintype="application", subtype="ms-tnef", filename="winmail.dat")
        with smtplib.SMTP("127.0.0.1", post.smtp, timeout=60) as client:
            client.send_message(message, f"outlook{number}@nowhere.example", ["lobby@print.example"])
        if not number:
            [job] = post.jobs("Zahlen.pdf", 1)
            assert job.owner is not None
    [mail] = asyncio.run(read(post.ours.data, "<1@nowhere.example>"))
    assert [(file.name, file.job, "only Outlook reads" in file.refusal) for file in mail.files] == [
        ("winmail.dat", None, True)
    ]
    post.answers(1)


def test_mail_is_watched_over(post: Post) -> None:
    """`/metrics` and `papertap check` tell of sessions, refusals and what waits."""
    assert "550 5.1.1" in swaks(post, "--from", "a@b.example", "--to", "nobody@print.example").stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{post.ours.http_port}/metrics", timeout=60) as answer:
        figures = answer.read().decode()
    assert re.search(r'^papertap_mail_refused_total\{reply="550 5\.1\.1"\} [1-9]', figures, re.MULTILINE)
    for name in ("mails_taken_total", "mail_sessions", "mails_waiting", "mail_waiting_seconds"):
        assert re.search(rf"^papertap_{name} \d", figures, re.MULTILINE), name
    assert 'papertap_mails_of_the_day{state="refused"}' in figures
    told = subprocess.run(
        [sys.executable, "-m", "gateway", "check"],
        capture_output=True,
        text=True,
        env=post.ours.environment,
        check=False,
    ).stdout
    assert f"port {post.smtp} (smtp)" in told
    assert f"Port {post.smtp} answers, encrypted." in told
    assert f"Port {post.lmtp} answers, encrypted." in told
    assert "to be read or answered" in told


def test_memory_is_flat_however_much_comes() -> None:
    """Six mails of 30 MB at once: what is held is a piece of each, not the whole of any."""
    port = free_port()
    settings = {"SMTP__ENABLED": "true", "SMTP__PORT": str(port), "SMTP__RELAYS": '["127.0.0.1/32"]'}
    body = b"Message-ID: <%d@bulk>\r\n\r\n" + (b"x" * 998 + b"\r\n") * 30_000

    with papertap(("printer", "add", "bulk"), **settings) as ours:

        def send(number: int) -> None:
            with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
                client.sendmail("a@b.example", ["bulk@print.example"], body % number if number else b"\r\nsmall\r\n")

        send(0)
        before = ours.memory()
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(send, range(1, 7)))
        assert ours.memory() - before < 60 * 1024**2


def test_postfix_relays_by_smtp_and_by_lmtp(post: Post, tmp_path: Path) -> None:
    """What Postfix was told 250 for is gone from its queue, and is here once."""
    for transport, port in (("smtp", post.smtp), ("lmtp", post.lmtp)):
        with relaying_postfix(f"{transport}:[127.0.0.1]:{port}") as relay:
            message = a_message(From="cleo@lan.example", Message_ID=f"<{transport}@lan.example>")
            message.add_attachment(a_pdf(2), maintype="application", subtype="pdf", filename=f"{transport}.pdf")
            with smtplib.SMTP("127.0.0.1", relay.port, timeout=60) as client:
                client.send_message(message, "cleo@lan.example", ["find-me@print.example", "lobby@print.example"])
            relay.until_empty()
    for transport in ("smtp", "lmtp"):
        made = sorted((job.printer, str(job.owner)) for job in post.jobs(f"{transport}.pdf", 2))
        assert made == [("find-me", "cleo"), ("lobby", "cleo")]


def test_a_scanner_signs_in_under_tls_alone(post: Post) -> None:
    words = ("--from", "scanner@device.invalid", "--to", "find-me@print.example", "--auth", "PLAIN")
    clear = swaks(post, *words, "--auth-user", "ada", "--auth-password", PASSWORD)
    assert clear.returncode != 0
    assert "AUTH" not in clear.stdout.partition("EHLO")[2].partition("QUIT")[0].replace(
        "*** Host did not advertise AUTH", ""
    )
    message = a_message(From="scanner@device.invalid", Message_ID="<scan@device.invalid>")
    message.add_attachment(a_pdf(1), maintype="application", subtype="pdf", filename="Scan.pdf")
    context = ssl._create_unverified_context()
    with smtplib.SMTP("127.0.0.1", post.smtp, timeout=60) as client:
        client.starttls(context=context)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("ada", "wrong")
        client.login("ada", PASSWORD)
        client.send_message(message, "scanner@device.invalid", ["find-me@print.example"])
    assert [job.owner for job in post.jobs("Scan.pdf", 1)] == ["ada"]


def test_what_we_do_not_want_is_refused_in_the_session(post: Post) -> None:
    said = {
        ("--to", "nobody@print.example"): "550 5.1.1",
        ("--to", "find-me@elsewhere.example"): "550 5.7.1",
        ("--to", "find-me@print.example", "--header", "X: y\r\nReceived: z" + "\r\nReceived: z" * 40): "554 5.4.6",
    }
    for words, code in said.items():
        assert code in swaks(post, "--from", "a@b.example", *words).stdout, words
    lmtp = swaks(post, "--from", "a@b.example", "--to", "find-me@print.example,nobody@print.example", lmtp=True)
    assert "550 5.1.1" in lmtp.stdout
    assert "250 2.0.0 Taken" in lmtp.stdout


def test_a_signed_mail_is_its_authors_and_a_forged_one_nobodys(post: Post) -> None:
    """Through the whole program and a real resolver: Ada's signature by way of a stranger, and the same without it."""
    message = a_message(Message_ID="<signed@example.org>")
    message.add_attachment(a_pdf(1), maintype="application", subtype="pdf", filename="Signed.pdf")
    for octets in (signed(message), message.as_bytes(policy=SMTP).replace(b"<signed@", b"<forged@")):
        with smtplib.SMTP("127.0.0.1", post.smtp, timeout=60) as client:
            client.sendmail("srs@forwarder.example", ["find-me@print.example"], octets)
    answered = [one["In-Reply-To"] for one in post.answers(1) if one["To"] == ADA]
    assert "<forged@example.org>" not in answered
    assert len(answered) <= 1, "one a minute at most, also when the last was of another mail"
    assert [job.owner for job in post.jobs("Signed.pdf", 1)] == ["ada"]
    assert {mail.state for mail in asyncio.run(read(post.ours.data, "<forged@example.org>"))} == {MailState.REFUSED}


async def read(data: Path, message_id: str) -> list[Mail]:
    """The mail of that name, once the worker has seen it."""
    for _ in range(200):
        async with build(load(data=data)) as gateway:
            found = [one for one in await gateway.database.mails.recent() if one.message_id == message_id]
        if found and found[0].state is not MailState.RECEIVED:
            return found
        await asyncio.sleep(0.2)
    return []


async def test_the_matrix_of_forgeries_by_a_real_dns(dns: int) -> None:
    """Every one of them with questions to a name server on the wire: nobody prints as somebody else."""
    house = await MailHouse.built(**SMTP_SETTINGS)
    await house.house.identity.change_user("bob", email=BOB)
    await house.rules(strangers=Strangers.GUEST)
    house.work = house.worker(resolver=DnsResolver(["127.0.0.1"], port=dns))
    wanted = 0
    for number, case in enumerate((*honest(), *forged())):
        relay = case.address == "192.0.2.50"
        given: dict[str, object] = {"direct": not relay, "authorities": SMTP_SETTINGS["authorities"] if relay else ()}
        given |= {"address": case.address, "sender": case.sender, "helo": f"case{number}"} | case.envelope
        await house.receive(case.octets, recipients=(f"find-me+case{number}@print.example",), **given)
        wanted += case.owner is not None
    await house.worked()
    people = [job.owner for job in await house.jobs() if not is_guest(job.owner)]
    assert len(forged()) >= 28
    assert sorted(map(str, people)) == sorted(case.owner for case in honest() if case.owner)
    assert len(people) == wanted


def test_tls_shows_the_gateways_own_certificate(post: Post) -> None:
    context = ssl._create_unverified_context()
    with smtplib.SMTP("127.0.0.1", post.smtp, timeout=60) as client:
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        by_mail = client.sock.getpeercert(binary_form=True)
    by_web = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", post.ours.https_port)))
    assert by_mail == by_web
