"""What is asked of OpenID providers and of authenticators; both prove people whom others know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a provider vouches for, verified (OpenID Connect Core 1.0 sections 2 and 5.1).

    `auth_time` is when the person last proved itself there, in seconds since the epoch, where the provider tells.
    """

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    preferred_username: str = ""
    auth_time: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """What one sign-in at a provider must agree on from its begin to its end; all but the address are secrets."""

    redirect_uri: str
    state: str
    nonce: str
    verifier: str


class OpenIdProvider(Protocol):
    """One provider of the settings. Unavailable when it does not answer, or not sensibly."""

    @property
    def issuer(self) -> str: ...
    async def authorization_url(self, exchange: Exchange, *, fresh: bool = False) -> str:
        """Where the browser is sent. `fresh` asks that the person prove itself anew."""

    async def claims(self, exchange: Exchange, *, code: str, issuer: str | None) -> Claims:
        """What the code is worth; `issuer` is the answer's own `iss` (RFC 9207).

        NotAuthenticated, in words, when the provider refuses or its token does not hold.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCredential:
    """What a registration made, verified."""

    credential: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """The relying party as a browser sees it: `rp_id` is the host name, `origin` as in the address bar."""

    rp_id: str
    origin: str
    name: str = "Papertap"


@dataclass(frozen=True, kw_only=True, slots=True)
class Assertion:
    """What an authenticator's answer says before anything of it is believed."""

    credential: bytes
    challenge: bytes
    user_handle: bytes | None = None


class Authenticators(Protocol):
    """WebAuthn (Level 3). Answers are the JSON of `PublicKeyCredential.toJSON()`; NotAuthenticated when one is wrong."""

    def creation_options(
        self, party: Party, *, challenge: bytes, handle: bytes, user: str, full_name: str, known: Sequence[bytes]
    ) -> str:
        """JSON for `parseCreationOptionsFromJSON`: discoverable, user verification required, no attestation."""

    def request_options(self, party: Party, *, challenge: bytes, known: Sequence[bytes] = ()) -> str:
        """JSON for `parseRequestOptionsFromJSON`; without `known` any discoverable credential."""

    def read(self, answer: str) -> Assertion: ...
    def verify_creation(self, answer: str, party: Party, *, challenge: bytes) -> NewCredential: ...
    def verify_assertion(
        self, answer: str, party: Party, *, challenge: bytes, public_key: bytes, sign_count: int
    ) -> tuple[int, bool]:
        """The new signature counter, and whether the credential is backed up."""
