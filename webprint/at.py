"""In front of a printer, phone in hand: its page, one big button, and the jobs that nobody owns yet (rows 89, 90, 165, 166).

The sticker's code only names the place. Whether somebody stands there is shown by the code on a screen beside it, or by
a touch on that screen, wherever the house asks for it.
"""

from dataclasses import replace
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.domain.phone import Presence
from gateway.domain.rights import Permission
from gateway.domain.user import Actor, is_guest
from gateway.errors import BadRequest, Forbidden, NotAuthenticated, NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import said
from gateway.services.panel import Turn
from gateway.services.places import Place
from gateway.services.presence import ScannedCode
from gateway.services.release import Outcome
from webprint import words
from webprint.answers import status_of
from webprint.charge import picker_for, read_charge
from webprint.joblist import Note
from webprint.options import filled, read_changes, read_jobs
from webprint.places import price_lines
from webprint.quotes import adapted
from webprint.requests import Form, first
from webprint.site import Site, Visit
from webprint.standing import Held, Standing, phone_of, place_of, state_of
from webprint.upload_door import guest_of, guests_of, keep_guest

NO_FORM: Form = {}


class AtPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._standing = Standing(site)

    # --- the page behind the sticker ---------------------------------------------------------------------------

    async def number(self, visit: Visit) -> Response:
        """What was typed instead of scanned."""
        text = "".join(visit.request.query_params.get("number", "").split())[:20]
        place = await place_of(self._site, text)
        return RedirectResponse(f"/p/{place.name}", status_code=303)

    async def is_for(self, visit: Visit, place: Place) -> bool:
        """Whether this page is the right one: for people of the house, and for guests who can print from here."""
        if visit.signed_in:
            return True
        proves = "c" in visit.request.query_params or place.presence() is not Presence.NONE
        return guest_of(visit) is not None and proves and bool((await self._standing.held(visit, place)).jobs)

    async def show(self, visit: Visit, place: Place) -> Response:
        scanned, refusal = await self._scanned(visit, place)
        notes = [Note(tone="good", title="", text=_("It is yours now."))] if _done(visit) == "claimed" else []
        return await self._page(visit, place, scanned=scanned, refusal=refusal, notes=notes, claimed=bool(notes))

    async def stranger(self, visit: Visit, place: Place) -> Response:
        """Nobody is known here: what there is to be had, and how."""
        at, query = f"/p/{place.name}", visit.request.url.query
        back = at + (f"?{query}" if "c=" in query and len(query) <= 150 else "")
        guests = next((one for one in place.printers if one.guests), None)
        return self._site.page(
            visit,
            "at_stranger.html",
            place=place,
            state=state_of(place),
            at=at,
            back=quote(back, safe=""),
            guests=guests is not None and self._site.guests is not None,
            prices=price_lines(guests.tariff) if guests else [],
            unclaimed=await self.unclaimed(visit, place),
        )

    async def unclaimed(self, visit: Visit, place: Place) -> int:
        """How many jobs came from the visitor's own address without anybody signing in."""
        if self._site.phone is None:
            return 0
        names = [printer.name for printer in place.printers]
        return len(await self._site.phone.claims.waiting(self.addresses(visit), names))

    async def release(self, visit: Visit) -> Response:
        place = await self._place(visit)
        form = visit.form
        try:
            ids, changes = read_jobs(form), read_changes(form) | adapted(form)
            changes |= await read_charge(self._site, visit, form)
            target = self._target(place, first(form, "instead") or first(form, "device"))
            printers = [self._site.printers.get(job.printer) for job in await self._own(visit, ids)]
            asked = replace(place, devices=(target,)).presence(printers)
            if asked is Presence.PANEL and not self._runs(visit, target):
                return self._wait(visit, place, ids, target, changes)
            actor = await self._present(visit, place, target, asked)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._page(visit, place, refusal=refusal, form=form)
        outcomes = await self._site.release.release(ids, actor, device=target.name, changes=changes)
        notes = [await self._note(visit, outcome, target) for outcome in outcomes]
        return await self._page(visit, place, notes=notes, form=form, sent=any(one.refusal is None for one in outcomes))

    # --- waiting for a touch at the screen ---------------------------------------------------------------------

    async def waiting(self, visit: Visit) -> Response:
        place = await self._place(visit)
        wait = phone_of(self._site).panel.of(visit.request.path_params["wait"], visit.actor)
        if wait.turn is Turn.WAITING:
            return self._site.page(visit, "at_wait.html", place=place, state=state_of(place), number=wait.number)
        if wait.turn is Turn.OVER:
            refusal = NotAuthenticated(_("Nobody touched the screen within a minute. Nothing was printed."))
            return await self._page(visit, place, refusal=refusal)
        target = self._site.printers.device(wait.device)
        notes = [await self._note(visit, outcome, target) for outcome in wait.outcomes]
        return await self._page(visit, place, notes=notes, sent=any(one.refusal is None for one in wait.outcomes))

    # --- jobs that nobody owns yet -----------------------------------------------------------------------------

    async def claimable(self, visit: Visit) -> Response:
        return await self._claim_page(visit, await self._place(visit), refusal=None)

    async def claim(self, visit: Visit) -> Response:
        place, text = await self._place(visit), first(visit.form, "job")
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise BadRequest("Choose the label of your job.")
        addresses, claims = self.addresses(visit), phone_of(self._site).claims
        try:
            job = await claims.check(int(text), first(visit.form, "label")[:60], addresses)
            actor, cookie = await self._claimer(visit, place, job.printer)
            job = await claims.claim(job, actor, addresses)
        except Refusal as refusal:
            return await self._claim_page(visit, place, refusal=refusal)
        if not is_guest(actor.user):
            return RedirectResponse(f"/p/{place.name}?done=claimed", status_code=303)
        response = RedirectResponse(f"/guest/jobs/{job.id}", status_code=303)
        await guests_of(self._site).keep(actor.user or "")
        if cookie:
            keep_guest(visit.request, response, cookie, self._site.settings.guests.hold_seconds)
        return response

    def addresses(self, visit: Visit) -> tuple[str, ...]:
        """Those of this browser: where it is now, and where it signed in a short while ago (IPv6 here, IPv4 there)."""
        session, known = visit.session, [visit.actor.address]
        young = session is not None and (
            self._site.clock.now() - session.created_at <= self._site.settings.jobs.claim_seconds
        )
        if session is not None and young and session.address not in known:
            known.append(session.address)
        return tuple(known)

    async def _claimer(self, visit: Visit, place: Place, printer: str) -> tuple[Actor, str]:
        """(whose it becomes, the cookie of a guest that was just made)."""
        if visit.actor.user is not None:
            return visit.actor, ""
        guests = guests_of(self._site)
        cookie, guest = await guests.open(
            self._site.printers.get(printer), address=visit.actor.address, place=place.name
        )
        return guests.actor_of(guest, address=visit.actor.address, via="guest"), cookie

    async def _claim_page(self, visit: Visit, place: Place, *, refusal: Refusal | None) -> Response:
        names = [printer.name for printer in place.printers]
        found = await phone_of(self._site).claims.waiting(self.addresses(visit), names)
        now = self._site.clock.now()
        by_guests = {printer.name for printer in place.printers if printer.guests and self._site.guests}
        jobs = [
            (one, words.ago(now - one.created_at), words.moment(one.created_at))
            for one in found
            if visit.actor.user is not None or one.printer in by_guests
        ]
        return self._site.page(
            visit,
            "at_claim.html",
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            place=place,
            state=state_of(place),
            jobs=jobs,
            signs_in=len(jobs) < len(found),
            zone=self._site.settings.site.time_zone,
        )

    # --- within ------------------------------------------------------------------------------------------------

    async def _place(self, visit: Visit) -> Place:
        return await place_of(self._site, visit.request.path_params["name"])

    async def _scanned(self, visit: Visit, place: Place) -> tuple[ScannedCode | None, Refusal | None]:
        code = visit.request.query_params.get("c", "")
        if not code:
            return None, None
        try:
            return await phone_of(self._site).codes.scan(code[:200], place.name, self._holder(visit)), None
        except NotAuthenticated as refusal:
            return None, refusal

    def _holder(self, visit: Visit) -> str:
        guest = guest_of(visit)
        return f"session:{visit.session.id_hash}" if visit.session else f"guest:{guest.cookie_hash if guest else ''}"

    def _runs(self, visit: Visit, device: Device | None) -> bool:
        """Whoever looks after jobs there prints from anywhere."""
        return device is not None and visit.actor.may(Permission.JOBS, device.site or None)

    def _target(self, place: Place, wanted: str) -> Device:
        if wanted:
            return self._site.printers.device(wanted)
        if place.device is None:
            raise BadRequest(_("Choose where to print first."))
        return place.device

    async def _own(self, visit: Visit, ids: list[int]) -> list[Job]:
        return [await self._site.release.visible(job_id, visit.actor) for job_id in ids]

    async def _present(self, visit: Visit, place: Place, target: Device, asked: Presence) -> Actor:
        """The actor, with what the code on the screen proves; a guest prints from here only with such a proof."""
        code, by_code = first(visit.form, "c"), is_guest(visit.actor.user) and not self._here
        if code and target in place.devices:
            number = first(visit.form, "number")
            await phone_of(self._site).codes.take(code[:200], place.name, self._holder(visit), number)
            return replace(visit.actor, present_at=target.name)
        if by_code and asked is Presence.NONE:
            raise Forbidden("Printing starts at the printer: type your code on its screen.")
        return visit.actor

    @property
    def _here(self) -> bool:
        return self._site.settings.guests.release == "here"

    def _wait(self, visit: Visit, place: Place, ids: list[int], target: Device, changes: dict[str, object]) -> Response:
        """The screen shows whose it is, and a number that the phone shows, too."""
        guest = guest_of(visit)
        who = (guest.label or _("Guest")) if guest else visit.actor.user or ""
        wait = phone_of(self._site).panel.ask(place.name, visit.actor, who, ids, device=target.name, changes=changes)
        return RedirectResponse(f"/p/{place.name}/wait/{wait.id}", status_code=303)

    async def _note(self, visit: Visit, outcome: Outcome, target: Device) -> Note:
        if outcome.job is not None:
            text = _("on its way to %(device)s.", device=target.info or target.name)
            return Note(tone="good", title=outcome.job.name, text=text)
        assert outcome.refusal is not None
        try:
            name = (await self._site.release.visible(outcome.job_id, visit.actor)).name
        except NotFound:
            name = _("Job %(number)s", number=outcome.job_id)
        return Note(tone="bad", title=name, text=said(outcome.refusal.message))

    async def _page(
        self,
        visit: Visit,
        place: Place,
        *,
        scanned: ScannedCode | None = None,
        refusal: Refusal | None = None,
        notes: list[Note] | None = None,
        form: Form = NO_FORM,
        sent: bool = False,
        claimed: bool = False,
    ) -> Response:
        held: Held = await self._standing.held(visit, place, device=first(form, "device"))
        printers = [self._site.printers.get(job.printer) for job in held.jobs]
        return self._site.page(
            visit,
            "at.html",
            status=200 if refusal is None else status_of(refusal),
            place=place,
            state=state_of(place),
            held=held,
            presence=Presence.NONE if self._runs(visit, place.device) else place.presence(printers),
            scanned=scanned,
            refusal="" if refusal is None else said(refusal.message),
            notes=notes or [],
            picker=await picker_for(self._site, visit, printers, held.jobs, form),
            filled=filled(form),
            sent=sent,
            claimed=claimed,
            unclaimed=await self.unclaimed(visit, place),
            home="/guest" if guest_of(visit) else "/jobs",
            guest=guest_of(visit) is not None,
        )


def _done(visit: Visit) -> str:
    return visit.request.query_params.get("done", "")
