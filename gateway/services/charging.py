"""Which project a job is charged to: what people may choose, what they are used to, and when a release needs one (rows 94, 117).

A project that somebody may not use, or that has ended, answers as if there were none. Strangers and guests have none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.job import Job
from gateway.domain.letter import one_line
from gateway.domain.printer import Printer
from gateway.domain.project import LONGEST_COMMENT, NEEDED, NO_PROJECT, Habit, Person, Project
from gateway.domain.rights import Permission
from gateway.domain.ticket import JobTicket
from gateway.domain.user import SYSTEM, Actor, User, is_guest
from gateway.errors import NotAuthenticated, NotFound, ProjectRequired
from gateway.services.identity import Identity
from gateway.services.ports import Clock, ProjectStore

PAGE = 50
RECENT = 5
LONGEST_SEARCH = 100
NOT_FOR_GUESTS = (
    "This printer charges each job to a project, and guests have none. Ask at the desk, or take another printer."
)
FIELDS = frozenset({"job_account_id", "account_comment"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Picker:
    """What somebody chooses from at one tap: favourites, then what was charged lately; `preset` is their default."""

    favourites: tuple[Project, ...] = ()
    recent: tuple[Project, ...] = ()
    preset: str = ""

    @property
    def all(self) -> tuple[Project, ...]:
        return (*self.favourites, *self.recent)


NO_PICKER = Picker()


class Charging:
    def __init__(self, *, store: ProjectStore, identity: Identity, clock: Clock) -> None:
        self._store = store
        self._identity = identity
        self._clock = clock

    # -- choosing

    async def picker(self, actor: Actor) -> Picker:
        """Favourites first, then the last used, with the default among them."""
        known = await self._known(actor)
        favourites = [project for project, habit in known if habit.favourite]
        others = [(project, habit) for project, habit in known if not habit.favourite]
        recent = [project for project, habit in others if habit.used_at is not None][:RECENT]
        preset = next((project for project, habit in known if habit.preset), None)
        if preset is not None and preset not in favourites and preset not in recent:
            recent.insert(0, preset)
        return Picker(
            favourites=tuple(sorted(favourites, key=lambda project: project.code.casefold())),
            recent=tuple(recent),
            preset=preset.code if preset else "",
        )

    async def search(self, actor: Actor, text: str = "", *, after: str = "", limit: int = PAGE) -> list[Project]:
        """By the beginnings of words of code and title, in the order of codes; "" finds all that the actor may use."""
        if not _has_projects(actor):
            return []
        wanted = one_line(text, LONGEST_SEARCH)
        return await self._store.projects(
            _person(actor), text=wanted, now=self._clock.now(), after=after[:LONGEST_SEARCH], limit=limit
        )

    async def choose(self, actor: Actor, code: str) -> Project:
        """The open project with that code that the actor may use, else NotFound."""
        project = await self._store.project(code.strip()) if _has_projects(actor) else None
        if project is None or not project.is_open(self._clock.now()) or not _person(actor).may_use(project):
            raise NotFound(f'There is no project "{one_line(code, 40)}" for you.')
        return project

    async def may_choose(self, actor: Actor, code: str) -> bool:
        try:
            await self.choose(actor, code)
        except NotFound:
            return False
        return True

    async def mark_favourite(self, actor: Actor, code: str, *, favourite: bool) -> Project:
        user, project = await self._user(actor), await self.choose(actor, code)
        await self._store.mark_favourite(user.uuid, project, favourite=favourite)
        return project

    async def set_default(self, actor: Actor, code: str) -> Project | None:
        """What the actor's jobs are charged to unless something else is chosen; "" for nothing."""
        user = await self._user(actor)
        project = await self.choose(actor, code) if code.strip() else None
        await self._store.mark_preset(user.uuid, project)
        return project

    # -- jobs

    async def accepted(self, printer: Printer, ticket: JobTicket, actor: Actor) -> JobTicket:
        """The ticket of a new job: with the project asked for if the actor may use it, else with their default or none.

        A document is never refused for its project: where one is needed, the job waits until it was chosen.
        """
        if not printer.takes_projects or not _has_projects(actor):
            named = ticket.job_account_id is not None or ticket.account_comment
            return replace(ticket, job_account_id=None, account_comment="") if named else ticket
        code, asked = ticket.job_account_id, ticket.job_account_id is not None
        if code is None:
            code = (await self.picker(actor)).preset
        try:
            project = await self.choose(actor, code) if code else None
        except NotFound:
            project = None
        if project is not None and asked:
            await self._note_used(actor, project)
        comment = one_line(ticket.account_comment, LONGEST_COMMENT)
        return replace(ticket, job_account_id=project.code if project else None, account_comment=comment)

    async def checked(self, printer: Printer, actor: Actor, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Changes of a job's ticket, with a project that the actor may use; NotFound, or ProjectRequired for none.

        A Printer without projects passes these choices over, as they come with those for other jobs of a selection.
        """
        left = {name: value for name, value in changes.items() if name not in FIELDS or printer.takes_projects}
        if "account_comment" in left:
            left["account_comment"] = one_line(left["account_comment"] or "", LONGEST_COMMENT)
        if left.get("job_account_id"):
            project = await self.choose(actor, left["job_account_id"])
            await self._note_used(actor, project)
            left["job_account_id"] = project.code
        elif left.get("job_account_id") == NO_PROJECT:
            left["job_account_id"] = None
        return left

    async def still_open(self, job: Job, actor: Actor) -> None:
        """ProjectRequired when the job's project has ended since, or is neither its owner's nor the actor's any more.

        What goes on by itself, as when a time has come, goes by its owner alone.
        """
        project, owner = await self._store.project(job.project), await self._owner(job)
        asking = [one for one in (owner, actor) if one is not None and (one != SYSTEM or owner is None)]
        chargeable = [project] if project is not None and project.is_open(self._clock.now()) else []
        if not any(_person(one).may_use(found) for found in chargeable for one in asking):
            raise ProjectRequired(f"Project {job.project} has ended or is not yours any more. Choose another one.")

    # -- within

    async def _known(self, actor: Actor) -> list[tuple[Project, Habit]]:
        if not _has_projects(actor):
            return []
        try:
            user = await self._user(actor)
        except NotFound:
            return []
        return await self._store.known(user.uuid, _person(actor), now=self._clock.now())

    async def _user(self, actor: Actor) -> User:
        if not _has_projects(actor):
            raise NotAuthenticated("Sign in to choose a project.")
        return await self._identity.get(actor.user or "")

    async def _owner(self, job: Job) -> Actor | None:
        if job.owner is None or is_guest(job.owner):
            return None
        try:
            return await self._identity.actor_of(await self._identity.get(job.owner), address="", via="")
        except NotFound:
            return None

    async def _note_used(self, actor: Actor, project: Project) -> None:
        try:
            user = await self._user(actor)
        except NotFound:  # a command at the machine itself
            return
        await self._store.mark_used(user.uuid, project, at=self._clock.now())


async def charged(
    charging: Charging | None, printer: Printer, job: Job, actor: Actor, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The changes of a release, with which the job has its project: ProjectRequired says that it needs one first."""
    left = await charging.checked(printer, actor, changes) if charging is not None else dict(changes)
    after = left.get("job_account_id", job.project)
    if printer.lacks_project(replace(job, ticket=replace(job.ticket, job_account_id=after))):
        raise ProjectRequired(NOT_FOR_GUESTS if is_guest(actor.user) else NEEDED)
    if charging is not None and printer.takes_projects and "job_account_id" not in left and job.project:
        await charging.still_open(job, actor)
    return left


def _has_projects(actor: Actor) -> bool:
    return actor.user is not None and not is_guest(actor.user)


def _person(actor: Actor) -> Person:
    return Person(name=actor.user or "", groups=actor.groups, all=actor.may(Permission.PRINTERS))
