"""Setting a device up without multicast or DNS: one address, what this platform takes, and a test page (row 4).

The list is what this person may use at this place. Everything that is handed over names this server by one of its own
names, whatever host the request claimed. A stranger's test page goes through the door of guests, to Printers that take
theirs; for others one signs in first.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway import i18n
from gateway.domain.printer import Printer
from gateway.domain.queue import Queue
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.i18n import gettext as _
from gateway.services import queue_scripts as scripts
from gateway.services.intake import Incoming, Submission
from gateway.services.queue_bundle import LIST_PATH
from webprint.guard import Guard, Handler
from webprint.requests import first, host_name
from webprint.setup_platforms import Platform, platform_of
from webprint.setup_tools import SetUp
from webprint.site import Site, Visit
from webprint.start import qr_svg
from webprint.upload_door import UploadGuard, guest_of, guests_of, keep_guest, uploads_of

SOURCE = "web"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A Printer of the page. `host` is what Android asks for; `exact` whether that name means this Printer."""

    queue: Queue
    lpadmin: str
    windows: str
    host: str
    exact: bool

    @property
    def printer(self) -> Printer:
        return self.queue.printer


def setup_routes(guard: Guard, site: Site) -> list[Route]:
    """None where the pages were given nothing to hand over."""
    if site.setup is None:
        return []
    pages = SetUpPages(site, site.setup)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/setup", pages.show),
        ("GET", "/setup/{file}", pages.file),
        ("POST", "/setup/test", pages.test),
    ]
    door = UploadGuard(site)  # which knows guests
    return [
        (door if path != "/setup/{file}" else guard).route(method, path, handler) for method, path, handler in table
    ]


