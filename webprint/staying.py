"""The cookie of a browser that stays signed in, and the session that it opens (see gateway.services.staying)."""

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.user import User
from gateway.services.staying import Renewed, Staying
from webprint.browsers import browser_name
from webprint.requests import SESSION, SESSION_TLS, cookie_of, drop_cookie, set_cookie
from webprint.site import Site, Visit

STAY = ("papertap-stay", "__Host-papertap-stay")
# What anybody's cache may keep must not carry somebody's cookie.
_SHARED = ("/static/", "/qr.svg", "/ca.pem", "/sw.js", "/app.webmanifest")


def staying_of(site: Site) -> Staying | None:
    """None where nobody may stay."""
    return site.phone.staying if site.phone is not None and site.phone.staying.seconds > 0 else None


async def begin(site: Site, visit: Visit, user: User, *, method: str) -> tuple[str, str]:
    """(the refresh token, the id of the browser's row); ("", "") where nobody may stay."""
    staying = staying_of(site)
    if staying is None:
        return "", ""
    name = browser_name(visit.request.headers.get("user-agent", ""))
    token, phone = await staying.begin(user, name=name, method=method, address=visit.actor.address)
    return token, str(phone.id)


async def renew(site: Site, visit: Visit) -> Renewed | None:
    """The next session of this browser; None where there is no reason for one."""
    staying, token = staying_of(site), cookie_of(visit.request, *STAY)
    if staying is None or not token or visit.request.url.path.startswith(_SHARED):
        return None
    return await staying.renew(token, address=visit.actor.address)


def keep(site: Site, request: Request, response: Response, token: str) -> None:
    staying = staying_of(site)
    if token and staying is not None:
        set_cookie(request, response, STAY, token, seconds=staying.seconds)


def keep_renewed(request: Request, response: Response, renewed: Renewed) -> None:
    """Both cookies; the refresh token only where it is new, else another tab has brought it."""
    set_cookie(request, response, (SESSION, SESSION_TLS), renewed.cookie)
    if renewed.token is not None:
        set_cookie(request, response, STAY, renewed.token, seconds=renewed.seconds)


async def end(site: Site, visit: Visit, response: Response) -> None:
    """Signing out on this browser: nothing opens a session again."""
    token = cookie_of(visit.request, *STAY)
    if token and site.phone is not None:
        await site.phone.staying.end_token(token)
    if token:
        drop_cookie(visit.request, response, STAY)
