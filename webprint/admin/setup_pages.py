"""For those who look after computers and phones: archives for device managements, and whether printers are found."""

from collections.abc import Sequence

from starlette.responses import Response

from gateway.domain.printer import Printer
from gateway.domain.rights import Permission
from gateway.errors import Forbidden, NotFound, Refusal
from webprint.admin.frame import AdminPage
from webprint.guard import Handler
from webprint.requests import first, host_name
from webprint.setup_tools import NameFinding, SetUp
from webprint.site import Site, Visit

PATH = "/admin/setup"


def setup_rows(site: Site) -> list[tuple[str, str, Handler]]:
    """None where there is nothing to hand over."""
    if site.setup is None:
        return []
    pages = SetUpHouse(site, site.setup)
    return [
        ("GET", PATH, pages.show),
        ("POST", f"{PATH}/bundle", pages.bundle),
        ("POST", f"{PATH}/check", pages.check),
    ]


class SetUpHouse(AdminPage):
    def __init__(self, site: Site, setup: SetUp) -> None:
        super().__init__(site)
        self._setup = setup

    async def show(self, visit: Visit) -> Response:
        return self._page(visit)

    async def bundle(self, visit: Visit) -> Response:
        """The archive for the Printers of one zone, or for all."""
        host = host_name(visit.request)
        queues = self._setup.queues.to(self._printers(visit, first(visit.form, "zone")), host)
        archive = await self._setup.bundle(queues, self._setup.queues.base_url(host))
        headers = {"Content-Disposition": 'attachment; filename="papertap-printers.zip"'}
        return Response(archive, media_type="application/zip", headers=headers)

    async def check(self, visit: Visit) -> Response:
        """Asks what a phone asks; the answers are the page."""
        resolver = first(visit.form, "resolver").strip()[:100]
        if self._setup.check_names is None:
            raise NotFound("There is no print zone here: set dns.enabled and dns.zone first.")
        try:
            return self._page(visit, findings=await self._setup.check_names(resolver), resolver=resolver)
        except Refusal as refusal:
            return self._page(visit, refusal=refusal, resolver=resolver)

    def _printers(self, visit: Visit, zone: str) -> Sequence[Printer]:
        """Staff of one site reaches its zones alone."""
        if not zone and not visit.actor.may(Permission.PRINTERS):
            raise Forbidden("You look after the printers of some sites: choose a zone of theirs.")
        if zone and zone not in self._zones(visit):
            raise NotFound("There is no such zone. Reload the page and choose another.")
        sites = self._site.sites
        return self._site.printers.all() if sites is None else sites.printers_of_zone(zone)

    def _zones(self, visit: Visit) -> list[str]:
        sites = self._site.sites.all() if self._site.sites is not None else ()
        mine = (site for site in sites if visit.actor.may(Permission.PRINTERS, site.name))
        return [f"{site.name}/{zone.name}" for site in mine for zone in site.zones]

    def _page(
        self,
        visit: Visit,
        *,
        findings: Sequence[NameFinding] | None = None,
        resolver: str = "",
        refusal: Refusal | None = None,
    ) -> Response:
        return self.page(
            visit,
            "setup.html",
            refusal=refusal,
            zones=self._zones(visit),
            whole=visit.actor.may(Permission.PRINTERS),
            checks=self._setup.check_names is not None,
            zone_name=self._site.settings.dns.zone,
            findings=findings,
            resolver=resolver,
            at=self._setup.queues.base_url(host_name(visit.request)) + "/setup",
        )
