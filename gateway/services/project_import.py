"""Projects from a CSV file: code, title, groups, users, until; what it would change, and doing it, all or nothing."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from gateway.domain.csv_table import BadLine, Row, Table, guessed, plain
from gateway.domain.person import Outcome
from gateway.domain.project import Project, check_code
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Refusal, TooLarge
from gateway.services.audit import Audit
from gateway.services.directory_report import Report
from gateway.services.kept_files import KeptFiles
from gateway.services.ports import ProjectStore
from gateway.services.projects import Projects, changed

MOST = 50_000
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "project", "projectcode", "number", "projekt", "projektnummer", "nummer", "projet", "numero"),
    "title": ("title", "name", "description", "titel", "bezeichnung", "beschreibung", "titre", "nom", "intitule"),
    "groups": ("groups", "group", "gruppen", "gruppe", "groupes", "groupe"),
    "users": ("users", "user", "people", "benutzer", "personen", "utilisateurs", "personnes"),
    "until": ("until", "end", "validuntil", "bis", "gultigbis", "ende", "jusquau", "fin"),
}
_SEVERAL = re.compile(r"[;|,\n]")


class ProjectImports:
    """`files` keep one between its preview and doing it."""

    def __init__(self, *, projects: Projects, store: ProjectStore, files: KeptFiles, audit: Audit) -> None:
        self._projects = projects
        self._store = store
        self._audit = audit
        self.files = files

    async def run(self, actor: Actor, word: str, *, dry: bool) -> Report:
        """Of a file that waits; it is forgotten when it was done."""
        by = actor.user or ""
        report = await self.run_stream(actor, self.files.read(word, by), dry=dry)
        if not dry:
            await self.files.forget(word, by=by)
        return report

    async def run_stream(self, actor: Actor, chunks: AsyncIterator[bytes], *, dry: bool) -> Report:
        """Adds what is not there and changes what differs; projects that the file does not name stay. Bad lines are told.

        A column that is missing leaves things as they are; an empty cell takes them away.
        """
        self._projects.check_changes(actor)
        table, report = Table(chunks=chunks), Report(dry=dry, full=False)
        wanted: dict[str, Project] = {}
        columns: dict[str, int] = {}
        async for row in table.rows():
            columns = columns or _columns(table.headings)
            if isinstance(row, BadLine):
                report.add(Outcome.PROBLEM, f"line {row.number}", row.why)
                continue
            try:
                after = await self._one(row, columns, report, wanted)
            except Refusal as refusal:
                report.add(Outcome.PROBLEM, f"line {row.number}", refusal.message)
                continue
            if after is not None:
                wanted[after.code.casefold()] = after
            if len(wanted) > MOST:
                raise TooLarge(f"The file changes more than {MOST} projects. Split it.")
        if not columns:
            _columns(table.headings)
        if not dry and wanted:
            await self._store.save_projects(list(wanted.values()))
            await self._audit.note(actor, "projects.imported", "projects", report.summary)
        return report

    async def _one(
        self, row: Row, columns: Mapping[str, int], report: Report, wanted: Mapping[str, Project]
    ) -> Project | None:
        cells = {name: plain(row.cells[at]) if at < len(row.cells) else "" for name, at in columns.items()}
        code = check_code(cells.pop("code"))
        if code.casefold() in wanted:
            raise BadRequest(f'The file has "{code}" twice. Leave one line.')
        known, changes = await self._store.project(code), self._changes(cells)
        if known is None:
            after = self._projects.drafted(code, changes)
            report.add(Outcome.ADDED, after.label)
            return after
        after = changed(known, changes)
        differing = [name for name in ("title", "everyone", "groups", "users", "until") if _differs(known, after, name)]
        report.add(Outcome.CHANGED if differing else Outcome.UNCHANGED, after.label, ", ".join(differing))
        return after if differing else None

    def _changes(self, cells: Mapping[str, str]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if "title" in cells:
            changes["title"] = cells["title"]
        named = {name: tuple(_SEVERAL.split(cells[name])) for name in ("groups", "users") if name in cells}
        if named:
            changes |= named | {"everyone": not any(part.strip() for parts in named.values() for part in parts)}
        if "until" in cells:
            changes["until"] = self._projects.day_end(cells["until"])
        return changes


def _columns(headings: tuple[str, ...]) -> dict[str, int]:
    found = guessed(headings, HEADINGS)
    if "code" not in found:
        raise BadRequest("The file has no column with the codes of projects. Give one the heading code.")
    return found


def _differs(before: Project, after: Project, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))
