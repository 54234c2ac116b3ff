"""Web Push against an endpoint of our own, which has the browser's keys and reads what came (RFC 8291, 8292)."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import http_ece  # type: ignore[import-untyped]  # reason: it has no types
import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.adapters.push import WebPush
from gateway.domain.phone import PushSubscription
from gateway.services.ports import PushAnswer
from tests.fakes import FakeClock

AUTH = b"0123456789abcdef"


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Endpoint(httpx2.AsyncBaseTransport):
    """A push service and the browser behind it."""

    status: int = 201
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    requests: list[httpx2.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.bodies.append(await request.aread())
        return httpx2.Response(self.status, headers={"location": "https://192.0.2.1/elsewhere"})

    def subscription(self, endpoint: str = "https://127.0.0.1:4430/send/abc?x=1") -> PushSubscription:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return PushSubscription(id=uuid4(), user=uuid4(), endpoint=endpoint, p256dh=b64(point), auth=b64(AUTH))

    def read(self) -> bytes:
        text: bytes = http_ece.decrypt(self.bodies[-1], private_key=self.key, auth_secret=AUTH, version="aes128gcm")
        return text


@pytest.fixture
def service() -> Endpoint:
    return Endpoint()


@pytest.fixture
def push(tmp_path: Path, service: Endpoint) -> Callable[..., WebPush]:
    def make(*allowed: str) -> WebPush:
        return WebPush(
            tmp_path / "data" / "keys",
            clock=FakeClock(),
            contact="mailto:print@example.org",
            allowed=allowed,
            transport=service,
        )

    return make


async def send(push: WebPush, to: PushSubscription) -> PushAnswer:
    return await push.send(to, b'{"title": "Ready"}', topic="t" * 32, seconds=3600)


async def test_the_browser_reads_it_and_the_service_knows_who_sent_it(
    push: Callable[..., WebPush], service: Endpoint
) -> None:
    ours = push("127.0.0.0/8")
    assert await send(ours, service.subscription()) is PushAnswer.TAKEN
    assert service.read() == b'{"title": "Ready"}'
    (request,) = service.requests
    assert str(request.url) == "https://127.0.0.1:4430/send/abc?x=1"
    headers = request.headers
    assert (headers["content-encoding"], headers["ttl"], headers["topic"]) == ("aes128gcm", "3600", "t" * 32)
    kind, _, values = headers["authorization"].partition(" ")
    given = dict(one.strip().split("=", 1) for one in values.split(","))
    assert (kind, given["k"]) == ("vapid", ours.public_key)
    point = octets(ours.public_key)
    numbers = {"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
    claims = jwt.decode(given["t"], ECKey.import_key(numbers), algorithms=["ES256"]).claims
    assert claims["aud"] == "https://127.0.0.1:4430"
    assert claims["sub"] == "mailto:print@example.org"
    assert 0 < claims["exp"] - FakeClock().now() <= 24 * 3600
    assert b"Ready" not in service.bodies[0]


async def test_the_key_stays_and_is_for_its_owner_alone(push: Callable[..., WebPush], tmp_path: Path) -> None:
    assert push().public_key == push().public_key
    file = tmp_path / "data" / "keys" / "push"
    assert file.stat().st_mode & 0o777 == 0o400
    assert len(octets(push().public_key)) == 65


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://10.1.2.3/x",
        "https://192.168.1.1:8443/admin",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fd00::1]/x",
        "https://[fe80::1]/x",
        "https://0.0.0.0/x",
    ],
)
async def test_an_endpoint_within_the_house_is_never_asked(
    push: Callable[..., WebPush], service: Endpoint, endpoint: str
) -> None:
    assert await send(push(), service.subscription(endpoint)) is PushAnswer.LATER
    assert service.requests == []


async def test_no_cleartext_and_no_broken_address(push: Callable[..., WebPush], service: Endpoint) -> None:
    for endpoint in ("http://192.0.2.1/x", "ftp://192.0.2.1/x", "https://", ""):
        assert await send(push(), service.subscription(endpoint)) is PushAnswer.REFUSED
    assert service.requests == []


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, PushAnswer.TAKEN),
        (404, PushAnswer.GONE),
        (410, PushAnswer.GONE),
        (301, PushAnswer.REFUSED),
        (400, PushAnswer.REFUSED),
        (413, PushAnswer.REFUSED),
        (429, PushAnswer.LATER),
        (503, PushAnswer.LATER),
    ],
)
async def test_what_the_service_answers(
    push: Callable[..., WebPush], service: Endpoint, status: int, answer: PushAnswer
) -> None:
    service.status = status
    assert await send(push("127.0.0.0/8"), service.subscription()) is answer
    assert len(service.requests) == 1, "no redirection is followed"


async def test_keys_that_are_none_do_not_break_the_sender(push: Callable[..., WebPush], service: Endpoint) -> None:
    broken = PushSubscription(
        id=uuid4(), user=uuid4(), endpoint="https://127.0.0.1/x", p256dh=b64(b"\x04" + b"\0" * 64), auth=b64(AUTH)
    )
    assert await send(push("127.0.0.0/8"), broken) is PushAnswer.GONE
    assert service.requests == []
