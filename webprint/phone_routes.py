"""The routes of what is for the phone in the hand; the guards that stand before them are the portal's."""

from starlette.routing import Route

from webprint.account_phones import PhonePages
from webprint.account_printers import PrinterPages
from webprint.at import AtPages
from webprint.guard import Handler
from webprint.kiosk_screen import ScreenPages
from webprint.site import Site
from webprint.web_app import AppPages, ShareGuard

Rows = list[tuple[str, str, Handler]]


def place_rows(site: Site) -> Rows:
    """In front of a printer: also for guests and strangers. /p/{name} itself is the guests' page as well."""
    at = AtPages(site)
    return [
        ("GET", "/p", at.number),
        ("POST", "/p/{name}/release", at.release),
        ("GET", "/p/{name}/wait/{wait}", at.waiting),
        ("GET", "/p/{name}/claim", at.claimable),
        ("POST", "/p/{name}/claim", at.claim),
    ]


def account_rows(site: Site) -> Rows:
    """What people keep on their own devices."""
    printers, phones = PrinterPages(site, site.profiles), PhonePages(site)
    own = "/account/printers"
    return [
        ("GET", own, printers.show),
        ("POST", own, printers.add),
        ("POST", f"{own}/profile", printers.profile),
        ("POST", f"{own}/forget", printers.forget),
        ("POST", own + "/{id}/renew", printers.renew),
        ("POST", own + "/{id}/remove", printers.remove),
        ("POST", "/account/security/phones/{id}/end", phones.end),
        ("POST", "/account/push", phones.subscribe),
        ("POST", "/account/push/{id}/remove", phones.unsubscribe),
    ]


def app_rows(site: Site) -> Rows:
    """The pages as an app."""
    app = AppPages(site)
    return [
        ("GET", "/app.webmanifest", app.manifest),
        ("GET", "/sw.js", app.worker),
        ("GET", "/offline", app.offline),
        ("GET", "/scan", app.scan),
    ]


def share_route(site: Site) -> Route:
    """For a browser whose worker is gone: behind a guard that reads nothing of what comes."""
    return ShareGuard(site).route("POST", "/share", AppPages(site).share)


def screen_rows(site: Site) -> Rows:
    """At a station."""
    pages = ScreenPages(site)
    return [("POST", "/kiosk/{station}/screen", pages.enrol), ("POST", "/kiosk/{station}/touch", pages.touch)]
