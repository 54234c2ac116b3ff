"""The first run in six steps: who runs it, what it is called, a device, a page that came out, a Printer, and the way in.

The first step is open to whoever holds the one link; the others are pages of the administrator who was made there, in
which one may leave and come back. Nothing here can be done in another order, and nothing after the end.
"""

from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from starlette.responses import RedirectResponse, Response

from gateway.domain.printer import ReleasePolicy
from gateway.errors import Forbidden, NotFound, Refusal
from gateway.i18n import N_, Words, gettext, said
from gateway.i18n import NAMES as LANGUAGE_NAMES
from gateway.services.administration import Administration
from gateway.services.setup import SHORTEST_PASSWORD, Step
from gateway.services.site_settings import FIELDS
from webprint.admin.finding import Finding
from webprint.admin.forms import Fields
from webprint.admin.frame import AdminPage, seen_other
from webprint.admin.test_pages import TestPages
from webprint.answers import status_of
from webprint.entering import check_private, enter
from webprint.guard import Handler
from webprint.hosts import public_base
from webprint.requests import first, host_name, is_private
from webprint.site import Site, Visit

BASE = "/admin/welcome"
TITLES = Words(
    {
        "administrator": N_("Administrator"),
        Step.SITE: N_("Site"),
        Step.PRINTERS: N_("Find printers"),
        Step.TEST: N_("Test page"),
        Step.PRINTER: N_("Printer"),
        Step.DONE: N_("Done"),
    }
)
DECIDED = N_("The settings file or the environment decides this.")


