"""What a provider answers and what of it is believed: OpenID Connect Core 1.0 section 3.1.3.7, RFC 7636, RFC 9207."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.adapters.capped import MAX_OCTETS
from gateway.adapters.oidc import OidcProvider
from gateway.errors import NotAuthenticated, StartupError, Unavailable
from gateway.services.ports import Exchange
from gateway.settings import OpenId
from tests.fakes import FakeClock

ISSUER = "https://login.example"
EXCHANGE = Exchange(
    redirect_uri="https://print.example/signin/oidc/corp/callback", state="state-1", nonce="nonce-1", verifier="v" * 64
)
KEYS = {name: RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("first", "second")}


class Login:
    """A provider in memory; a test turns what it answers."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.asked: list[str] = []
        self.keys: list[Any] = [KEYS["first"]]
        self.signs_with: Any = KEYS["first"]
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "first"}
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": "248289",
            "aud": "papertap",
            "exp": int(self.clock.now()) + 300,
            "iat": int(self.clock.now()),
            "nonce": EXCHANGE.nonce,
            "email": "alice@example.org",
            "email_verified": True,
        }
        self.document: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/me",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        }
        self.token: Callable[[], httpx2.Response] = self.good_token
        self.me: dict[str, Any] = {"sub": "248289", "email": "me@example.org", "email_verified": True}
        self.sent: dict[str, list[str]] = {}
        self.authorization = ""
        self.instead: dict[str, Callable[[], httpx2.Response]] = {}

    def id_token(self) -> str:
        return jwt.encode(self.header, self.claims, self.signs_with, algorithms=["RS256", "ES256", "HS256"])

    def good_token(self) -> httpx2.Response:
        told = {"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token()}
        return httpx2.Response(200, json=told)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        assert request.headers["accept-encoding"] == "identity"
        if path in self.instead:
            return self.instead[path]()
        if path == "/token":
            self.sent = parse_qs(request.content.decode())
            self.authorization = request.headers.get("authorization", "")
            return self.token()
        if path == "/me":
            assert request.headers["authorization"] == "Bearer at"
            return httpx2.Response(200, json=self.me)
        told = {
            "/.well-known/openid-configuration": self.document,
            "/keys": {"keys": [key.as_dict(private=False) for key in self.keys]},
        }
        return httpx2.Response(200, json=told[path]) if path in told else httpx2.Response(404)


@pytest.fixture
def login() -> Login:
    return Login()


@pytest.fixture
def provider(login: Login) -> OidcProvider:
    return provider_of(login)


def provider_of(login: Login, **settings: Any) -> OidcProvider:
    given = {"name": "corp", "label": "Corp", "issuer": ISSUER, "client_id": "papertap", "client_secret": "s:cret/+"}
    transport = httpx2.MockTransport(login.answer)
    return OidcProvider(OpenId(**given | settings), clock=login.clock, transport=lambda: transport)


# --- there -------------------------------------------------------------------------------------------------------


async def test_the_way_there_carries_state_nonce_and_a_hashed_verifier(provider: OidcProvider) -> None:
    url = urlsplit(await provider.authorization_url(EXCHANGE))
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(EXCHANGE.verifier.encode()).digest()).rstrip(b"=").decode()
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ISSUER}/authorize"
    assert asked == {
        "response_type": "code",
        "client_id": "papertap",
        "redirect_uri": EXCHANGE.redirect_uri,
        "scope": "openid profile email",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


async def test_a_fresh_proof_is_asked_for_by_prompt_and_age(provider: OidcProvider) -> None:
    asked = parse_qs(urlsplit(await provider.authorization_url(EXCHANGE, fresh=True)).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])


async def test_a_check_tells_of_document_and_keys(login: Login, provider: OidcProvider) -> None:
    assert await provider.check() == f"{ISSUER} answers with 1 keys"
    login.instead["/.well-known/openid-configuration"] = lambda: httpx2.Response(404)
    with pytest.raises(Unavailable):
        await provider_of(login).check()


