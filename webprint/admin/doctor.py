"""AirPrint Doctor's page: looks at one of our own Printers, or at any other, as clients do; looks around in each network.

From this machine's own networks it looks itself, from others by a probe that somebody loads here and runs there (row 8).
"""

from starlette.responses import Response

from gateway.domain.description import resource_path
from gateway.errors import NotFound, Refusal
from gateway.i18n import day_and_time, said
from gateway.i18n import gettext as _
from gateway.services.doctor_findings import Finding, Report, Tone
from gateway.services.network_doctor import NetworkDoctor
from webprint.admin.frame import AdminPage, seen_other
from webprint.guard import Handler
from webprint.requests import first, host_name, is_loopback
from webprint.site import Site, Visit

HERE = "/admin/doctor"
PROBE = "papertap-probe.py"


class DoctorPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def examine(self, visit: Visit) -> Response:
        """Takes some seconds: phones wait as long for what does not answer."""
        if self._site.doctor is None:
            raise NotFound("There is no doctor here.")
        uri = first(visit.form, "uri").strip() or first(visit.form, "printer")
        try:
            report = await self._site.doctor.examine(uri, jobs=bool(first(visit.form, "jobs")))
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        return await self._page(visit, report=report)

    async def look_around(self, visit: Visit) -> Response:
        """From each interface; takes some seconds, too."""
        return await self._page(visit, around=await self._network().look_around())

    async def probe(self, visit: Visit) -> Response:
        """The program, with a code that is good once."""
        try:
            program = await self._network().new_probe(visit.actor, host_name(visit.request))
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        headers = {"Content-Disposition": f'attachment; filename="{PROBE}"', "Cache-Control": "no-store"}
        return Response(program, media_type="text/x-python; charset=utf-8", headers=headers)

    async def forget(self, visit: Visit) -> Response:
        await self._network().forget(first(visit.form, "network"))
        return seen_other(f"{HERE}#networks")

    def _network(self) -> NetworkDoctor:
        if self._site.network is None:
            raise NotFound("There is no doctor here.")
        return self._site.network

    async def _page(
        self,
        visit: Visit,
        *,
        report: Report | None = None,
        around: Report | None = None,
        refusal: Refusal | None = None,
    ) -> Response:
        probed = [] if self._site.network is None else await self._site.network.probed()
        zone = self._site.settings.site.time_zone
        return self.page(
            visit,
            "doctor.html",
            looks=self._site.network is not None,
            around=[] if around is None else _parts(around),
            probed=[(one, day_and_time(one.at, zone), [_shown(finding) for finding in one.findings]) for one in probed],
            probe=PROBE,
            refusal=refusal,
            printers=self._own(visit),
            uri=first(visit.form, "uri")[:300],
            chosen=first(visit.form, "printer")[:300],
            report=report,
            verdict="" if report is None else _verdict(report),
            parts=[] if report is None else _parts(report),
        )

    def _own(self, visit: Visit) -> list[tuple[str, str]]:
        """(address, title) of our Printers, as another device would write it."""
        asked, port = host_name(visit.request), self._site.ports().ipp
        if port is None:
            return []
        host = (self._site.lan_host() or asked) if is_loopback(asked) else asked
        return [(f"ipps://{host}:{port}/{resource_path(one)}", one.info) for one in self._site.printers.all()]


def _parts(report: Report) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """(whom it concerns, [(tone, text, mend)])."""
    clients = dict.fromkeys(finding.client for finding in report.findings)
    return [
        (client or _("For all devices"), [_shown(finding) for finding in report.findings if finding.client == client])
        for client in clients
    ]


def _shown(finding: Finding) -> tuple[str, str, str]:
    return finding.tone.value, said(finding.text), said(finding.mend) if finding.mend else ""


def _verdict(report: Report) -> str:
    return {
        Tone.GOOD: _("All of them find it and can print."),
        Tone.WARN: _("All of them can print; some need help to find or to trust it."),
        Tone.BAD: _("Something is wrong, which some of them will stumble over."),
    }[report.tone]


def doctor_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = DoctorPages(site)
    return [
        ("GET", HERE, pages.show),
        ("POST", HERE, pages.examine),
        ("POST", f"{HERE}/network", pages.look_around),
        ("POST", f"{HERE}/probe", pages.probe),
        ("POST", f"{HERE}/forget", pages.forget),
    ]
