"""What the pages of the desk share: below /desk, and below /kiosk/{station}/desk in the station's manner."""

from starlette.responses import Response

from webprint.kiosk_door import home_of, kiosk_of, look_of
from webprint.kiosk_views import view_station
from webprint.site import Site, Visit


class DeskFrame:
    """A base for handlers; `station`: below /kiosk."""

    def __init__(self, site: Site, *, station: bool = False) -> None:
        self._site = site
        self._station = station

    def _at(self, visit: Visit) -> str:
        return f"{home_of(visit)}/desk" if self._station else "/desk"

    def _page(self, visit: Visit, template: str, *, status: int = 200, **values: object) -> Response:
        if not self._station:
            return self._site.page(visit, template, status=status, frame="base.html", at=self._at(visit), **values)
        return self._site.page(
            visit,
            template,
            status=status,
            frame="kiosk_desk.html",
            at=self._at(visit),
            home=home_of(visit),
            look=look_of(visit.request),
            station=view_station(kiosk_of(self._site).station(visit.request.path_params["station"])),
            seconds=int(self._site.settings.identity.kiosk_seconds),
            **values,
        )