class WelcomePages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._administration, self._setup = administration, administration.setup
        self._audit = administration.audit.note
        self._finding, self._tests = Finding(site, administration), TestPages(site, administration)

    # --- 1: the administrator ----------------------------------------------------------------------------------

    async def open(self, visit: Visit) -> Response:
        await self._setup.check(visit.request.path_params["token"])
        if not is_private(visit.request, plain_allowed=self._site.plain_sign_in):
            return self._to_https(visit)
        return self._administrator(visit, {})

    async def create(self, visit: Visit) -> Response:
        token = visit.request.path_params["token"]
        await self._setup.check(token)
        check_private(self._site, visit)
        fields = Fields(visit.form)
        name = fields.text("name", longest=100, needed=gettext("Type a name to sign in with."))
        password = first(visit.form, "password")
        if password != first(visit.form, "again"):
            fields.errors["again"] = gettext("This is not the same as above.")
        if fields.errors:
            return self._administrator(visit, fields.errors)
        try:
            user = await self._setup.create_administrator(
                token, name, password, full_name=fields.text("full_name", longest=100)
            )
        except NotFound:
            raise
        except Refusal as refusal:
            about = "password" if "assword" in refusal.message else "name"
            return self._administrator(visit, {about: said(refusal.message)})
        actor = replace(visit.actor, user=user.name, role=user.role)
        await self._audit(actor, "administrator.created", f"user {user.name}", "By the link that opens set-up.")
        return await enter(self._site, visit, user, method="password", to=f"{BASE}/{Step.SITE}")

    def _administrator(self, visit: Visit, errors: dict[str, str]) -> Response:
        typed = {name: first(visit.form, name)[:100] for name in ("name", "full_name")}
        return self._step(
            visit, "administrator", errors=errors, typed=typed, shortest=SHORTEST_PASSWORD, at=visit.request.url.path
        )

    def _to_https(self, visit: Visit) -> Response:
        port = self._site.ports().https
        if port is None:
            raise Forbidden("Set-up needs HTTPS, or a browser on this machine itself.")
        where = f"https://{host_name(visit.request)}:{port}{visit.request.url.path}"
        return RedirectResponse(where, status_code=307)

    # --- 2: the site -------------------------------------------------------------------------------------------

    async def go_on(self, visit: Visit) -> Response:  # noqa: ARG002 - every handler takes the visit
        step = await self._setup.step()
        return seen_other("/admin" if step is None else f"{BASE}/{step}")

    async def site(self, visit: Visit) -> Response:
        await self._setup.require()
        return self._site_page(visit, {})

    async def keep_site(self, visit: Visit) -> Response:
        await self._setup.require()
        fields, site = Fields(visit.form), self._administration.site
        wanted = {name: fields.text(name) for name in FIELDS if name not in site.fixed}
        for name, value in wanted.items():
            try:
                site.check(name, value)
            except Refusal as refusal:
                fields.refuse(name, refusal)
        if fields.errors:
            return self._site_page(visit, fields.errors)
        await site.change(wanted)
        await self._audit(visit.actor, "site-settings.changed", wanted.get("name", ""), **wanted)
        await self._setup.reach(Step.PRINTERS)
        return seen_other(f"{BASE}/{Step.PRINTERS}")

    def _site_page(self, visit: Visit, errors: dict[str, str]) -> Response:
        return self._step(visit, Step.SITE, errors=errors, **site_values(self._site, self._administration, visit))

    # --- 3: the device -----------------------------------------------------------------------------------------

    async def printers(self, visit: Visit) -> Response:
        await self._setup.require()
        return self._printers_page(visit, {})

    async def find(self, visit: Visit) -> Response:
        await self._setup.require()
        fields, asked = Fields(visit.form), first(visit.form, "do")
        if asked == "skip":
            await self._setup.reach(Step.PRINTER)
            return seen_other(f"{BASE}/{Step.PRINTER}")
        if asked == "stop":
            await self._administration.search.stop()
        elif asked == "add":
            device = await self._finding.add(fields)
            if device is not None:
                await self._audit(visit.actor, "device.added", f"device {device.name}", device.uri)
                await self._setup.reach(Step.TEST, device=device.name)
                return seen_other(f"{BASE}/{Step.TEST}")
        else:
            self._finding.begin(visit, fields)
        if fields.errors:
            return self._printers_page(visit, fields.errors)
        return seen_other(f"{BASE}/{Step.PRINTERS}")

    def _printers_page(self, visit: Visit, errors: dict[str, str]) -> Response:
        return self._step(visit, Step.PRINTERS, **self._finding.shown(visit, errors))

    # --- 4: a page that came out -------------------------------------------------------------------------------

    async def test(self, visit: Visit) -> Response:
        await self._setup.require()
        return await self._test_page(visit)

    async def print_test(self, visit: Visit) -> Response:
        await self._setup.require()
        name, _ = await self._setup.chosen()
        if first(visit.form, "do") == "print" and name:
            try:
                job = await self._tests.print_one(visit, name)
            except Refusal as refusal:
                return await self._test_page(visit, refusal)
            return seen_other(f"{BASE}/{Step.TEST}?job={job.id}")
        await self._setup.reach(Step.PRINTER)
        return seen_other(f"{BASE}/{Step.PRINTER}")

    async def _test_page(self, visit: Visit, refusal: Refusal | None = None) -> Response:
        name, _ = await self._setup.chosen()
        return self._step(
            visit,
            Step.TEST,
            refusal=refusal,
            device=self._site.printers.device(name) if name else None,
            test=await self._tests.shown(visit),
        )

    # --- 5: the Printer ----------------------------------------------------------------------------------------

    async def printer(self, visit: Visit) -> Response:
        await self._setup.require()
        return await self._printer_page(visit, {})

    async def make_printer(self, visit: Visit) -> Response:
        await self._setup.require()
        fields = Fields(visit.form)
        info = fields.text("info", longest=100, needed=gettext("Type what people shall read."))
        name = fields.text("name", longest=63, needed=gettext("Type a short name for addresses."))
        direct, device = first(visit.form, "policy") == "direct", first(visit.form, "device")
        if not fields.errors:
            try:
                await self._site.printers.add_printer(
                    name,
                    info=info,
                    location=fields.text("location", longest=100),
                    policy=ReleasePolicy.DIRECT if direct else ReleasePolicy.PULL,
                    devices=(device,) if device else (),
                    is_default=not self._site.printers.all(),
                )
            except Refusal as refusal:
                fields.refuse("name", refusal)
        if fields.errors:
            return await self._printer_page(visit, fields.errors)
        await self._audit(visit.actor, "printer.added", f"printer {name}", info)
        await self._setup.reach(Step.DONE, printer=name)
        return seen_other(f"{BASE}/{Step.DONE}")

    async def _printer_page(self, visit: Visit, errors: dict[str, str]) -> Response:
        name, _ = await self._setup.chosen()
        typed = {key: first(visit.form, key)[:100] for key in ("info", "name", "location", "policy", "device")}
        if not errors:
            typed = {
                "info": gettext("Release anywhere"),
                "name": "find-me",
                "location": "",
                "policy": "pull",
                "device": name,
            }
        return self._step(visit, Step.PRINTER, errors=errors, typed=typed, devices=device_options(self._site))

    # --- 6: done -----------------------------------------------------------------------------------------------

    async def done(self, visit: Visit) -> Response:
        await self._setup.require()
        _, name = await self._setup.chosen()
        printer = next((p for p in self._site.printers.all() if p.name == name), None)
        return self._step(visit, Step.DONE, printer=printer, address=_address(self._site, visit))

    async def finish(self, visit: Visit) -> Response:  # noqa: ARG002 - every handler takes the visit
        await self._setup.require()
        await self._setup.finish()
        return seen_other("/admin")

    # --- within ------------------------------------------------------------------------------------------------

    def _step(
        self,
        visit: Visit,
        step: str,
        *,
        errors: dict[str, str] | None = None,
        refusal: Refusal | None = None,
        **values: Any,
    ) -> Response:
        status = 400 if errors else 200 if refusal is None else status_of(refusal)
        return self._site.page(
            visit,
            f"admin/welcome_{step}.html",
            status=status,
            steps=TITLES.items(),
            now=step,
            errors=errors or {},
            refusal="" if refusal is None else said(refusal.message),
            done="",
            **values,
        )


