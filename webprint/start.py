"""The start page: what this is, and how to print from what the visitor holds in hand."""

import io
from dataclasses import dataclass
from functools import lru_cache

import segno
from starlette.responses import RedirectResponse, Response

from gateway.domain.printer import Printer
from gateway.errors import BadRequest, NotFound
from gateway.i18n import LANGUAGES
from webprint.requests import host_name, is_loopback, keep_language, same_site
from webprint.site import Site, Visit

YEAR = 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """What a visitor types elsewhere to come here; `host` has brackets if it is an IPv6 address."""

    host: str
    page: str
    reachable: bool
    ports: dict[str, int]

    def uri(self, path: str = "/ipp/print", *, plain: bool = False) -> str:
        """The Printer's URI, by TLS where there is any."""
        if plain or "ipps" not in self.ports:
            return f"ipp://{self.host}:{self.ports.get('ipp', 631)}{path}"
        return f"ipps://{self.host}:{self.ports['ipps']}{path}"

    @property
    def windows(self) -> str:
        """Windows wants the HTTP form of the URI."""
        if "ipps" in self.ports:
            return f"https://{self.host}:{self.ports['ipps']}/ipp/print"
        return f"http://{self.host}:{self.ports.get('ipp', 631)}/ipp/print"


class StartPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        printers = self._site.printers_for(visit)
        default = _default(printers)
        return self._site.page(
            visit,
            "start.html",
            printers=printers,
            printer=default,
            at=self._addresses(visit),
            has_ca=bool(self._site.ca_certificate()),
            find_me=default is not None and default.holds,
        )

    async def qr(self, visit: Visit) -> Response:
        return Response(qr_svg(self._addresses(visit).page), media_type="image/svg+xml")

    async def ca(self, visit: Visit) -> Response:  # noqa: ARG002 - every handler takes the visit
        """The certificate to trust; the type makes phones offer to install it."""
        pem = self._site.ca_certificate()
        if not pem:
            raise NotFound("This server's certificate needs no installing.")
        headers = {"Content-Disposition": 'attachment; filename="papertap-ca.pem"'}
        return Response(pem, media_type="application/x-x509-ca-cert", headers=headers)

    async def challenge(self, visit: Visit) -> Response:
        """For a certificate authority that looks whose a name is (RFC 8555 section 8.3)."""
        answer = self._site.challenge(visit.request.path_params["token"])
        if answer is None:
            raise NotFound("There is no such file.")
        return Response(answer, media_type="application/octet-stream")

    async def static(self, visit: Visit) -> Response:
        found = self._site.static.get(visit.request.path_params["name"])
        if found is None:
            raise NotFound("There is no such file.")
        fresh = visit.request.query_params.get("v") == found.version
        headers = {
            "Cache-Control": f"public, max-age={YEAR}, immutable" if fresh else "no-cache",
            "Vary": "Accept-Encoding",
        }
        # Only these: a compressed page would tell by its length what stands beside its token.
        if "gzip" in visit.request.headers.get("accept-encoding", ""):
            return Response(found.packed, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"})
        return Response(found.body, media_type=found.media_type, headers=headers)

    async def language(self, visit: Visit) -> Response:
        """Keeps the language that was chosen in this browser, and shows the page again."""
        query = visit.request.query_params
        chosen = query.get("to", "")
        if chosen not in LANGUAGES:
            raise BadRequest("This language is not spoken here. Choose one of the list.")
        response = RedirectResponse(same_site(query.get("back", "")), status_code=303)
        keep_language(visit.request, response, chosen)
        return response

    def _addresses(self, visit: Visit) -> Addresses:
        """By the setting, else by the host that was asked for, else (localhost) by what others can reach."""
        asked, ports = host_name(visit.request), self._site.ports()
        host = (self._site.lan_host() or asked) if is_loopback(asked) else asked
        known = {"http": ports.http, "ipps": ports.https, "ipp": ports.ipp}
        given = {name: port for name, port in known.items() if port is not None}
        base = self._site.settings.site.base_url.rstrip("/")
        if not base and "http" in given:
            base = f"http://{host}:{given['http']}"
        return Addresses(
            host=host,
            page=base + "/" if base else f"https://{host}:{given.get('ipps', 443)}/",
            reachable=bool(self._site.settings.site.base_url) or not is_loopback(host),
            ports=given,
        )


def _default(printers: tuple[Printer, ...]) -> Printer | None:
    """What /ipp/print leads to, among those that the visitor may see."""
    marked = [p for p in printers if p.is_default] + [p for p in printers if p.holds]
    return (*marked, *printers, None)[0]


@lru_cache(maxsize=64)
def qr_svg(text: str) -> bytes:
    """A QR code with its quiet zone, dark on white whatever the page's colours: some readers need that."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=4, dark="#000", light="#fff", omitsize=True)
    return out.getvalue()
