"""The first page of the house: what needs somebody, what goes on now, and tests that run the real thing."""

from dataclasses import dataclass

from starlette.responses import Response

from gateway.domain.job import JobState
from gateway.domain.rights import Permission
from gateway.i18n import N_, Words, gettext, said
from gateway.services.administration import Administration
from gateway.services.health import Finding, Kind
from webprint import words
from webprint.admin.frame import AdminPage
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

DAY = 86400.0
FAILURES = 8
LABELS = Words(
    {
        "accepting": N_("Taking documents in"),
        "storage": N_("Room on the disk"),
        "certificate": N_("Certificate"),
        "acme": N_("Certificate for public names"),
        "clock": N_("Clock"),
        "backup": N_("Backups"),
        "restore": N_("Restore"),
        "outbox": N_("Letters to be sent"),
        "conversion": N_("Preparing documents"),
        "ipp": N_("IPP, plain"),
        "ipps": N_("IPP, encrypted"),
        "web": N_("Web pages, plain"),
        "web-tls": N_("Web pages, encrypted"),
        "mdns": N_("Found by phones (mDNS)"),
        "mail": N_("Mail server"),
        "keys": N_("Key of all documents"),
        "upload": N_("Upload page, plain"),
        "upload-tls": N_("Upload page, encrypted"),
        "mail-in": N_("Mail that comes in"),
        "mail-wait": N_("Mails under way"),
        "smtp": N_("E-mail to print (SMTP)"),
        "lmtp": N_("E-mail to print (LMTP)"),
        "lpd": N_("LPD"),
        "raw": N_("RAW"),
        "dns": N_("Name server (DNS)"),
        "database": N_("Database"),
        "radius": N_("RADIUS"),
        "spool": N_("Store of documents"),
    }
)
KINDS = Words(
    {
        Kind.CHANNEL: N_("Ways in"),
        Kind.CONNECTION: N_("What it depends on"),
        Kind.MACHINE: N_("This machine"),
        Kind.DEVICE: N_("Printing devices"),
        Kind.STATE: N_("What can be told at once"),
    }
)
KIND_OF = Words({"directory": N_("Directory"), "provider": N_("Sign-in by")})


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One line of health in words."""

    key: str
    label: str
    ok: bool
    text: str
    mend: str


class DashboardPages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._health, self._why = administration.health, administration.why

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def test(self, visit: Visit) -> Response:
        """Runs one test to its end; what it found stands above the page."""
        key = first(visit.form, "key")
        found = await self._health.look(key)
        return await self._page(visit, tested=self._look(key, found))

    async def _page(self, visit: Visit, *, tested: Look | None = None) -> Response:
        runs = visit.actor.may(Permission.SETTINGS)
        looks = [self._look(key, found) for key, found in (await self._health.quick()).items()] if runs else []
        failed = []
        if visit.actor.may(Permission.JOBS) or visit.actor.may(Permission.AUDIT):
            since = self._site.clock.now() - DAY
            failed = await self._why.failed(since=since, limit=FAILURES)
        printers = self._site.printers
        return self.page(
            visit,
            "dashboard.html",
            tested=tested,
            attention=[look for look in looks if not look.ok],
            fine=[look for look in looks if look.ok],
            queued=sum(printers.status(one.name).queued_jobs for one in printers.all()),
            day=await self._counted(),
            failed=[
                (job.id, gettext("Private document") if job.private else job.name, words.state(job), said(job.message))
                for job in failed
            ],
            tests=await self._tests() if runs else [],
        )

    async def _tests(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Keys and labels of all tests, by what they test."""
        found: dict[Kind, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
        for kind, key in await self._health.keys():
            found[kind].append((key, self._label(key)))
        return [(KINDS[kind], tests) for kind, tests in found.items() if tests]

    async def _counted(self) -> list[tuple[str, int]]:
        """How the jobs of the last day have ended so far."""
        counts = await self._why.counts(since=self._site.clock.now() - DAY)
        ended = (JobState.COMPLETED, JobState.ABORTED, JobState.CANCELED)
        return [(words.STATES[state], counts.get(state, 0)) for state in ended]

    def _look(self, key: str, found: Finding) -> Look:
        return Look(key=key, label=self._label(key), ok=found.ok, text=said(found.text), mend=said(found.mend))

    def _label(self, key: str) -> str:
        kind, _, name = key.partition(" ")
        if kind in {"directory", "provider"}:
            return f"{KIND_OF[kind]} {name}"
        if kind in {"mailbox", "open"}:
            return gettext("Mailbox %(name)s", name=name) if kind == "mailbox" else gettext("Open %(name)s", name=name)
        if kind not in {"device", "ask"}:
            # "ipp 631" is a further port of "ipp".
            return f"{LABELS.get(kind, kind)} {name}".strip()
        devices = {device.name: device.info or device.name for device in self._site.printers.devices()}
        label = devices.get(name, name)
        return label if kind == "device" else gettext("Ask %(name)s", name=label)


def dashboard_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = DashboardPages(site, administration)
    return [("GET", "/admin", pages.show), ("POST", "/admin/test", pages.test)]
