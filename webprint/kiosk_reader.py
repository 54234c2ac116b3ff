"""The station's screen and the reader beside it: the browser is paired once, then a tap signs its page in."""

from starlette.responses import RedirectResponse, Response

from gateway.domain.terminal import CodeFor
from gateway.errors import Forbidden, NotAuthenticated, NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import said
from gateway.services.kiosk import Entry
from gateway.services.kiosk_stations import Station
from gateway.services.terminal_desk import TerminalDesk
from webprint.answers import status_of
from webprint.kiosk_door import READER, YEAR, home_of, kiosk_of, look_of, private
from webprint.kiosk_views import view_station
from webprint.requests import first
from webprint.site import Site, Visit


class KioskReader:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def ask(self, visit: Visit) -> Response:
        return self._page(visit)

    async def pair(self, visit: Visit) -> Response:
        """The administrator's code makes this browser the screen of a terminal."""
        if not private(self._site, visit.request):
            raise Forbidden(_("Pair a screen over an encrypted connection only: open this page by https."))
        try:
            secret, terminal = await self._desk().terminals.enrol(
                first(visit.form, "code"), CodeFor.SCREEN, address=visit.actor.address
            )
        except Refusal as refusal:
            return self._page(visit, refusal)
        response = RedirectResponse(f"/kiosk/{terminal.station}", status_code=303)
        secure = visit.request.url.scheme == "https"
        response.set_cookie(
            READER[secure], secret, path="/", secure=secure, httponly=True, samesite="strict", max_age=YEAR
        )
        return response

    def has_reader(self, visit: Visit) -> bool:
        """Whether the page should listen for taps."""
        return self._site.terminals is not None and self._cookie(visit) is not None

    async def entry(self, visit: Visit, station: Station) -> Entry:
        """Of a tap's ticket; NotAuthenticated for anybody but the screen that it was made for."""
        desk, cookie = self._desk(), self._cookie(visit)
        terminal = await desk.terminals.by_screen(cookie) if cookie else None
        if terminal is None or terminal.station != station.name:
            raise NotAuthenticated(_("This screen has no reader. Ask the administrator to pair it."))
        number = desk.screens.take(first(visit.form, "card")[:200], terminal.uuid)
        return await desk.entry(terminal, station, number, address=visit.actor.address)

    def _cookie(self, visit: Visit) -> str | None:
        return visit.request.cookies.get(READER[visit.request.url.scheme == "https"])

    def _page(self, visit: Visit, refusal: Refusal | None = None) -> Response:
        station = kiosk_of(self._site).station(visit.request.path_params["station"])
        return self._site.page(
            visit,
            "kiosk_pair.html",
            status=200 if refusal is None else status_of(refusal),
            station=view_station(station),
            at=home_of(visit),
            look=look_of(visit.request),
            error="" if refusal is None else said(refusal.message),
        )

    def _desk(self) -> TerminalDesk:
        if self._site.terminals is None:
            raise NotFound("There are no terminals here.")
        return self._site.terminals
