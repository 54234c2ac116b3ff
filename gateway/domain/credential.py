"""What proves a person besides password, PIN and card: accounts elsewhere, passkeys, passwords for programs."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedIdentity:
    """An account at an OpenID provider that signs `user` in; `issuer` and `subject` identify it for ever.

    OpenID Connect Core 1.0 section 5.7: the mail address may change hands, these two may not.
    """

    id: UUID
    user: UUID
    issuer: str
    subject: str
    provider: str
    email: str = ""
    created_at: float = 0.0
    used_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Passkey:
    """A WebAuthn credential. `rp_id` is the host name that it was made for; `public_key` is COSE (RFC 9052)."""

    id: UUID
    user: UUID
    credential: bytes
    public_key: bytes
    sign_count: int
    rp_id: str
    name: str
    backed_up: bool = False
    created_at: float = 0.0
    used_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AppPassword:
    """A random password for one program; `lookup` is its keyed hash, since 100 random bits need no slow one."""

    id: UUID
    user: UUID
    name: str
    lookup: str
    created_at: float = 0.0
    used_at: float | None = None


class PendingKind(StrEnum):
    """What a pending sign-in waits for."""

    OIDC = "oidc"
    PASSKEY = "passkey"
    NEW_PASSKEY = "new-passkey"
    MAIL_LINK = "mail-link"


class Purpose(StrEnum):
    """SIGN_IN opens a session, CONFIRM renews the proof of the one there is, LINK ties an account elsewhere to it."""

    SIGN_IN = "sign-in"
    CONFIRM = "confirm"
    LINK = "link"


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingSignIn:
    """A sign-in that was begun and may be finished once, until `expires_at`.

    `id_hash` is the SHA-256 of the random value that comes back with the answer (state, challenge, link); `browser`
    the SHA-256 of a secret of the browser that began. `values` is what finishing needs, for example a PKCE verifier.
    """

    id_hash: str
    kind: PendingKind
    browser: str
    expires_at: float
    purpose: Purpose = Purpose.SIGN_IN
    user: UUID | None = None
    next: str = ""
    stay: bool = False
    values: dict[str, str] = field(default_factory=dict)
