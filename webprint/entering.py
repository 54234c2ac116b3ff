"""What all ways to sign in have in common: what is checked before, and the session that stands at the end."""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.domain.user import Session, User
from gateway.errors import Forbidden, NotAuthenticated, NotFound, Refusal
from gateway.i18n import said
from gateway.services.signin_methods import SignInMethods
from webprint.answers import retry_after, status_of
from webprint.browsers import browser_name
from webprint.hosts import has_name
from webprint.language import bring_language
from webprint.requests import (
    FORM,
    FORM_TLS,
    SESSION,
    SESSION_TLS,
    cookie_of,
    drop_cookie,
    host_name,
    is_private,
    safe_next,
    set_cookie,
)
from webprint.site import Site, Visit
from webprint.staying import begin, end, keep

WAYS = ("password", "pin")


def methods_of(site: Site) -> SignInMethods:
    if site.sign_in is None:
        raise NotFound("This way to sign in is not set up here.")
    return site.sign_in


def browser_of(visit: Visit) -> str:
    """A digest of what this browser alone has: what a sign-in that was begun is bound to."""
    return hashlib.sha256(b"browser\0" + visit.csrf.encode()).hexdigest()


def check_private(site: Site, visit: Visit) -> None:
    if not is_private(visit.request, plain_allowed=site.plain_sign_in):
        raise Forbidden("Sign in over an encrypted connection only: open this page by https.")


def to_https(site: Site, visit: Visit, to: str) -> Response:
    port = site.ports().https
    if port is None:
        raise Forbidden("Signing in needs HTTPS, which is switched off here. Ask the administrator.")
    where = f"https://{host_name(visit.request)}:{port}/signin?next={quote(to, safe='')}"
    return RedirectResponse(where, status_code=307)


async def user_of(site: Site, visit: Visit) -> User:
    """Who is signed in; only for pages whose policy asks for that."""
    if visit.session is None:
        raise NotAuthenticated("Sign in to see this page.")
    return await site.identity.get(visit.session.user)


async def enter(site: Site, visit: Visit, user: User, *, method: str, to: str, stay: bool = False) -> Response:
    """A new session, whatever cookie the browser had, and on to the page that was asked for."""
    await _close_old(site, visit)
    token, phone = await begin(site, visit, user, method=method) if stay else ("", "")
    cookie, _session = await site.identity.open_session(
        user,
        method=method,
        address=visit.actor.address,
        browser=browser_name(visit.request.headers.get("user-agent", "")),
        phone=phone,
    )
    response = RedirectResponse(safe_next(to), status_code=303)
    await end(site, visit, response)  # whoever stayed signed in here before
    keep(site, visit.request, response, token)
    set_cookie(visit.request, response, (SESSION, SESSION_TLS), cookie)
    drop_cookie(visit.request, response, (FORM, FORM_TLS))
    await bring_language(site, visit, user, response)
    return response


async def confirmed(site: Site, visit: Visit, to: str) -> Response:
    """The same session, proved anew, under a new cookie."""
    cookie = cookie_of(visit.request, SESSION, SESSION_TLS) or ""
    response = RedirectResponse(safe_next(to), status_code=303)
    keep_session(visit, response, await site.identity.rotate_session(cookie, address=visit.actor.address))
    return response


def keep_session(visit: Visit, response: Response, opened: tuple[str, Session] | None) -> None:
    """The cookie of a session that was rotated; NotAuthenticated where there was none to rotate."""
    if opened is None:
        raise NotAuthenticated("Sign in to see this page.")
    set_cookie(visit.request, response, (SESSION, SESSION_TLS), opened[0])


def sign_in_form(
    site: Site,
    visit: Visit,
    *,
    to: str,
    way: str = "",
    name: str = "",
    refusal: Refusal | None = None,
    notice: str = "",
) -> Response:
    """The sign-in page, with what went wrong if something did."""
    methods, settings = site.sign_in, site.settings.identity
    response = site.page(
        visit,
        "signin.html",
        status=200 if refusal is None else status_of(refusal),
        way=way if way in WAYS else "password",
        to=to,
        name=name[:100],
        error="" if refusal is None else said(refusal.message),
        tried=refusal is not None and bool(way),
        notice=notice,
        providers=methods.oidc.ways if methods else (),
        passkeys=methods is not None and has_name(visit.request),
        mail=methods is not None and methods.links.enabled,
        register=site.people is not None and site.people.registrations.enabled,
        pin_alone=settings.pin_alone,
        stay_days=round(settings.stay_seconds / 86400),
    )
    keep_waiting(response, refusal)
    return response


def keep_waiting(response: Response, refusal: Refusal | None) -> None:
    wait = None if refusal is None else retry_after(refusal)
    if wait is not None:
        response.headers["Retry-After"] = str(max(1, round(wait)))


def wants_to_stay(values: Mapping[str, Any]) -> bool:
    found = values.get("stay")
    return bool(found) and found not in ("0", ["0"])


async def _close_old(site: Site, visit: Visit) -> None:
    old = cookie_of(visit.request, SESSION, SESSION_TLS)
    if old:
        await site.identity.close_session(old)
