"""Sites: places with their networks, and which Printers are shown where; the same as `papertap site`."""

from starlette.responses import Response

from gateway.domain.rights import EVERYWHERE, Permission
from gateway.domain.site import Site as Place
from gateway.domain.site import Zone, parse_address, parse_network
from gateway.errors import BadRequest, Forbidden, NotFound, Refusal
from gateway.i18n import LANGUAGES, N_, NAMES, gettext
from gateway.services.administration import Administration
from gateway.services.printers import check_name
from gateway.services.sites import Sites
from webprint.admin.forms import Fields
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PATH = "/admin/sites"
ONE = PATH + "/{name}"
LONGEST_LIST = 20_000
DONE = {
    "added": N_("The site is here. Say which networks belong to it."),
    "changed": N_("Saved."),
    "zone": N_("The networks are saved, and count from now on."),
    "zone-removed": N_("The zone is removed. Its networks belong to no zone now."),
    "removed": N_("The site is removed."),
}
NO_REASON = N_("Write why, for whoever asks later: it stands in the audit log.")


class SitePages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._audit = administration.audit.note

    async def list(self, visit: Visit) -> Response:
        return self._list(visit)

    async def add(self, visit: Visit) -> Response:
        fields = Fields(visit.form)
        name = fields.text("name", longest=63, needed=gettext("Type a short name for addresses."))
        info, location = fields.text("info", longest=100), fields.text("location", longest=100)
        if not visit.actor.may(Permission.PRINTERS):
            raise Forbidden("Only who runs the printers of the whole house adds and removes sites.")
        if not fields.errors:
            try:
                site = await self._sites.add(name, info=info or name, location=location)
            except Refusal as refusal:
                fields.refuse("name", refusal)
        if fields.errors:
            return self._list(visit, errors=fields.errors)
        await self._audit(visit.actor, "site.added", f"site {site.name}")
        return seen_other(f"{PATH}/{site.name}?done=added")

    async def show(self, visit: Visit) -> Response:
        return self._one(visit, self._reached(visit))

    async def change(self, visit: Visit) -> Response:
        site, fields = self._reached(visit), Fields(visit.form)
        read = first(visit.form, "version")
        values = {
            "info": fields.text("info", longest=100, needed=gettext("Type what people read.")),
            "location": fields.text("location", longest=100),
            "language": fields.text("language", longest=10),
            "time_zone": fields.text("time_zone", longest=60),
        }
        if fields.errors:
            return self._one(visit, site, errors=fields.errors)
        version = int(read) if read.isascii() and read.isdigit() and len(read) < 10 else -1
        try:
            await self._sites.change(site.name, version=version, **values)
        except Refusal as refusal:
            return self._one(visit, self._reached(visit), refusal=found_or_raise(refusal))
        changed = " ".join(sorted(name for name, value in values.items() if getattr(site, name) != value))
        await self._audit(visit.actor, "site.changed", f"site {site.name}", fields=changed)
        return seen_other(f"{PATH}/{site.name}?done=changed")

    async def put_zone(self, visit: Visit) -> Response:
        """Adds a zone, or gives the one of that name these networks, Printers and groups."""
        site, name = self._reached(visit), first(visit.form, "zone").strip()
        try:
            check_name(name)
            known = next((zone for zone in site.zones if zone.name == name), None)
            if known is not None and first(visit.form, "new"):
                raise BadRequest(f'The site has a zone "{name}" already. Change that one.')
            zone = Zone(
                name=name,
                networks=tuple(dict.fromkeys(map(parse_network, _listed(visit, "networks")))),
                printers=_listed(visit, "printers"),
                groups=_lines(visit, "groups"),
            )
            await self._sites.put_zone(site.name, zone)
        except Refusal as refusal:
            return self._one(visit, self._reached(visit), refusal=refusal, typed=_typed(visit, name))
        await self._audit(
            visit.actor,
            "site.zone-changed",
            f"site {site.name}",
            zone=name,
            networks=" ".join(map(str, zone.networks)),
            before=" ".join(map(str, known.networks)) if known else "",
        )
        return seen_other(f"{PATH}/{site.name}?done=zone")

    async def remove_zone(self, visit: Visit) -> Response:
        site, name = self._reached(visit), first(visit.form, "zone")
        await self._sites.delete_zone(site.name, name)
        await self._audit(visit.actor, "site.zone-removed", f"site {site.name}", zone=name)
        return seen_other(f"{PATH}/{site.name}?done=zone-removed")

    async def remove(self, visit: Visit) -> Response:
        """With a reason, which stands in the audit log; what still belongs to the site is named."""
        site, why = self._reached(visit), Fields(visit.form).text("why")
        if not visit.actor.may(Permission.PRINTERS):
            raise Forbidden("Only who runs the printers of the whole house adds and removes sites.")
        try:
            if not why:
                raise BadRequest(NO_REASON)
            await self._sites.delete(site.name)
        except Refusal as refusal:
            return self._one(visit, self._reached(visit), refusal=refusal)
        await self._audit(visit.actor, "site.removed", f"site {site.name}", why)
        return seen_other(f"{PATH}?done=removed")

    # -- within

    @property
    def _sites(self) -> Sites:
        if self._site.sites is None:
            raise NotFound("There are no sites here.")
        return self._site.sites

    def _reached(self, visit: Visit) -> Place:
        """Another site's is not there."""
        site = self._sites.get(visit.request.path_params["name"])
        if not _reaches(visit, site):
            raise NotFound(f'There is no site "{site.name}".')
        return site

    def _list(self, visit: Visit, *, errors: dict[str, str] | None = None) -> Response:
        query = visit.request.query_params
        asked = query.get("address", "").strip()[:60]
        sites = [site for site in self._sites.all() if _reaches(visit, site)]
        whole = visit.actor.may(Permission.PRINTERS)
        return self.page(
            visit,
            "sites.html",
            status=400 if errors else 200,
            done=_done(query.get("done", "")),
            sites=sites,
            overlaps=self._sites.overlaps() if whole else (),
            errors=errors or {},
            typed={name: first(visit.form, name)[:100] for name in ("name", "info", "location")},
            address=asked,
            found=self._where(visit, asked) if asked else None,
            whole=whole,
        )

    def _where(self, visit: Visit, address: str) -> dict[str, object]:
        """What a phone at this address is shown. Of sites out of reach nothing is told."""
        if parse_address(address) is None:
            return {"wrong": True}
        place = self._sites.place_of(address)
        if place is not None and not _reaches(visit, place.site):
            return {"wrong": False, "place": None, "printers": []}
        shown = self._sites.printers_at(address)
        return {"wrong": False, "place": place, "printers": [printer.info or printer.name for printer in shown]}

    def _one(
        self,
        visit: Visit,
        site: Place,
        *,
        refusal: Refusal | None = None,
        errors: dict[str, str] | None = None,
        typed: dict[str, str] | None = None,
    ) -> Response:
        return self.page(
            visit,
            "site.html",
            refusal=refusal,
            status=400 if errors else 200,
            done=_done(visit.request.query_params.get("done", "")),
            place=site,
            typed=typed or {},
            errors=errors or {},
            languages=[(tag, NAMES[tag]) for tag in LANGUAGES],
            printers=[p.name for p in self._site.printers.all() if p.site in {"", site.name}],
            zone_shows={zone.name: self._sites.printers_in(site, zone) for zone in site.zones},
            whole=visit.actor.may(Permission.PRINTERS),
        )


