"""Visitors without an account: the page behind the sticker, the own documents, their code, and printing them (row 27).

Every job is looked up as the guest of the cookie: another's answers as not found.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway import i18n
from gateway.domain.device import Device
from gateway.domain.job import Job, JobState, Reason
from gateway.errors import Forbidden, NotFound, NotPossible, Refusal
from gateway.i18n import said
from gateway.services.ports import JobQuery
from webprint.answers import status_of
from webprint.at import AtPages
from webprint.options import read_changes
from webprint.places import find_place, price_lines
from webprint.preview import PreviewPages, Section
from webprint.quotes import Prices, Quotes, Told
from webprint.requests import Form, first
from webprint.site import Site, Visit
from webprint.standing import place_of
from webprint.start import qr_svg
from webprint.upload import UploadPages
from webprint.upload_door import guest_code, guest_of, guests_of, uploads_of, wants_json
from webprint.views import JobView, Part, part_of, view_job

SHOWN = 20  # documents of one guest
Work = Callable[[Visit, Job], Awaitable[Job]]


class GuestPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._uploads = UploadPages(site)
        self._preview = PreviewPages(site)
        self._at = AtPages(site)
        self._quotes = Quotes(site, Prices(site=site))

    # --- the sticker

    async def place(self, visit: Visit) -> Response:
        """Who is signed in sees the own jobs that come out here; a guest uploads."""
        return await self._place(visit, refusal=None)

    async def upload(self, visit: Visit) -> Response:
        try:
            place = await place_of(self._site, visit.request.path_params["name"])
            return await self._uploads.take_at(visit, place.name)
        except NotFound:
            raise
        except Refusal as refusal:
            if wants_json(visit.request):
                raise
            return await self._place(visit, refusal=refusal)

    async def _place(self, visit: Visit, *, refusal: Refusal | None) -> Response:
        standing = await place_of(self._site, visit.request.path_params["name"])
        if refusal is None and await self._at.is_for(visit, standing):
            return await self._at.show(visit, standing)
        try:
            place = find_place(self._site, standing.name)
        except (Forbidden, NotFound):
            if guest_of(visit) is not None:
                raise
            return await self._at.stranger(visit, standing)
        uploads_of(self._site).rules.check_address(visit.actor.address)
        waiting = await self._jobs(visit) if guest_of(visit) else []
        return self._site.page(
            visit,
            "guest_start.html",
            status=200 if refusal is None else status_of(refusal),
            place=place,
            prices=price_lines(place.printer.tariff),
            waiting=len(waiting),
            unclaimed=await self._at.unclaimed(visit, standing),
            here=self._here,
            refusal="" if refusal is None else said(refusal.message),
            **self._uploads.limits(visit),
        )

    # --- the own documents

    async def home(self, visit: Visit) -> Response:
        """All documents of this browser, and the code for them. Without any: where to begin."""
        guest = guest_of(visit)
        jobs = await self._jobs(visit) if guest else []
        return self._site.page(
            visit,
            "guest.html",
            jobs=[self._view(visit, job) for job in jobs],
            code=guest_code(visit, guests_of(self._site)),
            place=guest.place if guest else "",
        )

    async def code(self, visit: Visit) -> Response:
        """The code for a reader of QR codes at the release station."""
        code = guest_code(visit, guests_of(self._site))
        if not code:
            raise NotFound("There is no code for this browser.")
        return Response(qr_svg(code), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    async def job(self, visit: Visit) -> Response:
        return await self._page(visit, await self._own(visit), refusal=None)

    async def page_picture(self, visit: Visit) -> Response:
        job = await self._own(visit)
        body = await self._site.release.thumbnail(job.id, visit.actor, visit.request.path_params["number"])
        begin = await anext(body, b"")  # what cannot be read is refused before the answer has begun
        headers = {"Cache-Control": "private, max-age=300", "Vary": "Cookie"}
        return StreamingResponse(_chained(begin, body), media_type="image/png", headers=headers)

    async def side(self, visit: Visit) -> Response:
        return await self._preview.picture(visit)

    async def quote(self, visit: Visit) -> Response:
        job, query = await self._own(visit), visit.request.query_params
        form: Form = {name: query.getlist(name) for name in query}
        try:
            told = self._quotes.tell([job], form) if part_of(job) is Part.WAITING else Told()
        except Refusal as refusal:
            told = Told(warning=said(refusal.message))
        return self._site.page(visit, "quote.html", told=told)

    # --- what a guest does with a document

    async def print(self, visit: Visit) -> Response:
        """At the sticker's device, where its presence is enough; else at the printer's screen with the code."""
        return await self._acted(visit, self._printed)

    async def save(self, visit: Visit) -> Response:
        return await self._acted(visit, self._saved)

    async def again(self, visit: Visit) -> Response:
        """A new job of the same pages, while the document is still there; printed at once where that is possible."""
        return await self._acted(visit, self._printed_again)

    async def delete(self, visit: Visit) -> Response:
        async def work(visit: Visit, job: Job) -> Job:
            if job.state.ended:
                raise NotPossible("This document is done already. What is left of it is destroyed in some minutes.")
            return await self._site.release.cancel(job.id, visit.actor, message="Deleted on the web page.")

        return await self._acted(visit, work)

    async def unlock(self, visit: Visit) -> Response:
        async def work(visit: Visit, job: Job) -> Job:
            return await self._site.release.unlock(job.id, visit.actor, first(visit.form, "password"))

        return await self._acted(visit, work)

    async def came_out(self, visit: Visit) -> Response:
        async def work(visit: Visit, job: Job) -> Job:
            return await self._site.release.resolve(job.id, visit.actor, came_out=first(visit.form, "came") == "yes")

        return await self._acted(visit, work)

    # --- within

    @property
    def _here(self) -> bool:
        return self._site.settings.guests.release == "here"

    async def _acted(self, visit: Visit, work: Work) -> Response:
        """Back to the job's page; a refusal is told there, with the options as they were."""
        job = await self._own(visit)
        try:
            after = await work(visit, job)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._page(visit, await self._own(visit), refusal=refusal)
        if first(visit.form, "quiet"):
            return Response(status_code=204)
        return RedirectResponse(f"/guest/jobs/{after.id}", status_code=303)

    async def _printed(self, visit: Visit, job: Job) -> Job:
        if not self._here:
            raise Forbidden("Printing starts at the printer: type your code on its screen.")
        device = self._device(visit, job, first(visit.form, "device"))
        outcomes = await self._site.release.release(
            [job.id], visit.actor, device=device, changes=read_changes(visit.form)
        )
        if outcomes[0].refusal is not None:
            raise outcomes[0].refusal
        return job

    async def _saved(self, visit: Visit, job: Job) -> Job:
        return await self._site.release.change(job.id, visit.actor, read_changes(visit.form))

    async def _printed_again(self, visit: Visit, job: Job) -> Job:
        copy = await self._site.release.reprint(job.id, visit.actor)
        await guests_of(self._site).keep(visit.actor.user or "")
        if self._here and copy.state is JobState.PENDING_HELD:
            await self._printed(visit, copy)
        return copy

    def _device(self, visit: Visit, job: Job, wanted: str) -> str | None:
        """One that this guest stands in front of: the sticker's, or one of its Printer's."""
        allowed = self._devices(visit, job)
        if wanted and wanted not in {device.name for device in allowed}:
            raise NotFound("This printer is not the one you stand at. Scan its code and print there.")
        return wanted or (allowed[0].name if len(allowed) == 1 else None)

    def _devices(self, visit: Visit, job: Job) -> tuple[Device, ...]:
        guest = guest_of(visit)
        targets = self._site.printers.targets_of(self._site.printers.of_job(job.printer))
        named = [device for device in targets if guest is not None and device.name == guest.place]
        return tuple(named) or targets

    async def _own(self, visit: Visit) -> Job:
        return await self._site.release.visible(int(visit.request.path_params["id"]), visit.actor)

    async def _jobs(self, visit: Visit) -> list[Job]:
        query = JobQuery(owner=visit.actor.user, newest_first=True, limit=SHOWN)
        return await self._site.release.find(query, visit.actor)

    def _view(self, visit: Visit, job: Job) -> JobView:
        return view_job(job, visit.actor, self._site.printers, now=self._site.clock.now())

    async def _page(self, visit: Visit, job: Job, *, refusal: Refusal | None) -> Response:
        view, code = self._view(visit, job), guest_code(visit, guests_of(self._site))
        state = _mark(view, job)
        if refusal is None and visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        waiting = view.part is Part.WAITING
        section = await self._section(visit, job) if waiting else None
        response = self._site.page(
            visit,
            "guest_job.html",
            status=section.status if section and refusal is None else 200 if refusal is None else status_of(refusal),
            job=view,
            row=job,
            preview=section,
            told=self._told(job, section) if section else None,
            code=code,
            here=self._here,
            state=state,
            live=not waiting and (not job.state.ended or job.key is not None),
            done=job.state is JobState.COMPLETED,
            asks=job.has(Reason.OUTCOME_UNKNOWN),
            again=i18n.span(self._site.settings.guests.again_seconds),
            refusal="" if refusal is None else said(refusal.message),
        )
        response.headers["ETag"] = state
        return response

    async def _section(self, visit: Visit, job: Job) -> Section:
        """With the devices that this guest may print at, and the guest's own addresses."""
        at = f"/guest/jobs/{job.id}"
        allowed = {device.name for device in self._devices(visit, job)}
        section = await self._preview.section(visit, job, at, devices=allowed)
        action = f"{at}/print" if self._here else f"{at}/save"
        return replace(section, action=action, quote=f"{at}/quote", keeps=not self._here)

    def _told(self, job: Job, section: Section) -> Told:
        form: Form = {name: [value] for name, value in section.shown.items()}
        device = section.device.name if section.device else ""
        try:
            return self._quotes.tell([job], {**form, "device": [device]})
        except Refusal as refusal:
            return Told(warning=said(refusal.message))


def _mark(view: JobView, job: Job) -> str:
    """Changes whenever the page would look different."""
    shown = (view.state, view.message, view.part, view.progress, job.version, job.key is None, view.thumbnails)
    return '"' + hashlib.sha256(repr(shown).encode()).hexdigest()[:32] + '"'


async def _chained(begin: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begin
    async for chunk in rest:
        yield chunk
