"""The upload page, the plain form behind it, and what scripts ask while a document is made printable."""

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.domain.job import Job, JobState
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest, Conflict, NotAuthenticated, NotFound, Refusal
from gateway.i18n import said
from gateway.services.multipart import FormReader
from gateway.services.ports import JobQuery
from gateway.services.upload_forms import Form, FormFile
from webprint import words
from webprint.answers import retry_after, status_of
from webprint.charge import picker_for, read_charge
from webprint.options import read_changes
from webprint.requests import body_of, check_token, first
from webprint.site import Site, Visit
from webprint.tus import ticket_for
from webprint.upload_door import TOKEN, guest_of, guests_of, is_multipart, keep_guest, uploads_of, wants_json
from webprint.views import view_job

RECENT = 5  # uploads shown below the form
UNPROCESSABLE = 422  # the same key with other content (RELIABILITY, HTTP)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class UploadPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        return await self.page(visit, refusal=None)

    async def page(self, visit: Visit, *, refusal: Refusal | None) -> Response:
        """For somebody who is signed in; after a refusal with what was wrong, and a fresh key."""
        wanted = visit.request.query_params.get("printer", "")
        printers = self._site.printers_for(visit)
        uploads_of(self._site).rules.check_address(visit.actor.address)
        recent = await self._site.release.find(
            JobQuery(owner=visit.actor.user, newest_first=True, limit=4 * RECENT), visit.actor
        )
        mine = [self._view(visit, job) for job in recent if job.source == "web"][:RECENT]
        return self._site.page(
            visit,
            "upload.html",
            status=200 if refusal is None else status_of(refusal),
            printers=printers,
            chosen=_chosen(printers, wanted),
            recent=mine,
            picker=await picker_for(self._site, visit, printers),
            refusal="" if refusal is None else said(refusal.message),
            **self.limits(visit),
        )

    def limits(self, visit: Visit) -> dict[str, object]:
        """What the file picker tells before anything is sent."""
        rules = uploads_of(self._site).rules
        return {
            "largest": rules.largest(visit.actor),
            "most": self._site.settings.uploads.max_files,
            "key": secrets.token_urlsafe(16),
            "batch": secrets.token_urlsafe(16),
        }

    async def take(self, visit: Visit) -> Response:
        """The plain form. 201 and Location to a program, a redirection to a browser; see `_taken`."""
        try:
            return await self._take(visit, place="")
        except (NotAuthenticated, NotFound):
            raise
        except Refusal as refusal:
            if wants_json(visit.request) or visit.actor.user is None or guest_of(visit) is not None:
                return self._no(visit, refusal)
            return await self.page(visit, refusal=refusal)

    async def take_at(self, visit: Visit, place: str) -> Response:
        """The plain form of a guest, who is made one with the first document."""
        return await self._take(visit, place=place)

    async def state(self, visit: Visit) -> Response:
        """How far a document is, for the script that waits for its preview."""
        job = await self._site.release.visible(int(visit.request.path_params["id"]), visit.actor)
        return JSONResponse(
            {
                "id": job.id,
                "ready": job.prepared or job.state.ended or job.state is JobState.PENDING_HELD,
                "failed": job.state is JobState.ABORTED,
                "state": words.state(job),
                "message": said(job.message),
                "pages": job.pages,
                "picture": bool(job.thumbnails),
                "at": self.at(visit, job),
            }
        )

    async def close(self, visit: Visit) -> Response:
        """The last file of several was taken back: the others become the job."""
        job = await uploads_of(self._site).close(visit.actor, first(visit.form, "batch")[:100])
        return JSONResponse({"id": job.id, "at": self.at(visit, job)})

    def at(self, visit: Visit, job: Job) -> str:
        return f"/guest/jobs/{job.id}" if guest_of(visit) or not visit.signed_in else f"/jobs/{job.id}"

    # -- within

    async def _take(self, visit: Visit, *, place: str) -> Response:
        if not is_multipart(visit.request):
            raise BadRequest("No file was sent. Choose one and upload it again.")
        reader = FormReader(content_type=visit.request.headers.get("content-type", ""), chunks=body_of(visit.request))
        fields = await reader.fields()
        check_token(fields if TOKEN not in visit.request.headers else _token_of(visit), visit.csrf)
        printer = self._printer(visit, first(fields, "printer"))
        form = self._form(visit, fields, printer, await read_charge(self._site, visit, fields))
        visit, cookie = await self._known(visit, printer, fields, place)
        jobs = await uploads_of(self._site).forms.take(visit.actor, form, _files(reader))
        response = self._taken(visit, jobs, guest=bool(cookie))
        if cookie:
            keep_guest(visit.request, response, cookie, self._site.settings.guests.hold_seconds)
        return response

    def _form(self, visit: Visit, fields: dict[str, list[str]], printer: Printer, charge: dict[str, Any]) -> Form:
        key = visit.request.headers.get("idempotency-key") or first(fields, "key") or None
        if key is not None and not _KEY.fullmatch(key):
            raise BadRequest("An Idempotency-Key has 1 to 200 printable characters.")
        ticket = ticket_for(self._site, printer.name)
        return Form(
            printer=printer.name,
            ticket=_with_options(ticket, fields).with_changes(**charge),
            together=first(fields, "together") != "no",
            key=key,
        )

    async def _known(
        self, visit: Visit, printer: Printer, fields: dict[str, list[str]], place: str
    ) -> tuple[Visit, str]:
        """(the visit of an owner, the cookie of a guest that was just made)."""
        if visit.actor.user is not None:
            return visit, ""
        guests = guests_of(self._site)
        try:
            uploads_of(self._site).rules.check_address(visit.actor.address)
            label = first(fields, "guest")
            cookie, guest = await guests.open(printer, address=visit.actor.address, label=label, place=place)
        except Refusal as refusal:
            uploads_of(self._site).note_refused(visit.actor, printer.name, "", refusal)
            raise
        actor = guests.actor_of(guest, address=visit.actor.address, via="guest")
        return replace(visit, actor=actor), cookie

    def _printer(self, visit: Visit, name: str) -> Printer:
        if not name:
            return self._site.printers.default()
        seen = self._site.printers_for(visit)
        found = next((printer for printer in seen if printer.name == name), None)
        if found is None:
            raise NotFound(f'There is no printer "{name[:60]}" here. Reload the page and choose another.')
        return found

    def _taken(self, visit: Visit, jobs: list[Job], *, guest: bool) -> Response:
        at = f"/guest/jobs/{jobs[0].id}" if guest or guest_of(visit) else f"/jobs/{jobs[0].id}"
        if not wants_json(visit.request):
            several = "/guest" if guest or guest_of(visit) else "/jobs"
            return RedirectResponse(at if len(jobs) == 1 else several, status_code=303)
        told = [{"id": job.id, "uuid": str(job.uuid), "state": job.state.keyword} for job in jobs]
        return JSONResponse({"jobs": told}, status_code=201, headers={"Location": at})

    def _no(self, visit: Visit, refusal: Refusal) -> Response:
        """To programs, and to guests whose page is another."""
        if not wants_json(visit.request):
            raise refusal
        status = UNPROCESSABLE if isinstance(refusal, Conflict) else status_of(refusal)
        wait = retry_after(refusal)
        headers = {} if wait is None else {"Retry-After": str(max(1, round(wait)))}
        return JSONResponse({"error": refusal.kind, "message": said(refusal.message)}, status, headers)

    def _view(self, visit: Visit, job: Job) -> object:
        return view_job(job, visit.actor, self._site.printers, now=self._site.clock.now())


async def _files(reader: FormReader) -> AsyncIterator[FormFile]:
    async for file in reader.files():
        yield FormFile(name=file.name, format=file.format, body=file.body)


def _with_options(ticket: JobTicket, fields: dict[str, list[str]]) -> JobTicket:
    changes = read_changes(fields)
    return ticket.with_changes(**changes) if changes else ticket


def _token_of(visit: Visit) -> dict[str, list[str]]:
    return {"csrf": [visit.request.headers[TOKEN]]}


def _chosen(printers: tuple[Printer, ...], wanted: str) -> Printer | None:
    """As asked for, else the default, else the first that holds."""
    marked = [p for p in printers if p.name == wanted] + [p for p in printers if p.is_default]
    return (*marked, *[p for p in printers if p.holds], *printers, None)[0]
