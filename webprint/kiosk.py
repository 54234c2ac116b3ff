"""The release station's front: choose a station, come in by card, PIN, password or code, and go again."""

import re
from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from gateway.domain.kiosk import KioskMode, KioskProof
from gateway.domain.rights import Permission
from gateway.errors import Forbidden, LimitReached, NotAuthenticated, Refusal, Throttled
from gateway.i18n import gettext as _
from gateway.i18n import ngettext, said
from gateway.services.cards import lent_days
from gateway.services.kiosk import Entry
from gateway.services.kiosk_stations import Station
from webprint.account import personal_of
from webprint.answers import retry_after, status_of
from webprint.kiosk_door import (
    CARD,
    FORM,
    IDLE,
    KIOSK,
    LOOKS,
    YEAR,
    forget_cookie,
    forget_person,
    home_of,
    keep_cookie,
    kiosk_of,
    look_of,
    private,
)
from webprint.kiosk_jobs import KioskJobs
from webprint.kiosk_phone import KioskPhone
from webprint.kiosk_reader import KioskReader
from webprint.kiosk_screen import view_screen
from webprint.kiosk_views import Way, result_text, view_station, ways_of
from webprint.requests import cookie_of, first, form_token, host_name
from webprint.site import Site, Visit

# What a scanner types of the picture on a guest's slip, whatever its keyboard makes of the "=".
_SLIP = re.compile(r"code.(\d{6})$", re.ASCII)
QUIET = "papertap-quiet"  # the page's script stays where it is
BY_PHONE, TAP = "phone", "tap"
BY_CARD = frozenset({KioskProof.CARD.value, "second", TAP})
SECONDS_TO_ANSWER = 60  # then a station forgets a half-done sign-in and shows its front again


