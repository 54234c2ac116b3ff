"""A certificate authority that signs what it is asked to, and an ACME directory over it that can say no (RFC 8555).

It speaks plain HTTP, checks no signature, and looks at no name: what a real one makes of us is in tests/acceptance.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.services.ports import Clock

PROBLEM = "urn:ietf:params:acme:error:"
TOKEN = "_-" + "A" * 41


class Authority:
    """Signs requests like a public one: for what they name, by an intermediate certificate."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._root, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.above = self._made("Intermediate", "Root", self._key.public_key(), self._root, days=900)

    def signed(self, request: bytes, *, days: float = 90, names: tuple[str, ...] = (), begins: float = -1) -> bytes:
        csr = x509.load_pem_x509_csr(request)
        asked = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = names or tuple(asked.get_values_for_type(x509.DNSName))
        one = self._made(found[0], "Intermediate", csr.public_key(), self._key, days=days, names=found, begins=begins)
        return one + self.above

    def _made(
        self,
        name: str,
        issuer: str,
        public: object,
        by: ec.EllipticCurvePrivateKey,
        *,
        days: float,
        names: tuple[str, ...] = (),
        begins: float = -1,
    ) -> bytes:
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(public)  # type: ignore[arg-type]  # reason: of a request
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=days))
        )
        if names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
            builder = builder.add_extension(alternatives, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass(kw_only=True)
class FakeDirectory:
    """`problems` by the last word of a path: what is answered there instead, status, kind, Retry-After.

    `found` is what the challenge leads to, asked while it is validated; `proves` says whether that is enough.
    """

    url: str = ""
    authority: Authority
    problems: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    bad_nonces: int = 0
    customers: bool = False
    accounts: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    names: tuple[str, ...] = ()
    found: Callable[[str], str | None] = lambda _: None
    proved: bool = False
    chain: bytes = b""
    sign: dict[str, Any] = field(default_factory=dict)
    _nonce: int = 0

    def get(self) -> dict[str, Any]:
        words = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order", "revokeCert": "revoke"}
        return {name: f"{self.url}/{word}" for name, word in words.items()} | {"meta": {}}

    def nonce(self) -> str:
        self._nonce += 1
        return base64.urlsafe_b64encode(self._nonce.to_bytes(16)).decode().rstrip("=")

    def post(self, word: str, sent: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        return {
            "account": self._account,
            "order": self._order,
            "authorization": self._authorization,
            "challenge": self._challenge,
            "finalize": self._finalize,
            "placed": self._placed,
        }[word](sent)

    def _account(self, sent: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        known = bool(self.accounts)
        self.accounts.append(sent)
        return 200 if known else 201, {"Location": f"{self.url}/accounts/1"}, {"status": "valid"}

    def _order(self, sent: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        self.names, self.proved, self.chain = tuple(one["value"] for one in sent["identifiers"]), False, b""
        return 201, {"Location": f"{self.url}/placed"}, self._as_order()

    def _placed(self, _: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        return 200, {}, self._as_order()

    def _as_order(self) -> dict[str, Any]:
        return {
            "status": "valid" if self.chain else "ready" if self.proved else "pending",
            "identifiers": [{"type": "dns", "value": name} for name in self.names],
            "authorizations": [f"{self.url}/authorization"],
            "finalize": f"{self.url}/finalize",
        } | ({"certificate": f"{self.url}/certificate"} if self.chain else {})

    def _as_challenge(self) -> dict[str, Any]:
        state = "valid" if self.proved else "pending"
        return {"type": "http-01", "url": f"{self.url}/challenge", "status": state, "token": TOKEN}

    def _authorization(self, _: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        identifier = {"type": "dns", "value": self.names[0]}
        challenges = [{"type": "dns-01", "url": self.url, "token": TOKEN}, self._as_challenge()]
        return 200, {}, {"status": challenges[1]["status"], "identifier": identifier, "challenges": challenges}

    def _challenge(self, _: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        self.proved = (self.found(TOKEN) or "").startswith(f"{TOKEN}.")
        return 200, {"Link": f'<{self.url}/authorization>;rel="up"'}, self._as_challenge()

    def _finalize(self, sent: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        request = x509.load_der_x509_csr(_decoded(sent["csr"])).public_bytes(serialization.Encoding.PEM)
        self.chain = self.authority.signed(request, **self.sign)
        return 200, {"Location": f"{self.url}/placed"}, self._as_order()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Handler(BaseHTTPRequestHandler):
    directory: FakeDirectory

    def do_GET(self) -> None:
        self._answer(200, {}, self.directory.get())

    def do_HEAD(self) -> None:
        self._answer(200, {}, None)

    def do_POST(self) -> None:
        directory, word = self.directory, self.path.rpartition("/")[2]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent = json.loads(_decoded(body["payload"]) or b"{}")
        if word == "account" and directory.bad_nonces:
            directory.bad_nonces -= 1
            self._answer(400, {}, {"type": PROBLEM + "badNonce", "detail": "no"})
        elif word == "certificate":
            self._answer(200, {}, directory.chain)
        elif word in directory.problems:
            status, kind, after = directory.problems[word]
            headers = {"Retry-After": after} if after else {}
            self._answer(status, headers, {"type": PROBLEM + kind, "detail": f"about {word}"} if kind else b"<html>")
        else:
            self._answer(*directory.post(word, sent))

    def _answer(self, status: int, headers: dict[str, str], content: Any) -> None:
        self.directory.asked.append(f"{self.command} {self.path}")
        octets = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        kind = "application/json" if status < 400 else "application/problem+json"
        given = {
            "Content-Type": "text/plain" if isinstance(content, bytes) else kind,
            "Replay-Nonce": self.directory.nonce(),
        }
        for name, value in (given | {"Content-Length": str(len(octets))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        """Nothing: tests look at `asked`."""


@contextmanager
def acme_directory(clock: Clock) -> Iterator[FakeDirectory]:
    directory = FakeDirectory(authority=Authority(clock))
    handler = type("Handler", (_Handler,), {"directory": directory})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        directory.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield directory
        server.shutdown()
        thread.join()
