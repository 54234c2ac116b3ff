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

from gateway.domain.rights import Role
from gateway.domain.second_factor import Step
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotAuthenticated, Refusal
from gateway.i18n import N_, negotiate, said, speaking
from gateway.services.limits import Kind, Limit, subscriber
from webprint.access import allows, is_recent, wants_proof
from webprint.answers import TITLES, retry_after, status_of
from webprint.policy import access_of
from webprint.requests import (
    FORM,
    FORM_TLS,
    LANGUAGE,
    Form,
    check_origin,
    check_token,
    client_address,
    cookie_of,
    form_token,
    host_name,
    is_loopback,
    new_form_cookie,
    read_form,
    set_cookie,
)
from webprint.sessions import Sessions
from webprint.site import Site, Visit
from webprint.staying import keep_renewed, renew

Handler = Callable[[Visit], Awaitable[Response]]
BROKEN = "Something went wrong on our side. Your jobs are safe. Try again in a moment."
SAFE = frozenset({"GET", "HEAD"})
STRANGERS_FORMS = (
    "/signin",
    "/register",
    "/welcome/",
    "/s/",
    "/account/addresses/confirm",
    "/keep",
    "/mail/",
)  # below these paths strangers get a cookie that their forms' token belongs to
TO_SET_UP = ("/account/security", "/signin/", "/signout", "/static/", "/language")  # what a second step is set up with

log = logging.getLogger(__name__)


_PAGES = (
    "/account/security",
    "/account/addresses",
    "/account/remote",
    "/account/cards",
    "/account/data/erase",
    "/account/data",
    "/account/notices",
    "/account/password",
    "/account/pin",
    "/account",
    "/history",
    "/upload",
    "/setup",
    "/desk",
)


class _ProveAgain(NotAuthenticated):
    """Signed in, but too long ago for what was asked."""


class _SetUp(NotAuthenticated):
    """Signed in by one step, where the house asks for two."""


class Guard:
    """Makes routes of handlers, none of which runs before its policy row allowed it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.sessions = Sessions(site.identity, plain_allowed=site.plain_sign_in)

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
            _keep_session(request, response)
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
            form = await self._form(request)
            visit = replace(visit, form=form or {})
        if not allows(access, visit.actor):
            if visit.signed_in:
                raise Forbidden("This page is for the people who run the printers.")
            raise NotAuthenticated("Sign in to see this page.")
        if request.method not in SAFE and form is not None:
            check_token(form, visit.csrf)
        if wants_proof(access) and not is_recent(visit.session, self._site.clock.now()):
            raise _ProveAgain("Confirm that it is you.")
        return visit

    async def _form(self, request: Request) -> Form | None:
        """None where the handler reads it by itself, and checks its token."""
        return await read_form(request)

    def _limit(self, visit: Visit) -> None:
        """Strangers have a rate, an address; who is signed in is known, and this machine's own programs are trusted."""
        if not visit.signed_in and not is_loopback(visit.actor.address):
            address = subscriber(visit.actor.address)
            self._site.identity.limits.take(Limit(kind=Kind.REQUEST, key=(address,)))

    async def _recognise(self, visit: Visit) -> Visit:
        """The session of the cookie, if this connection may carry one; else a form cookie for the sign-in form."""
        request = visit.request
        if not self.sessions.is_private(request):
            return visit
        found = await self.sessions.begun(request)
        renewed = await renew(self._site, visit) if found is None else None
        if renewed is not None:
            found = await self.sessions.begun(request, renewed.cookie)
        if found is not None:
            request.state.renewed = renewed
            session, actor, step = found
            visit = replace(visit, session=session, csrf=session.csrf, step=step)
            if step is Step.ASK:  # a stranger, until the second step is made
                return visit
            visit = replace(visit, actor=actor)
            if step is Step.SET_UP:
                return self._until_set_up(visit)
            return replace(visit, unread=await self._unread(visit))
        known = cookie_of(request, FORM, FORM_TLS)
        if known is None and not request.url.path.startswith(STRANGERS_FORMS):
            return visit
        value = known or new_form_cookie()
        return replace(visit, csrf=form_token(value), new_form_cookie=None if known else value)

    def _until_set_up(self, visit: Visit) -> Visit:
        """Whoever must have a second step and has none can only set one up, or leave."""
        if not visit.request.url.path.startswith(TO_SET_UP):
            raise _SetUp("Set up a second step for signing in first.")
        return replace(visit, actor=replace(visit.actor, role=Role.USER, grants=()))

    async def _unread(self, visit: Visit) -> int:
        """For the bell of a page; pictures and streams have none."""
        path, personal = visit.request.url.path, self._site.personal
        if personal is None or path.endswith((".png", "/events")):
            return 0
        return await personal.notices.unread(await self._site.identity.get(visit.actor.user or ""))

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        if isinstance(refusal, _ProveAgain):  # before the other: a visit that was not admitted names nobody
            return RedirectResponse(f"/signin/confirm?next={quote(_asked(visit.request), safe='')}", status_code=303)
        due = self._due(visit, refusal)
        if due is not None:
            return due
        if isinstance(refusal, NotAuthenticated) and not visit.signed_in:
            return RedirectResponse(f"/signin?next={quote(_asked(visit.request), safe='')}", status_code=303)
        return self.error(visit, status_of(refusal), refusal.message, retry=retry_after(refusal))

    def _due(self, visit: Visit, refusal: Refusal) -> Response | None:
        """The way to the second step, where that is what is missing."""
        if isinstance(refusal, _SetUp):
            return RedirectResponse("/account/security/second", status_code=303)
        if getattr(visit.request.state, "visit", visit).step is Step.ASK and isinstance(refusal, NotAuthenticated):
            return RedirectResponse(f"/signin/second?next={quote(_asked(visit.request), safe='')}", status_code=303)
        return None

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
        _keep_session(request, response)
        return response


def _keep_session(request: Request, response: Response) -> None:
    """Also on a page that says no: the browser's old token is void by now."""
    renewed = getattr(request.state, "renewed", None)
    if renewed is not None:
        keep_renewed(request, response, renewed)


def _in_language_of(request: Request) -> AbstractContextManager[None]:
    return speaking(negotiate(request.cookies.get(LANGUAGE), request.headers.get("accept-language")))


def _asked(request: Request) -> str:
    """The page to come back to; a form that was sent in vain comes back to the page that it stood on."""
    if request.method not in SAFE:
        path = request.url.path
        if path.startswith("/admin/"):
            return "/".join(path.split("/")[:3])
        return next((page for page in _PAGES if path.startswith(page)), "/jobs")
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
