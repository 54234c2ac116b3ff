"""Signalling for printing from outside: what a browser says through a relay, and what is answered (pure).

An envelope carries a payload as text, and the signature over exactly that text: nothing has to be written in one
canonical way. The payload names the gateway, the moment and a nonce, so that it is good for one party and once. An
answer names the SHA-256 of what it answers. Session descriptions carry the fingerprints of both ends' DTLS keys
(RFC 8122): who signs the description vouches for the channel, and a relay in between can drop it but not sit in it.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.domain.remote import IceServer
from gateway.errors import BadRequest

LONGEST = 48 * 1024  # characters of an envelope
NONCE = range(16, 65)
MALFORMED = "This message is none that a browser of ours sends. Open the page anew."


class Wish(StrEnum):
    """HELLO asks for STUN and TURN servers, OFFER for a connection; CANDIDATE adds an address to an offer."""

    HELLO = "hello"
    OFFER = "offer"
    CANDIDATE = "candidate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    browser: str
    payload: str
    signature: bytes

    @property
    def digest(self) -> str:
        """Names the message in its answer."""
        return text64(hashlib.sha256(self.payload.encode()).digest())


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """`at` in seconds since the epoch; `session` is the nonce of the offer that a candidate belongs to."""

    wish: Wish
    gateway: str
    at: float
    nonce: str
    language: str = ""
    sdp: str = ""
    session: str = ""
    candidate: Mapping[str, Any] | None = None


def gateway_id(public_key: bytes) -> str:
    """Names a gateway by its key, so that nobody else can answer to the name."""
    return text64(hashlib.sha256(public_key).digest()[:18])


def read_envelope(raw: str | bytes) -> Envelope:
    """BadRequest for anything else."""
    if len(raw) > LONGEST:
        raise BadRequest(MALFORMED)
    found = _object(raw)
    browser, payload, signature = (found.get(name) for name in ("browser", "payload", "signature"))
    if not (isinstance(browser, str) and isinstance(payload, str) and isinstance(signature, str)):
        raise BadRequest(MALFORMED)
    return Envelope(browser=browser[:64], payload=payload, signature=octets64(signature))


def read_payload(text: str) -> Payload:
    """BadRequest for anything else."""
    found = _object(text)
    try:
        payload = Payload(
            wish=Wish(found["wish"]),
            gateway=_text(found["gateway"], 64),
            at=float(found["at"]),
            nonce=_text(found["nonce"], NONCE.stop),
            language=_text(found.get("language", ""), 100),
            sdp=_text(found.get("sdp", ""), LONGEST),
            session=_text(found.get("session", ""), NONCE.stop),
            candidate=_candidate(found.get("candidate")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest(MALFORMED) from error
    if len(payload.nonce) not in NONCE or (payload.wish is Wish.OFFER and not payload.sdp):
        raise BadRequest(MALFORMED)
    return payload


def write_payload(kind: str, to: Envelope, **values: Any) -> str:
    """What the gateway signs."""
    return json.dumps({"kind": kind, "to": to.digest, **values}, separators=(",", ":"))


def write_envelope(payload: str, signature: bytes) -> str:
    return json.dumps({"payload": payload, "signature": text64(signature)}, separators=(",", ":"))


def servers_as_json(servers: Sequence[IceServer]) -> list[dict[str, Any]]:
    """As RTCConfiguration takes them."""
    return [
        {"urls": list(one.urls)} | ({"username": one.username, "credential": one.credential} if one.username else {})
        for one in servers
    ]


def text64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets64(text: str) -> bytes:
    """BadRequest for what is no Base64url."""
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise BadRequest(MALFORMED) from error


def _object(raw: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRequest(MALFORMED) from error
    if not isinstance(found, dict):
        raise BadRequest(MALFORMED)
    return found


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError
    return value


def _candidate(value: object) -> Mapping[str, Any] | None:
    """RTCIceCandidateInit; its line is parsed by the peer's process alone."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError
    index = value.get("sdpMLineIndex")
    return {
        "candidate": _text(value.get("candidate", ""), 1000),
        "sdpMid": _text(value.get("sdpMid") or "", 32),
        "sdpMLineIndex": index if isinstance(index, int) else 0,
    }
