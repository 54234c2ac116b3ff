"""What stands before every handler: policy, session, origin, token; and after it: refusals in words."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotAuthenticated, Refusal
from gateway.i18n import N_, negotiate, said, speaking
from gateway.services.limits import Kind, Limit, subscriber
from webprint.answers import TITLES, retry_after, status_of
from webprint.policy import Access, access_of, allows, is_recent
from webprint.requests import (
    FORM,
    FORM_TLS,
    LANGUAGE,
    SESSION,
    SESSION_TLS,
    check_origin,
    check_token,
    client_address,
    cookie_of,
    form_token,
    host_name,
    is_loopback,
    is_private,
    new_form_cookie,
    read_form,
    set_cookie,
)
from webprint.site import Site, Visit

Handler = Callable[[Visit], Awaitable[Response]]
BROKEN = "Something went wrong on our side. Your jobs are safe. Try again in a moment."
LIVE = "papertap-live"  # the list asks for its news by itself
EVENTS = "/jobs/events"  # and here a browser connects by itself, which cannot say so
SAFE = frozenset({"GET", "HEAD"})
STRANGERS_FORMS = (
    "/signin",
    "/s/",
    "/account/addresses/confirm",
    "/keep",
)  # below these paths strangers get a cookie that their forms' token belongs to

log = logging.getLogger(__name__)


_PAGES = (
    "/account/security",
    "/account/addresses",
    "/account/cards",
    "/account/data/erase",
    "/account/data",
    "/account/notices",
    "/account/password",
    "/account/pin",
    "/account",
    "/history",
    "/upload",
    "/desk",
)


class _ProveAgain(NotAuthenticated):
    """Signed in, but too long ago for what was asked."""


class Guard:
    """Makes routes of handlers, none of which runs before its policy row allowed it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def route(self, method: str, path: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            with _in_language_of(request):
                return await answer(request)

        async def answer(request: Request) -> Response:
            visit = Visit(request=request, actor=Actor(address=client_address(request), via="web"))
            try:
                visit = await self._admit(visit, path)
                response = await handler(visit)
            except Refusal as refusal:
                response = self._refused(visit, refusal)
            except Exception:
                # A defect: the log has the trace, the visitor a page that says nothing of it.
                log.exception("request failed: %s %s", request.method, request.url.path)
                response = self.error(visit, 500, BROKEN)
            if visit.new_form_cookie is not None:
                self._keep_form(request, response, visit.new_form_cookie)
            return response

        return Route(path, endpoint, methods=[method], name=f"{method} {path}")

    def _keep_form(self, request: Request, response: Response, value: str) -> None:
        set_cookie(request, response, (FORM, FORM_TLS), value)

    async def _admit(self, visit: Visit, path: str) -> Visit:
        """The visit with its actor and form; a Refusal when policy, origin or token say no."""
        request = visit.request
        host_name(request)
        access = access_of(request.method, path)
        if access is None:
            raise Forbidden("Nobody may use this address.")
        visit = request.state.visit = await self._recognise(visit)
        self._limit(visit)
        if request.method not in SAFE:
            check_origin(request)
            visit = replace(visit, form=await read_form(request))
        if not allows(access, visit.actor):
            if visit.signed_in:
                raise Forbidden("This page is for the people who run the printers.")
            raise NotAuthenticated("Sign in to see this page.")
        if request.method not in SAFE:
            check_token(visit.form, visit.csrf)
        if access is Access.RECENT and not is_recent(visit.session, self._site.clock.now()):
            raise _ProveAgain("Confirm that it is you.")
        return visit

    def _limit(self, visit: Visit) -> None:
        """Strangers have a rate, an address; who is signed in is known, and this machine's own programs are trusted."""
        if not visit.signed_in and not is_loopback(visit.actor.address):
            address = subscriber(visit.actor.address)
            self._site.identity.limits.take(Limit(kind=Kind.REQUEST, key=(address,)))

    async def _recognise(self, visit: Visit) -> Visit:
        """The session of the cookie, if this connection may carry one; else a form cookie for the sign-in form."""
        request = visit.request
        if not is_private(request, plain_allowed=self._site.plain_sign_in):
            return visit
        cookie = cookie_of(request, SESSION, SESSION_TLS)
        live = LIVE in request.headers or request.url.path == EVENTS
        found = await self._site.identity.session(cookie, touch=not live) if cookie else None
        if found is not None:
            session, actor = found
            actor = replace(actor, address=client_address(request), via="web")
            visit = replace(visit, session=session, actor=actor, csrf=session.csrf)
            return replace(visit, unread=await self._unread(visit))
        known = cookie_of(request, FORM, FORM_TLS)
        if known is None and not request.url.path.startswith(STRANGERS_FORMS):
            return visit
        value = known or new_form_cookie()
        return replace(visit, csrf=form_token(value), new_form_cookie=None if known else value)

    async def _unread(self, visit: Visit) -> int:
        """For the bell of a page; pictures and streams have none."""
        path, personal = visit.request.url.path, self._site.personal
        if personal is None or path.endswith((".png", "/events")):
            return 0
        return await personal.notices.unread(await self._site.identity.get(visit.actor.user or ""))

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        if isinstance(refusal, _ProveAgain):  # before the other: a visit that was not admitted names nobody
            return RedirectResponse(f"/signin/confirm?next={quote(_asked(visit.request), safe='')}", status_code=303)
        if isinstance(refusal, NotAuthenticated) and not visit.signed_in:
            return RedirectResponse(f"/signin?next={quote(_asked(visit.request), safe='')}", status_code=303)
        return self.error(visit, status_of(refusal), refusal.message, retry=retry_after(refusal))

    def error(self, visit: Visit, status: int, message: str, *, retry: float | None = None) -> Response:
        # Who is known stays so on the page that says no, also when the visit was not admitted.
        visit = getattr(visit.request.state, "visit", visit)
        response = self._site.page(
            visit,
            "error.html",
            status=status,
            title=TITLES.get(status, TITLES[400]),
            code=status,
            message=said(message),
        )
        if retry is not None:
            response.headers["Retry-After"] = str(max(1, round(retry)))
        return response

    async def on_http_exception(self, request: Request, error: Exception) -> Response:
        """What the router itself refuses: unknown addresses and methods."""
        assert isinstance(error, HTTPException)
        text = {
            404: N_("There is no page at this address. It may have been mistyped, or what it showed is gone."),
            405: N_("This address cannot be used this way. Go back and use the page's own buttons."),
        }.get(error.status_code, N_("The request cannot be answered."))
        visit = Visit(request=request, actor=Actor(address=client_address(request), via="web"))
        with suppress(Refusal):  # of a cookie or a host name that is none
            visit = await self._recognise(visit)
        with _in_language_of(request):
            response = self.error(visit, error.status_code, text)
        response.headers.update(error.headers or {})
        return response


def _in_language_of(request: Request) -> AbstractContextManager[None]:
    return speaking(negotiate(request.cookies.get(LANGUAGE), request.headers.get("accept-language")))


def _asked(request: Request) -> str:
    """The page to come back to; a form that was sent in vain comes back to the page that it stood on."""
    if request.method not in SAFE:
        return next((page for page in _PAGES if request.url.path.startswith(page)), "/jobs")
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
