"""Signing in by name and password or by name and PIN, and out again."""

from starlette.responses import RedirectResponse, Response

from gateway.domain.user import User
from gateway.errors import BadRequest, NotAuthenticated, Throttled, Unavailable
from gateway.i18n import gettext as _
from webprint.entering import check_private, enter, sign_in_form, to_https, wants_to_stay
from webprint.requests import SESSION, SESSION_TLS, cookie_of, drop_cookie, first, is_private, safe_next
from webprint.site import Site, Visit
from webprint.staying import end


class SignInPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        to = safe_next(query.get("next", ""))
        if not is_private(visit.request, plain_allowed=self._site.plain_sign_in):
            return to_https(self._site, visit, to)
        if visit.signed_in:
            return RedirectResponse(to, status_code=303)
        notice = _("You are signed out.") if query.get("done") == "out" else ""
        return sign_in_form(self._site, visit, way=query.get("with", ""), to=to, notice=notice)

    async def sign_in(self, visit: Visit) -> Response:
        check_private(self._site, visit)
        way, to = first(visit.form, "with"), safe_next(first(visit.form, "next"))
        try:
            user = await self._user(visit, way)
        except (NotAuthenticated, Throttled, BadRequest, Unavailable) as refusal:
            return sign_in_form(self._site, visit, way=way, to=to, name=first(visit.form, "name"), refusal=refusal)
        method = "pin" if way == "pin" else "password"
        return await enter(self._site, visit, user, method=method, to=to, stay=wants_to_stay(visit.form))

    async def sign_out(self, visit: Visit) -> Response:
        cookie = cookie_of(visit.request, SESSION, SESSION_TLS)
        if cookie:
            await self._site.identity.close_session(cookie)
        if self._site.live is not None and visit.session is not None:
            self._site.live.end_session(visit.session.id_hash)
        response = RedirectResponse("/signin?done=out", status_code=303)
        await end(self._site, visit, response)
        drop_cookie(visit.request, response, (SESSION, SESSION_TLS))
        # What the app kept for hours without a network goes, too, and nothing more is told on this screen.
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    async def _user(self, visit: Visit, way: str) -> User:
        identity, address, name = self._site.identity, visit.actor.address, first(visit.form, "name").strip()
        if way != "pin":
            return await identity.sign_in_password(name, first(visit.form, "password"), address=address)
        if not name and not self._site.settings.identity.pin_alone:
            raise BadRequest("Type your name as well as your PIN.")
        return await identity.sign_in_pin(first(visit.form, "pin").strip(), address=address, name=name or None)
