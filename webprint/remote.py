"""Printing from outside: the page that a browser keeps, and the list of browsers that may (row 7).

`/remote` is the same for everybody and knows nothing: what it needs lies in the browser, since a page from a relay could
be anybody's. A browser makes its key itself and shows only the public half.
"""

from urllib.parse import urlsplit

from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.domain.remote import RemoteBrowser
from gateway.errors import NotFound, Refusal
from gateway.i18n import N_, day, language, said
from gateway.services.remote_access import RemoteAccess
from gateway.services.remote_messages import octets64, text64
from webprint.account import done_text
from webprint.answers import CONTENT_SECURITY_POLICY, status_of
from webprint.browsers import browser_name
from webprint.entering import user_of
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PAGE = "/account/remote"
DONE = {
    "added": N_("This browser can print from outside now. Keep the page Print from outside among your bookmarks."),
    "removed": N_("The browser was removed. It cannot print from outside any more."),
}


class RemotePages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        """For browsers that are known; it may be kept by them, and works without the gateway."""
        self._access()
        response = self._site.page(visit, "remote.html", largest=self._site.settings.uploads.max_file)
        response.headers["Content-Security-Policy"] = self._policy()
        return response

    async def browsers(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        return self._site.page(
            visit,
            "account_remote.html",
            browsers=[self._dated(one) for one in await self._access().of(user)],
            done=done_text(DONE, visit),
            device=browser_name(visit.request.headers.get("user-agent", "")),
        )

    async def add(self, visit: Visit) -> Response:
        """The key comes from the page's script; what it must know to come in from outside goes back."""
        user, access = await user_of(self._site, visit), self._access()
        device = browser_name(visit.request.headers.get("user-agent", ""))
        try:
            browser = await access.add(user, octets64(first(visit.form, "key")), name=device)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.kind, "message": said(refusal.message)}, status_of(refusal))
        settings = self._site.settings.remote
        return JSONResponse(
            {
                "browser": browser.id,
                "gateway": access.gateway,
                "key": text64(access.public_key),
                "relay": settings.relay,
                "mqtt": settings.mqtt_web,
                "user": user.full_name or user.name,
                "site": self._site.settings.site.name,
                "language": language(),
            },
            status_code=201,
        )

    async def remove(self, visit: Visit) -> Response:
        await self._access().remove(await user_of(self._site, visit), visit.request.path_params["id"])
        return RedirectResponse(f"{PAGE}?done=removed", status_code=303)

    def _dated(self, browser: RemoteBrowser) -> tuple[RemoteBrowser, str, str]:
        zone = self._site.settings.site.time_zone
        return browser, day(browser.created_at, zone), "" if browser.seen_at is None else day(browser.seen_at, zone)

    def _access(self) -> RemoteAccess:
        if self._site.remote is None:
            raise NotFound("Nobody can print here from outside. The administrator has not set it up.")
        return self._site.remote

    def _policy(self) -> str:
        """As on every page, and the meeting place."""
        settings = self._site.settings.remote
        places = [
            f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in (settings.relay, settings.mqtt_web) if url
        ]
        return CONTENT_SECURITY_POLICY.replace("connect-src 'self'", " ".join(["connect-src 'self'", *places]))


def remote_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = RemotePages(site)
    return [
        ("GET", "/remote", pages.show),
        ("GET", PAGE, pages.browsers),
        ("POST", PAGE, pages.add),
        ("POST", f"{PAGE}/{{id}}/remove", pages.remove),
    ]
