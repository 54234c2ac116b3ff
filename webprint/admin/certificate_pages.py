"""The certificate that phones pin: what is served, how long it lasts, and how it is replaced."""

import asyncio
from urllib.parse import urlsplit

from starlette.responses import Response

from gateway.errors import BadRequest, NotPossible, Throttled
from gateway.i18n import day, day_and_time, gettext, said
from gateway.services.administration import Administration
from gateway.services.renewals import Renewals, Standing
from webprint.admin.frame import AdminPage, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PATH = "/admin/certificate"
DAY = 86400.0


class CertificatePages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._keeper, self._audit = administration.certificates, administration.audit.note
        self._renewals = administration.renewals

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, done=_said_done(visit.request.query_params.get("done", "")))

    async def act(self, visit: Visit) -> Response:
        """Bring, answer, request, go back to the own one, or ask the public authority now."""
        asked, chain = first(visit.form, "do"), first(visit.form, "certificate")
        if asked == "acme" and self._renewals is not None:
            return await self._try(visit, self._renewals)
        if asked not in {"request", "bring", "answer", "own"}:
            raise BadRequest("The request does not say what shall be done. Use the page's own buttons.")
        try:
            if asked == "request":
                names = first(visit.form, "names").replace(",", " ").split()
                request = await asyncio.to_thread(self._keeper.request, names)
                await self._audit(visit.actor, "certificate.requested", " ".join(names))
                return await self._page(visit, request=request)
            if asked == "bring":
                await asyncio.to_thread(self._keeper.bring, chain, first(visit.form, "key"))
            elif asked == "answer":
                await asyncio.to_thread(self._keeper.answer, chain)
            else:
                await asyncio.to_thread(self._keeper.use_own)
        except (BadRequest, NotPossible) as refusal:
            return await self._page(visit, refusal=refusal)
        current = await asyncio.to_thread(self._keeper.in_use)
        await self._audit(visit.actor, "certificate.replaced", current.fingerprint, ", ".join(current.names))
        return seen_other(f"{PATH}?done={'own' if asked == 'own' else 'replaced'}")

    async def _try(self, visit: Visit, renewals: Renewals) -> Response:
        try:
            await renewals.try_now()
        except Throttled as refusal:
            return await self._page(visit, refusal=refusal)
        standing = await renewals.standing()
        await self._audit(visit.actor, "certificate.asked-for", ", ".join(standing.asked.names), standing.finding.text)
        return seen_other(f"{PATH}?done=tried" if standing.finding.ok and not standing.running else PATH)

    async def _page(
        self,
        visit: Visit,
        *,
        refusal: BadRequest | NotPossible | Throttled | None = None,
        done: str = "",
        request: str = "",
    ) -> Response:
        public = await self._renewals.standing() if self._renewals is not None else None
        current, zone = await asyncio.to_thread(self._keeper.in_use), self._site.settings.site.time_zone
        return self.page(
            visit,
            "certificate.html",
            refusal=refusal,
            done=done,
            request=request,
            current=current,
            days=int((current.ends - self._site.clock.now()) // DAY),
            ends=day(current.ends, zone),
            public=None if public is None else self._public(public),
        )

    def _public(self, standing: Standing) -> dict[str, object]:
        """What the page says of the public authority's certificate."""
        kept, last, found = standing.certificate, standing.last, standing.finding
        zone = self._site.settings.site.time_zone
        return {
            "names": standing.asked.names,
            "authority": urlsplit(standing.asked.directory).hostname,
            "issuer": kept.issuer if kept else "",
            "ends": day(kept.ends, zone) if kept else "",
            "tried": day_and_time(last.at, zone) if last else "",
            "running": standing.running,
            "ok": found.ok,
            "text": said(found.text),
            "mend": said(found.mend),
        }


def _said_done(what: str) -> str:
    return {
        "replaced": gettext("The certificate is replaced. New connections are shown it; open ones go on."),
        "own": gettext("The gateway's own certificate is served again."),
        "tried": gettext("The certificate authority has signed. New connections are shown its certificate."),
    }.get(what, "")


def certificate_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = CertificatePages(site, administration)
    return [("GET", PATH, pages.show), ("POST", PATH, pages.act)]
