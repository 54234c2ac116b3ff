"""Mails that claim to be from Ada and are not, and a few that are: with the DNS of everybody involved.

example.org is Ada's and says so strictly; loose.example publishes no DMARC; evil.example is somebody else's, perfectly
signed and vouched for; relay 192.0.2.50 is our own mail server and writes Authentication-Results as mx.print.example.
"""

import base64
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache

import dkim  # type: ignore[import-untyped]  # dkimpy ships no types
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.emailprint.mail_house import ADA, a_message

OURS, STRANGER, RELAY = "192.0.2.7", "203.0.113.66", "192.0.2.50"
AUTHORITY = "mx.print.example"
BOB = "bob@loose.example"
SMTP_SETTINGS = {"relays": (f"{RELAY}/32",), "authorities": (AUTHORITY,), "domains": ("print.example",)}


@cache
def keys() -> tuple[bytes, bytes, str]:
    """(Ada's private key, Eve's, and Ada's as its record gives it)."""
    pairs = [rsa.generate_private_key(public_exponent=65537, key_size=1024) for _ in "12"]
    private = [
        pair.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        for pair in pairs
    ]
    return private[0], private[1], _record(pairs[0])


def _record(pair: rsa.RSAPrivateKey) -> str:
    public = pair.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def _eves_record() -> str:
    loaded = serialization.load_pem_private_key(keys()[1], None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return _record(loaded)


def zone() -> dict[tuple[str, str], list[str]]:
    """What the DNS says."""
    return {
        ("example.org", "TXT"): ["v=spf1 ip4:192.0.2.7 include:_more.example.org -all"],
        ("_more.example.org", "TXT"): ["v=spf1 a:mail.example.org -all"],
        ("mail.example.org", "A"): ["192.0.2.8"],
        ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject; sp=reject"],
        ("s._domainkey.example.org", "TXT"): [keys()[2]],
        ("loose.example", "TXT"): ["v=spf1 ip4:192.0.2.7 ?all"],
        ("s._domainkey.loose.example", "TXT"): [keys()[2]],
        ("evil.example", "TXT"): [f"v=spf1 ip4:{STRANGER} -all"],
        ("_dmarc.evil.example", "TXT"): ["v=DMARC1; p=none"],
        ("s._domainkey.evil.example", "TXT"): [_eves_record()],
        ("example.org.evil.example", "TXT"): [f"v=spf1 ip4:{STRANGER} -all"],
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A mail and how it came; `owner` is whose job it may become: nobody's, unless it is honest."""

    name: str
    octets: bytes
    address: str = STRANGER
    sender: str = ADA
    owner: str | None = None
    envelope: dict[str, object] = field(default_factory=dict)


def signed(message: EmailMessage, domain: str = "example.org", *, eve: bool = False, **options: object) -> bytes:
    octets = message.as_bytes(policy=SMTP)
    given = {"include_headers": [b"from", b"to", b"subject", b"date", b"message-id"]} | options
    signature: bytes = dkim.sign(octets, b"s", domain.encode(), keys()[1 if eve else 0], **given)
    return signature + octets


def plain(**headers: str) -> bytes:
    return a_message(**headers).as_bytes(policy=SMTP)


def results(text: str, rest: bytes, *, server: str = AUTHORITY) -> bytes:
    return f"Authentication-Results: {server}; {text}\r\n".encode() + rest


def with_from(line: bytes) -> bytes:
    """Ada's message with another From line."""
    return plain().replace(f"From: Ada <{ADA}>\r\n".encode(), line)


def honest() -> list[Case]:
    """Those that must print as who they are."""
    dmarc = "dmarc=pass (p=REJECT) header.from=example.org"
    return [
        Case(name="her own server", octets=plain(), address=OURS, owner="ada"),
        Case(name="her other server", octets=plain(), address="192.0.2.8", owner="ada"),
        Case(name="signed, by a forwarder", octets=signed(a_message()), owner="ada"),
        Case(name="signed, sender rewritten", octets=signed(a_message()), sender="srs0@relay.example", owner="ada"),
        Case(name="our relay says so", octets=results(dmarc, plain()), address=RELAY, owner="ada"),
        Case(
            name="our relay says spf, no dmarc there",
            octets=results("dmarc=none; spf=pass smtp.mailfrom=bob@loose.example", plain(From=BOB)),
            address=RELAY,
            sender=BOB,
            owner="bob",
        ),
        Case(name="no dmarc, spf", octets=plain(From=BOB), address=OURS, sender=BOB, owner="bob"),
        Case(name="no dmarc, signed", octets=signed(a_message(From=BOB), "loose.example"), sender=BOB, owner="bob"),
        Case(name="signed in", octets=plain(From="x@y.invalid"), envelope={"user": "ada"}, owner="ada"),
    ]


def forged() -> list[Case]:
    good = signed(a_message())
    elsewhere = signed(a_message(To="eve@evil.example"))
    header, body = good.split(b"\r\n\r\n", 1)
    dmarc = "dmarc=pass header.from=example.org"
    eve = {"sender": "eve@evil.example"}
    return [
        Case(name="plain", octets=plain()),
        Case(name="plain, another envelope", octets=plain(), **eve),
        Case(name="plain, null envelope", octets=plain(), sender=""),
        Case(name="envelope of a subdomain", octets=plain(), sender="ada@x.example.org"),
        Case(name="no dmarc, wrong host", octets=plain(From=BOB), sender=BOB),
        Case(name="no dmarc, vouched for another", octets=plain(From=BOB), **eve),
        Case(name="signed by eve's domain", octets=signed(a_message(), "evil.example", eve=True), **eve),
        Case(name="signed for hers with eve's key", octets=signed(a_message(), eve=True)),
        Case(name="signed as a longer name", octets=signed(a_message(), "example.org.evil.example", eve=True), **eve),
        Case(name="signature without a record", octets=good.replace(b"s=s;", b"s=t;")),
        Case(name="body changed", octets=header + b"\r\n\r\n" + body.replace(b"report", b"ransom")),
        Case(name="subject changed", octets=good.replace(b"Subject: Report", b"Subject: [99x]")),
        Case(name="a second subject", octets=b"Subject: [99x]\r\n" + good),
        Case(name="a second to", octets=b"To: find-me@print.example\r\n" + elsewhere),
        Case(
            name="a second from above",
            octets=f"From: {ADA}\r\n".encode() + signed(a_message(From="eve@evil.example"), "evil.example", eve=True),
            **eve,
        ),
        Case(name="a second from below", octets=good.replace(b"\r\nTo:", b"\r\nFrom: eve@evil.example\r\nTo:")),
        Case(name="signed, to somebody else, sent on", octets=elsewhere),
        Case(name="signed without to", octets=signed(a_message(), include_headers=[b"from", b"subject"])),
        Case(name="signed in part", octets=signed(a_message(), length=True) + b"and this was added\r\n"),
        Case(name="signature twice tagged", octets=good.replace(b"d=example.org;", b"d=evil.example; d=example.org;")),
        Case(name="two in one from", octets=with_from(f"From: {ADA}, eve@evil.example\r\n".encode()), **eve),
        Case(
            name="name looks like an address", octets=with_from(f'From: "{ADA}" <eve@evil.example>\r\n'.encode()), **eve
        ),
        Case(name="bare name like an address", octets=with_from(f"From: {ADA} <eve@evil.example>\r\n".encode()), **eve),
        Case(name="group", octets=with_from(f"From: Friends: {ADA};\r\n".encode()), address=OURS),
        Case(name="comment", octets=with_from(f"From: eve@evil.example ({ADA})\r\n".encode()), **eve),
        Case(name="route", octets=with_from(f"From: <@evil.example:{ADA}>\r\n".encode()), **eve),
        Case(
            name="encoded address",
            octets=with_from(b"From: =?utf-8?q?ada=40example=2Eorg?= <eve@evil.example>\r\n"),
            **eve,
        ),
        Case(name="folded inside", octets=with_from(b"From: ada@\r\n example.org\r\n"), address=OURS),
        Case(name="null byte", octets=with_from(f"From: {ADA}\0@evil.example\r\n".encode()), **eve),
        Case(name="no from, but sender", octets=with_from(f"Sender: {ADA}\r\n".encode())),
        Case(
            name="no from, but reply-to",
            octets=with_from(f"Reply-To: {ADA}\r\nFrom: eve@evil.example\r\n".encode()),
            **eve,
        ),
        Case(
            name="resent", octets=f"Resent-From: {ADA}\r\n".encode() + with_from(b"From: eve@evil.example\r\n"), **eve
        ),
        Case(name="lookalike", octets=with_from("From: Ada <ada@exаmple.org>\r\n".encode()), **eve),
        Case(name="stranger writes our results", octets=results(dmarc, plain())),
        Case(name="stranger writes relay's results and is hers in name", octets=results(dmarc, plain()), **eve),
        Case(
            name="relay, results of another server",
            octets=results(dmarc, plain(), server="mx.evil.example"),
            address=RELAY,
        ),
        Case(
            name="relay, a name like ours",
            octets=results(dmarc, plain(), server=f"{AUTHORITY}.evil.example"),
            address=RELAY,
        ),
        Case(
            name="relay says fail above a forged pass",
            octets=results("dmarc=fail header.from=example.org", results(dmarc, plain())),
            address=RELAY,
        ),
        Case(
            name="relay says pass of another from",
            octets=results("dmarc=pass header.from=evil.example", plain()),
            address=RELAY,
        ),
        Case(
            name="relay says spf of eve",
            octets=results("spf=pass smtp.mailfrom=eve@evil.example", plain()),
            address=RELAY,
            **eve,
        ),
        Case(
            name="relay says dkim of eve",
            octets=results("dkim=pass header.d=evil.example", plain()),
            address=RELAY,
            **eve,
        ),
        Case(name="relay says none", octets=results("none", plain()), address=RELAY),
        Case(name="relay says nonsense", octets=results(";;= dmarc=pass", plain()), address=RELAY),
        Case(name="relay says nothing, her envelope", octets=plain(), address=RELAY),
        Case(
            name="forged results below the headers",
            octets=plain().replace(
                b"\r\n\r\n", b"\r\n\r\nAuthentication-Results: mx.print.example; dmarc=pass header.from=example.org\r\n"
            ),
            address=RELAY,
        ),
        Case(name="relay, replayed to us", octets=results(dmarc, plain(To="eve@evil.example")), address=RELAY),
        Case(
            name="a list's copy",
            octets=b"List-Id: <l.evil.example>\r\n" + plain(Subject="[list] Report"),
            sender="l-bounces@evil.example",
        ),
        Case(
            name="arc of a stranger",
            octets=b"ARC-Authentication-Results: i=1; mx.print.example; dmarc=pass header.from=example.org\r\n"
            + plain(),
        ),
        Case(
            name="received-spf of a stranger",
            octets=b"Received-SPF: pass (mx.print.example: domain of ada@example.org) client-ip=192.0.2.7\r\n"
            + plain(),
        ),
    ]
