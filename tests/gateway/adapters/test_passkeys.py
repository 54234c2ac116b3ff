"""WebAuthn ceremonies (Level 3 sections 7.1 and 7.2) against an authenticator in software: what holds and what not."""

import json
from typing import Any

import pytest

from gateway.adapters.passkeys import WebAuthn
from gateway.errors import NotAuthenticated
from gateway.services.ports import NewCredential, Party
from tests.gateway.adapters.soft_authenticator import PRESENT, VERIFIED, SoftAuthenticator, b64, octets

PARTY = Party(rp_id="print.example", origin="https://print.example:8443", name="Library")
CHALLENGE, OTHER = b"c" * 32, b"o" * 32
HANDLE = bytes(range(16))


@pytest.fixture
def webauthn() -> WebAuthn:
    return WebAuthn()


@pytest.fixture
def device() -> SoftAuthenticator:
    return SoftAuthenticator()


def creation(webauthn: WebAuthn, *, challenge: bytes = CHALLENGE) -> str:
    return webauthn.creation_options(
        PARTY, challenge=challenge, handle=HANDLE, user="alice", full_name="Alice Ode", known=[b"old"]
    )


def made(webauthn: WebAuthn, device: SoftAuthenticator) -> NewCredential:
    return webauthn.verify_creation(device.create(creation(webauthn)), PARTY, challenge=CHALLENGE)


def used(
    webauthn: WebAuthn, device: SoftAuthenticator, answer: str, new: NewCredential, **changed: Any
) -> tuple[int, bool]:
    given = {"challenge": CHALLENGE, "public_key": new.public_key, "sign_count": 0} | changed
    return webauthn.verify_assertion(answer, given.pop("party", PARTY), **given)


def request(webauthn: WebAuthn) -> str:
    return webauthn.request_options(PARTY, challenge=CHALLENGE)


def test_what_a_browser_is_asked_for(webauthn: WebAuthn) -> None:
    asked = json.loads(creation(webauthn))
    assert asked["rp"] == {"name": "Library", "id": "print.example"}
    assert asked["user"] == {"id": b64(HANDLE), "name": "alice", "displayName": "Alice Ode"}
    assert octets(asked["challenge"]) == CHALLENGE
    wanted = {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
    assert asked["authenticatorSelection"] == wanted
    assert asked["attestation"] == "none"
    assert [octets(one["id"]) for one in asked["excludeCredentials"]] == [b"old"]
    got = json.loads(webauthn.request_options(PARTY, challenge=CHALLENGE, known=[b"one"]))
    assert (got["rpId"], got["userVerification"]) == ("print.example", "required")
    assert [octets(one["id"]) for one in got["allowCredentials"]] == [b"one"]


def test_a_credential_is_made_and_used(webauthn: WebAuthn, device: SoftAuthenticator) -> None:
    new = made(webauthn, device)
    assert new.credential == device.credential
    answer = device.get(request(webauthn))
    told = webauthn.read(answer)
    assert (told.credential, told.challenge, told.user_handle) == (device.credential, CHALLENGE, HANDLE)
    assert used(webauthn, device, answer, new) == (1, False)


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://print.example"},
        {"origin": "http://print.example:8443"},
        {"challenge": b64(OTHER)},
        {"type": "webauthn.get"},
        {"type": ""},
    ],
)
def test_a_creation_that_was_meant_for_something_else(
    webauthn: WebAuthn, device: SoftAuthenticator, told: dict[str, str]
) -> None:
    with pytest.raises(NotAuthenticated):
        webauthn.verify_creation(device.create(creation(webauthn), **told), PARTY, challenge=CHALLENGE)


@pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED])
def test_without_its_owner_verified_it_is_refused(webauthn: WebAuthn, device: SoftAuthenticator, flags: int) -> None:
    new = made(webauthn, device)
    device.flags = flags
    with pytest.raises(NotAuthenticated):
        webauthn.verify_creation(device.create(creation(webauthn)), PARTY, challenge=CHALLENGE)
    with pytest.raises(NotAuthenticated):
        used(webauthn, device, device.get(request(webauthn)), new)


def test_of_another_host_name_it_is_refused(webauthn: WebAuthn) -> None:
    device = SoftAuthenticator(rp_id="other.example")
    with pytest.raises(NotAuthenticated):
        webauthn.verify_creation(device.create(creation(webauthn)), PARTY, challenge=CHALLENGE)


@pytest.mark.parametrize(
    "told",
    [{"origin": "https://evil.example"}, {"challenge": b64(OTHER)}, {"type": "webauthn.create"}],
)
def test_an_assertion_that_was_meant_for_something_else(
    webauthn: WebAuthn, device: SoftAuthenticator, told: dict[str, str]
) -> None:
    new = made(webauthn, device)
    with pytest.raises(NotAuthenticated):
        used(webauthn, device, device.get(request(webauthn), **told), new)


def test_an_assertion_of_another_key_or_one_that_was_changed(webauthn: WebAuthn, device: SoftAuthenticator) -> None:
    new, other = made(webauthn, device), made(webauthn, SoftAuthenticator())
    answer = device.get(request(webauthn))
    with pytest.raises(NotAuthenticated):
        used(webauthn, device, answer, other)
    changed = json.loads(answer)
    data = bytearray(octets(changed["response"]["authenticatorData"]))
    data[-1] ^= 0xFF
    changed["response"]["authenticatorData"] = b64(bytes(data))
    with pytest.raises(NotAuthenticated):
        used(webauthn, device, json.dumps(changed), new)


NONSENSE = [
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    '{"rawId": 7}',
    '{"rawId": "AA", "response": null}',
    '{"rawId": "AA", "response": {}}',
    '{"rawId": "AA", "response": {"clientDataJSON": 7}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "AAAA"}}',
    '{"rawId": "\\u00e9", "response": {"clientDataJSON": "eyJ9"}}',
    "[" * 5000,
]


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
def test_answers_that_make_no_sense(webauthn: WebAuthn, device: SoftAuthenticator, answer: str) -> None:
    new = made(webauthn, device)
    with pytest.raises(NotAuthenticated):
        webauthn.read(answer)
    with pytest.raises(NotAuthenticated):
        webauthn.verify_creation(answer, PARTY, challenge=CHALLENGE)
    with pytest.raises(NotAuthenticated):
        used(webauthn, device, answer, new)


@pytest.mark.parametrize("part", ["attestationObject", "clientDataJSON"])
@pytest.mark.parametrize("octets_", [b"", b"\xff", b"\xa1" * 200, b"\x9f" * 3000, b"\x00" * 4000])
def test_octets_that_make_no_sense(webauthn: WebAuthn, device: SoftAuthenticator, part: str, octets_: bytes) -> None:
    answer = json.loads(device.create(creation(webauthn)))
    answer["response"][part] = b64(octets_)
    with pytest.raises(NotAuthenticated):
        webauthn.verify_creation(json.dumps(answer), PARTY, challenge=CHALLENGE)
