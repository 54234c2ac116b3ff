"""Directories: where users come from. Made by a preset, tried, previewed, run, and what their last runs came to."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from starlette.responses import Response

from gateway.domain.directory import Directory, FieldMap, GraphSettings, RunEnd, RunRecord, Secrets
from gateway.domain.directory_presets import PRESETS, Preset
from gateway.domain.person import Outcome
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import N_, Words, day_and_time, said, span
from gateway.i18n import gettext as _
from gateway.services.directories import DirectoryBook
from gateway.services.directory_forms import FIELD, MORE, changed_draft, directory_draft
from gateway.services.directory_report import Report
from gateway.services.people import People
from gateway.services.ports.directories import Step
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PAGE = "/admin/directories"
ONE = PAGE + "/{name}"
CHECKS = ("starttls", "guests", *(name for name, kind in MORE.items() if kind is bool))
OUTCOMES = Words(
    {
        "added": "Added",
        "changed": "Changed",
        "moved": "Moved",
        "disabled": "Disabled",
        "enabled": "Enabled again",
        "unchanged": "Unchanged",
        "removed": "Removed",
        "problem": "Left out",
    }
)
ENDS = Words({"done": "Up to date", "held": "Held back", "failed": "Failed"})
DONE = {
    "added": N_("The directory was added. Try it, look at the preview, then bring it up to date."),
    "saved": N_("Saved."),
    "removed": N_("The directory was removed. Its users stay."),
    "started": N_("It is read now. Reload this page to see how far it is."),
}


def directory_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = DirectoryPages(site)
    return [
        ("GET", PAGE, pages.show),
        ("POST", PAGE, pages.add),
        ("GET", PAGE + "/new", pages.new),
        ("GET", ONE, pages.one),
        ("POST", ONE, pages.save),
        ("POST", ONE + "/test", pages.test),
        ("POST", ONE + "/preview", pages.preview),
        ("POST", ONE + "/run", pages.run),
        ("POST", ONE + "/remove", pages.remove),
    ]


class DirectoryPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        book = self._people.directories
        listed = [(one, await book.runs(one, limit=1)) for one in await book.all()]
        return self.page(
            visit,
            "directories.html",
            done=_done(visit),
            directories=[(one, self._told(runs)) for one, runs in listed],
            presets=list(PRESETS.values()),
            waiting=await self._people.registrations.waiting_count(),
            registers=self._people.registrations.enabled,
        )

    async def new(self, visit: Visit) -> Response:
        preset = PRESETS.get(visit.request.query_params.get("preset", ""))
        if preset is None:
            raise NotFound("There is no such preset. Choose one of the list.")
        return self._form(visit, preset)

    async def add(self, visit: Visit) -> Response:
        """Saves, or only tries what stands in the form."""
        preset = PRESETS.get(first(visit.form, "preset"))
        if preset is None:
            raise BadRequest("There is no such preset. Choose one of the list.")
        try:
            draft = directory_draft(preset.name, self._values(visit))
            if first(visit.form, "do") == "test":
                steps = await self._people.directories.try_out(draft.settings, _secrets(visit), draft.fields)
                return self._form(visit, preset, steps=steps)
            name = first(visit.form, "name").strip()
            await self._people.directories.add(
                name, draft.settings, _secrets(visit), fields=draft.fields, preset=preset.name, **draft.more
            )
        except Refusal as refusal:
            return self._form(visit, preset, refusal=refusal)
        await self._note(visit, "directory.added", name)
        return seen_other(f"{PAGE}/{name}?done=added")

    async def one(self, visit: Visit) -> Response:
        return await self._one(visit, done=_done(visit))

    async def save(self, visit: Visit) -> Response:
        directory = await self._directory(visit)
        values = self._values(visit)
        try:
            draft = changed_draft(directory, values)
            given = _secrets(visit)
            kept = self._people.directories.secrets(directory)
            secrets = Secrets(password=given.password or kept.password, key=given.key or kept.key)
            await self._people.directories.change(
                directory.name,
                settings=draft.settings,
                fields=draft.fields,
                secrets=None if secrets == kept else secrets,
                **draft.more,
            )
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal), values=values)
        await self._note(visit, "directory.changed", directory.name)
        return seen_other(f"{PAGE}/{directory.name}?done=saved")

    async def test(self, visit: Visit) -> Response:
        return await self._one(visit, steps=await self._people.directories.test(self._name(visit)))

    async def preview(self, visit: Visit) -> Response:
        try:
            report = await self._people.directories.preview(self._name(visit))
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return await self._one(visit, report=report)

    async def run(self, visit: Visit) -> Response:
        """In the background: a hundred thousand people take minutes, which no browser waits for."""
        directory = await self._directory(visit)
        force = first(visit.form, "force") == "yes"
        self._people.directories.start(directory.name, by=visit.actor.user or "", force=force)
        await self._note(visit, "directory.run", directory.name, force=force)
        return seen_other(f"{PAGE}/{directory.name}?done=started")

    async def remove(self, visit: Visit) -> Response:
        directory = await self._directory(visit)
        if first(visit.form, "sure") != "yes":
            return await self._one(visit, refusal=BadRequest("Tick that it shall be removed, then press the button."))
        await self._people.directories.remove(directory.name)
        await self._note(visit, "directory.removed", directory.name)
        return seen_other(f"{PAGE}?done=removed")

    # -- within

    @property
    def _people(self) -> People:
        if self._site.people is None:
            raise NotFound("There are no directories here.")
        return self._site.people

    def _name(self, visit: Visit) -> str:
        return str(visit.request.path_params["name"])

    async def _directory(self, visit: Visit) -> Directory:
        return await self._people.directories.get(self._name(visit))

    async def _note(self, visit: Visit, action: str, name: str, **values: object) -> None:
        await self._people.note(visit.actor, action, f"directory {name}", "", **values)

    def _values(self, visit: Visit) -> dict[str, str]:
        """Of the form; a box that is not ticked is not sent."""
        known = {name: first(visit.form, name) for name in visit.form}
        return known | {name: known.get(name, "no") for name in CHECKS}

    def _form(
        self, visit: Visit, preset: Preset, *, refusal: Refusal | None = None, steps: Sequence[Step] = ()
    ) -> Response:
        values = _filled(preset) | {name: first(visit.form, name) for name in visit.form}
        return self.page(
            visit,
            "directory_new.html",
            refusal=refusal,
            preset=preset,
            graph=preset.name == "entra",
            values=values,
            steps=steps,
            field_names=LABELS,
        )

    async def _one(
        self,
        visit: Visit,
        *,
        refusal: Refusal | None = None,
        done: str = "",
        steps: Sequence[Step] = (),
        report: Report | None = None,
        values: dict[str, str] | None = None,
    ) -> Response:
        directory = await self._directory(visit)
        book: DirectoryBook = self._people.directories
        runs, running = await book.runs(directory), book.running(directory.name)
        return self.page(
            visit,
            "directory.html",
            refusal=refusal,
            done=done,
            directory=directory,
            graph=isinstance(directory.settings, GraphSettings),
            values=_values_of(directory) | (values or {}),
            has_secret=directory.secret is not None,
            stands=self._told(runs),
            runs=[
                (run, day_and_time(run.started_at, self._site.settings.site.time_zone), _message(run)) for run in runs
            ],
            held=bool(runs) and runs[0].end.value == "held",
            steps=steps,
            report=report,
            outcomes=OUTCOMES,
            ends=ENDS,
            field_names=LABELS,
            running=bool(running),
            so_far=max(0, running - 1),
            kinds=[outcome.value for outcome in Outcome],
        )

    def _told(self, runs: Sequence[RunRecord]) -> dict[str, str]:
        """One line for the list: how it stands and since when."""
        if not runs:
            return {"end": "", "state": _("Not read yet"), "message": ""}
        ago = span(max(0.0, self._site.clock.now() - runs[0].ended_at))
        return {
            "end": runs[0].end.value,
            "state": _("%(state)s, %(time)s ago", state=ENDS[runs[0].end.value], time=ago),
            "message": _message(runs[0]),
        }


LABELS = Words(
    {
        "name": "User name",
        "external_id": "Lasting identifier",
        "full_name": "Full name",
        "email": "Mail",
        "department": "Department",
        "cost_centre": "Cost centre",
        "language": "Language",
        "groups": "Groups",
        "cards": "Card numbers",
        "pin": "PIN",
        "aliases": "Further mail addresses",
    }
)


def _message(run: RunRecord) -> str:
    """What a run came to, in the visitor's language."""
    if run.end is RunEnd.DONE:
        return ", ".join(f"{OUTCOMES[kind]}: {count}" for kind, count in run.counts.items()) or _("Nothing.")
    if run.end is RunEnd.HELD:
        return _("More users would be disabled than are allowed at once. Nobody was. Look at what would change.")
    return said(run.message)


def _done(visit: Visit) -> str:
    text = DONE.get(visit.request.query_params.get("done", ""))
    return _(text) if text else ""


def _secrets(visit: Visit) -> Secrets:
    return Secrets(password=first(visit.form, "password"), key=first(visit.form, "key").strip())


def _filled(preset: Preset) -> dict[str, str]:
    """The form of a new directory as the preset has it."""
    settings: Any = GraphSettings(tenant="", client_id="") if preset.name == "entra" else preset.ldap
    values = {f.name: _shown(getattr(settings, f.name)) for f in fields(settings)}
    values |= {FIELD + f.name: getattr(preset.fields, f.name) for f in fields(FieldMap)}
    return values | {"name": "", "info": preset.label, "urls": preset.url, "base": preset.base}


def _values_of(directory: Directory) -> dict[str, str]:
    settings: Any = directory.settings
    values = {f.name: _shown(getattr(settings, f.name)) for f in fields(settings)}
    values |= {FIELD + f.name: getattr(directory.fields, f.name) for f in fields(FieldMap)}
    return values | {name: _shown(getattr(directory, name)) for name in MORE}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
