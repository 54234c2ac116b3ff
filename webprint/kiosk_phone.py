"""A phone signs a station in: the code that the station shows, and what happens once it was approved (rows 80 and 92)."""

import io

import segno
from starlette.responses import Response

from gateway.errors import NotAuthenticated, NotFound
from gateway.i18n import gettext as _
from gateway.services.kiosk import Entry
from gateway.services.kiosk_stations import Station
from gateway.services.phone_sign_in import Approved
from gateway.services.terminal_desk import TerminalDesk
from webprint.hosts import phone_base
from webprint.kiosk_door import CARD, PHONE, home_of, keep_cookie, kiosk_of, private
from webprint.requests import cookie_of
from webprint.site import Site, Visit


class KioskPhone:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        """The code as a piece of the page, which its script fetches again and again; 304 while it is the same."""
        station = kiosk_of(self._site).station(visit.request.path_params["station"])
        if not private(self._site, visit.request) or not self.offered(station):
            raise NotFound("No phone is taken here. Sign in another way.")
        phones, known = self._desk().phones, cookie_of(visit.request, *PHONE)
        screen = known or phones.new_screen()
        approved = phones.approved(screen)
        card = await self._card(visit, station)
        code = None if approved else phones.show(screen, station=station.name, title=station.title, card=card)
        state = "approved" if code is None else f'"{code.text[-16:]}"'
        if known and visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        response = self._site.page(
            visit,
            "kiosk_phone.html",
            at=home_of(visit),
            state=state,
            number="" if code is None else code.number,
            picture="" if code is None else qr_inline(f"{phone_base(self._site, visit.request)}/approve/{code.text}"),
            device=approved.device if approved else "",
            card=card is not None,
        )
        response.headers["ETag"] = state
        if not known:
            keep_cookie(visit.request, response, PHONE, screen)
        return response

    def offered(self, station: Station) -> bool:
        return self._site.terminals is not None and kiosk_of(self._site).takes_phones(station)

    async def entry(self, visit: Visit, station: Station) -> tuple[Entry, Approved]:
        """Whoever approved what this screen shows; NotAuthenticated when nobody has."""
        screen = cookie_of(visit.request, *PHONE)
        if not screen:
            raise NotAuthenticated(_("Nobody has approved it yet. Scan the code with your phone first."))
        approved = self._desk().phones.take(screen, station=station.name)
        entry = await kiosk_of(self._site).by_phone(station, approved.user)
        if approved.card is not None and self._site.personal is not None:
            await self._site.personal.cards.add_hash(
                approved.user, approved.card, replace_oldest=approved.replace_oldest, days=approved.days
            )
        return entry, approved

    async def _card(self, visit: Visit, station: Station) -> str | None:
        """The unknown card that was held to the reader before."""
        kiosk, ticket = kiosk_of(self._site), cookie_of(visit.request, *CARD)
        if not ticket or not kiosk.may_enrol(station) or "card" not in visit.request.query_params:
            return None
        return await kiosk.sessions.card(ticket, address=visit.actor.address)

    def _desk(self) -> TerminalDesk:
        if self._site.terminals is None:
            raise NotFound("No phone is taken here. Sign in another way.")
        return self._site.terminals


def qr_inline(text: str) -> str:
    """An SVG element, dark on white whatever the page's colours; it has no style of its own."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", border=3, dark="#000", light="#fff", omitsize=True, xmldecl=False, svgns=False, svgclass=None
    )
    return out.getvalue().decode()
