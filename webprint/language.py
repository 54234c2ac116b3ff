"""The language that somebody chose goes with them into each browser that they sign in with."""

from starlette.responses import Response

from gateway.domain.user import User
from webprint.requests import LANGUAGE
from webprint.site import Site, Visit

REMEMBERED_SECONDS = 400 * 86400  # as long as browsers keep a cookie at most


def keep_language(visit: Visit, response: Response, language: str) -> None:
    """No secret, and no sign of who it is."""
    response.set_cookie(
        LANGUAGE,
        language,
        max_age=REMEMBERED_SECONDS,
        path="/",
        secure=visit.request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


async def bring_language(site: Site, visit: Visit, user: User, response: Response) -> None:
    """Nothing where none was chosen: the browser knows then."""
    if site.personal is not None and (chosen := (await site.personal.preferences.of(user)).language):
        keep_language(visit, response, chosen)
