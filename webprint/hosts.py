"""Under which names this server is known: the Host header is the visitor's word, and a link must not repeat a lie."""

import re
from ipaddress import ip_address

from starlette.requests import Request

from gateway.errors import BadRequest, Forbidden
from gateway.services.host_names import fits
from gateway.services.ports import Party
from webprint.requests import client_address, host_name, is_loopback
from webprint.site import Site

UNKNOWN_HOST = "This server does not know itself by the name that you opened it by. Open it by one of its own names."
NO_NAME = "Passkeys need a host name. Open this page by the server's name instead of its address."
HTTPS_PORT = 443
_PORT = re.compile(r":(\d{1,5})$")


def public_base(site: Site, request: Request) -> str:
    """What links that leave this page begin with: the setting, else the host that was asked for if it is ours.

    BadRequest for any other host.
    """
    return site.settings.site.base_url.rstrip("/") or asked_base(site, request)


def asked_base(site: Site, request: Request) -> str:
    """scheme://host[:port] as the browser has it; BadRequest unless host and port are this server's."""
    host = host_name(request)
    if not _is_ours(site, request, host):
        raise BadRequest(UNKNOWN_HOST)
    port = _PORT.search(request.headers["host"])
    if port and not is_loopback(host) and int(port[1]) not in _ports(site):
        raise BadRequest(UNKNOWN_HOST)
    return f"{request.url.scheme}://{request.headers['host'].lower()}"


def phone_base(site: Site, request: Request) -> str:
    """What a code on paper or on a screen begins with, for phones in the same network: by TLS where there is any."""
    base = site.settings.site.base_url.rstrip("/")
    if base:
        return base
    asked, ports = host_name(request), site.ports()
    host = (site.lan_host() or asked) if is_loopback(asked) else asked
    if ports.https is not None:
        return f"https://{host}" + ("" if ports.https == HTTPS_PORT else f":{ports.https}")
    return f"http://{host}:{ports.http or ports.ipp}"


def party_of(site: Site, request: Request) -> Party:
    """The WebAuthn relying party: the name asked for. Forbidden for an address, which no browser takes."""
    origin, host = asked_base(site, request), host_name(request).rstrip(".").lower()
    if _is_address(host):
        raise Forbidden(NO_NAME)
    return Party(rp_id=host, origin=origin, name=site.settings.site.name)


def has_name(request: Request) -> bool:
    return not _is_address(host_name(request))


def _is_ours(site: Site, request: Request, host: str) -> bool:
    """Loopback is for visitors on this machine alone: to all others it would name their own."""
    if is_loopback(host):
        return is_loopback(client_address(request))
    wanted = host.strip("[]").rstrip(".").lower()
    return any(fits(known.lower(), wanted) for known in site.hosts())


def _ports(site: Site) -> set[int]:
    ports, settings = site.ports(), site.settings
    further = (*settings.http.further_ports, *settings.https.further_ports, *settings.ipp.further_ports)
    return {port for port in (80, 443, ports.http, ports.https, ports.ipp, *further) if port is not None}


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
