"""One's own jobs: the list, the release, and what else can be done with a job."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from sse_starlette import EventSourceResponse
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.domain.job import Job, JobState
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest, NotFound, NotPossible, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import ngettext
from gateway.services.ports import JobQuery
from gateway.services.release import Outcome
from webprint.charge import read_charge
from webprint.choices import read_choice
from webprint.detail import JobDetail
from webprint.joblist import JobList, Note, as_sent, asked_of, back_to, refused
from webprint.looked import looked_at
from webprint.options import read_changes, read_jobs
from webprint.preview import PreviewPages
from webprint.quotes import Offer, adapted, offers_of, warning_of
from webprint.requests import SESSION, SESSION_TLS, cookie_of, first
from webprint.site import Site, Visit
from webprint.views import Part, part_of


class JobPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._list = JobList(site)
        self._preview = PreviewPages(site)
        self.one = JobDetail(site, self._list, self._preview)

    # --- pages -------------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        return await self._list.page(visit, asked_of(visit))

    async def detail(self, visit: Visit) -> Response:
        return await self.one.page_of(visit, _id(visit))

    async def thumbnail(self, visit: Visit) -> Response:
        body = await self._site.release.thumbnail(_id(visit), visit.actor, visit.request.path_params["number"])
        await looked_at(self._site, visit, "thumbnail")
        begin = await anext(body, b"")  # what cannot be read is refused before the answer has begun
        headers = {"Cache-Control": "private, max-age=300", "Vary": "Cookie"}
        return StreamingResponse(_chained(begin, body), media_type="image/png", headers=headers)

    async def side(self, visit: Visit) -> Response:
        response = await self._preview.picture(visit)
        await looked_at(self._site, visit, "preview")
        return response

    async def quote(self, visit: Visit) -> Response:
        return await self._list.quotes.show(visit)

    async def events(self, visit: Visit) -> Response:
        """Server-Sent Events of the list; without them, 204, after which a browser does not ask again."""
        live = self._site.live
        if live is None or not live.running or visit.session is None:
            return Response(status_code=204)
        page = live.open(
            visit.actor,
            session=visit.session.id_hash,
            cookie=cookie_of(visit.request, SESSION, SESSION_TLS) or "",
            everybody=visit.request.query_params.get("all") == "1",
        )
        return EventSourceResponse(live.stream(page), ping=0)  # heartbeats are one timer for all

    # --- actions on the selection ------------------------------------------------------------------------------

    async def release(self, visit: Visit) -> Response:
        try:
            return await self._release(visit, read_jobs(visit.form))
        except Refusal as refusal:
            return await self._list.page(
                visit, as_sent(visit), notes=[refused(_("Nothing was printed"), refusal)], refusal=refusal
            )

    async def release_all(self, visit: Visit) -> Response:
        try:
            held = JobQuery(owner=visit.actor.user, states=(JobState.PENDING_HELD,), limit=None)
            jobs = await self._list.find(visit, held)
            waiting = [job.id for job in jobs if part_of(job) is Part.WAITING]
            if not waiting:
                raise NotPossible("No job is waiting any more.")
            return await self._release(visit, waiting)
        except Refusal as refusal:
            return await self._list.page(
                visit, as_sent(visit), notes=[refused(_("Nothing was printed"), refusal)], refusal=refusal
            )

    async def delete_selected(self, visit: Visit) -> Response:
        """Asks once, since a deleted job cannot be brought back."""
        try:
            ids = read_jobs(visit.form)
        except Refusal as refusal:
            return await self._list.page(
                visit, as_sent(visit), notes=[refused(_("Nothing was deleted"), refusal)], refusal=refusal
            )
        if not first(visit.form, "sure"):
            return self._confirm(visit, [await self._site.release.visible(job_id, visit.actor) for job_id in ids])
        return await self._list.page(visit, back_to(visit), notes=[await self._delete(visit, job_id) for job_id in ids])

    # --- actions on one job ------------------------------------------------------------------------------------

    async def delete(self, visit: Visit) -> Response:
        job = await self._site.release.visible(_id(visit), visit.actor)
        if not first(visit.form, "sure"):
            return self._confirm(visit, [job])
        return await self._list.page(visit, back_to(visit), notes=[await self._delete(visit, job.id)])

    async def reprint(self, visit: Visit) -> Response:
        return await self._act(visit, self._site.release.reprint, _("is waiting again. Release it below."))

    async def favourite(self, visit: Visit) -> Response:
        on = first(visit.form, "on") != "no"
        text = _("is a favourite now and does not expire.") if on else _("is no favourite any more.")
        return await self._act(visit, lambda i, actor: self._site.release.favourite(i, actor, on), text)

    async def extend(self, visit: Visit) -> Response:
        return await self._act(visit, self._site.release.extend, _("is kept longer."))

    async def take(self, visit: Visit) -> Response:
        """Of a job that was cut short, what came of it."""
        return await self._act(visit, self._site.release.unhold, _("is being prepared as it came."))

    async def unlock(self, visit: Visit) -> Response:
        password = first(visit.form, "password")
        return await self._act(
            visit,
            lambda i, actor: self._site.release.unlock(i, actor, password),
            _("is being opened with that password."),
        )

    async def convert(self, visit: Visit) -> Response:
        """Back on the job's page the new pages appear as soon as they are made."""
        try:
            job = await self._site.release.visible(_id(visit), visit.actor)
            await self._site.release.convert_again(job.id, visit.actor, read_choice(visit.form, job))
        except NotFound:
            raise
        except Refusal as refusal:
            note = refused(_("That did not work"), refusal)
            return await self._list.page(visit, back_to(visit), notes=[note], refusal=refusal)
        return RedirectResponse(f"/jobs/{job.id}", 303)

    async def charge(self, visit: Visit) -> Response:
        """Choose its project; one that waited only for that goes on. Back on the job's page."""
        try:
            changes = await read_charge(self._site, visit, visit.form)
            if not changes:
                raise BadRequest("Choose a project, or write its code.")
            job = await self._site.release.change(_id(visit), visit.actor, changes)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self.one.page_of(visit, _id(visit), refusal=refusal)
        return RedirectResponse(f"/jobs/{job.id}", 303)

    async def came_out(self, visit: Visit) -> Response:
        return await self._resolve(visit, came_out=True, text=_("is done. Thank you."))

    async def not_out(self, visit: Visit) -> Response:
        return await self._resolve(visit, came_out=False, text=_("is waiting again. Release it at any printer."))

    async def _resolve(self, visit: Visit, *, came_out: bool, text: str) -> Response:
        return await self._act(visit, lambda i, actor: self._site.release.resolve(i, actor, came_out=came_out), text)

    async def _act(self, visit: Visit, action: Callable[..., Awaitable[Job]], text: str) -> Response:
        """One action on one job, then the list with what came of it. Another's job stays a 404."""
        try:
            job = await action(_id(visit), visit.actor)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._list.page(
                visit, back_to(visit), notes=[refused(_("That did not work"), refusal)], refusal=refusal
            )
        asked = replace(back_to(visit), selected=frozenset({job.id}))  # the next thing may be to release it
        return await self._list.page(visit, asked, notes=[Note(tone="good", title=job.name, text=text)])

    async def release_one(self, visit: Visit) -> Response:
        """As it was sent, at the device of the button: after a fault of another one."""
        job = await self._site.release.visible(_id(visit), visit.actor)
        return await self._release(visit, [job.id], plain=True)

    async def proof(self, visit: Visit) -> Response:
        """One copy now, with the options of the form; the others keep waiting."""
        device, changes = _device(visit), read_changes(visit.form) | adapted(visit.form)
        try:
            changes |= await read_charge(self._site, visit, visit.form)
            proof, rest = await self._site.release.proof(_id(visit), visit.actor, device=device, changes=changes)
        except NotFound:
            raise
        except Refusal as refusal:
            note = refused(_("Nothing was printed"), refusal)
            return await self._list.page(visit, as_sent(visit), notes=[note], refusal=refusal)
        where = self._list.view(visit.actor, proof).device
        left = ngettext("%(count)s copy keeps waiting.", "%(count)s copies keep waiting.", rest.ticket.copies)
        text = _("one copy is on its way to %(device)s. %(rest)s", device=where, rest=left)
        asked = replace(back_to(visit), selected=frozenset({rest.id}))
        return await self._list.page(visit, asked, notes=[Note(tone="good", title=proof.name, text=text)])

    async def hide(self, visit: Visit) -> Response:
        text = _("is private now: only you see its pages, and it is destroyed as soon as it was printed.")
        return await self._act(visit, self._site.release.make_private, text)

    # --- within ------------------------------------------------------------------------------------------------

    async def _release(self, visit: Visit, ids: list[int], *, plain: bool = False) -> Response:
        """What does not come out as it should at the chosen device is not sent, but offered elsewhere or otherwise."""
        device = _device(visit)
        changes = {} if plain else read_changes(visit.form) | adapted(visit.form)
        changes |= await read_charge(self._site, visit, visit.form)
        fitting, notes, offers = await self._unfit(visit, ids, device, changes)
        outcomes = await self._site.release.release(fitting, visit.actor, device=device, changes=changes)
        notes = [*[await self._note(visit, outcome) for outcome in outcomes], *notes]
        sent = {outcome.job_id for outcome in outcomes if outcome.refusal is None}
        kept = frozenset(job_id for job_id in ids if job_id not in sent)
        asked = replace(back_to(visit), selected=kept, device=device or "")
        return await self._list.page(visit, asked, notes=notes, offers=offers)

    async def _unfit(
        self, visit: Visit, ids: list[int], device: str | None, changes: dict[str, Any]
    ) -> tuple[list[int], list[Note], tuple[Offer, ...]]:
        """(those that fit the device, or whose refusal is the service's to tell; notes of the others; what to do)."""
        try:
            target = self._site.printers.device(device or "")
        except NotFound:
            return ids, [], ()
        fitting, unfit = list[int](), list[tuple[Job, JobTicket]]()
        for job_id in ids:
            job = await self._waiting(visit, job_id)
            ticket = job.ticket.with_changes(**changes) if job else None
            if job and ticket and self._list.quotes.advice_for([(job, ticket)], target).obstacles:
                unfit.append((job, ticket))
            else:
                fitting.append(job_id)
        if not unfit:
            return ids, [], ()
        notes = [
            Note(tone="bad", title=job.name, text=warning_of(self._list.quotes.advice_for([(job, ticket)], target)))
            for job, ticket in unfit
        ]
        return fitting, notes, offers_of(self._list.quotes.advice_for(unfit, target))

    async def _waiting(self, visit: Visit, job_id: int) -> Job | None:
        try:
            job = await self._site.release.visible(job_id, visit.actor)
        except NotFound:
            return None
        return job if part_of(job) is Part.WAITING else None

    def _confirm(self, visit: Visit, jobs: list[Job]) -> Response:
        views = [self._list.view(visit.actor, job) for job in jobs]
        return self._site.page(visit, "confirm.html", jobs=views, everybody=back_to(visit).everybody)

    async def _note(self, visit: Visit, outcome: Outcome) -> Note:
        if outcome.job is not None:
            where, copies = self._list.view(visit.actor, outcome.job).device, outcome.job.ticket.copies
            text = _("on its way to %(device)s.", device=where)
            if copies > 1:
                text = ngettext("%(count)s copy, %(text)s", "%(count)s copies, %(text)s", copies, text=text)
            return Note(tone="good", title=outcome.job.name, text=text)
        assert outcome.refusal is not None
        try:
            name = (await self._site.release.visible(outcome.job_id, visit.actor)).name
        except NotFound:
            name = _("Job %(number)s", number=outcome.job_id)
        return refused(name, outcome.refusal)

    async def _delete(self, visit: Visit, job_id: int) -> Note:
        try:
            job = await self._site.release.cancel(job_id, visit.actor, message="Deleted on the web page.")
        except Refusal as refusal:
            return refused(_("Job %(number)s", number=job_id), refusal)
        return Note(tone="good", title=job.name, text=_("is deleted."))


async def _chained(begin: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begin
    async for chunk in rest:
        yield chunk


def _device(visit: Visit) -> str | None:
    """That of the button that was tapped, else the chosen one."""
    return first(visit.form, "instead") or first(visit.form, "device") or None


def _id(visit: Visit) -> int:
    return int(visit.request.path_params["id"])
