"""The desk: what waits and for whom, and what is done for people who stand in front of it.

Below /desk with a session of the portal; below /kiosk/{station}/desk with a short one of that station.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.domain.job import Job, JobState
from gateway.domain.rights import Permission
from gateway.domain.user import is_guest
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import money, ngettext, said
from gateway.services.desk import LOOKED, Desk
from gateway.services.pricing import Pricing
from webprint import words
from webprint.answers import status_of
from webprint.desk_frame import DeskFrame
from webprint.detail import COMPONENTS
from webprint.joblist import Note
from webprint.records import happened, worded
from webprint.requests import first
from webprint.site import Visit
from webprint.start import qr_svg
from webprint.views import DeviceView, JobView, Part, devices_for, part_of, submitter, view_devices, view_job


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One job of the list, without what is in it: a private document has no name here either."""

    job: JobView
    name: str
    who: str
    guest: bool
    ready: bool


class DeskPages(DeskFrame):
    # --- pages -------------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        return await self._list(visit, search=query.get("q", "").strip()[:100], guests=query.get("who") == "guests")

    async def detail(self, visit: Visit) -> Response:
        return await self._detail(visit)

    async def picture(self, visit: Visit) -> Response:
        """Seen by no cache: this is somebody else's document."""
        body = await self._desk.picture(_id(visit), visit.request.path_params["number"], visit.actor)
        begin = await anext(body, b"")  # what cannot be read is refused before the answer has begun
        return StreamingResponse(_chained(begin, body), media_type="image/png", headers={"Cache-Control": "no-store"})

    # --- actions -----------------------------------------------------------------------------------------------

    async def release(self, visit: Visit) -> Response:
        device = first(visit.form, "device") or None
        (outcome,) = await self._site.release.release([_id(visit)], visit.actor, device=device)
        if outcome.refusal is not None:
            return await self._detail(visit, refusal=outcome.refusal)
        assert outcome.job is not None
        where = self._device(outcome.job)
        return await self._detail(visit, done=_("On its way to %(device)s.", device=where))

    async def paid(self, visit: Visit) -> Response:
        try:
            amount = await self._desk.paid(_id(visit), visit.actor, first(visit.form, "amount"))
        except BadRequest as refusal:
            return await self._detail(visit, refusal=refusal)
        text = money(amount, self._site.settings.site.currency)
        return await self._detail(visit, done=_("Noted: %(amount)s paid in cash.", amount=text))

    async def extend(self, visit: Visit) -> Response:
        try:
            await self._site.release.extend(_id(visit), visit.actor)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._detail(visit, refusal=refusal)
        return await self._detail(visit, done=_("It is kept longer."))

    async def delete(self, visit: Visit) -> Response:
        """Asks once, since a deleted job cannot be brought back."""
        if not first(visit.form, "sure"):
            return await self._detail(visit, sure=True)
        try:
            await self._site.release.cancel(_id(visit), visit.actor, message="Deleted at the desk.")
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._detail(visit, refusal=refusal)
        return await self._detail(visit, done=_("It is deleted."))

    async def code(self, visit: Visit) -> Response:
        """A slip with another code, to be printed or shown."""
        try:
            code = await self._desk.new_code(_id(visit), visit.actor)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._detail(visit, refusal=refusal)
        job = await self._desk.job(_id(visit), visit.actor)
        return self._page(
            visit,
            "desk_slip.html",
            code=f"{code[:3]} {code[3:]}",
            qr=self._qr(code),
            job=self._view(visit, job),
            who=await self._who(job),
        )

    async def look(self, visit: Visit) -> Response:
        try:
            await self._desk.look(_id(visit), visit.actor, first(visit.form, "reason"))
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._detail(visit, refusal=refusal)
        return await self._detail(
            visit, looking=True, done=_("You see its pages for five minutes. The owner can read that, and why.")
        )

    async def unlock(self, visit: Visit) -> Response:
        try:
            name = first(visit.form, "name")
            count = self._desk.unlock(name, visit.actor)
        except Refusal as refusal:
            return await self._list(visit, note=Note(tone="bad", title="", text=said(refusal.message)))
        known = ngettext("from %(count)s address", "from %(count)s addresses", count) if count else ""
        text = _("may try again now, %(where)s.", where=known) if known else _("was not locked here.")
        return await self._list(visit, note=Note(tone="good", title=name.strip()[:100], text=text))

    # --- within ------------------------------------------------------------------------------------------------

    @property
    def _desk(self) -> Desk:
        if self._site.desk is None:
            raise NotFound("There is no desk here.")
        return self._site.desk

    async def _list(
        self, visit: Visit, *, search: str = "", guests: bool = False, note: Note | None = None
    ) -> Response:
        try:
            if search:
                jobs = await self._desk.search(search, visit.actor, address=visit.actor.address)
            else:
                jobs = await self._desk.waiting(visit.actor, guests_only=guests)
        except Refusal as refusal:
            jobs, note = [], Note(tone="bad", title="", text=said(refusal.message))
        if search and len(jobs) == 1 and note is None:
            return RedirectResponse(f"{self._at(visit)}/jobs/{jobs[0].id}", status_code=303)
        lines = [await self._line(visit, job) for job in jobs]
        credit = self._site.personal is not None and self._site.personal.credit.may_take(visit.actor)
        return self._page(visit, "desk.html", lines=lines, search=search, guests=guests, note=note, credit=credit)

    async def _detail(
        self,
        visit: Visit,
        *,
        refusal: Refusal | None = None,
        done: str = "",
        sure: bool = False,
        looking: bool = False,
    ) -> Response:
        job = await self._desk.job(_id(visit), visit.actor)
        now, waits = self._site.clock.now(), part_of(job) is Part.WAITING
        records = await self._site.release.records(job.id, visit.actor)
        return self._page(
            visit,
            "desk_job.html",
            status=200 if refusal is None else status_of(refusal),
            line=await self._line(visit, job),
            row=job,
            devices=self._devices(visit, job) if waits else [],
            price=self._price(job) if waits else "",
            paid=worded(await self._desk.paid_so_far(job.id)),
            currency=self._site.settings.site.currency,
            pages=[t.number for t in job.thumbnails] if looking else [],
            may_cash=self._desk.can(Permission.CASH, job, visit.actor),
            can_look=self._desk.can(Permission.DOCUMENTS, job, visit.actor)
            and bool(job.thumbnails)
            and job.key is not None
            and not job.private
            and job.password_hash is None,
            can_extend=job.state is JobState.PENDING_HELD and job.expires_at is not None,
            history=[
                (
                    words.moment(r.at),
                    words.ago(now - r.at),
                    happened(r.what),
                    "" if r.by in COMPONENTS else r.by,
                    worded(r.text),
                )
                for r in records
            ],
            looked=LOOKED,
            note=Note(tone="bad", title="", text=said(refusal.message))
            if refusal is not None
            else Note(tone="good", title="", text=done)
            if done
            else None,
            sure=sure,
        )

    async def _line(self, visit: Visit, job: Job) -> Line:
        view = self._view(visit, job)
        return Line(
            job=view,
            name=_("Private document") if job.private else view.name,
            who=await self._who(job),
            guest=is_guest(job.owner),
            ready=view.can_release,
        )

    async def _who(self, job: Job) -> str:
        return (await self._desk.guest_label(job) or _("Guest")) if is_guest(job.owner) else submitter(job)

    def _view(self, visit: Visit, job: Job) -> JobView:
        return view_job(job, visit.actor, self._site.printers, now=self._site.clock.now())

    def _devices(self, visit: Visit, job: Job) -> list[DeviceView]:
        here = visit.request.path_params.get("station", "")
        return view_devices(devices_for(self._site.printers, [job]), first(visit.form, "device") or here)

    def _price(self, job: Job) -> str:
        try:
            printer = self._site.printers.of_job(job.printer)
        except NotFound:  # deleted since
            return ""
        if printer.tariff.free:
            return ""
        quote = Pricing(currency=self._site.settings.site.currency).of(job, printer)
        return money(quote.amount, quote.currency)

    def _qr(self, code: str) -> Markup:
        """What a station's scanner types, as on the guest's own page; a phone that sees it is not led anywhere."""
        drawn = qr_svg(code).decode()
        return Markup(drawn[drawn.index("<svg") :])  # noqa: S704 - drawn here, from digits

    def _device(self, job: Job) -> str:
        try:
            device = self._site.printers.device(job.output_device or "")
        except NotFound:
            return job.output_device or ""
        return device.info or device.name


async def _chained(begin: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begin
    async for chunk in rest:
        yield chunk


def _id(visit: Visit) -> int:
    return int(visit.request.path_params["id"])