async def test_the_discovery_document_is_kept_for_an_hour(login: Login, provider: OidcProvider) -> None:
    for _ in range(3):
        await provider.authorization_url(EXCHANGE)
    assert len(login.asked) == 1
    login.clock.tick(3600)
    await provider.authorization_url(EXCHANGE)
    assert len(login.asked) == 2


async def test_the_last_document_serves_while_the_provider_is_away(login: Login, provider: OidcProvider) -> None:
    await provider.authorization_url(EXCHANGE)
    login.clock.tick(3600)
    login.instead["/.well-known/openid-configuration"] = lambda: httpx2.Response(502)
    assert (await provider.authorization_url(EXCHANGE)).startswith(ISSUER)


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"issuer": ISSUER + "/"},
        {"token_endpoint": "http://login.example/token"},
        {"token_endpoint": ""},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user:pw@login.example/a"},
        {"userinfo_endpoint": "http://169.254.169.254/"},
    ],
)
async def test_a_document_that_leads_elsewhere(login: Login, changed: dict[str, str]) -> None:
    login.document |= changed
    with pytest.raises(Unavailable, match="Corp does not answer"):
        await provider_of(login).authorization_url(EXCHANGE)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65536


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx2.Response(500),
        lambda: httpx2.Response(302, headers={"location": "https://evil.example"}),
        lambda: httpx2.Response(200, text="<html>"),
        lambda: httpx2.Response(200, json=[]),
        lambda: httpx2.Response(200, content=endless()),
        lambda: httpx2.Response(200, content=b'{"a":"' + b"x" * MAX_OCTETS + b'"}'),
        lambda: httpx2.Response(200, content=b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    ],
)
async def test_a_provider_that_answers_nonsense(login: Login, answer: Callable[[], httpx2.Response]) -> None:
    login.instead["/.well-known/openid-configuration"] = answer
    with pytest.raises(Unavailable):
        await provider_of(login).authorization_url(EXCHANGE)


async def test_a_provider_that_cannot_be_reached(login: Login) -> None:
    def refuse() -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    login.instead["/.well-known/openid-configuration"] = refuse
    with pytest.raises(Unavailable):
        await provider_of(login).authorization_url(EXCHANGE)


# --- and back ----------------------------------------------------------------------------------------------------


async def claims(provider: OidcProvider, issuer: str | None = None) -> Any:
    return await provider.claims(EXCHANGE, code="code-1", issuer=issuer)


async def test_a_good_answer(login: Login, provider: OidcProvider) -> None:
    login.claims |= {"name": "Alice", "preferred_username": "alice", "auth_time": 1700000000}
    found = await claims(provider, ISSUER)
    assert (found.issuer, found.subject, found.email, found.email_verified) == (
        ISSUER,
        "248289",
        "alice@example.org",
        True,
    )
    assert (found.name, found.preferred_username, found.auth_time) == ("Alice", "alice", 1700000000.0)
    assert {name: values[0] for name, values in login.sent.items()} == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": EXCHANGE.redirect_uri,
        "code_verifier": EXCHANGE.verifier,
    }
    assert login.authorization.startswith("Basic ")
    assert "/me" not in login.asked


async def test_a_provider_that_wants_the_secret_in_the_form(login: Login, provider: OidcProvider) -> None:
    login.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    await claims(provider)
    assert (login.sent["client_id"], login.sent["client_secret"]) == (["papertap"], ["s:cret/+"])
    assert not login.authorization


async def test_a_public_client_has_the_verifier_alone(login: Login) -> None:
    await claims(provider_of(login, client_secret=""))
    assert not login.authorization
    assert login.sent["client_id"] == ["papertap"]


