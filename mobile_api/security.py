"""Who is asking: a bearer token, or the portal's own session with its token against other sites' pages."""

import hmac
from dataclasses import dataclass

from starlette.requests import Request

from gateway.domain.api_token import OWN, ApiToken
from gateway.domain.user import Actor, Session
from gateway.errors import Forbidden, NotAuthenticated
from gateway.i18n import N_
from gateway.services.limits import Kind, Limit, subscriber
from mobile_api.policy import Rule
from mobile_api.services import Services

SAFE = frozenset({"GET", "HEAD"})
CSRF = "x-csrf"
SIGN_IN = N_("Sign in, or send a token as “Authorization: Bearer …”.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """`key` names the caller in rows: a token or a user; "" is a stranger."""

    actor: Actor
    session: Session | None = None
    token: ApiToken | None = None

    @property
    def key(self) -> str:
        if self.token is not None:
            return f"token:{self.token.id}"
        return f"user:{self.actor.user}" if self.actor.user else ""


async def recognise(request: Request, services: Services) -> Caller:
    """The caller, or a stranger; NotAuthenticated for a token that is no good, which is never taken for a stranger."""
    address = request.client.host if request.client else ""
    header = request.headers.get("authorization")
    if header is not None:
        return await _by_token(request, services, header, address)
    found = await services.portal.session(request)
    if found is None:
        services.identity.limits.take(Limit(kind=Kind.API, key=(subscriber(address), "")))
        return Caller(actor=Actor(address=address, via="api"))
    session, actor = found
    services.identity.limits.take(Limit(kind=Kind.API, key=(subscriber(address), session.tag)))
    return Caller(actor=actor, session=session)


async def _by_token(request: Request, services: Services, header: str, address: str) -> Caller:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated(SIGN_IN)
    if not services.portal.is_private(request):
        raise Forbidden("A token is sent over https only: here anybody on the way could have read it. Revoke it.")
    try:
        token, actor = await services.tokens.actor_of(value.strip(), address=address)
    except NotAuthenticated:
        services.identity.limits.take(Limit(kind=Kind.API, key=(subscriber(address), "")))
        raise
    return Caller(actor=actor, token=token)


def admit(request: Request, rule: Rule | None, caller: Caller, services: Services) -> None:
    """A Refusal unless this caller may use a route with this rule."""
    if rule is None:
        raise Forbidden("Nobody may use this address.")
    if rule.anyone:
        return
    if caller.actor.user is None:
        raise NotAuthenticated(SIGN_IN)
    if caller.session is not None and request.method not in SAFE:
        _check_page(request, caller.session, services)
    if caller.token is not None:
        _check_scope(caller.token, rule)
    if not rule.allows(caller.actor):
        raise Forbidden("Your account has no permission for this.")
    if rule.recent and (caller.session is None or not caller.session.is_recent(services.clock.now())):
        raise NotAuthenticated("Confirm in the portal that it is you, and try again within ten minutes.")


def _check_page(request: Request, session: Session, services: Services) -> None:
    services.portal.check_origin(request)
    if not hmac.compare_digest(request.headers.get(CSRF, "").encode(), session.csrf.encode()):
        raise Forbidden("The header X-CSRF is missing or old. Reload the page and try again.")


def _check_scope(token: ApiToken, rule: Rule) -> None:
    if rule.recent:
        raise Forbidden("No token may do this: sign in to the portal for it.")
    if not rule.any_scope and not set(rule.scopes) & set(token.scopes):
        raise Forbidden(f"This token is not for that: it lacks the scope {' or '.join(rule.scopes)}.")


__all__ = ["CSRF", "OWN", "SAFE", "Caller", "admit", "recognise"]
