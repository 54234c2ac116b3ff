"""Puts the pages together; everything they need is an argument."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from gateway.services.identity import Identity
from gateway.services.kiosk import Kiosk
from gateway.services.ports import Clock
from gateway.services.preview import Preview
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.settings import Settings
from webprint.answers import SecureHeaders
from webprint.guard import Guard, Handler
from webprint.jobs import JobPages
from webprint.kiosk import KioskPages
from webprint.kiosk_door import KioskGuard
from webprint.kiosk_jobs import KioskJobs
from webprint.signin import SignInPages
from webprint.site import Ports, Site, make_templates, read_static
from webprint.start import StartPages


def create_app(
    *,
    release: Release,
    preview: Preview | None = None,
    kiosk: Kiosk | None = None,
    printers: Printers,
    identity: Identity,
    settings: Settings,
    clock: Clock,
    ca_certificate: Callable[[], bytes],
    ports: Callable[[], Ports] | None = None,
    lan_host: Callable[[], str | None] = lambda: None,
    plain_sign_in: bool = False,
) -> Starlette:
    """The pages as one ASGI application.

    Without `preview` the pages tell that there is none and show thumbnails. `ca_certificate` gives PEM octets, empty where there is none to offer. `ports` gives what is really listened on
    (without it the settings' ports); `lan_host` a name or address of this machine that other devices can reach, for
    visitors who came by localhost. `plain_sign_in` lets people sign in over plain HTTP from other machines too.
    """
    static = read_static()
    site = Site(
        release=release,
        preview=preview,
        kiosk=kiosk,
        printers=printers,
        identity=identity,
        settings=settings,
        clock=clock,
        ca_certificate=ca_certificate,
        ports=ports or (lambda: _configured_ports(settings)),
        lan_host=lan_host,
        plain_sign_in=plain_sign_in,
        static=static,
        templates=make_templates(static, settings.site.name),
    )
    guard = Guard(site)
    app = Starlette(
        routes=[*_routes(guard, site), *_kiosk_routes(KioskGuard(site), site)],
        middleware=[Middleware(SecureHeaders)],
        exception_handlers={HTTPException: guard.on_http_exception},
    )
    app.state.guard = guard  # further pages go through the same guard
    return app


def _routes(guard: Guard, site: Site) -> list[Route]:
    start, sign_in, jobs = StartPages(site), SignInPages(site), JobPages(site)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/", start.show),
        ("GET", "/qr.svg", start.qr),
        ("GET", "/ca.pem", start.ca),
        ("GET", "/static/{name}", start.static),
        ("GET", "/language", start.language),
        ("GET", "/signin", sign_in.show),
        ("POST", "/signin", sign_in.sign_in),
        ("POST", "/signout", sign_in.sign_out),
        ("GET", "/jobs", jobs.show),
        ("POST", "/jobs/release", jobs.release),
        ("POST", "/jobs/release-all", jobs.release_all),
        ("POST", "/jobs/delete", jobs.delete_selected),
        ("GET", "/jobs/{id:int}", jobs.detail),
        ("GET", "/jobs/{id:int}/pages/{number:int}.png", jobs.thumbnail),
        ("GET", "/jobs/{id:int}/sides/{number:int}.png", jobs.side),
        ("POST", "/jobs/{id:int}/delete", jobs.delete),
        ("POST", "/jobs/{id:int}/reprint", jobs.reprint),
        ("POST", "/jobs/{id:int}/favourite", jobs.favourite),
        ("POST", "/jobs/{id:int}/extend", jobs.extend),
        ("POST", "/jobs/{id:int}/claim", jobs.claim),
        ("POST", "/jobs/{id:int}/unlock", jobs.unlock),
        ("POST", "/jobs/{id:int}/convert", jobs.convert),
        ("POST", "/jobs/{id:int}/came-out", jobs.came_out),
        ("POST", "/jobs/{id:int}/not-out", jobs.not_out),
    ]
    return [guard.route(method, path, handler) for method, path, handler in table]


def _kiosk_routes(guard: KioskGuard, site: Site) -> list[Route]:
    """Release stations: behind a guard of their own, with sessions that the rest of the portal does not know."""
    jobs = KioskJobs(site)
    pages = KioskPages(site, jobs)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/kiosk", pages.choose),
        ("GET", "/kiosk/{station}", pages.show),
        ("GET", "/kiosk/{station}/last", pages.last),
        ("POST", "/kiosk/{station}/in", pages.enter),
        ("POST", "/kiosk/{station}/out", pages.leave),
        ("POST", "/kiosk/{station}/here", pages.stay),
        ("POST", "/kiosk/{station}/card", pages.add_card),
        ("POST", "/kiosk/{station}/release", jobs.release),
        ("POST", "/kiosk/{station}/delete", jobs.delete),
        ("GET", "/kiosk/{station}/jobs/{id:int}/pages/{number:int}.png", jobs.thumbnail),
    ]
    return [guard.route(method, path, handler) for method, path, handler in table]


def _configured_ports(settings: Settings) -> Ports:
    return Ports(
        http=settings.http.port if settings.http.enabled else None,
        https=settings.https.port if settings.https.enabled else None,
        ipp=settings.ipp.port if settings.ipp.enabled else None,
    )
