"""What makes the pages an app on a phone (row 91): its manifest, its worker, and the page for hours without a network.

The worker keeps our own static files and pages without anything private: that one, and printing from outside where it
is set up. What was last seen of the own jobs is kept by the list itself, apart, and goes with signing out.
"""

import hashlib
import json
from importlib.metadata import version
from typing import Any

from starlette.responses import RedirectResponse, Response

from gateway.errors import Forbidden
from gateway.i18n import gettext as _
from gateway.i18n import language
from webprint.guard import Guard
from webprint.policy import Access, access_of
from webprint.site import Site, Visit

OFFLINE, REMOTE = "/offline", "/remote"
SHELL = ("base.css", "pages.css", "at.css", "offline.js", "app.js", "mark.svg", "icon-192.png")
OUTSIDE = ("upload.css", "remote.js", "paho-mqtt.min.js")  # what printing from outside needs besides
COLOR, GROUND = "#0b6a55", "#f4f6f4"  # accent and ground of the design system, which a manifest cannot name


class ShareGuard(Guard):
    """A share comes from outside of any page of ours, so that it has neither origin nor token; nothing is done with it."""

    async def _admit(self, visit: Visit, path: str) -> Visit:
        if access_of(visit.request.method, path) is not Access.ANYONE:
            raise Forbidden("Nobody may use this address.")
        return visit


class AppPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._pages = [OFFLINE, *([REMOTE] if site.remote else [])]
        everything = [f"{name}{file.version}" for name, file in sorted(site.static.items())]
        # What else the kept pages say: with another meeting place, or another limit, they are loaded anew.
        settings = site.settings
        everything += [*self._pages, settings.site.name, settings.remote.relay, settings.remote.mqtt_web]
        everything += [str(settings.uploads.max_file), version("papertap")]
        self._version = hashlib.sha256("\n".join(everything).encode()).hexdigest()[:12]

    async def manifest(self, visit: Visit) -> Response:  # noqa: ARG002 - every handler takes the visit
        """W3C Web Application Manifest, with Share Target."""
        name = self._site.settings.site.name
        body: dict[str, Any] = {
            "id": "/",
            "name": name,
            "short_name": name[:12],
            "lang": language(),
            "start_url": "/jobs?app=1",
            "scope": "/",
            "display": "standalone",
            "theme_color": COLOR,
            "background_color": GROUND,
            "icons": [
                self._icon("icon-192.png", "192x192", "any"),
                self._icon("icon-512.png", "512x512", "any"),
                self._icon("icon-maskable.png", "512x512", "maskable"),
            ],
            "shortcuts": [
                {"name": _("Scan"), "url": "/scan"},
                {"name": _("Upload"), "url": "/upload"},
            ],
            "share_target": {
                "action": "/share",
                "method": "POST",
                "enctype": "multipart/form-data",
                "params": {"files": [{"name": "file", "accept": ["*/*"]}]},
            },
        }
        return Response(json.dumps(body), media_type="application/manifest+json", headers=_often())

    async def worker(self, visit: Visit) -> Response:  # noqa: ARG002 - every handler takes the visit
        """The worker's script, with the version of all files in front: a new version is a new script."""
        names = [*SHELL, *(OUTSIDE if REMOTE in self._pages else ())]
        values = {"VERSION": self._version, "SHELL": [self._at(name) for name in names], "PAGES": self._pages}
        head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
        body = head.encode() + self._site.static["worker.js"].body
        return Response(body, media_type="text/javascript", headers=_often())

    async def offline(self, visit: Visit) -> Response:
        """Kept by the worker: the same for everybody, whoever asks for it."""
        return self._site.page(visit, "offline.html")

    async def share(self, visit: Visit) -> Response:  # noqa: ARG002 - every handler takes the visit
        """Shared files are taken in by the worker; without one they are chosen on the page itself.

        Nothing of the request is read: no other site can make this browser upload anything.
        """
        return RedirectResponse("/upload", status_code=303)

    async def scan(self, visit: Visit) -> Response:
        response = self._site.page(visit, "scan.html", decoder=self._at("qr-decode.min.js"))
        response.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
        return response

    def _icon(self, name: str, sizes: str, purpose: str) -> dict[str, str]:
        return {"src": self._at(name), "sizes": sizes, "type": "image/png", "purpose": purpose}

    def _at(self, name: str) -> str:
        return f"/static/{name}?v={self._site.static[name].version}"


def _often() -> dict[str, str]:
    return {"Cache-Control": "no-cache"}
