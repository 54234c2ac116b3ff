"""To an OpenID provider and back, on an address of its own for each provider."""

from urllib.parse import quote, urlencode, urlsplit

from starlette.responses import RedirectResponse, Response

from gateway.domain.credential import Purpose
from gateway.domain.user import User
from gateway.errors import BadRequest, Refusal
from gateway.services.signin_oidc import Answer
from webprint.entering import (
    browser_of,
    check_private,
    confirmed,
    enter,
    methods_of,
    sign_in_form,
    user_of,
    wants_to_stay,
)
from webprint.hosts import asked_base, public_base
from webprint.requests import safe_next
from webprint.security import SecurityPages
from webprint.site import Site, Visit

LONGEST = 4096  # characters of what comes back


class OidcPages:
    def __init__(self, site: Site, security: SecurityPages) -> None:
        self._site = site
        self._security = security

    async def begin(self, visit: Visit) -> Response:
        """To sign in. A link rather than a form: browsers hold a form's redirects to our own content policy."""
        check_private(self._site, visit)
        query = visit.request.query_params
        to, stay = safe_next(query.get("next", "")), wants_to_stay(query)
        if visit.request.headers.get("sec-fetch-site") == "cross-site":
            return sign_in_form(self._site, visit, to=to)
        try:
            if self._elsewhere(visit) and "there" not in query:
                return self._to_own_name(visit, to, stay=stay)
            return await self._leave(visit, Purpose.SIGN_IN, to=to, stay=stay)
        except Refusal as refusal:
            return sign_in_form(self._site, visit, to=to, refusal=refusal)

    async def link(self, visit: Visit) -> Response:
        """To tie an account to who is signed in."""
        return await self._leave(visit, Purpose.LINK, to="/account/security", user=await user_of(self._site, visit))

    async def confirm(self, visit: Visit) -> Response:
        to = safe_next(visit.request.query_params.get("next", ""))
        return await self._leave(visit, Purpose.CONFIRM, to=to, user=await user_of(self._site, visit))

    async def callback(self, visit: Visit) -> Response:
        """Where the provider sends the browser (RFC 6749 section 4.1.2)."""
        check_private(self._site, visit)
        user = await user_of(self._site, visit) if visit.signed_in else None
        try:
            return await self._back(visit, user)
        except Refusal as refusal:
            if user is None:
                return sign_in_form(self._site, visit, to="/jobs", refusal=refusal)
            return await self._security.show_refused(visit, refusal)

    async def _back(self, visit: Visit, user: User | None) -> Response:
        finished = await methods_of(self._site).oidc.finish(
            visit.request.path_params["provider"],
            _answer(visit),
            browser=browser_of(visit),
            address=visit.actor.address,
            user=user,
        )
        pending = finished.pending
        if pending.purpose is Purpose.CONFIRM:
            return await confirmed(self._site, visit, pending.next)
        if pending.purpose is Purpose.LINK:
            await self._security.tell(visit, finished.user, "linked account", finished.name, added=True)
            return RedirectResponse("/account/security?done=linked", status_code=303)
        return await enter(self._site, visit, finished.user, method=finished.method, to=pending.next, stay=pending.stay)

    async def _leave(
        self, visit: Visit, purpose: Purpose, *, to: str, user: User | None = None, stay: bool = False
    ) -> Response:
        name, base = visit.request.path_params["provider"], public_base(self._site, visit.request)
        if user is not None and self._elsewhere(visit):
            raise BadRequest(f"Open this page at {base} first: this sign-in service knows the way back to there alone.")
        url = await methods_of(self._site).oidc.begin(
            name,
            redirect_uri=f"{base}/signin/oidc/{name}/callback",
            browser=browser_of(visit),
            address=visit.actor.address,
            purpose=purpose,
            user=user,
            to=to,
            stay=stay,
        )
        return RedirectResponse(url, status_code=303)

    def _elsewhere(self, visit: Visit) -> bool:
        """Whether the provider would send the browser to another name of ours, where it has no cookie."""
        base = public_base(self._site, visit.request)
        try:
            return urlsplit(asked_base(self._site, visit.request)).netloc != urlsplit(base).netloc.lower()
        except BadRequest:
            return True

    def _to_own_name(self, visit: Visit, to: str, *, stay: bool) -> Response:
        """Tried once: behind a proxy that changes the host every request looks like another name's."""
        base, name = public_base(self._site, visit.request), quote(visit.request.path_params["provider"], safe="")
        query = urlencode({"next": to, "stay": "1" if stay else "0", "there": "1"})
        return RedirectResponse(f"{base}/signin/oidc/{name}?{query}", status_code=303)


def _answer(visit: Visit) -> Answer:
    query = visit.request.query_params
    told = {name: query.get(name, "")[:LONGEST] for name in ("state", "code", "error")}
    return Answer(**told, issuer=query["iss"][:LONGEST] if "iss" in query else None)
