"""Finding printers in the network and adding them: the forms that the set-up and the page for devices share."""

from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from gateway.domain.device import Device
from gateway.errors import BadRequest, Refusal
from gateway.services.administration import Administration
from gateway.services.ports import SnmpAccess
from gateway.services.printers import SCHEMES
from webprint.admin.forms import Fields
from webprint.admin.frame import AdminPage, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PATH = "/admin/search"
RANGES_LONGEST = 1000


class Finding:
    """What both pages show, and what their forms do."""

    def __init__(self, site: Site, administration: Administration) -> None:
        self._site, self._administration = site, administration

    def shown(self, visit: Visit, errors: dict[str, str]) -> dict[str, Any]:
        """What was typed and refused stays to be mended; passphrases do not."""
        asked, typed = first(visit.form, "do"), dict[str, str]()
        names = {"search": ("ranges", "snmp"), "add": ("uri", "info", "location")}.get(asked, ())
        if errors:
            typed = {name: first(visit.form, name)[:RANGES_LONGEST] for name in names}
        search = self._administration.search
        return {
            "search": search.current,
            "proposed": search.proposed,
            "known": {device.uri for device in self._site.printers.devices()},
            "typed": {"uri": "", "info": "", "location": ""} | typed,
            "errors": errors,
        }

    def begin(self, visit: Visit, fields: Fields) -> None:
        """Starts the search that the form asks for; what is wrong stands in `fields`."""
        ranges = fields.text("ranges", longest=RANGES_LONGEST)
        try:
            self._administration.search.start(ranges, _access(visit))
        except Refusal as refusal:
            fields.refuse("ranges", refusal)

    async def add(self, fields: Fields) -> Device | None:
        """The device, asked already what it can do; None, and the reason in `fields`, when it may not be added."""
        uri = whole_uri(fields.text("uri", longest=500))
        info, location = fields.text("info", longest=100), fields.text("location", longest=100)
        book = self._administration.devices
        if not fields.errors:
            try:
                name = book.free_name(info or urlsplit(uri).hostname or "")
                return await book.add(name, uri, info=info or name, location=location)
            except (Refusal, ValueError) as error:
                refusal = error if isinstance(error, Refusal) else BadRequest("This is no address of a device.")
                fields.refuse("uri", refusal)
        return None


class FindPages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._finding, self._administration = Finding(site, administration), administration

    async def show(self, visit: Visit) -> Response:
        return self._page(visit, {})

    async def act(self, visit: Visit) -> Response:
        fields, asked = Fields(visit.form), first(visit.form, "do")
        if asked == "stop":
            await self._administration.search.stop()
        elif asked == "add":
            device = await self._finding.add(fields)
            if device is not None:
                await self._administration.audit.note(visit.actor, "device.added", f"device {device.name}", device.uri)
                return seen_other(f"/admin/devices/{device.name}?done=added")
        else:
            self._finding.begin(visit, fields)
        return self._page(visit, fields.errors) if fields.errors else seen_other(PATH)

    def _page(self, visit: Visit, errors: dict[str, str]) -> Response:
        values = self._finding.shown(visit, errors)
        return self.page(visit, "search.html", status=400 if errors else 200, **values)


def whole_uri(typed: str) -> str:
    """An address or a name alone is taken for IPP at the usual path."""
    if not typed or typed.partition(":")[0] in SCHEMES or "://" in typed:
        return typed
    bare = f"[{typed}]" if typed.count(":") > 1 and not typed.startswith("[") else typed
    return f"ipp://{bare}/ipp/print"


def _access(visit: Visit) -> SnmpAccess | None:
    version = first(visit.form, "snmp")
    if version not in {"1", "2c", "3"}:
        return None
    return SnmpAccess(
        version=version,
        community=first(visit.form, "community")[:100] or "public",
        user=first(visit.form, "snmp_user")[:100],
        authentication=first(visit.form, "snmp_auth")[:100],
        privacy=first(visit.form, "snmp_priv")[:100],
    )


def find_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = FindPages(site, administration)
    return [("GET", PATH, pages.show), ("POST", PATH, pages.act)]
