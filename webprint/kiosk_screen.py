"""What an enrolled screen shows beside its sign-in: the code that changes, who waits for a touch, and jobs without owner.

The picture leads a phone to the printer's page, with a proof that it was scanned here (see gateway.services.presence).
"""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from gateway.domain.job import Job
from gateway.errors import Forbidden, NotFound
from gateway.i18n import clock_time
from gateway.i18n import gettext as _
from gateway.services.kiosk_stations import Station
from gateway.services.panel import Waiting
from webprint.hosts import phone_base
from webprint.kiosk_door import SCREEN, YEAR, home_of, keep_cookie, kiosk_of
from webprint.requests import cookie_of, first
from webprint.site import Site, Visit
from webprint.standing import phone_of
from webprint.start import qr_svg


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenView:
    """`picture` is the code, `number` stands beside it; `unclaimed` are times and labels."""

    picture: Markup
    number: int
    waiting: tuple[Waiting, ...]
    unclaimed: tuple[tuple[str, str], ...]


class ScreenPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def enrol(self, visit: Visit) -> Response:
        """By staff who stand at it: from now on this browser shows codes for this station, and for no other."""
        station = kiosk_of(self._site).station(visit.request.path_params["station"])
        secret = await phone_of(self._site).codes.enrol(station.name, visit.actor)
        response = RedirectResponse(home_of(visit), status_code=303)
        keep_cookie(visit.request, response, SCREEN, secret, seconds=YEAR)
        return response

    async def touch(self, visit: Visit) -> Response:
        """Somebody in front of the screen says who they are: what their phone asked for is printed."""
        station = kiosk_of(self._site).station(visit.request.path_params["station"])
        phone = phone_of(self._site)
        if await phone.codes.screen(cookie_of(visit.request, *SCREEN) or "", station.name) is None:
            raise Forbidden(_("This is no screen that staff has set up beside a printer."))
        await phone.panel.touch(station.name, first(visit.form, "wait"))
        return RedirectResponse(home_of(visit), status_code=303)


async def view_screen(site: Site, visit: Visit, station: Station) -> ScreenView | None:
    """None on a browser that no staff has enrolled."""
    if site.phone is None:
        return None
    screen = await site.phone.codes.screen(cookie_of(visit.request, *SCREEN) or "", station.name)
    if screen is None:
        return None
    shown = site.phone.codes.show(screen)
    url = f"{phone_base(site, visit.request)}/p/{station.name}?c={shown.code}"
    jobs = await site.phone.claims.unclaimed(_printers(site, station))
    return ScreenView(
        picture=Markup(qr_svg(url).decode().partition("?>")[2]),  # noqa: S704 - made of numbers by segno
        number=shown.number,
        waiting=tuple(site.phone.panel.waiting(station.name)),
        unclaimed=tuple((_time(site, job), site.phone.claims.label(job)) for job in jobs),
    )


def _printers(site: Site, station: Station) -> list[str]:
    """Those whose jobs come out at this station."""
    try:
        return [site.printers.get(station.name).name]
    except NotFound:
        here = {device.name for device in station.devices}
        every = site.printers.all()
        return [one.name for one in every if here & {device.name for device in site.printers.targets_of(one)}]


def _time(site: Site, job: Job) -> str:
    return clock_time(job.created_at, site.settings.site.time_zone)