class SetUpPages:
    def __init__(self, site: Site, setup: SetUp) -> None:
        self._site, self._setup = site, setup
        self._files: dict[str, tuple[str, Callable[[Visit], Awaitable[bytes | str]]]] = {
            "papertap.mobileconfig": ("application/x-apple-aspen-config", self._profile),
            "papertap-printers.sh": ("text/x-shellscript; charset=utf-8", self._shell),
            "papertap-printers.ps1": (TEXT, self._powershell),
            "papertap-queues.sh": ("text/x-shellscript; charset=utf-8", self._keeper_for_shell),
            "papertap-queues.ps1": (TEXT, self._keeper_for_powershell),
            "chromeos-printers.json": ("application/json", self._chromeos),
        }

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        platform = platform_of(visit.request.headers.get("user-agent", ""), query.get("for", ""))
        queues = self._queues(visit)
        return self._site.page(
            visit,
            "setup.html",
            platform=platform.key,
            platforms=list(Platform),
            shown=[self._shown(queue) for queue in queues],
            tests=[queue for queue in queues if visit.signed_in or self._takes_strangers(visit, queue.printer)],
            at=self._setup.queues.base_url(host_name(visit.request)) + "/setup",
            has_ca=bool(self._setup.authority()),
            done=_("The test page is on its way.") if query.get("done") == "test" else "",
        )

    async def file(self, visit: Visit) -> Response:
        """What is handed over; with `printer` of that one alone."""
        name = visit.request.path_params["file"]
        if name in {"qr.svg", "host.svg"}:
            return Response(self._code(visit, name), media_type="image/svg+xml")
        if name not in self._files:
            raise NotFound("There is no such file here. Go back to the page and use its buttons.")
        kind, make = self._files[name]
        # A profile is opened where it was asked for; everything else is saved.
        how = "inline" if name.endswith(".mobileconfig") else "attachment"
        headers = {"Content-Disposition": f'{how}; filename="{name}"'}
        return Response(await make(visit), media_type=kind, headers=headers)

    async def test(self, visit: Visit) -> Response:
        """One page, through the same door as everything else."""
        wanted = first(visit.form, "printer")
        queue = next((queue for queue in self._queues(visit) if queue.printer.name == wanted), None)
        if queue is None:
            raise NotFound(f'There is no printer "{wanted[:60]}" here. Reload the page and choose another.')
        if visit.signed_in:
            await self._print(visit, queue, visit.actor)
            chosen = platform_of(visit.request.headers.get("user-agent", ""), first(visit.form, "for")).key
            return RedirectResponse("/setup?" + urlencode({"for": chosen, "done": "test"}), status_code=303)
        if not self._takes_strangers(visit, queue.printer):
            return RedirectResponse("/signin?next=/setup", status_code=303)
        return await self._for_guest(visit, queue)

    async def _for_guest(self, visit: Visit, queue: Queue) -> Response:
        """As any document of a guest: within the rules of uploads, and released by its code or at the printer."""
        guests, uploads = guests_of(self._site), uploads_of(self._site)
        uploads.rules.check_address(visit.actor.address)
        actor, cookie = visit.actor, ""
        if guest_of(visit) is None:
            cookie, guest = await guests.open(queue.printer, address=visit.actor.address)
            actor = guests.actor_of(guest, address=visit.actor.address, via="guest")
        await uploads.rules.check(actor, queue.printer.name, "", TEXT, None)
        await self._print(visit, queue, actor)
        await guests.keep(actor.user or "")
        response = RedirectResponse("/guest", status_code=303)
        if cookie:
            keep_guest(visit.request, response, cookie, self._site.settings.guests.hold_seconds)
        return response

    def _takes_strangers(self, visit: Visit, printer: Printer) -> bool:
        """There is no token where guests may not come by plain HTTP."""
        return printer.guests and bool(visit.csrf) and self._site.guests is not None and self._site.uploads is not None

    async def _print(self, visit: Visit, queue: Queue, actor: Actor) -> None:
        title = _("Test page")
        submission = Submission(printer=queue.printer.name, name=title, actor=actor, source=SOURCE)
        text = "\n".join(self._test_page(visit, queue, title)).encode()
        await self._setup.intake.submit(
            submission, Incoming(body=_once(text), format="text/plain", name=title, language=i18n.language())
        )

    # -- what is shown

    def _queues(self, visit: Visit) -> tuple[Queue, ...]:
        """A guest sees what strangers see: its name is in no group."""
        actor = visit.actor if visit.signed_in else Actor(address=visit.actor.address, via=visit.actor.via)
        return self._setup.queues.of(actor, host_name(visit.request))

    def _picked(self, visit: Visit) -> tuple[Queue, ...]:
        wanted, queues = visit.request.query_params.get("printer", ""), self._queues(visit)
        picked = tuple(queue for queue in queues if wanted in {"", queue.printer.name})
        if not picked:
            raise NotFound("There is no such printer here. Reload the page and choose another.")
        return picked

    def _shown(self, queue: Queue) -> Shown:
        """Without a host name of its own a Printer is found by Android only if it is the default one."""
        return Shown(
            queue=queue,
            lpadmin=scripts.lpadmin_line(queue),
            windows=scripts.add_printer_line(queue),
            host=queue.host_name or queue.destination.host,
            exact=bool(queue.host_name) or queue.printer is self._site.printers.default(),
        )

    def _code(self, visit: Visit, name: str) -> bytes:
        if name == "qr.svg":
            return qr_svg(self._setup.queues.base_url(host_name(visit.request)) + "/setup")
        queue = self._picked(visit)[0]
        return qr_svg(queue.host_name or queue.destination.host)

    def _test_page(self, visit: Visit, queue: Queue, title: str) -> list[str]:
        device = platform_of(visit.request.headers.get("user-agent", "")).label
        return [
            f"{self._site.settings.site.name}: {title}",
            "",
            _("This page came all the way: over the network, through preparation, to paper."),
            "",
            _("Printer: %(printer)s", printer=queue.printer.info),
            *([_("Place: %(place)s", place=queue.printer.location)] if queue.printer.location else []),
            _("Sent by: %(name)s", name=visit.actor.user if visit.signed_in else "-"),
            _("Sent from: %(device)s", device=device),
            _("Address: %(address)s", address=queue.destination.uri),
            "",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789",
            "ÄÖÜ äöü ß  ÀÉÈÊÇ àéèêç  € § % & / ( ) = ?",
        ]

    # -- what is handed over

    async def _profile(self, visit: Visit) -> bytes:
        name = self._site.settings.site.name
        return await self._setup.profiles.air_print(
            [queue.destination for queue in self._picked(visit)],
            key="printers",
            name=_("Printers of %(site)s", site=name),
            text=_("Adds the printers of %(site)s to this device.", site=name),
        )

    async def _shell(self, visit: Visit) -> str:
        return scripts.shell_script(self._picked(visit))

    async def _powershell(self, visit: Visit) -> str:
        return scripts.powershell_script(self._picked(visit), self._setup.authority())

    async def _chromeos(self, visit: Visit) -> str:
        return scripts.chromeos_policy(self._picked(visit))

    async def _keeper_for_shell(self, visit: Visit) -> str:
        pem = self._site.ca_certificate().decode()
        return scripts.keeper_for_shell(f"{self._list(visit)}.txt", authority=pem, mark=self._setup.mark())

    async def _keeper_for_powershell(self, visit: Visit) -> str:
        authority = self._setup.authority()
        return scripts.keeper_for_powershell(self._list(visit), authority=authority, mark=self._setup.mark())

    def _list(self, visit: Visit) -> str:
        self._setup.queues.check(visit.actor)
        return self._setup.queues.base_url(host_name(visit.request)) + LIST_PATH


async def _once(octets: bytes) -> AsyncIterator[bytes]:
    yield octets
