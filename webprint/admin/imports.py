"""Users by a CSV file: chosen, looked at, previewed, and only then written; and all users as such a file."""

from dataclasses import replace

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import N_
from gateway.i18n import gettext as _
from gateway.services.csv_import import COLUMNS, Choice, CsvImports, Mode
from gateway.services.directory_report import Report
from webprint.admin.directories import LABELS, OUTCOMES
from webprint.admin.file_form import FileGuard, sent_file
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PAGE = "/admin/import"
ONE = PAGE + "/{word}"
DONE = {"done": N_("The file was taken in.")}
NO_FILE = "No file was sent. Choose one and send it again."


def import_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = ImportPages(site)
    return [
        ("GET", PAGE, pages.show),
        ("GET", ONE, pages.look),
        ("POST", ONE, pages.go_on),
        ("GET", "/admin/users.csv", pages.export),
    ]


def import_upload(site: Site) -> Route:
    """The one route that takes a file: its form is read as it comes, and never whole."""
    return FileGuard(site).route("POST", PAGE, ImportPages(site).take)


class ImportPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        text = DONE.get(visit.request.query_params.get("done", ""))
        return self.page(visit, "import.html", done=_(text) if text else "")

    async def take(self, visit: Visit) -> Response:
        sent = await sent_file(visit)
        if sent is None:
            return self.page(visit, "import.html", refusal=BadRequest(NO_FILE))
        try:
            async for file in sent.files:
                word = await self._imports.take(file.body, by=_by(visit))
                await self._imports.heading(word, by=_by(visit))  # a file that is no table is refused here
                return seen_other(f"{PAGE}/{word}")
            raise BadRequest(NO_FILE)
        except Refusal as refusal:
            return self.page(visit, "import.html", refusal=refusal)

    async def look(self, visit: Visit) -> Response:
        return await self._one(visit, Choice())

    async def go_on(self, visit: Visit) -> Response:
        """Shows what would change, or does it: the same form, with the other button."""
        choice, word = _choice(visit), _word(visit)
        dry = first(visit.form, "do") != "import"
        try:
            report = await self._imports.run(word, choice, by=_by(visit), dry=dry)
        except Refusal as refusal:
            return await self._one(visit, choice, refusal=found_or_raise(refusal))
        if dry or report.held_back:
            return await self._one(visit, choice, report=report)
        if self._site.people is not None:
            await self._site.people.note(visit.actor, "users.imported", "users", report.summary)
        return self.page(visit, "import_done.html", report=report, outcomes=OUTCOMES)

    async def export(self, visit: Visit) -> Response:
        if self._site.people is None:
            raise NotFound("There are no users to export here.")
        await self._site.people.note(visit.actor, "users.exported", "users")
        headers = {"Content-Disposition": 'attachment; filename="users.csv"'}
        return StreamingResponse(self._site.people.export(), media_type="text/csv; charset=utf-8", headers=headers)

    # -- within

    @property
    def _imports(self) -> CsvImports:
        if self._site.people is None:
            raise NotFound("Nothing can be imported here.")
        return self._site.people.imports

    async def _one(
        self, visit: Visit, choice: Choice, *, report: Report | None = None, refusal: Refusal | None = None
    ) -> Response:
        heading = await self._imports.heading(_word(visit), by=_by(visit))
        chosen = replace(choice, columns=choice.columns or heading.columns)
        return self.page(
            visit,
            "import_file.html",
            refusal=refusal,
            word=_word(visit),
            heading=heading,
            choice=chosen,
            columns=[(name, _("Disabled") if name == "disabled" else LABELS[name]) for name in COLUMNS],
            report=report,
            outcomes=OUTCOMES,
        )


def _word(visit: Visit) -> str:
    return str(visit.request.path_params["word"])


def _by(visit: Visit) -> str:
    return visit.actor.user or ""


def _choice(visit: Visit) -> Choice:
    form = visit.form
    columns = {name: heading for name in COLUMNS if (heading := first(form, f"column_{name}"))}
    return Choice(
        mode=Mode.KNOWN if first(form, "mode") == "known" else Mode.USERS,
        columns=columns,
        whole=first(form, "whole") == "yes",
        adopt=first(form, "adopt") == "yes",
        force=first(form, "force") == "yes",
    )
