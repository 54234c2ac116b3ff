"""Groups: the tree, one group with its people, and what can be changed about it."""

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.domain.group import GroupKind
from gateway.errors import BadRequest, Refusal
from gateway.i18n import gettext as _
from gateway.services.groups import PAGE, Groups
from webprint.admin import people_words
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.admin.users import house_of
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

LIST, ONE = "/admin/groups", "/admin/group"


class GroupPages(AdminPage):
    async def index(self, visit: Visit) -> Response:
        """The top of the tree, or what a search finds anywhere in it."""
        query = visit.request.query_params
        wanted, after = query.get("q", "").strip()[:100], query.get("after", "")[:100]
        if wanted:
            found = await self._groups.search(wanted, visit.actor, after=after, limit=PAGE + 1)
        else:
            found = await self._groups.below("", visit.actor, after=after, limit=PAGE + 1)
        return self.page(
            visit,
            "groups.html",
            groups=found[:PAGE],
            counts=await self._groups.member_counts([group.name for group in found]),
            more=found[PAGE - 1].name if len(found) > PAGE else "",
            q=wanted,
            kind=kind_name,
            done=_done(query.get("done", "")),
        )

    async def new(self, visit: Visit) -> Response:
        return self._new(visit)

    async def add(self, visit: Visit) -> Response:
        form = visit.form
        try:
            made = await self._groups.add(
                visit.actor,
                first(form, "name"),
                label=first(form, "label"),
                kind=_kind(first(form, "kind")),
                parent=first(form, "parent").strip(),
                cost_centre=first(form, "cost_centre"),
            )
        except Refusal as refusal:
            return self._new(visit, refusal=refusal)
        return _to(made.name, "added")

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        if not query.get("name"):
            return RedirectResponse(LIST, status_code=303)
        return await self._one(visit, query["name"], done=_done(query.get("done", "")))

    async def change(self, visit: Visit) -> Response:
        form, name = visit.form, first(visit.form, "name")
        version = first(form, "version")
        try:
            await self._groups.change(
                visit.actor,
                name,
                version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1,
                label=first(form, "label"),
                kind=_kind(first(form, "kind")),
                parent=first(form, "parent").strip(),
                cost_centre=first(form, "cost_centre"),
            )
        except Refusal as refusal:
            return await self._one(visit, name, refusal=refusal)
        return _to(name, "saved")

    async def delete(self, visit: Visit) -> Response:
        """Asks once: who was in it cannot be told afterwards."""
        name = first(visit.form, "name")
        if not first(visit.form, "sure"):
            return await self._one(visit, name, sure=True)
        try:
            await self._groups.delete(visit.actor, name)
        except Refusal as refusal:
            return await self._one(visit, name, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}?done=deleted")

    async def add_member(self, visit: Visit) -> Response:
        name = first(visit.form, "name")
        try:
            await self._groups.add_member(visit.actor, name, first(visit.form, "user").strip())
        except Refusal as refusal:
            return await self._one(visit, name, refusal=refusal)
        return _to(name, "member")

    async def remove_member(self, visit: Visit) -> Response:
        name = first(visit.form, "name")
        try:
            await self._groups.remove_member(visit.actor, name, first(visit.form, "user"))
        except Refusal as refusal:
            return await self._one(visit, name, refusal=refusal)
        return _to(name, "no-member")

    # --- within ------------------------------------------------------------------------------------------------

    @property
    def _groups(self) -> Groups:
        return house_of(self._site).groups

    def _new(self, visit: Visit, *, refusal: Refusal | None = None) -> Response:
        typed = {name: first(visit.form, name) for name in ("name", "label", "kind", "parent", "cost_centre")}
        typed["parent"] = typed["parent"] or visit.request.query_params.get("parent", "")[:100]
        return self.page(visit, "group_new.html", refusal=refusal, typed=typed, kinds=GroupKind, kind=kind_name)

    async def _one(
        self, visit: Visit, name: str, *, refusal: Refusal | None = None, done: str = "", sure: bool = False
    ) -> Response:
        group, after = await self._groups.get(name), visit.request.query_params.get("after", "")[:100]
        members = await self._groups.members(group.name, visit.actor, after=after, limit=PAGE + 1)
        below = await self._groups.below(group.name, visit.actor, limit=PAGE)
        return self.page(
            visit,
            "group.html",
            refusal=refusal,
            done=done,
            group=group,
            path=await self._groups.path_of(group),
            below=below,
            counts=await self._groups.member_counts([group.name, *(one.name for one in below)]),
            members=members[:PAGE],
            more=members[PAGE - 1].name if len(members) > PAGE else "",
            given=await house_of(self._site).roles.given_to(group.name, group=True),
            charged=await self._groups.cost_centre_of([group.name]),
            kinds=GroupKind,
            kind=kind_name,
            words=people_words,
            sure=sure,
        )


def kind_name(kind: GroupKind) -> str:
    return {
        GroupKind.GROUP: _("Group"),
        GroupKind.DEPARTMENT: _("Department"),
        GroupKind.COST_CENTRE: _("Cost centre"),
    }[kind]


def _kind(text: str) -> GroupKind:
    try:
        return GroupKind(text or GroupKind.GROUP)
    except ValueError as error:
        raise BadRequest("Choose one of the kinds.") from error


def _to(name: str, done: str) -> Response:
    return seen_other(f"{ONE}?name={quote(name, safe='')}&done={done}")


def _done(what: str) -> str:
    return {
        "added": _("The group is made."),
        "saved": _("Saved."),
        "deleted": _("The group is deleted."),
        "member": _("Put into the group."),
        "no-member": _("Taken out of the group."),
    }.get(what, "")


def group_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = GroupPages(site)
    return [
        ("GET", LIST, pages.index),
        ("GET", f"{LIST}/new", pages.new),
        ("POST", f"{LIST}/new", pages.add),
        ("GET", ONE, pages.show),
        ("POST", ONE, pages.change),
        ("POST", f"{ONE}/delete", pages.delete),
        ("POST", f"{ONE}/members", pages.add_member),
        ("POST", f"{ONE}/members/remove", pages.remove_member),
    ]
