"""OpenID Connect with authlib: what a provider says is believed only as far as its signature and its claims hold.

authlib builds the requests and reads the tokens; the rules that it leaves to its caller are checked here: the issuer
of the answer (RFC 9207) and of the discovery document, asymmetric signatures alone, this client as the audience, a
subject that is a text, and the time of the proof where a fresh one was asked for.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import structlog
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError  # type: ignore[import-untyped]  # reason: no types
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # reason: no types
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, import_key
from joserfc.jws import JWSRegistry

from gateway.adapters.capped import CappedTransport, TooMuch
from gateway.errors import NotAuthenticated, StartupError, Unavailable
from gateway.services.ports import Claims, Clock, Exchange
from gateway.settings import OpenId

SECONDS = 10.0  # for each step at the provider, all its requests together
KEPT_SECONDS = 3600.0  # discovery document and keys
KEYS_AGAIN_SECONDS = 60.0  # an unknown key fetches the keys anew at most this often: anybody can name one
SKEW_SECONDS = 120
MAX_TEXT = 255
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")

log = structlog.get_logger(__name__)


@dataclass(kw_only=True, slots=True)
class _Kept:
    """What was fetched, and until when it is good (monotonic seconds)."""

    value: dict[str, Any] = field(default_factory=dict)
    until: float = 0.0
    fetched: float = float("-inf")


class OidcProvider:
    """gateway.services.ports.OpenIdProvider for one provider of the settings."""

    def __init__(
        self, settings: OpenId, *, clock: Clock, transport: Callable[[], httpx2.AsyncBaseTransport] | None = None
    ) -> None:
        """StartupError when the settings make no sense. `transport` is for tests."""
        self._settings = settings
        self._clock = clock
        self._label = settings.label or settings.name
        self._loopback = _is_loopback(settings.issuer)
        if not self._may_ask(settings.issuer):
            raise StartupError(f"The provider {settings.name} needs an issuer that begins with https://.")
        self._secret = _secret(settings)
        self._tls = _tls(settings) if transport is None else None
        self._transport = transport or (lambda: httpx2.AsyncHTTPTransport(verify=self._tls or True, trust_env=False))
        self._document = _Kept()
        self._keys = _Kept()

    @property
    def issuer(self) -> str:
        return self._settings.issuer

    async def check(self) -> str:
        """What `papertap check` tells; Unavailable when the provider cannot be used."""
        nothing = Exchange(redirect_uri="", state="", nonce="", verifier="")
        async with self._session(nothing) as client:
            document = await self._discover(client)
            keys = await self._key_set(client, document["jwks_uri"])
            return f"{self.issuer} answers with {len(keys.keys)} keys"

    async def authorization_url(self, exchange: Exchange, *, fresh: bool = False) -> str:
        async with self._session(exchange) as client:
            document = await self._discover(client)
            again = {"prompt": "login", "max_age": "0"} if fresh else {}
            url, _state = client.create_authorization_url(
                document["authorization_endpoint"],
                state=exchange.state,
                code_verifier=exchange.verifier,
                nonce=exchange.nonce,
                **again,
            )
            return str(url)

    async def claims(self, exchange: Exchange, *, code: str, issuer: str | None) -> Claims:
        async with self._session(exchange) as client:
            document = await self._discover(client)
            self._check_issuer(document, issuer)
            token = await self._token(client, document, exchange, code)
            found = await self._verified(client, document, token, exchange.nonce)
            if "email" not in found and document.get("userinfo_endpoint"):
                found |= await self._more(
                    client, document["userinfo_endpoint"], str(token["access_token"]), found["sub"]
                )
            return _claims(self.issuer, found)

    # --- steps -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _session(self, exchange: Exchange) -> AsyncIterator[AsyncOAuth2Client]:
        """A client of its own for each step, so that no token outlives it; refusals in words for all that fails."""
        client = AsyncOAuth2Client(
            client_id=self._settings.client_id,
            client_secret=self._secret or None,
            scope=" ".join(self._settings.scopes),
            redirect_uri=exchange.redirect_uri,
            code_challenge_method="S256",
            transport=CappedTransport(self._transport()),
            timeout=SECONDS,
            follow_redirects=False,
            trust_env=False,
            headers={"accept-encoding": "identity"},
        )
        try:
            async with asyncio.timeout(SECONDS), client:
                yield client
        except OAuthError as error:
            log.info("oidc.refused", provider=self._settings.name, error=str(error.error)[:100])
            raise NotAuthenticated(f"{self._label} refused the sign-in. Start it again from here.") from error
        except (JoseError, _Untrue) as error:
            log.warning("oidc.untrue", provider=self._settings.name, reason=str(error)[:200])
            raise NotAuthenticated(f"What {self._label} answered does not hold. Start the sign-in again.") from error
        except (httpx2.HTTPError, TooMuch, TimeoutError, OSError, ValueError) as error:
            log.warning("oidc.unreachable", provider=self._settings.name, reason=repr(error)[:200])
            raise Unavailable(f"{self._label} does not answer now. Try again, or sign in another way.") from error

    async def _discover(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0 section 4; the last good document while the provider is away."""
        now = self._clock.monotonic()
        if now < self._document.until:
            return self._document.value
        try:
            found = await self._json(client, self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            self._check_document(found)
        except (httpx2.HTTPError, TooMuch, ValueError):
            if not self._document.value:
                raise
            return self._document.value
        self._document = _Kept(value=found, until=now + KEPT_SECONDS, fetched=now)
        return found

    def _check_document(self, found: Mapping[str, Any]) -> None:
        if found.get("issuer") != self.issuer:
            raise ValueError(f"the discovery document is of {str(found.get('issuer'))[:100]!r}, not of {self.issuer!r}")
        named = [*_NEEDED, *(["userinfo_endpoint"] if "userinfo_endpoint" in found else [])]
        wrong = [name for name in named if not self._may_ask(str(found.get(name, "")))]
        if wrong:
            raise ValueError(f"the discovery document has no usable {', '.join(wrong)}")

    def _check_issuer(self, document: Mapping[str, Any], told: str | None) -> None:
        """RFC 9207 section 2.4: the answer must name who gave it, if its giver always does."""
        if told is None and not document.get("authorization_response_iss_parameter_supported"):
            return
        if told != self.issuer:
            raise _Untrue("the answer names another issuer")

    async def _token(
        self, client: AsyncOAuth2Client, document: Mapping[str, Any], exchange: Exchange, code: str
    ) -> Mapping[str, Any]:
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self._secret and "client_secret_basic" not in methods and "client_secret_post" in methods:
            client.token_endpoint_auth_method = "client_secret_post"  # noqa: S105 - the name of a method
        token: Mapping[str, Any] = await client.fetch_token(
            document["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=exchange.verifier,
            redirect_uri=exchange.redirect_uri,
        )
        return token

    async def _verified(
        self, client: AsyncOAuth2Client, document: Mapping[str, Any], token: Mapping[str, Any], nonce: str
    ) -> dict[str, Any]:
        """OpenID Connect Core 1.0 section 3.1.3.7."""
        raw = token.get("id_token")
        if not isinstance(raw, str):
            raise _Untrue("the token endpoint gave no ID token")
        allowed = set(document.get("id_token_signing_alg_values_supported") or ["RS256"]) & set(ALGORITHMS)
        registry = JWSRegistry(algorithms=sorted(allowed), strict_check_header=False)
        keys = await self._key_set(client, document["jwks_uri"])
        try:
            decoded = jwt.decode(raw, keys, registry=registry)
        except (InvalidKeyIdError, BadSignatureError):
            keys = await self._key_set(client, document["jwks_uri"], anew=True)
            decoded = jwt.decode(raw, keys, registry=registry)
        exact = {"iss": {"essential": True, "values": [self.issuer]}}
        known = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, exact, known)
        claims.validate(now=int(self._clock.now()), leeway=SKEW_SECONDS)
        self._check_audience(decoded.claims)
        return dict(decoded.claims)

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if self._settings.client_id not in audience:
            raise _Untrue("the token is for another client")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_TEXT or not _is_plain(subject):
            raise _Untrue("the subject is not 1 to 255 ASCII characters")  # Core 1.0 section 2

    async def _key_set(self, client: AsyncOAuth2Client, uri: str, *, anew: bool = False) -> KeySet:
        """The provider's public keys; `anew` because one was not among those that are kept."""
        now = self._clock.monotonic()
        again = anew and now - self._keys.fetched >= KEYS_AGAIN_SECONDS
        if again or now >= self._keys.until:
            found = await self._json(client, uri)
            self._keys = _Kept(value=found, until=now + KEPT_SECONDS, fetched=now)
        usable = [key for given in self._keys.value.get("keys", []) if (key := _public_key(given)) is not None]
        if not usable:
            raise ValueError("the provider publishes no key that can be used")
        return KeySet(usable)

    async def _more(self, client: AsyncOAuth2Client, url: str, token: str, subject: str) -> dict[str, Any]:
        """Core 1.0 section 5.3: only of the same subject; what the ID token says is not replaced."""
        # The token goes along by hand: authlib refuses one that lives for a minute only.
        headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
        answer = await client.request("GET", url, withhold_token=True, headers=headers)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict) or found.get("sub") != subject:
            raise _Untrue("the user information is of somebody else")
        return {
            name: found[name] for name in ("email", "email_verified", "name", "preferred_username") if name in found
        }

    async def _json(self, client: AsyncOAuth2Client, url: str) -> dict[str, Any]:
        if not self._may_ask(url):
            raise ValueError(f"{url[:200]} is not asked: it is no https address")
        answer = await client.request("GET", url, withhold_token=True, headers={"accept": "application/json"})
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError("the answer is no JSON object")  # noqa: TRY004 - the content of an answer, not a type of ours
        return found

    def _may_ask(self, url: str) -> bool:
        """TLS; a provider on this very machine may do without."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if parts.username or not parts.hostname:
            return False
        return parts.scheme == "https" or (parts.scheme == "http" and self._loopback and _is_loopback(url))


class _Untrue(Exception):
    """An answer that must not be believed; the message is for the log alone."""


def _claims(issuer: str, found: Mapping[str, Any]) -> Claims:
    proved = found.get("auth_time")
    return Claims(
        issuer=issuer,
        subject=found["sub"],
        email=_text(found.get("email")),
        # Some providers write it as a text.
        email_verified=found.get("email_verified") is True or found.get("email_verified") == "true",
        name=_text(found.get("name")),
        preferred_username=_text(found.get("preferred_username")),
        auth_time=float(proved) if isinstance(proved, int | float) and not isinstance(proved, bool) else None,
    )


def _text(value: object) -> str:
    """One line, whatever the provider's users call themselves."""
    return "".join(sign for sign in value[:MAX_TEXT] if sign.isprintable()) if isinstance(value, str) else ""


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _public_key(given: object) -> Key | None:
    """Asymmetric ones for signatures: with a symmetric key whoever verifies could sign as well."""
    if not isinstance(given, dict) or given.get("kty") not in {"RSA", "EC", "OKP"} or given.get("use", "sig") != "sig":
        return None
    try:
        return import_key(given)
    except (JoseError, ValueError):
        return None


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def _secret(settings: OpenId) -> str:
    if settings.client_secret_file is None:
        return settings.client_secret.get_secret_value()
    try:
        return settings.client_secret_file.read_text().partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(
            f"The secret of the provider {settings.name} cannot be read from {settings.client_secret_file}."
        ) from error


def _tls(settings: OpenId) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise StartupError(
            f"The certificate of the provider {settings.name} cannot be read from {settings.ca_file}."
        ) from error
