"""Live pages by Server-Sent Events: what changes is at each open page within a second.

All pages of one person share one audience, which asks for that person's list once, however many pages look at it; a
page is one waiting task with no queue, no buffer and no thread of its own. An event says only "your list has another
mark now", "job 7 has printed 3 of 9" or "printers changed": the page asks for the rest by its own session. Whatever is
missed costs nothing, since the next event, and a slow poll of the page, tell the same again.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace

from gateway.domain.events import Event, Happening
from gateway.domain.job import Job
from gateway.domain.rights import Permission
from gateway.domain.user import SYSTEM, Actor
from gateway.errors import NotFound, PapertapError, Throttled
from gateway.services.identity import Identity
from gateway.services.ports import Clock, EventBus
from gateway.services.release import Release
from webprint.own import own_jobs, owners_of

HEARTBEAT = 15.0  # seconds: proxies close what is silent for longer; the session is looked at as often
SWEEP = 5.0  # seconds between two looks at the rows: another process may have changed them without an event
PACE = 0.2  # seconds: what happens in between is told together
PER_SESSION = 3  # browsers open six connections to a host over HTTP/1.1: pages must not use them all up
IN_ALL = 1000
RETRY = 3000  # milliseconds until a browser connects again

_JOB = {Event.JOB_CREATED, Event.JOB_STATE_CHANGED, Event.JOB_COMPLETED, Event.JOB_CONFIG_CHANGED, Event.JOB_STOPPED}
_JOB |= {Event.JOB_EXPIRING, Event.JOB_PROGRESS}

log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False, slots=True)
class Page:
    """One open page. `cookie` is its session's; `seen` the last turn of its audience that it was told."""

    session: str
    cookie: str
    address: str
    audience: "Audience"
    seen: int = 0
    closed: bool = False


@dataclass(kw_only=True, eq=False, slots=True)
class Audience:
    """All pages of one person (or of an operator who looks at everybody), and what they are to be told.

    `told` keeps one message of a kind, with the turn in which it changed: a page that was slow gets the last only.
    """

    actor: Actor
    everybody: bool
    mark: str = ""
    owners: frozenset[str] = frozenset()
    pages: set[Page] = field(default_factory=set)
    turn: int = 0
    told: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, kind: str, message: bytes) -> None:
        self.turn += 1
        self.told[kind] = (self.turn, message)
        self.news.set()
        self.news = asyncio.Event()

    def since(self, turn: int) -> list[bytes]:
        return [message for at, message in self.told.values() if at > turn]

    def concerns(self, owner: str | None, job: Job | None) -> bool:
        if self.everybody:
            return True
        if owner is not None:
            return owner.casefold() in self.owners
        return job is not None and any(page.address == job.address for page in self.pages)


