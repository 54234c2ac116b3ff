"""Wires the ways to sign in."""

from gateway.adapters.db import Database
from gateway.app.first_use import first_use
from gateway.errors import StartupError
from gateway.services.addresses import Addresses
from gateway.services.app_passwords import AppPasswords
from gateway.services.identity import Identity
from gateway.services.passkeys import Passkeys
from gateway.services.ports import Authenticators, Clock, Hasher, Mailer, OpenIdProvider
from gateway.services.sign_in_begun import Begun
from gateway.services.sign_in_links import SignInLinks
from gateway.services.signin_methods import SignInMethods
from gateway.services.signin_oidc import OidcSignIn
from gateway.settings import Identity as IdentitySettings


def sign_in_services(
    *,
    settings: IdentitySettings,
    database: Database,
    identity: Identity,
    hasher: Hasher,
    mailer: Mailer,
    addresses: Addresses,
    clock: Clock,
) -> SignInMethods:
    """StartupError when a provider of the settings makes no sense."""
    names = [one.name for one in settings.providers]
    if len(names) != len(set(names)):
        raise StartupError("Two sign-in services in identity.providers have the same name. Give each its own.")
    store, users = database.credentials, database.users
    begun = Begun(store=database.pending, clock=clock, limits=identity.limits, seconds=settings.link_seconds)
    return SignInMethods(
        oidc=OidcSignIn(
            settings=settings.providers,
            providers=_providers(settings, clock) if settings.providers else {},
            store=store,
            users=users,
            identity=identity,
            begun=begun,
            clock=clock,
            owner_of=addresses.owner_of,
            is_taken=addresses.is_taken,
        ),
        passkeys=Passkeys(
            store=store,
            users=users,
            authenticators=first_use(_authenticators),
            begun=begun,
            limits=identity.limits,
            clock=clock,
        ),
        links=SignInLinks(
            users=users,
            mailer=mailer,
            begun=begun,
            limits=identity.limits,
            familiar=identity.familiar,
            owner_of=addresses.owner_of,
        ),
        app_passwords=AppPasswords(store=store, users=users, hasher=hasher, clock=clock),
        mailer=mailer,
    )


def _providers(settings: IdentitySettings, clock: Clock) -> dict[str, OpenIdProvider]:
    from gateway.adapters.oidc import OidcProvider  # noqa: PLC0415 - 11 MB, which a site without providers needs not

    return {one.name: OidcProvider(one, clock=clock) for one in settings.providers}


def _authenticators() -> Authenticators:
    from gateway.adapters.passkeys import WebAuthn  # noqa: PLC0415 - see first_use

    return WebAuthn()
