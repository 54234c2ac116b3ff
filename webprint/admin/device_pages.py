"""Output Devices: what each is, can and does now; and what people do with it."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from gateway.domain.device import Device, DeviceState
from gateway.domain.rights import Permission
from gateway.errors import BadRequest, Forbidden, Refusal
from gateway.i18n import gettext
from gateway.services.administration import Administration
from webprint import words
from webprint.admin.abilities import abilities
from webprint.admin.forms import Fields
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.admin.test_pages import TestPages
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PATH = "/admin/devices"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One device of the list."""

    name: str
    label: str
    location: str
    site: str
    model: str
    way: str
    state: str
    tone: str
    printers: tuple[str, ...]


class DevicePages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._book, self._tests = administration.devices, TestPages(site, administration)
        self._audit = administration.audit.note

    # --- pages -------------------------------------------------------------------------------------------------

    async def list(self, visit: Visit) -> Response:
        may = visit.actor.may
        lines = [self._line(d) for d in self._site.printers.devices() if may(Permission.DEVICES, d.site)]
        return self.page(visit, "devices.html", lines=lines)

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, done=_said_done(first_query(visit, "done")))

    # --- what is done ------------------------------------------------------------------------------------------

    async def change(self, visit: Visit) -> Response:
        device, fields = self._device(visit), Fields(visit.form)
        site = fields.text("site", longest=63)
        if not visit.actor.may(Permission.DEVICES, site) or (site and not self._is_site(site)):
            fields.refuse("site", BadRequest("You may not put devices there. Choose a site of the list."))
        changes: dict[str, Any] = {
            "uri": fields.text("uri", longest=500),
            "info": fields.text("info", longest=100),
            "location": fields.text("location", longest=100),
            "failover": fields.text("failover", longest=63),
            "site": site,
        }
        if not fields.errors:
            try:
                await self._book.change(device.name, read=first(visit.form, "read"), **changes)
            except BadRequest as refusal:
                fields.refuse("uri", refusal)
            except Refusal as refusal:
                return await self._page(visit, refusal=found_or_raise(refusal))
        if fields.errors:
            return await self._page(visit, errors=fields.errors)
        await self._audit(visit.actor, "device.changed", f"device {device.name}", changes["uri"])
        return seen_other(f"{PATH}/{device.name}?done=changed")

    async def learn(self, visit: Visit) -> Response:
        device = await self._book.learn(self._device(visit).name)
        return seen_other(f"{PATH}/{device.name}?done=asked")

    async def test(self, visit: Visit) -> Response:
        try:
            job = await self._tests.print_one(visit, self._device(visit).name)
        except Refusal as refusal:
            return await self._page(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{PATH}/{visit.request.path_params['name']}?job={job.id}")

    async def trust(self, visit: Visit) -> Response:
        """Asks once: whoever sits between us and the device would be trusted just as well."""
        device = self._device(visit)
        if not first(visit.form, "sure"):
            return await self._page(visit, sure="trust")
        await self._book.trust_anew(device.name)
        await self._audit(visit.actor, "device.trusted-anew", f"device {device.name}")
        return seen_other(f"{PATH}/{device.name}?done=trusted")

    async def delete(self, visit: Visit) -> Response:
        device = self._device(visit)
        if not first(visit.form, "sure"):
            return await self._page(visit, sure="delete")
        try:
            await self._site.printers.delete_device(device.name)
        except Refusal as refusal:
            return await self._page(visit, refusal=found_or_raise(refusal))
        await self._audit(visit.actor, "device.removed", f"device {device.name}", device.uri)
        return seen_other(PATH)

    # --- within ------------------------------------------------------------------------------------------------

    def _device(self, visit: Visit) -> Device:
        device = self._site.printers.device(visit.request.path_params["name"])
        if not visit.actor.may(Permission.DEVICES, device.site):
            raise Forbidden("This device stands at a site that others look after.")
        return device

    def _is_site(self, name: str) -> bool:
        return any(site.name == name for site in (self._site.sites.all() if self._site.sites else ()))

    async def _page(
        self, visit: Visit, *, errors: dict[str, str] | None = None, sure: str = "", **values: Any
    ) -> Response:
        device = self._device(visit)
        kept = {
            "uri": device.uri,
            "info": device.info,
            "location": device.location,
            "failover": device.failover or "",
            "site": device.site,
        }
        typed = {name: first(visit.form, name)[:500] for name in kept} if errors else {}
        return self.page(
            visit,
            "device.html",
            status=400 if errors else 200,
            errors=errors or {},
            sure=sure,
            device=device,
            line=self._line(device),
            abilities=abilities(device.capabilities),
            typed=kept | typed,
            # A form that was refused because it was old shows the new mark with the new values.
            others=[("", gettext("None"))]
            + [(d.name, d.info or d.name) for d in self._site.printers.devices() if d.name != device.name],
            sites=site_options(self._site, visit, Permission.DEVICES),
            test=await self._tests.shown(visit),
            **values,
        )

    def _line(self, device: Device) -> Line:
        status = device.status
        return Line(
            name=device.name,
            label=device.info or device.name,
            location=device.location,
            site=device.site,
            model=device.capabilities.make_and_model if status.at else "",
            way=self._book.route_of(device),
            state=gettext("Cannot be asked") if status.state is DeviceState.UNKNOWN else words.device_state(device),
            tone="" if status.can_print else "bad",
            printers=tuple(p.info for p in self._site.printers.all() if device.name in p.devices),
        )


def site_options(site: Site, visit: Visit, permission: Permission) -> list[tuple[str, str]]:
    """Those that the visitor may put things at; "" is everywhere."""
    every = [("", gettext("Everywhere"))] if visit.actor.may(permission, "") else []
    sites = site.sites.all() if site.sites else ()
    return every + [(one.name, one.info or one.name) for one in sites if visit.actor.may(permission, one.name)]


def first_query(visit: Visit, name: str) -> str:
    return visit.request.query_params.get(name, "")[:40]


def _said_done(what: str) -> str:
    return {
        "added": gettext("The device is added. It was asked what it can do."),
        "changed": gettext("The changes are kept."),
        "asked": gettext("The device was asked what it can do and how it is."),
        "trusted": gettext("The certificate that the device shows now is trusted from here on."),
    }.get(what, "")


def device_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages, one = DevicePages(site, administration), PATH + "/{name}"
    return [
        ("GET", PATH, pages.list),
        ("GET", one, pages.show),
        ("POST", one, pages.change),
        ("POST", f"{one}/learn", pages.learn),
        ("POST", f"{one}/test", pages.test),
        ("POST", f"{one}/trust", pages.trust),
        ("POST", f"{one}/delete", pages.delete),
    ]
