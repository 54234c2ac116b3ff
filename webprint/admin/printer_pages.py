"""Printers: what people see and send to, with who may, what it costs and what is done to each job."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from gateway.domain.printer import Printer, ReleasePolicy
from gateway.domain.rights import Permission
from gateway.errors import BadRequest, Conflict, Forbidden, Refusal
from gateway.i18n import gettext
from gateway.services.administration import Administration
from gateway.services.printers import check_name
from webprint import words
from webprint.admin import printer_form as form
from webprint.admin.abilities import Ability, abilities
from webprint.admin.device_pages import first_query, site_options
from webprint.admin.forms import Fields
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PATH = "/admin/printers"
NEW = f"{PATH}/new"
_NO_UUID = UUID(int=0)
_TURNED = {"pause": "paused", "resume": "resumed", "accept": "opened", "refuse": "closed"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One Printer of the list."""

    name: str
    info: str
    location: str
    site: str
    policy: str
    state: str
    tone: str
    queued: int
    devices: tuple[str, ...]
    default: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What one device behind a Printer tells."""

    name: str
    label: str
    state: str
    abilities: tuple[Ability, ...]


class PrinterPages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._audit = administration.audit.note

    # --- pages -------------------------------------------------------------------------------------------------

    async def list(self, visit: Visit) -> Response:
        may = visit.actor.may
        printers = [p for p in self._site.printers.all() if may(Permission.PRINTERS, p.site)]
        return self.page(visit, "printers.html", lines=[self._line(p) for p in printers])

    async def blank(self, visit: Visit) -> Response:
        return self._form(visit, None)

    async def show(self, visit: Visit) -> Response:
        return self._form(visit, self._printer(visit), done=_said_done(first_query(visit, "done")))

    # --- what is done ------------------------------------------------------------------------------------------

    async def add(self, visit: Visit) -> Response:
        fields = Fields(visit.form)
        name = fields.text("name", longest=63, needed=gettext("Type a short name for addresses."))
        values = self._read(visit, fields)
        try:
            check_name(name)
            if not fields.errors:
                await self._site.printers.add_printer(name, **values)
        except (BadRequest, Conflict) as refusal:
            fields.refuse(_field_of(refusal, "name"), refusal)
        if fields.errors:
            return self._form(visit, None, errors=fields.errors)
        await self._one_default(name, values)
        await self._audit(visit.actor, "printer.added", f"printer {name}", values["info"])
        return seen_other(f"{PATH}/{name}?done=added")

    async def change(self, visit: Visit) -> Response:
        printer, fields = self._printer(visit), Fields(visit.form)
        values, read = self._read(visit, fields), first(visit.form, "read")
        version = int(read) if read.isascii() and read.isdigit() and len(read) < 10 else 0
        if not fields.errors:
            try:
                await self._site.printers.change_printer(printer.name, read=version, **values)
            except Refusal as refusal:
                field = _field_of(refusal, "host_names" if isinstance(refusal, BadRequest) else "")
                if field:
                    fields.refuse(field, refusal)
                    return self._form(visit, printer, errors=fields.errors)
                return self._form(visit, self._printer(visit), refusal=found_or_raise(refusal))
        if fields.errors:
            return self._form(visit, printer, errors=fields.errors)
        await self._one_default(printer.name, values)
        await self._audit(visit.actor, "printer.changed", f"printer {printer.name}", values["info"])
        return seen_other(f"{PATH}/{printer.name}?done=changed")

    async def turn(self, visit: Visit) -> Response:
        """Pause, resume, accept, refuse."""
        printer, asked = self._printer(visit), first(visit.form, "do")
        printers = self._site.printers
        known = {
            "pause": printers.pause,
            "resume": printers.resume,
            "accept": printers.enable,
            "refuse": printers.disable,
        }
        if asked not in known:
            raise BadRequest("The request does not say what shall be done. Use the page's own buttons.")
        await known[asked](printer.name)
        await self._audit(visit.actor, f"printer.{_TURNED[asked]}", f"printer {printer.name}")
        return seen_other(f"{PATH}/{printer.name}?done={asked}")

    async def delete(self, visit: Visit) -> Response:
        printer = self._printer(visit)
        if not first(visit.form, "sure"):
            return self._form(visit, printer, sure=True)
        try:
            await self._site.printers.delete_printer(printer.name)
        except Refusal as refusal:
            return self._form(visit, printer, refusal=found_or_raise(refusal))
        await self._audit(visit.actor, "printer.removed", f"printer {printer.name}", printer.info)
        return seen_other(PATH)

    # --- within ------------------------------------------------------------------------------------------------

    def _printer(self, visit: Visit) -> Printer:
        printer = self._site.printers.get(visit.request.path_params["name"])
        if not visit.actor.may(Permission.PRINTERS, printer.site):
            raise Forbidden("This printer belongs to a site that others look after.")
        return printer

    def _read(self, visit: Visit, fields: Fields) -> dict[str, Any]:
        known = tuple(device.name for device in self._site.printers.devices())
        values = form.read_printer(fields, known, self._site.settings.site.currency)
        values["site"] = site = fields.text("site", longest=63)
        if site not in {name for name, _ in site_options(self._site, visit, Permission.PRINTERS)}:
            fields.refuse("site", BadRequest("You may not put printers there. Choose a site of the list."))
        if not values["info"]:
            fields.errors.setdefault("info", gettext("Type what people shall read."))
        return values

    async def _one_default(self, name: str, values: dict[str, Any]) -> None:
        """/ipp/print leads to one Printer: the last that was made it."""
        if values["is_default"]:
            for other in self._site.printers.all():
                if other.is_default and other.name != name:
                    await self._site.printers.change_printer(other.name, is_default=False)

    def _form(
        self,
        visit: Visit,
        printer: Printer | None,
        *,
        errors: dict[str, str] | None = None,
        sure: bool = False,
        **values: Any,
    ) -> Response:
        start = printer or Printer(
            name="", uuid=_NO_UUID, info="", policy=ReleasePolicy.PULL, is_default=not self._site.printers.all()
        )
        kept = form.shown_printer(start)
        if errors:
            kept |= form.typed_printer(visit.form)
        devices = self._site.printers.devices()
        return self.page(
            visit,
            "printer.html",
            status=400 if errors else 200,
            errors=errors or {},
            sure=sure,
            printer=printer,
            line=None if printer is None else self._line(printer),
            typed={"name": ""} | kept,
            devices=[(device.name, device.info or device.name) for device in devices],
            abilities=() if printer is None else abilities(printer.capabilities),
            behind=[] if printer is None else [self._told(name) for name in printer.devices],
            sites=site_options(self._site, visit, Permission.PRINTERS),
            choices=form,
            currency=self._site.settings.site.currency,
            **values,
        )

    def _told(self, name: str) -> Told:
        device = self._site.printers.device(name)
        return Told(
            name=name,
            label=device.info or name,
            state=words.device_state(device),
            abilities=abilities(device.capabilities),
        )

    def _line(self, printer: Printer) -> Line:
        status = self._site.printers.status(printer.name)
        known = {device.name: device.info or device.name for device in self._site.printers.devices()}
        return Line(
            name=printer.name,
            info=printer.info,
            location=printer.location,
            site=printer.site,
            policy=form.POLICIES[printer.policy].partition(":")[0],
            state=_state(printer, status.state),
            tone="bad" if status.state == "stopped" or not printer.is_accepting_jobs else "",
            queued=status.queued_jobs,
            devices=tuple(known.get(name, name) for name in printer.devices),
            default=printer.is_default,
        )


def _field_of(refusal: Refusal, otherwise: str) -> str:
    """Which field of the form it is about."""
    about = {"secure": "policy", "raw port": "raw_port"}
    return next((field for word, field in about.items() if word in refusal.message), otherwise)


def _state(printer: Printer, state: str) -> str:
    if printer.paused:
        return gettext("Paused")
    if not printer.is_accepting_jobs:
        return gettext("Takes no jobs")
    return {"stopped": gettext("No device can print"), "processing": gettext("Printing")}.get(state, gettext("Ready"))


def _said_done(what: str) -> str:
    return {
        "added": gettext("The printer is added. Phones in its networks find it within seconds."),
        "changed": gettext("The changes are kept."),
        "pause": gettext("Paused: jobs are taken, and wait."),
        "resume": gettext("It prints again."),
        "accept": gettext("It takes jobs again."),
        "refuse": gettext("It takes no new jobs; those that wait can be released."),
    }.get(what, "")


def printer_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages, one = PrinterPages(site, administration), PATH + "/{name}"
    return [
        ("GET", PATH, pages.list),
        ("GET", NEW, pages.blank),
        ("POST", NEW, pages.add),
        ("GET", one, pages.show),
        ("POST", one, pages.change),
        ("POST", f"{one}/state", pages.turn),
        ("POST", f"{one}/delete", pages.delete),
    ]