class LiveJobs:
    """The fan-out of one process. `run` must run beside it; without it pages are told nothing and poll."""

    def __init__(
        self, *, release: Release, identity: Identity, events: EventBus, clock: Clock, pace: float = PACE
    ) -> None:
        self._release = release
        self._identity = identity
        self._events = events
        self._clock = clock
        self._pace = pace
        self._audiences: dict[tuple[str, bool], Audience] = {}
        self._sessions: dict[str, int] = {}
        self._touched: set[Audience] = set()
        self._progress: dict[int, Job] = {}
        self._dirty = asyncio.Event()
        self.running = False

    @property
    def pages(self) -> int:
        return sum(self._sessions.values())

    # -- pages

    def open(self, actor: Actor, *, session: str, cookie: str, everybody: bool = False) -> Page:
        """A page of the session with that hash; Throttled when it, or the server, has too many: the page then polls."""
        if self._sessions.get(session, 0) >= PER_SESSION or self.pages >= IN_ALL:
            raise Throttled("Too many pages are open. This one asks for news by itself.", retry_after=HEARTBEAT)
        everybody = everybody and actor.may_somewhere(Permission.JOBS)
        key = (actor.user or "", everybody)
        audience = self._audiences.get(key)
        if audience is None:
            own = frozenset({(actor.user or "").casefold()})
            audience = self._audiences[key] = Audience(actor=actor, everybody=everybody, owners=own)
        page = Page(session=session, cookie=cookie, address=actor.address, audience=audience, seen=audience.turn)
        audience.pages.add(page)
        self._sessions[session] = self._sessions.get(session, 0) + 1
        self._touch([audience])  # what changed between the page and its connection is told at once
        return page

    async def stream(self, page: Page) -> AsyncIterator[bytes]:
        """The events of one page until its session ends."""
        audience = page.audience
        try:
            # The mark comes first, also when nothing changes: the page may be older than its connection.
            yield b"retry: %d\r\n\r\n" % RETRY + _list(audience.mark)
            while not page.closed:
                news = audience.news
                messages, page.seen = audience.since(page.seen), audience.turn
                if messages:
                    yield b"".join(messages)
                    continue
                await news.wait()
        finally:
            self._leave(page)

    def end_session(self, session: str) -> None:
        """Its pages are told nothing more."""
        for audience in list(self._audiences.values()):
            self._close([page for page in audience.pages if page.session == session])

    def _close(self, pages: Iterable[Page]) -> None:
        for page in list(pages):
            page.closed = True
            page.audience.news.set()
            page.audience.news = asyncio.Event()

    def _leave(self, page: Page) -> None:
        audience = page.audience
        if page not in audience.pages:
            return
        audience.pages.discard(page)
        self._sessions[page.session] -= 1
        if not self._sessions[page.session]:
            del self._sessions[page.session]
        if not audience.pages:
            self._audiences.pop((audience.actor.user or "", audience.everybody), None)

    # -- what happens

    async def run(self) -> None:
        """For as long as the process serves. Whoever is connected when it ends is let go."""
        self.running = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._hear())
                tasks.create_task(self._tell())
                tasks.create_task(self._look_after())
        finally:
            self.running = False
            for audience in list(self._audiences.values()):
                self._close(audience.pages)

    async def _hear(self) -> None:
        async with self._events.subscribe() as happenings:
            async for happening in happenings:
                if not self._audiences:
                    continue
                try:
                    await self._take(happening)
                except PapertapError as error:  # the rows could not be read: the sweep tells it later
                    log.warning("event %s not told to pages: %s", happening.event, error)

    async def _take(self, happening: Happening) -> None:
        if happening.event not in _JOB:
            for audience in self._audiences.values():
                audience.tell("printers", b"event: printers\r\ndata: {}\r\n\r\n")
            return
        if happening.job_id is None:
            return
        job = None
        if happening.event is Event.JOB_PROGRESS or happening.owner is None:
            job = await self._job(happening.job_id)
        concerned = [a for a in self._audiences.values() if a.concerns(happening.owner, job)]
        if happening.event is Event.JOB_PROGRESS and job is not None:
            for audience in concerned:
                audience.tell(f"job {job.id}", _progress(job))
        self._touch(concerned)

    async def _job(self, job_id: int) -> Job | None:
        try:
            return await self._release.visible(job_id, SYSTEM)
        except NotFound:
            return None

    def _touch(self, audiences: Iterable[Audience]) -> None:
        self._touched.update(audiences)
        if self._touched:
            self._dirty.set()

    def _touch_owners(self, owners: set[str]) -> None:
        """Also those who may claim what nobody owns."""
        self._touch(
            audience
            for audience in self._audiences.values()
            if owners and (audience.everybody or "" in owners or not owners.isdisjoint(audience.owners))
        )

    async def _tell(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            touched, self._touched = self._touched, set()
            for audience in touched:
                try:
                    await self._renew(audience)
                except PapertapError as error:
                    log.warning("a list was not looked at: %s", error)
            await asyncio.sleep(self._pace)

    async def _renew(self, audience: Audience) -> None:
        """Asks for the list once and tells its pages when its mark is another one."""
        if not audience.pages:
            return
        if audience.everybody:
            audience.tell("list", _list(""))
            return
        address = next(iter(audience.pages)).address
        own = await own_jobs(self._release, _at(audience.actor, address))
        names = {(audience.actor.user or "").casefold(), *(owner.casefold() for owner in owners_of(own.actor))}
        audience.owners = frozenset(names)
        shown = {job.id for job in own.jobs}
        audience.told = {
            kind: told for kind, told in audience.told.items() if not kind.startswith("job ") or int(kind[4:]) in shown
        }
        if own.mark != audience.mark:
            await self._check(audience.pages)
            audience.mark = own.mark
            audience.tell("list", _list(own.mark))

    async def _look_after(self) -> None:
        """Heartbeats, sessions that have ended, and changes that no event told of."""
        rows, waited = dict[str, tuple[int, int]](), 0.0
        while True:
            await self._clock.sleep(SWEEP)
            waited += SWEEP
            if self._audiences:
                before, rows = rows, await self._release.open_versions()
                self._touch_owners({owner for owner in before.keys() | rows if before.get(owner) != rows.get(owner)})
            if waited < HEARTBEAT:
                continue
            waited = 0.0
            for audience in list(self._audiences.values()):
                await self._check(audience.pages)
                audience.tell("heartbeat", b":\r\n\r\n")

    async def _check(self, pages: Iterable[Page]) -> None:
        """Lets go whose session has ended, was revoked, or whose user is somebody else, or has other rights, by now."""
        alive: dict[str, bool] = {}
        for page in list(pages):
            if page.session not in alive:
                found = await self._identity.session(page.cookie, touch=False)
                alive[page.session] = found is not None and _same(found[1], page.audience.actor)
            if not alive[page.session]:
                self._close([page])


def _same(one: Actor, other: Actor) -> bool:
    return (one.user, one.role, one.groups, one.grants) == (other.user, other.role, other.groups, other.grants)


def _at(actor: Actor, address: str) -> Actor:
    return replace(actor, address=address, claimed="anonymous", via="web", acts_for=())


def _list(mark: str) -> bytes:
    return f"event: list\r\ndata: {json.dumps({'mark': mark})}\r\n\r\n".encode()


def _progress(job: Job) -> bytes:
    done, total = min(job.impressions_completed, job.impressions or 0), job.impressions or 0
    return f"event: job\r\ndata: {json.dumps({'id': job.id, 'done': done, 'all': total})}\r\n\r\n".encode()