def _reaches(visit: Visit, site: Place) -> bool:
    return visit.actor.may(Permission.PRINTERS, site.name or EVERYWHERE)


def _done(word: str) -> str:
    text = DONE.get(word)
    return gettext(text) if text else ""


def _listed(visit: Visit, name: str) -> tuple[str, ...]:
    """Parted by spaces, commas or lines."""
    return tuple(dict.fromkeys(_text(visit, name).replace(",", " ").split()))


def _lines(visit: Visit, name: str) -> tuple[str, ...]:
    """One a line: the names of groups have spaces."""
    found = (" ".join(line.split()) for line in _text(visit, name).splitlines())
    return tuple(dict.fromkeys(line for line in found if line))


def _text(visit: Visit, name: str) -> str:
    text = first(visit.form, name)
    if len(text) > LONGEST_LIST:
        raise BadRequest("The list is too long.")
    return text


def _typed(visit: Visit, zone: str) -> dict[str, str]:
    """What was refused stays to be mended."""
    return {"zone": zone} | {
        name: first(visit.form, name)[:LONGEST_LIST] for name in ("networks", "printers", "groups")
    }


def site_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = SitePages(site, administration)
    return [
        ("GET", PATH, pages.list),
        ("POST", PATH, pages.add),
        ("GET", ONE, pages.show),
        ("POST", ONE, pages.change),
        ("POST", ONE + "/zones", pages.put_zone),
        ("POST", ONE + "/zones/remove", pages.remove_zone),
        ("POST", ONE + "/remove", pages.remove),
    ]
