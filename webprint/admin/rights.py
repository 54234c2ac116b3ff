"""Who has which role and where, what staff did, and who is locked out."""

from starlette.responses import Response

from gateway.domain.audit import AuditQuery, Verdict
from gateway.domain.rights import PERMISSIONS, Role
from gateway.errors import BadRequest, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import said
from gateway.services.limits import in_words
from webprint.admin import audit_words, people_words
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.admin.users import house_of
from webprint.guard import Handler
from webprint.requests import first, row_number
from webprint.site import Site, Visit

PAGE = 100
ROLES, AUDIT, LOCKOUTS = "/admin/roles", "/admin/audit", "/admin/lockouts"
GIVEN = tuple(role for role in Role if PERMISSIONS[role])


class RolePages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        done = {"given": _("The role is given; it counts at once."), "taken": _("The role is taken away.")}
        return await self._page(visit, done=done.get(visit.request.query_params.get("done", ""), ""))

    async def give(self, visit: Visit) -> Response:
        form, roles = visit.form, house_of(self._site).roles
        try:
            role = next((one for one in GIVEN if one.value == first(form, "role")), None)
            if role is None:
                raise BadRequest("Choose one of the roles.")
            site = first(form, "site")
            if site and site not in self._sites():
                raise BadRequest("Choose one of the sites.")
            group = first(form, "kind") == "group"
            await roles.give(visit.actor, first(form, "holder").strip(), role, site=site, group=group)
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        return seen_other(f"{ROLES}?done=given")

    async def take(self, visit: Visit) -> Response:
        try:
            await house_of(self._site).roles.take(visit.actor, visit.request.path_params["number"])
        except Refusal as refusal:
            return await self._page(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{ROLES}?done=taken")

    def _sites(self) -> list[str]:
        return [site.name for site in self._site.sites.all()] if self._site.sites else []

    async def _page(self, visit: Visit, *, refusal: Refusal | None = None, done: str = "") -> Response:
        roles, query = house_of(self._site).roles, visit.request.query_params
        given = await roles.given(visit.actor, after=row_number(query.get("after", "")) or 0, limit=PAGE)
        staff = await roles.staff(visit.actor, after=query.get("staff", "")[:100], limit=PAGE)
        typed = {
            name: first(visit.form, name) or query.get(name, "")[:100] for name in ("holder", "kind", "role", "site")
        }
        return self.page(
            visit,
            "roles.html",
            refusal=refusal,
            done=done,
            given=given,
            more=given[-1].id if len(given) == PAGE else 0,
            staff=staff,
            more_staff=staff[-1].name if len(staff) == PAGE else "",
            roles=GIVEN,
            sites=self._sites(),
            typed=typed,
            words=people_words,
            zone=self._site.settings.site.time_zone,
        )


class AuditPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def verify(self, visit: Visit) -> Response:
        return await self._page(visit, verdict=await house_of(self._site).audit.verify(visit.actor))

    async def _page(self, visit: Visit, *, verdict: Verdict | None = None) -> Response:
        query = visit.request.query_params
        action = query.get("action", "")
        wanted = AuditQuery(
            contains=query.get("q", "").strip()[:100],
            action=action if action in audit_words.ACTIONS else "",
            before_id=row_number(query.get("before", "")),
            limit=PAGE,
        )
        entries = await house_of(self._site).audit.find(wanted, visit.actor)
        return self.page(
            visit,
            "audit.html",
            deeds=entries,
            wanted=wanted,
            more=entries[-1].id if len(entries) == PAGE else 0,
            verdict=None if verdict is None else (verdict.whole, said(verdict.text)),
            words=audit_words,
            zone=self._site.settings.site.time_zone,
        )


class LockoutPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        done = _("It is forgiven.") if visit.request.query_params.get("done") else ""
        return self._page(visit, done=done)

    async def forgive(self, visit: Visit) -> Response:
        form = visit.form
        try:
            await house_of(self._site).lockouts.forgive(
                visit.actor, first(form, "kind"), first(form, "who"), first(form, "place")
            )
        except Refusal as refusal:
            return self._page(visit, refusal=refusal)
        return seen_other(f"{LOCKOUTS}?done=yes")

    def _page(self, visit: Visit, *, refusal: Refusal | None = None, done: str = "") -> Response:
        found = house_of(self._site).lockouts.all(visit.actor)
        return self.page(
            visit,
            "lockouts.html",
            refusal=refusal,
            done=done,
            lockouts=[(one, said(in_words(one.seconds))) for one in found],
        )


def rights_rows(site: Site) -> list[tuple[str, str, Handler]]:
    roles, audit, lockouts = RolePages(site), AuditPages(site), LockoutPages(site)
    return [
        ("GET", ROLES, roles.show),
        ("POST", ROLES, roles.give),
        ("POST", f"{ROLES}/{{number:int}}/take", roles.take),
        ("GET", AUDIT, audit.show),
        ("POST", f"{AUDIT}/verify", audit.verify),
        ("GET", LOCKOUTS, lockouts.show),
        ("POST", f"{LOCKOUTS}/forgive", lockouts.forgive),
    ]
