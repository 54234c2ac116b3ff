"""One-time links: made and taken back on a job's page, used on a page of their own that asks for no account."""

import io
from dataclasses import dataclass
from typing import Protocol

import segno
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.domain.share import Payer, Share
from gateway.errors import BadRequest, NotAuthenticated, NotFound, Refusal
from gateway.i18n import N_, Words, said
from gateway.i18n import gettext as _
from gateway.services.shares import Shared, Shares
from webprint import words
from webprint.answers import status_of
from webprint.hosts import public_base
from webprint.looked import looked
from webprint.requests import first
from webprint.site import Site, Visit
from webprint.views import view_devices

NO_LINKS = "Jobs are not shared by links on this server."
LASTING = Words({"1h": N_("For one hour"), "24h": N_("For 24 hours"), "job": N_("Until the job expires")})
SECONDS: dict[str, float | None] = {"1h": 3600.0, "24h": 24 * 3600.0, "job": None}
PAYERS = Words({"sharer": N_("I pay for it"), "printing": N_("Whoever prints it pays, and signs in for that")})


@dataclass(frozen=True, kw_only=True, slots=True)
class ShareView:
    """An open link as its owner sees it: never the link itself."""

    id: int
    made: str
    lasts: str
    payer: str
    page: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewLink:
    """Shown once."""

    address: str
    qr: Markup


class JobPage(Protocol):
    """What shows a job's page after something was done on it."""

    async def page_of(self, visit: Visit, job_id: int, *, link: NewLink | None = None) -> Response: ...


class SharePages:
    def __init__(self, site: Site, jobs: JobPage) -> None:
        self._site = site
        self._jobs = jobs

    # -- the owner

    async def make(self, visit: Visit) -> Response:
        job_id, lasting, payer = int(visit.request.path_params["id"]), first(visit.form, "lasting"), "sharer"
        payer = first(visit.form, "payer") or payer
        await self._site.release.visible(job_id, visit.actor)
        if lasting not in SECONDS or payer not in PAYERS:
            raise BadRequest("This choice is not known here. Reload the page and try again.")
        base = public_base(self._site, visit.request)  # refused before a link is made that nobody gets to see
        token, _share = await self._shares.make(
            job_id,
            visit.actor,
            seconds=SECONDS[lasting],
            payer=Payer(payer),
            shows_page=first(visit.form, "page") == "yes",
        )
        address = f"{base}/s/{token}"
        return await self._jobs.page_of(visit, job_id, link=NewLink(address=address, qr=_qr(address)))

    async def revoke(self, visit: Visit) -> Response:
        job_id = int(visit.request.path_params["id"])
        await self._shares.revoke(job_id, int(visit.request.path_params["share"]), visit.actor)
        return RedirectResponse(f"/jobs/{job_id}#share", 303)

    # -- whoever has the link

    async def show(self, visit: Visit) -> Response:
        return self._page(visit, await self._shares.look(self._token(visit), address=visit.actor.address))

    async def picture(self, visit: Visit) -> Response:
        token, address = self._token(visit), visit.actor.address
        body = await self._shares.page(token, address=address)
        await looked(self._site, visit, (await self._shares.look(token, address=address)).job, "link")
        headers = {"Cache-Control": "private, max-age=300"}
        return StreamingResponse(body, media_type="image/png", headers=headers)

    async def use(self, visit: Visit) -> Response:
        """Once: the page that follows says where it comes out, and the link is dead."""
        token = self._token(visit)
        try:
            job = await self._shares.use(token, visit.actor, device=first(visit.form, "device") or None)
        except NotAuthenticated:
            return RedirectResponse(f"/signin?next=/s/{token}", 303)
        except NotFound:
            raise
        except Refusal as refusal:
            shared = await self._shares.look(token, address=visit.actor.address)
            return self._page(visit, shared, refusal=refusal)
        device = self._site.printers.device(job.output_device or "")
        return self._site.page(visit, "shared-sent.html", name=job.name, device=device.info or device.name)

    # -- within

    @property
    def _shares(self) -> Shares:
        if self._site.shares is None:
            raise NotFound(NO_LINKS)
        return self._site.shares

    def _page(self, visit: Visit, shared: Shared, *, refusal: Refusal | None = None) -> Response:
        return self._site.page(
            visit,
            "shared.html",
            status=200 if refusal is None else status_of(refusal),
            token=self._token(visit),
            job=shared.job,
            sharer=shared.share.owner,
            page=shared.page,
            pays=shared.share.payer is Payer.PRINTING,
            devices=view_devices(shared.devices, first(visit.form, "device")),
            facts=_facts(shared),
            lasts=_lasts(shared.share, self._site.clock.now()),
            refusal="" if refusal is None else said(refusal.message),
        )

    def _token(self, visit: Visit) -> str:
        return str(visit.request.path_params["token"])[:100]


def share_views(shares: list[Share], now: float) -> list[ShareView]:
    return [
        ShareView(
            id=share.id,
            made=words.ago(now - share.created_at),
            lasts=_lasts(share, now),
            payer=PAYERS[share.payer.value],
            page=_("shows the first page") if share.shows_page else _("shows no page"),
        )
        for share in shares
    ]


def _lasts(share: Share, now: float) -> str:
    if share.expires_at is None:
        return _("as long as the job waits")
    return _("%(time)s left", time=words.duration(share.expires_at - now))


def _facts(shared: Shared) -> list[str]:
    job = shared.job
    found = [words.pages(job.pages)] if job.pages else []
    if job.media_sheets:
        found.append(words.sheets(job.media_sheets))
    if job.color is not None:
        colored = job.color and job.ticket.print_color_mode != "monochrome"
        found.append(_("Colour") if colored else _("Black and white"))
    return found


def _qr(text: str) -> Markup:
    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", border=4, dark="#000", light="#fff", omitsize=True, xmldecl=False, svgns=False)
    return Markup(out.getvalue().decode())  # noqa: S704 - segno's own drawing: no text of ours stands in it
