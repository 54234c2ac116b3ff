"""The rows of what proves a person, and of sign-ins that were begun."""

from typing import Protocol
from uuid import UUID

from gateway.domain.credential import AppPassword, LinkedIdentity, Passkey, PendingKind, PendingSignIn


class CredentialStore(Protocol):
    """Proofs of users by what they are found by. All of a user's go with the user's row."""

    async def identity(self, issuer: str, subject: str) -> LinkedIdentity | None: ...
    async def identities_of(self, user: UUID) -> list[LinkedIdentity]:
        """Oldest first, as with the other lists."""

    async def add_identity(self, identity: LinkedIdentity) -> None:
        """Conflict when the account is linked already, with whomever."""

    async def identity_used(self, identity: UUID, *, at: float) -> None: ...
    async def remove_identity(self, identity: UUID, *, user: UUID) -> bool:
        """False when that user has no such row, as with the other removals."""

    async def passkey(self, credential: bytes) -> Passkey | None: ...
    async def passkeys_of(self, user: UUID) -> list[Passkey]: ...
    async def add_passkey(self, passkey: Passkey) -> None:
        """Conflict when the credential is known already."""

    async def passkey_used(self, passkey: UUID, *, sign_count: int, at: float) -> bool:
        """False, and nothing written, unless `sign_count` is above the stored one, or both are 0.

        WebAuthn Level 3 section 6.1.1: a counter that does not grow tells of a copied authenticator.
        """

    async def rename_passkey(self, passkey: UUID, *, user: UUID, name: str) -> bool: ...
    async def remove_passkey(self, passkey: UUID, *, user: UUID) -> bool: ...
    async def app_password(self, lookup: str) -> AppPassword | None: ...
    async def app_passwords_of(self, user: UUID) -> list[AppPassword]: ...
    async def add_app_password(self, password: AppPassword) -> None: ...
    async def app_password_used(self, password: UUID, *, at: float) -> None: ...
    async def remove_app_password(self, password: UUID, *, user: UUID) -> bool: ...


class PendingStore(Protocol):
    """Sign-ins that were begun, by the hash of what comes back."""

    async def add(self, pending: PendingSignIn) -> None: ...
    async def look(self, kind: PendingKind, id_hash: str) -> PendingSignIn | None: ...
    async def take(self, kind: PendingKind, id_hash: str) -> PendingSignIn | None:
        """The row, which is gone by then: of several who ask at once, one gets it."""

    async def purge(self, now: float) -> int:
        """Deletes what expired at or before `now`; how many there were."""
