"""The house's projects: made, changed and ended by staff, and what each comes to (row 117). What people do with them: charging."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from gateway.domain.letter import one_line
from gateway.domain.project import LONGEST_TITLE, Person, Project, Total, check_code
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.services.audit import Audit
from gateway.services.ports import Clock, ProjectStore

PAGE = 50
MOST_NAMES = 1000
LONGEST_NAME = 100
CHANGEABLE = frozenset({"title", "active", "everyone", "groups", "users", "until"})
_ALL = Person(name="", all=True)
_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")


class Projects:
    """`time_zone` (IANA; "" is UTC) says when the last day of a project is over."""

    def __init__(self, *, store: ProjectStore, audit: Audit, clock: Clock, time_zone: str = "") -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self.zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC

    # -- seeing

    async def get(self, actor: Actor, code: str) -> Project:
        _check_sees(actor)
        found = await self._store.project(code.strip())
        if found is None:
            raise NotFound(f'There is no project "{one_line(code, 40)}".')
        return found

    async def search(self, actor: Actor, text: str = "", *, after: str = "", limit: int = PAGE) -> list[Project]:
        """Also what has ended, in the order of codes."""
        _check_sees(actor)
        return await self._store.projects(_ALL, text=one_line(text, LONGEST_NAME), after=after, limit=limit)

    async def totals(self, actor: Actor, since: float, until: float) -> list[Total]:
        """What the receipts of the span come to, by project."""
        if not (actor.may(Permission.REPORTS) or actor.may(Permission.PRINTERS)):
            raise Forbidden("Only who sees the reports of the whole house sees what projects come to.")
        return await self._store.totals(since, until)

    # -- changing

    async def add(
        self,
        actor: Actor,
        code: str,
        *,
        title: str = "",
        everyone: bool | None = None,
        groups: Sequence[str] = (),
        users: Sequence[str] = (),
        until: float | None = None,
    ) -> Project:
        """For `everyone` unless groups or users are named; BadRequest for a bad code, Conflict when there is one."""
        self.check_changes(actor)
        project = self.drafted(check_code(code), {"title": title, "groups": groups, "users": users, "until": until})
        if everyone is not None:
            project = replace(project, everyone=everyone)
        if await self._store.project(project.code) is not None:
            raise Conflict(f'There is a project "{project.code}" already.')
        await self._store.save_projects([project])
        await self._audit.note(actor, "project.added", f"project {project.code}", title=project.title)
        return await self.get(actor, project.code)

    async def change(self, actor: Actor, code: str, /, *, version: int | None = None, **changes: Any) -> Project:
        """title, active, everyone, groups, users, until; Conflict when the project no longer has that version.

        Who names people names all of them; it is then for these alone, unless `everyone` says otherwise.
        """
        self.check_changes(actor)
        if set(changes) - CHANGEABLE:
            raise BadRequest(f"A project's {', '.join(sorted(set(changes) - CHANGEABLE))} cannot be changed.")
        project = await self.get(actor, code)
        if version is not None and version != project.version:
            raise Conflict(f"{project.code} was changed by somebody else. Read it again and repeat the change.")
        after = changed(project, changes)
        if after == project:
            return project
        await self._store.save_projects([after])
        told = {
            name: getattr(after, name) for name in sorted(changes) if getattr(after, name) != getattr(project, name)
        }
        await self._audit.note(actor, "project.changed", f"project {project.code}", **told)
        return await self.get(actor, project.code)

    async def end(self, actor: Actor, code: str) -> Project:
        """Nothing more is charged to it; its receipts and totals stay."""
        return await self.change(actor, code, active=False)

    def drafted(self, code: str, changes: Mapping[str, Any]) -> Project:
        """A new one, not kept yet."""
        return changed(Project(code=code, uuid=uuid4(), created_at=self._clock.now()), changes)

    def check_changes(self, actor: Actor) -> None:
        """Forbidden for who may not change projects."""
        if not actor.may(Permission.PRINTERS):
            raise Forbidden("Only who manages printers and prices of the whole house changes projects.")

    # -- days

    def day_end(self, text: str) -> float | None:
        """The moment at which the day is over that somebody wrote; None for none. BadRequest."""
        if not text.strip():
            return None
        day = _day(text.strip())
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), self.zone).timestamp()

    def last_day(self, project: Project) -> str:
        """As `day_end` reads it; "" for a project without an end."""
        if project.until is None:
            return ""
        return (datetime.fromtimestamp(project.until, self.zone) - timedelta(microseconds=1)).date().isoformat()

    def span(self, first: str, last: str) -> tuple[float, float]:
        """From the beginning of one day to the end of another; where nothing is written: this month, until now."""
        now = datetime.fromtimestamp(self._clock.now(), self.zone)
        begin = _day(first.strip()) if first.strip() else now.date().replace(day=1)
        end = self.day_end(last) or now.timestamp() + 1.0
        since = datetime.combine(begin, datetime.min.time(), self.zone).timestamp()
        if end <= since:
            raise BadRequest("The last day is before the first one. Write them the other way round.")
        return since, end


def changed(project: Project, changes: Mapping[str, Any]) -> Project:
    values = dict(changes)
    if "title" in values:
        values["title"] = one_line(values["title"], LONGEST_TITLE)
    for name in ("groups", "users"):
        if name in values:
            values[name] = _names(values[name])
    if "everyone" not in values and (values.get("groups") or values.get("users")):
        values["everyone"] = False
    after = replace(project, **values)
    return replace(after, groups=(), users=()) if after.everyone else after


def _names(names: Sequence[str]) -> tuple[str, ...]:
    """Each once, in the order of the alphabet, as the store gives them back."""
    known = {name.casefold(): name for name in (one_line(name, LONGEST_NAME) for name in names) if name}
    if len(known) > MOST_NAMES:
        raise BadRequest(f"A project is for at most {MOST_NAMES} groups or users by name. Make a group of them.")
    return tuple(known[folded] for folded in sorted(known))


def _day(text: str) -> date:
    for form in _FORMS:
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day of the calendar, wherever
        except ValueError:
            continue
        if 1970 < day.year < 9000:
            return day
    raise BadRequest(f'"{one_line(text, 20)}" is no day. Write it as 2027-12-31.')


def _check_sees(actor: Actor) -> None:
    if not actor.may_somewhere(Permission.PRINTERS):
        raise Forbidden("Only who manages printers and prices sees the projects.")
