"""What stands before the pages of release stations: their networks, and short sessions under cookies of their own.

All of these cookies are sent to /kiosk alone, and what they hold means nothing to the rest of the portal.
"""

from dataclasses import replace
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.errors import NotAuthenticated, NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import said
from gateway.services.kiosk import Kiosk
from webprint.answers import TITLES, retry_after, status_of
from webprint.guard import Guard
from webprint.requests import client_address, cookie_of, form_token, is_private, new_form_cookie
from webprint.sessions import LIVE
from webprint.site import Site, Visit

KIOSK = ("papertap-kiosk", "__Secure-papertap-kiosk")
FORM = ("papertap-kiosk-form", "__Secure-papertap-kiosk-form")
PHONE = ("papertap-kiosk-phone", "__Secure-papertap-kiosk-phone")
CARD = ("papertap-kiosk-card", "__Secure-papertap-kiosk-card")
SCREEN = ("papertap-kiosk-screen", "__Secure-papertap-kiosk-screen")
# Of a browser that a reader was paired with; also sent to the terminals' socket, which is elsewhere than /kiosk.
READER = ("papertap-reader", "__Host-papertap-reader")
LOOKS = ("papertap-kiosk-look", "__Secure-papertap-kiosk-look")
IDLE = "idle"  # in the query of a page that comes back by itself: no sign of life
YEAR = 365 * 24 * 3600


class KioskGuard(Guard):
    """Lets nobody in by a portal session, and answers in the manner of a station."""

    async def _recognise(self, visit: Visit) -> Visit:
        request, kiosk = visit.request, kiosk_of(self._site)
        kiosk.check_network(visit.actor.address)
        if not private(self._site, request):
            return visit
        known = cookie_of(request, *FORM)
        value = known or new_form_cookie()
        visit = replace(visit, csrf=form_token(value), new_form_cookie=None if known else value)
        cookie = cookie_of(request, *KIOSK)
        # Coming in is for whoever stands there now, however long the last one's page has been open.
        if cookie is None or request.url.path.endswith("/in"):
            return visit
        found = await kiosk.sessions.find(cookie, address=client_address(request), touch=_touches(request))
        if found is None:
            return visit
        session, actor = found
        return replace(visit, session=session, actor=actor, csrf=session.csrf)

    def _keep_form(self, request: Request, response: Response, value: str) -> None:
        keep_cookie(request, response, FORM, value)

    def _refused(self, visit: Visit, refusal: Refusal) -> Response:
        if isinstance(refusal, NotAuthenticated) and visit.session is None:
            response: Response = RedirectResponse(home_of(visit), status_code=303)
            if cookie_of(visit.request, *KIOSK):
                forget_person(visit.request, response)
            return response
        return self.error(visit, status_of(refusal), refusal.message, retry=retry_after(refusal))

    def error(self, visit: Visit, status: int, message: str, *, retry: float | None = None) -> HTMLResponse:
        response = self._site.page(
            visit,
            "kiosk_error.html",
            status=status,
            title=_(TITLES.get(status, TITLES[400])),
            message=said(message),
            at=home_of(visit),
            look=look_of(visit.request),
        )
        if retry is not None:
            response.headers["Retry-After"] = str(max(1, round(retry)))
        return response


def kiosk_of(site: Site) -> Kiosk:
    if site.kiosk is None:
        raise NotFound("There are no release stations here.")
    return site.kiosk


def private(site: Site, request: Request) -> bool:
    return is_private(request, plain_allowed=site.plain_sign_in or site.settings.kiosk.plain_http)


def home_of(visit: Visit) -> str:
    """The idle page of the station that was asked for."""
    station = visit.request.path_params.get("station")
    return f"/kiosk/{quote(station, safe='')}" if station else "/kiosk"


def keep_cookie(
    request: Request, response: Response, names: tuple[str, str], value: str, *, seconds: int | None = None
) -> None:
    """For /kiosk alone. `__Host-` is not to be had with a path; `__Secure-` still asks for TLS."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        names[secure], value, path="/kiosk", secure=secure, httponly=True, samesite="strict", max_age=seconds
    )


def forget_cookie(request: Request, response: Response, names: tuple[str, str]) -> None:
    secure = request.url.scheme == "https"
    response.delete_cookie(names[secure], path="/kiosk", secure=secure, httponly=True, samesite="strict")


def forget_person(request: Request, response: Response) -> None:
    """Nothing of whoever was here stays in the browser, neither in its cache nor behind the back button."""
    forget_cookie(request, response, KIOSK)
    forget_cookie(request, response, CARD)
    forget_cookie(request, response, PHONE)
    response.headers["Clear-Site-Data"] = '"cache"'


def look_of(request: Request) -> frozenset[str]:
    """How this station shows itself: "high" contrast, "large" targets."""
    return frozenset((cookie_of(request, *LOOKS) or "").split(".")) & {"high", "large"}


def _touches(request: Request) -> bool:
    """Whether a person did this: pictures and pages that look for news by themselves keep nobody signed in."""
    return LIVE not in request.headers and IDLE not in request.query_params and not request.url.path.endswith(".png")