class KioskPages:
    def __init__(self, site: Site, jobs: KioskJobs, phone: KioskPhone, reader: KioskReader) -> None:
        self._site = site
        self._jobs = jobs
        self._phone = phone
        self._reader = reader

    # --- pages -------------------------------------------------------------------------------------------------

    async def choose(self, visit: Visit) -> Response:
        stations = [view_station(station) for station in kiosk_of(self._site).stations()]
        return self._site.page(visit, "kiosk_choose.html", stations=stations, look=look_of(visit.request))

    async def show(self, visit: Visit) -> Response:
        station, query = self._station(visit), visit.request.query_params
        if not private(self._site, visit.request):
            return self._to_https(visit)
        if query.keys() & {"contrast", "size"}:
            return self._looked(visit)
        if visit.session is not None:
            return await self._jobs.page(visit, station)
        ticket = cookie_of(visit.request, *CARD)
        held = await kiosk_of(self._site).sessions.card(ticket, address=visit.actor.address) if ticket else None
        ask = query.get("ask", "") if held else ""
        response = await self._front(visit, station, mode=self._mode(query.get("mode", "")), ask=ask)
        if cookie_of(visit.request, *KIOSK):  # too late: it has ended meanwhile
            forget_person(visit.request, response)
        if ticket and not ask:
            forget_cookie(visit.request, response, CARD)
        return response

    async def last(self, visit: Visit) -> Response:
        """What changes by itself on an idle screen: the device's state and the last release."""
        station = self._station(visit)
        result = result_text(await kiosk_of(self._site).result(station))
        screen = await view_screen(self._site, visit, station)
        return self._site.page(
            visit, "kiosk_last.html", at=home_of(visit), station=view_station(station), result=result, screen=screen
        )

    # --- in and out --------------------------------------------------------------------------------------------

    async def enter(self, visit: Visit) -> Response:
        if not private(self._site, visit.request):
            raise Forbidden(_("Sign in over an encrypted connection only: open this page by https."))
        station, way, mode = self._station(visit), first(visit.form, "with"), self._mode(first(visit.form, "mode"))
        await self._leave(visit)  # whoever stands there now is not whose page this was
        device = ""
        try:
            if way == BY_PHONE:
                entry, approved = await self._phone.entry(visit, station)
                device = approved.device
            else:
                entry = await self._entry(visit, station, way)
        except (NotAuthenticated, Throttled, LimitReached, Forbidden) as refusal:
            return await self._again(visit, station, mode, way, refusal)
        if entry.name is None:
            return await self._ask(visit, entry, mode)
        response = await self._in(visit, station, mode, entry.name, by_card=way in BY_CARD, device=device)
        if way in {"second", BY_PHONE}:
            forget_cookie(visit.request, response, CARD)
        return response

    async def leave(self, visit: Visit) -> Response:
        await self._leave(visit)
        response = RedirectResponse(home_of(visit), status_code=303)
        forget_person(visit.request, response)
        return response

    async def stay(self, visit: Visit) -> Response:
        """Somebody is still here: the guard has noted the touch already."""
        if QUIET in visit.request.headers:
            return Response(status_code=204)
        return RedirectResponse(home_of(visit), status_code=303)

    async def add_card(self, visit: Visit) -> Response:
        """The card that was held to the reader before, or not, as its holder says."""
        ticket, answer = cookie_of(visit.request, *CARD), first(visit.form, "answer")
        station, kiosk = self._station(visit), kiosk_of(self._site)
        held = await kiosk.card_to_add(station, ticket, visit.actor) if ticket else None
        text, bad = "", False
        if answer in {"add", "replace"} and visit.actor.user is not None:
            if held is None:
                text, bad = _("That took too long. Sign out, hold the card to the reader again and sign in."), True
            else:
                text, bad = await self._added(visit, visit.actor.user, held)
        if ticket:
            await kiosk.sessions.close(ticket)
        response = await self._jobs.page(visit, station, text=text, bad=bad, card=False)
        forget_cookie(visit.request, response, CARD)
        return response

    # --- within ------------------------------------------------------------------------------------------------

    def _station(self, visit: Visit) -> Station:
        return kiosk_of(self._site).station(visit.request.path_params["station"])

    def _mode(self, wanted: str) -> KioskMode:
        modes = kiosk_of(self._site).modes
        return next((mode for mode in modes if mode == wanted), modes[0])

    async def _entry(self, visit: Visit, station: Station, way: str) -> Entry:
        kiosk, form, address = kiosk_of(self._site), visit.form, visit.actor.address
        scanned = _SLIP.search(first(form, "card")[:200])
        if way == KioskProof.CARD and scanned and KioskProof.CODE in station.proofs:
            return await kiosk.by_code(station, scanned[1], address=address)
        if way == KioskProof.CARD:
            return await kiosk.by_card(station, first(form, "card")[:200], address=address)
        if way in {"second", TAP}:
            return await (self._second if way == "second" else self._reader.entry)(visit, station)
        if way == KioskProof.PASSWORD:
            name, password = first(form, "name").strip(), first(form, "password")
            return await kiosk.by_password(station, name, password, address=address)
        if way == KioskProof.CODE:
            code = "".join(first(form, "code").split())[:20]
            return await kiosk.by_code(station, code, address=address)
        return await kiosk.by_pin(station, first(form, "pin").strip(), address=address)

    async def _second(self, visit: Visit, station: Station) -> Entry:
        kiosk, ticket = kiosk_of(self._site), cookie_of(visit.request, *CARD)
        held = await kiosk.sessions.card(ticket, address=visit.actor.address) if ticket else None
        if held is None:
            raise NotAuthenticated(_("That took too long. Hold your card to the reader again."))
        secret = first(visit.form, "pin").strip() or first(visit.form, "password")
        return await kiosk.by_second(station, held, secret, address=visit.actor.address)

    async def _in(
        self, visit: Visit, station: Station, mode: KioskMode, name: str, *, by_card: bool, device: str = ""
    ) -> Response:
        sessions = kiosk_of(self._site).sessions
        cookie, _session = await sessions.open(name, address=visit.actor.address, device=device)
        found = await sessions.find(cookie, address=visit.actor.address)
        if found is None:
            raise NotAuthenticated(_("Signing in did not work. Try again."))
        session, actor = found
        inside = replace(visit, session=session, actor=actor, csrf=session.csrf)
        if mode is KioskMode.DESK:
            return await self._to_desk(inside, station, cookie)
        response: Response = RedirectResponse(home_of(visit), status_code=303)
        stays = True
        if by_card and self._site.settings.kiosk.release_on_tap:
            response, stays = await self._jobs.release_all(inside, station)
        if stays:
            keep_cookie(visit.request, response, KIOSK, cookie)
        else:
            await sessions.close(cookie)
        return response

    async def _to_desk(self, visit: Visit, station: Station, cookie: str) -> Response:
        if not visit.actor.may_somewhere(Permission.DESK):
            await kiosk_of(self._site).sessions.close(cookie)
            refusal = NotAuthenticated(_("This desk is for the people who run the printers."))
            stranger = replace(visit, session=None, actor=replace(visit.actor, user=None), csrf=self._form_csrf(visit))
            return await self._again(stranger, station, KioskMode.DESK, "", refusal)
        response = RedirectResponse(f"{home_of(visit)}/desk", status_code=303)
        keep_cookie(visit.request, response, KIOSK, cookie)
        return response

    async def _ask(self, visit: Visit, entry: Entry, mode: KioskMode) -> Response:
        """Remembers the card, and asks for what is still missing."""
        ticket = await kiosk_of(self._site).sessions.keep_card(entry.card or "", address=visit.actor.address)
        query = urlencode({"ask": entry.second or "way", "mode": mode})
        response = RedirectResponse(f"{home_of(visit)}?{query}", status_code=303)
        keep_cookie(visit.request, response, CARD, ticket)
        return response

    async def _again(self, visit: Visit, station: Station, mode: KioskMode, way: str, refusal: Refusal) -> Response:
        ask = first(visit.form, "ask")
        response = await self._front(visit, station, mode=mode, ask=ask, way=way, refusal=refusal)
        wait = retry_after(refusal)
        if wait is not None:
            response.headers["Retry-After"] = str(max(1, round(wait)))
        return response

    async def _front(
        self,
        visit: Visit,
        station: Station,
        *,
        mode: KioskMode,
        ask: str = "",
        way: str = "",
        refusal: Refusal | None = None,
    ) -> Response:
        kiosk = kiosk_of(self._site)
        ways = ways_of(station, mode, card_held=ask == "way")
        shown = mode is not KioskMode.DESK and not ask
        screen = await view_screen(self._site, visit, station) if shown else None
        wanted = way or visit.request.query_params.get("with", "")
        return self._site.page(
            visit,
            "kiosk_in.html",
            status=200 if refusal is None else status_of(refusal),
            station=view_station(station),
            at=home_of(visit),
            look=look_of(visit.request),
            mode=mode,
            modes=kiosk.modes,
            ways=ways,
            way=next((one for one in ways if one == wanted), ways[0] if ways else Way.CARD),
            takes_card=any(proof.with_card for proof in station.proofs) and mode is not KioskMode.CODE,
            ask=ask if ask in {"pin", "password", "way"} else "",
            enrols=kiosk.may_enrol(station),
            name=first(visit.form, "name")[:100],
            names=await kiosk.names(station),
            error="" if refusal is None else said(refusal.message),
            result=result_text(await kiosk.result(station)),
            screen=screen,
            phones=mode is KioskMode.OWN and screen is None and ask in {"", "way"} and self._phone.offered(station),
            reader=self._reader.has_reader(visit),
            away=SECONDS_TO_ANSWER if ask or refusal else 0,
        )

    async def _added(self, visit: Visit, name: str, hashed: str) -> tuple[str, bool]:
        """(what came of it, whether that is bad)."""
        replaces = first(visit.form, "answer") == "replace"
        try:
            days = lent_days(first(visit.form, "days"))
            await personal_of(self._site).cards.add_hash(name, hashed, replace_oldest=replaces, days=days)
        except Refusal as refusal:
            return said(refusal.message), True
        if days is not None:
            text = ngettext("The card is yours for %(num)s day.", "The card is yours for %(num)s days.", days)
            return text, False
        return _("The card is yours now: next time it signs you in."), False

    async def _leave(self, visit: Visit) -> None:
        cookie = cookie_of(visit.request, *KIOSK)
        if cookie:
            await kiosk_of(self._site).sessions.close(cookie)

    def _form_csrf(self, visit: Visit) -> str:
        return form_token(visit.new_form_cookie or cookie_of(visit.request, *FORM) or "")

    def _looked(self, visit: Visit) -> Response:
        """Keeps how this station shows itself; each link turns one thing on or off."""
        look, query = set(look_of(visit.request)), visit.request.query_params
        for name, word in (("contrast", "high"), ("size", "large")):
            if name in query:
                look = look | {word} if query[name] == word else look - {word}
        kept = {key: value for key, value in query.items() if key in {"mode", "with", IDLE}}
        response = RedirectResponse(home_of(visit) + (f"?{urlencode(kept)}" if kept else ""), status_code=303)
        keep_cookie(visit.request, response, LOOKS, ".".join(sorted(look)), seconds=YEAR)
        return response

    def _to_https(self, visit: Visit) -> Response:
        port = self._site.ports().https
        if port is None:
            raise Forbidden(_("Signing in needs HTTPS, which is switched off here. Ask the administrator."))
        query = visit.request.url.query
        where = f"https://{host_name(visit.request)}:{port}{home_of(visit)}" + (f"?{query}" if query else "")
        return RedirectResponse(where, status_code=307)
