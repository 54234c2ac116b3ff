"""Projects: what each came to, one of them with all that can be changed, and whole files of them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from gateway.domain.project import Project, Total
from gateway.errors import BadRequest, Forbidden, Refusal
from gateway.i18n import gettext as _
from gateway.services.directory_report import Report
from gateway.services.project_import import ProjectImports
from gateway.services.projects import PAGE, Projects
from webprint.admin.directories import OUTCOMES
from webprint.admin.file_form import FileGuard, sent_file
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.admin.imports import NO_FILE
from webprint.admin.users import house_of
from webprint.guard import Handler
from webprint.requests import Form, first
from webprint.site import Site, Visit

LIST, ONE, IMPORT = "/admin/projects", "/admin/project", "/admin/projects/import"
FIELDS = ("code", "title", "groups", "users", "until")


class ProjectPages(AdminPage):
    async def index(self, visit: Visit) -> Response:
        """The list, with what each came to in some days."""
        query = visit.request.query_params
        wanted, after = query.get("q", "").strip()[:100], query.get("after", "")[:100]
        days = {name: query.get(name, "").strip()[:20] for name in ("since", "until")}
        found = await self._projects.search(visit.actor, wanted, after=after, limit=PAGE + 1)
        refusal, totals = None, dict[str, list[Total]]()
        try:
            totals = await self._totals(visit, days)
        except BadRequest as error:
            refusal = error
        return self.page(
            visit,
            "projects.html",
            refusal=refusal,
            done=_done(query.get("done", "")),
            projects=found[:PAGE],
            more=found[PAGE - 1].code if len(found) > PAGE else "",
            q=wanted,
            days=days,
            totals=totals,
            last_day=self._projects.last_day,
            now=self._site.clock.now(),
        )

    async def new(self, visit: Visit) -> Response:
        return self._new(visit)

    async def add(self, visit: Visit) -> Response:
        try:
            made = await self._projects.add(visit.actor, first(visit.form, "code"), **self._fields(visit.form))
        except Refusal as refusal:
            return self._new(visit, refusal=refusal)
        return _to(made.code, "added")

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        return await self._one(visit, query.get("code", "")[:100], done=_done(query.get("done", "")))

    async def change(self, visit: Visit) -> Response:
        form, code = visit.form, first(visit.form, "code")
        version = first(form, "version")
        seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
        try:
            await self._projects.change(visit.actor, code, version=seen, **self._fields(form))
        except Refusal as refusal:
            return await self._one(visit, code, refusal=found_or_raise(refusal))
        return _to(code, "saved")

    async def end(self, visit: Visit) -> Response:
        """Or take up again: nothing is lost by either."""
        code, again = first(visit.form, "code"), first(visit.form, "do") == "open"
        try:
            await self._projects.change(visit.actor, code, active=again)
        except Refusal as refusal:
            return await self._one(visit, code, refusal=found_or_raise(refusal))
        return _to(code, "opened" if again else "ended")

    # --- files -------------------------------------------------------------------------------------------------

    async def ask_file(self, visit: Visit) -> Response:
        return self.page(visit, "projects_import.html")

    async def take(self, visit: Visit) -> Response:
        sent = await sent_file(visit)
        if sent is None:
            return self.page(visit, "projects_import.html", refusal=BadRequest(NO_FILE))
        try:
            async for file in sent.files:
                word = await self._imports.files.take(file.body, by=_by(visit))
                await self._imports.run(visit.actor, word, dry=True)  # a file that is no table is refused here
                return seen_other(f"{IMPORT}/{word}")
            raise BadRequest(NO_FILE)
        except Refusal as refusal:
            return self.page(visit, "projects_import.html", refusal=refusal)

    async def look(self, visit: Visit) -> Response:
        """What would change."""
        return self._reported(visit, await self._imports.run(visit.actor, _word(visit), dry=True))

    async def do(self, visit: Visit) -> Response:
        try:
            report = await self._imports.run(visit.actor, _word(visit), dry=False)
        except Refusal as refusal:
            return self.page(visit, "projects_import.html", refusal=found_or_raise(refusal))
        return self._reported(visit, report)

    # --- within ------------------------------------------------------------------------------------------------

    @property
    def _projects(self) -> Projects:
        return house_of(self._site).projects

    @property
    def _imports(self) -> ProjectImports:
        return house_of(self._site).project_imports

    def _fields(self, form: Form) -> dict[str, Any]:
        return {
            "title": first(form, "title"),
            "everyone": first(form, "everyone") == "yes",
            "groups": first(form, "groups")[:20_000].splitlines(),
            "users": first(form, "users")[:20_000].splitlines(),
            "until": self._projects.day_end(first(form, "until")),
        }

    async def _totals(self, visit: Visit, days: Mapping[str, str]) -> dict[str, list[Total]]:
        """By folded code; none for who looks after one site alone."""
        try:
            several = await self._projects.totals(visit.actor, *self._projects.span(days["since"], days["until"]))
        except Forbidden:
            return {}
        found: dict[str, list[Total]] = {}
        for total in several:
            found.setdefault(total.code.casefold(), []).append(total)
        return found

    def _new(self, visit: Visit, *, refusal: Refusal | None = None) -> Response:
        typed = {name: first(visit.form, name) for name in FIELDS}
        everyone = first(visit.form, "everyone") == "yes" or not visit.form
        return self.page(visit, "project_new.html", refusal=refusal, typed=typed | {"everyone": everyone})

    async def _one(self, visit: Visit, code: str, *, refusal: Refusal | None = None, done: str = "") -> Response:
        project = await self._projects.get(visit.actor, code)
        typed = _typed(project, self._projects.last_day(project))
        if refusal is not None and visit.form.get("title"):
            typed |= {name: first(visit.form, name) for name in FIELDS if name != "code"}
            typed["everyone"] = first(visit.form, "everyone") == "yes"
        return self.page(
            visit,
            "project.html",
            refusal=refusal,
            done=done,
            project=project,
            typed=typed,
            open=project.is_open(self._site.clock.now()),
        )

    def _reported(self, visit: Visit, report: Report) -> Response:
        return self.page(
            visit, "projects_import_file.html", report=report, outcomes=OUTCOMES, at=f"{IMPORT}/{_word(visit)}"
        )


def _typed(project: Project, until: str) -> dict[str, Any]:
    return {
        "title": project.title,
        "everyone": project.everyone,
        "groups": "\n".join(project.groups),
        "users": "\n".join(project.users),
        "until": until,
    }


def _word(visit: Visit) -> str:
    return str(visit.request.path_params["word"])


def _by(visit: Visit) -> str:
    return visit.actor.user or ""


def _to(code: str, done: str) -> Response:
    return seen_other(f"{ONE}?code={quote(code, safe='')}&done={done}")


def _done(what: str) -> str:
    return {
        "added": _("The project is there."),
        "saved": _("Saved."),
        "ended": _("Nothing more is charged to it."),
        "opened": _("It can be charged again."),
    }.get(what, "")


def project_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = ProjectPages(site)
    return [
        ("GET", LIST, pages.index),
        ("GET", f"{LIST}/new", pages.new),
        ("POST", f"{LIST}/new", pages.add),
        ("GET", IMPORT, pages.ask_file),
        ("GET", IMPORT + "/{word}", pages.look),
        ("POST", IMPORT + "/{word}", pages.do),
        ("GET", ONE, pages.show),
        ("POST", ONE, pages.change),
        ("POST", f"{ONE}/end", pages.end),
    ]


def project_upload(site: Site) -> Route:
    """The one route that takes a file: its form is read as it comes, and never whole."""
    return FileGuard(site).route("POST", IMPORT, ProjectPages(site).take)