async def test_the_secret_out_of_a_file(login: Login, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-file\n")
    await claims(provider_of(login, client_secret_file=tmp_path / "secret"))
    assert b"from-file" in base64.b64decode(login.authorization.removeprefix("Basic "))
    with pytest.raises(StartupError, match="cannot be read"):
        provider_of(login, client_secret_file=tmp_path / "none")


WRONG: list[dict[str, Any]] = [
    {"iss": "https://evil.example"},
    {"aud": "another"},
    {"aud": ["another"]},
    {"aud": ["another"], "azp": "papertap"},
    {"aud": "another", "azp": "papertap"},
    {"aud": ["papertap", "another"]},
    {"azp": "another"},
    {"nonce": "another"},
    {"nonce": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": "x" * 256},
    {"sub": "a\x00b"},
    {"sub": "аlice"},
    {"exp": 1},
    {"exp": None},
    {"iat": 9_999_999_999},
    {"nbf": 9_999_999_999},
    {"at_hash": "AAAA"},
]


@pytest.mark.parametrize("changed", WRONG, ids=json.dumps)
async def test_a_token_with_a_claim_that_does_not_hold(
    login: Login, provider: OidcProvider, changed: dict[str, Any]
) -> None:
    login.claims = {name: value for name, value in (login.claims | changed).items() if value is not None}
    with pytest.raises(NotAuthenticated, match="does not hold"):
        await claims(provider)


async def test_clocks_may_differ_by_two_minutes(login: Login, provider: OidcProvider) -> None:
    login.claims["exp"] = int(login.clock.now()) - 100
    assert await claims(provider)
    login.claims["exp"] = int(login.clock.now()) - 130
    with pytest.raises(NotAuthenticated):
        await claims(provider)


def _plain(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _forged(login: Login, how: str) -> str:
    """A token that somebody else made."""
    head, _, signature = login.id_token().split(".")
    own = RSAKey.generate_key(2048)
    made = {
        "none": lambda: f"{_plain({'alg': 'none'})}.{_plain(login.claims)}.",
        "public key as secret": lambda: _symmetric(login, KEYS["first"].as_pem(private=False)),
        "client secret": lambda: _symmetric(login, b"s:cret/+"),
        "own key in the header": lambda: jwt.encode(
            {"alg": "RS256", "jwk": own.as_dict(private=False)}, login.claims, own, algorithms=["RS256"]
        ),
        "same name, another key": lambda: jwt.encode(
            {"alg": "RS256", "kid": "first"}, login.claims, KEYS["second"], algorithms=["RS256"]
        ),
        "changed": lambda: f"{head}.{_plain(login.claims | {'sub': 'root'})}.{signature}",
    }
    return made[how]() if how in made else how


def _symmetric(login: Login, secret: bytes) -> str:
    """Signed with what is no secret, or not the provider's."""
    signed = f"{_plain({'alg': 'HS256', 'kid': 'first'})}.{_plain(login.claims)}"
    digest = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "how",
    [
        "none",
        "public key as secret",
        "client secret",
        "own key in the header",
        "same name, another key",
        "changed",
        "nonsense",
        "a.b.c",
        "",
    ],
)
async def test_a_token_that_the_provider_did_not_sign(login: Login, provider: OidcProvider, how: str) -> None:
    forged = _forged(login, how)
    login.token = lambda: httpx2.Response(200, json={"access_token": "at", "token_type": "Bearer", "id_token": forged})
    with pytest.raises(NotAuthenticated):
        await claims(provider)


async def test_no_token_at_all(login: Login, provider: OidcProvider) -> None:
    login.token = lambda: httpx2.Response(200, json={"access_token": "at", "token_type": "Bearer"})
    with pytest.raises(NotAuthenticated):
        await claims(provider)


async def test_a_code_that_the_provider_refuses(login: Login, provider: OidcProvider) -> None:
    login.token = lambda: httpx2.Response(400, json={"error": "invalid_grant", "error_description": "<b>no</b>"})
    with pytest.raises(NotAuthenticated, match="Corp refused") as refused:
        await claims(provider)
    assert "<b>" not in refused.value.message, "others' words are not repeated"


async def test_a_token_endpoint_that_is_broken(login: Login, provider: OidcProvider) -> None:
    login.token = lambda: httpx2.Response(503, text="busy")
    with pytest.raises(Unavailable):
        await claims(provider)


async def test_the_answers_issuer(login: Login, provider: OidcProvider) -> None:
    with pytest.raises(NotAuthenticated):
        await claims(provider, "https://evil.example")
    assert "/token" not in login.asked, "the code went nowhere"
    assert await claims(provider, None), "it need not be named by all"
    login.document["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(NotAuthenticated):
        await claims(provider_of(login), None)


# --- keys --------------------------------------------------------------------------------------------------------


async def test_keys_are_kept_and_fetched_anew_for_one_that_is_unknown(login: Login, provider: OidcProvider) -> None:
    await claims(provider)
    await claims(provider)
    assert login.asked.count("/keys") == 1
    login.keys, login.signs_with, login.header = [KEYS["second"]], KEYS["second"], {"alg": "RS256", "kid": "second"}
    login.clock.tick(61)
    await claims(provider)
    assert login.asked.count("/keys") == 2


async def test_unknown_keys_do_not_make_us_ask_all_the_time(login: Login, provider: OidcProvider) -> None:
    await claims(provider)
    login.header = {"alg": "RS256", "kid": "made-up"}
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            await claims(provider)
    assert login.asked.count("/keys") == 1
    login.clock.tick(61)
    with pytest.raises(NotAuthenticated):
        await claims(provider)
    assert login.asked.count("/keys") == 2


async def test_elliptic_keys_and_keys_for_other_uses(login: Login, provider: OidcProvider) -> None:
    curve = ECKey.generate_key("P-256", {"kid": "ec"})
    login.keys = [RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"}), curve]
    login.signs_with, login.header = curve, {"alg": "ES256", "kid": "ec"}
    assert (await claims(provider)).subject == "248289"


@pytest.mark.parametrize("keys", [{"keys": []}, {}, {"keys": [{"kty": "oct", "k": "AAAA"}, 7, {"kty": "RSA"}]}])
async def test_a_provider_without_a_usable_key(login: Login, provider: OidcProvider, keys: dict[str, Any]) -> None:
    login.instead["/keys"] = lambda: httpx2.Response(200, json=keys)
    with pytest.raises(Unavailable):
        await claims(provider)


# --- who it is ---------------------------------------------------------------------------------------------------


async def test_the_address_from_the_user_information_when_the_token_has_none(
    login: Login, provider: OidcProvider
) -> None:
    del login.claims["email"], login.claims["email_verified"]
    found = await claims(provider)
    assert (found.email, found.email_verified) == ("me@example.org", True)


async def test_user_information_of_somebody_else(login: Login, provider: OidcProvider) -> None:
    del login.claims["email"]
    login.me["sub"] = "another"
    with pytest.raises(NotAuthenticated):
        await claims(provider)


@pytest.mark.parametrize(
    ("told", "verified"),
    [(True, True), ("true", True), (False, False), ("false", False), (1, False), ("yes", False), (None, False)],
)
async def test_only_a_clear_yes_verifies_an_address(
    login: Login, provider: OidcProvider, told: object, verified: bool
) -> None:
    login.claims["email_verified"] = told
    assert (await claims(provider)).email_verified is verified


async def test_names_are_one_line_whatever_was_typed_over_there(login: Login, provider: OidcProvider) -> None:
    login.claims |= {"name": "A\x00l\nice \u202eOde", "preferred_username": 7, "email": ["x"]}
    found = await claims(provider)
    assert (found.name, found.preferred_username, found.email) == ("Alice Ode", "", "")


@pytest.mark.parametrize("issuer", ["http://login.example", "ftp://login.example", "login.example", "https://"])
def test_an_issuer_needs_tls(login: Login, issuer: str) -> None:
    with pytest.raises(StartupError, match="https"):
        provider_of(login, issuer=issuer)


def test_a_provider_on_this_machine_may_do_without(login: Login) -> None:
    assert provider_of(login, issuer="http://127.0.0.1:9999").issuer == "http://127.0.0.1:9999"
