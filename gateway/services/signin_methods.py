"""All ways to sign in, together: what somebody has, and that the last one is not thrown away."""

import logging
from dataclasses import dataclass

from gateway.domain.user import User
from gateway.errors import NotPossible, Refusal
from gateway.services.app_passwords import AppPasswords
from gateway.services.passkeys import Passkeys
from gateway.services.ports import Letter, Mailer
from gateway.services.sign_in_links import SignInLinks
from gateway.services.signin_oidc import OidcSignIn, ProviderWay

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnWays:
    """What one user can prove itself with."""

    password: bool
    pin: bool
    passkeys: int
    mail: bool
    providers: tuple[ProviderWay, ...]

    @property
    def strong(self) -> bool:
        """Something better than a PIN."""
        return bool(self.password or self.passkeys or self.mail or self.providers)

    @property
    def count(self) -> int:
        return self.password + self.pin + self.passkeys + self.mail + len(self.providers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that signs in was added or removed. `method`: passkey, app password or linked account."""

    method: str
    name: str
    added: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SignInMethods:
    oidc: OidcSignIn
    passkeys: Passkeys
    links: SignInLinks
    app_passwords: AppPasswords
    mailer: Mailer

    async def ways_of(self, user: User) -> OwnWays:
        linked = {one.provider for one in await self.oidc.identities_of(user)}
        return OwnWays(
            password=user.password_hash is not None,
            pin=user.pin_hash is not None,
            passkeys=len(await self.passkeys.of(user)),
            mail=bool(user.email) and self.links.enabled,
            providers=tuple(way for way in self.oidc.ways if way.name in linked),
        )

    async def tell(self, user: User, change: Change, *, link: str, language: str) -> None:
        """A letter about a change of proofs; that none can be sent now undoes nothing."""
        if not user.email or not self.mailer.enabled:
            return
        values = {"method": change.method, "name": change.name, "link": link}
        kind = "sign-in-method-added" if change.added else "sign-in-method-removed"
        try:
            await self.mailer.send(Letter(kind=kind, to=user.email, language=language, values=values))
        except Refusal as refusal:
            log.warning("no letter about a changed proof could be sent: %s", refusal.message)

    async def check_not_last(self, user: User) -> None:
        """NotPossible when what is to be removed is all that lets its owner in."""
        if (await self.ways_of(user)).count <= 1:
            raise NotPossible("This is your only way to sign in. Add another one first.")
