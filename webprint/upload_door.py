"""What stands before uploads and guests' pages: who is known by which cookie, and tokens of requests that are no forms.

A guest's cookie means nothing to the rest of the portal. A document's octets are never read here: handlers stream them.
"""

from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from gateway.domain.guest import Guest
from gateway.errors import Forbidden, NotAuthenticated, NotFound, Refusal
from gateway.i18n import said
from gateway.services.guests import Guests
from gateway.services.uploads import Uploads
from webprint.answers import retry_after, status_of
from webprint.guard import SAFE, Guard
from webprint.policy import access_of, allows
from webprint.requests import (
    FORM,
    FORM_TLS,
    check_origin,
    check_token,
    client_address,
    cookie_of,
    form_token,
    host_name,
    is_private,
    new_form_cookie,
    read_form,
)
from webprint.site import Site, Visit

GUEST = ("papertap-guest", "__Host-papertap-guest")
TOKEN = "papertap-token"  # noqa: S105 - the name of a header
FILES = "/upload/files"
TUS = "1.0.0"
MULTIPART = "multipart/form-data"
CHECKSUM_MISMATCH = 460  # tus 1.0, checksum extension


class UploadGuard(Guard):
    """Knows people by their session and guests by theirs; answers programs in plain text."""

    async def _admit(self, visit: Visit, path: str) -> Visit:
        request = visit.request
        host_name(request)
        access = access_of(request.method, path)
        if access is None:
            raise Forbidden("Nobody may use this address.")
        visit = request.state.visit = await self._recognise(visit)
        self._limit(visit)
        unsafe = request.method not in SAFE | {"OPTIONS"}
        if unsafe:
            check_origin(request)
            visit = await self._with_form(visit)
        if not allows(access, visit.actor):
            raise NotAuthenticated("Sign in to see this page.")
        if unsafe and not is_multipart(request):
            check_token(visit.form, visit.csrf)
        return visit

    async def _with_form(self, visit: Visit) -> Visit:
        """The token of what is no form stands in a header, which no other site's page can send."""
        request = visit.request
        if is_multipart(request):
            return visit  # its first field is the token, and whoever reads it checks it
        if request.url.path.startswith(FILES):
            return replace(visit, form={"csrf": [request.headers.get(TOKEN, "")]})
        return replace(visit, form=await read_form(request))

    async def _recognise(self, visit: Visit) -> Visit:
        visit = await super()._recognise(visit)
        request, settings = visit.request, self._site.settings.guests
        rehearsing = self._rehearsing(visit)
        if rehearsing is not None:
            return rehearsing
        if visit.signed_in or not (settings.plain_http or is_private(request)):
            return visit
        cookie, guests = cookie_of(request, *GUEST), self._site.guests
        found = await guests.session(cookie, address=client_address(request)) if guests and cookie else None
        if found is not None:
            guest, actor = found
            request.state.guest, request.state.cookie = guest, cookie
            return replace(visit, actor=actor, csrf=guest.csrf)
        known = cookie_of(request, FORM, FORM_TLS)
        value = known or new_form_cookie()
        return replace(visit, csrf=form_token(value), new_form_cookie=None if known else value)

    def _rehearsing(self, visit: Visit) -> Visit | None:
        """The gateway's own test of uploads, whose pass is its token."""
        token = visit.request.headers.get(TOKEN, "")
        if not visit.request.url.path.startswith(FILES) or self._site.uploads is None or not token:
            return None
        actor = self._site.uploads.rehearsals.actor_of(token, address=visit.actor.address)
        return None if actor is None else replace(visit, actor=actor, csrf=token)

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        request, status = visit.request, refused_as(refusal)
        headers = {"Papertap-Reason": refusal.kind}
        wait = retry_after(refusal)
        if wait is not None:
            headers["Retry-After"] = str(max(1, round(wait)))
        if request.url.path.startswith(FILES):
            return PlainTextResponse(said(refusal.message), status, headers | {"Tus-Resumable": TUS})
        if wants_json(request):
            return JSONResponse({"error": refusal.kind, "message": said(refusal.message)}, status, headers)
        due = self._due(visit, refusal)
        if due is not None:
            return due
        if isinstance(refusal, NotAuthenticated) and request.url.path.startswith("/guest"):
            return RedirectResponse("/guest", status_code=303)
        if isinstance(refusal, NotAuthenticated):
            return RedirectResponse(f"/signin?next={quote(request.url.path, safe='')}", status_code=303)
        return self.error(visit, status, refusal.message, retry=wait)


def refused_as(refusal: Refusal) -> int:
    return CHECKSUM_MISMATCH if refusal.kind == "checksum-mismatch" else status_of(refusal)


def is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith(MULTIPART)


def wants_json(request: Request) -> bool:
    """A program: it says so, or it gives a key that no browser's form sends."""
    return "application/json" in request.headers.get("accept", "") or "idempotency-key" in request.headers


def guest_of(visit: Visit) -> Guest | None:
    """The guest whose cookie came with the request."""
    return getattr(visit.request.state, "guest", None)


def guest_code(visit: Visit, guests: Guests) -> str:
    """The six digits, for the browser that holds the cookie."""
    guest = guest_of(visit)
    return "" if guest is None else guests.code(guest, visit.request.state.cookie)


def keep_guest(request: Request, response: Response, cookie: str, seconds: float) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(
        GUEST[secure], cookie, max_age=round(seconds), path="/", secure=secure, httponly=True, samesite="lax"
    )


def uploads_of(site: Site) -> Uploads:
    if site.uploads is None:
        raise NotFound("Nothing can be uploaded here.")
    return site.uploads


def guests_of(site: Site) -> Guests:
    if site.guests is None:
        raise NotFound("There are no guests here. Sign in to print.")
    return site.guests
