"""Signing in by name and password or by PIN, and out again."""

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.domain.user import User
from gateway.errors import Forbidden, NotAuthenticated, Refusal, Throttled
from webprint.answers import retry_after, status_of
from webprint.requests import (
    FORM,
    FORM_TLS,
    SESSION,
    SESSION_TLS,
    cookie_of,
    drop_cookie,
    first,
    host_name,
    is_private,
    safe_next,
    set_cookie,
)
from webprint.site import Site, Visit

WAYS = ("password", "pin")


class SignInPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        to = safe_next(query.get("next", ""))
        if not self._private(visit):
            return self._to_https(visit, to)
        if visit.signed_in:
            return RedirectResponse(to, status_code=303)
        return self._form(visit, way=query.get("with", ""), to=to)

    async def sign_in(self, visit: Visit) -> Response:
        if not self._private(visit):
            raise Forbidden("Sign in over an encrypted connection only: open this page by https.")
        way, to = first(visit.form, "with"), safe_next(first(visit.form, "next"))
        try:
            user = await self._user(visit, way)
        except (NotAuthenticated, Throttled) as refusal:
            return self._form(visit, way=way, to=to, refusal=refusal)
        old = cookie_of(visit.request, SESSION, SESSION_TLS)
        if old:
            await self._site.identity.close_session(old)
        cookie, _ = await self._site.identity.open_session(user, method=way, address=visit.actor.address)
        response = RedirectResponse(to, status_code=303)
        set_cookie(visit.request, response, (SESSION, SESSION_TLS), cookie)
        drop_cookie(visit.request, response, (FORM, FORM_TLS))
        return response

    async def sign_out(self, visit: Visit) -> Response:
        cookie = cookie_of(visit.request, SESSION, SESSION_TLS)
        if cookie:
            await self._site.identity.close_session(cookie)
        response = RedirectResponse("/signin?done=out", status_code=303)
        drop_cookie(visit.request, response, (SESSION, SESSION_TLS))
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    async def _user(self, visit: Visit, way: str) -> User:
        address = visit.actor.address
        if way == "pin":
            name = first(visit.form, "name").strip() or None
            return await self._site.identity.sign_in_pin(first(visit.form, "pin").strip(), address=address, name=name)
        return await self._site.identity.sign_in_password(
            first(visit.form, "name").strip(), first(visit.form, "password"), address=address
        )

    def _form(self, visit: Visit, *, way: str, to: str, refusal: Refusal | None = None) -> Response:
        response = self._site.page(
            visit,
            "signin.html",
            status=200 if refusal is None else status_of(refusal),
            way=way if way in WAYS else "password",
            to=to,
            name=first(visit.form, "name")[:100],
            error="" if refusal is None else refusal.message,
            signed_out=visit.request.query_params.get("done") == "out",
        )
        wait = None if refusal is None else retry_after(refusal)
        if wait is not None:
            response.headers["Retry-After"] = str(max(1, round(wait)))
        return response

    def _private(self, visit: Visit) -> bool:
        return is_private(visit.request, plain_allowed=self._site.plain_sign_in)

    def _to_https(self, visit: Visit, to: str) -> Response:
        port = self._site.ports().https
        if port is None:
            raise Forbidden("Signing in needs HTTPS, which is switched off here. Ask the administrator.")
        where = f"https://{host_name(visit.request)}:{port}/signin?next={quote(to, safe='')}"
        return RedirectResponse(where, status_code=307)