def site_values(site: Site, administration: Administration, visit: Visit) -> dict[str, Any]:
    """What the form of the site shows: what was typed, else what holds now; and what somebody else decides."""
    current = {name: getattr(site.settings.site, name) for name in FIELDS}
    typed = {name: first(visit.form, name)[:300] for name in FIELDS if name in visit.form}
    return {
        "values": current | typed,
        "fixed": dict.fromkeys(administration.site.fixed, gettext(DECIDED)),
        "zones": sorted(available_timezones()),
        "languages": LANGUAGE_NAMES,
    }


def device_options(site: Site) -> list[tuple[str, str]]:
    return [(device.name, device.info or device.name) for device in site.printers.devices()]


def _address(site: Site, visit: Visit) -> str:
    """What links carry; a browser that came by another name is told that name."""
    try:
        return public_base(site, visit.request)
    except Refusal:
        return str(visit.request.base_url).rstrip("/")


def welcome_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = WelcomePages(site, administration)
    return [
        ("GET", "/welcome/{token}", pages.open),
        ("POST", "/welcome/{token}", pages.create),
        ("GET", BASE, pages.go_on),
        ("GET", f"{BASE}/site", pages.site),
        ("POST", f"{BASE}/site", pages.keep_site),
        ("GET", f"{BASE}/printers", pages.printers),
        ("POST", f"{BASE}/printers", pages.find),
        ("GET", f"{BASE}/test", pages.test),
        ("POST", f"{BASE}/test", pages.print_test),
        ("GET", f"{BASE}/printer", pages.printer),
        ("POST", f"{BASE}/printer", pages.make_printer),
        ("GET", f"{BASE}/done", pages.done),
        ("POST", f"{BASE}/done", pages.finish),
    ]
