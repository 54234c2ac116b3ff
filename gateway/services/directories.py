"""Directories as people look after them: made, tried, previewed, run, and asked whether a password is right."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from typing import Any
from uuid import uuid4

from gateway.domain.directory import (
    Directory,
    FieldMap,
    GraphSettings,
    Kind,
    LdapSettings,
    RunEnd,
    RunRecord,
    RunState,
    Secrets,
    check_fields,
    check_name,
)
from gateway.errors import BadRequest, Conflict, NotFound, NotPossible, PapertapError
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_report import Report
from gateway.services.directory_sync import DirectorySync, Order
from gateway.services.ports import Clock
from gateway.services.ports.directories import (
    Directories as Makers,
)
from gateway.services.ports.directories import (
    DirectoryAway,
    DirectorySource,
    DirectoryStore,
    Sealer,
    Step,
)

LEASE = 3600.0  # seconds, longer than any run: only that of a worker that died lapses
KEPT_LINES = 200
_CHANGEABLE = frozenset(f.name for f in fields(Directory)) - {"name", "uuid", "kind", "secret", "version", "created_at"}

log = logging.getLogger(__name__)


class DirectoryBook:
    """NotFound for a directory that is none. `worker` names this process in leases."""

    def __init__(
        self,
        *,
        store: DirectoryStore,
        makers: Makers,
        sync: DirectorySync,
        groups: DirectoryGroups,
        sealer: Sealer,
        clock: Clock,
        worker: str,
    ) -> None:
        self._store = store
        self._makers = makers
        self._sync = sync
        self._groups = groups
        self._sealer = sealer
        self._clock = clock
        self._worker = worker
        self._running: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # -- rows

    async def all(self) -> list[Directory]:
        return await self._store.directories()

    async def get(self, name: str) -> Directory:
        for directory in await self._store.directories():
            if directory.name == name:
                return directory
        raise NotFound(f'There is no directory "{name[:60]}".')

    async def add(
        self,
        name: str,
        settings: LdapSettings | GraphSettings,
        secrets: Secrets,
        *,
        fields: FieldMap,
        **more: Any,
    ) -> Directory:
        """BadRequest for what cannot be, Conflict when there is one of that name."""
        name = check_name(name)
        if any(one.name == name for one in await self._store.directories()):
            raise Conflict(f'There is a directory "{name}" already.')
        directory = Directory(
            name=name,
            uuid=uuid4(),
            kind=Kind.LDAP if isinstance(settings, LdapSettings) else Kind.GRAPH,
            settings=settings,
            fields=fields,
            secret=self._sealed(secrets),
            created_at=self._clock.now(),
            **more,
        )
        return await self._store.save_directory(checked(directory))

    async def change(self, name: str, *, secrets: Secrets | None = None, **changes: Any) -> Directory:
        """`secrets` None keeps those there are. What changes how it is read makes the next run a full one."""
        directory = await self.get(name)
        unknown = sorted(set(changes) - _CHANGEABLE)
        if unknown:
            raise BadRequest(f"A directory's {', '.join(unknown)} cannot be changed.")
        changed = replace(directory, **changes)
        if secrets is not None:
            changed = replace(changed, secret=self._sealed(secrets))
        saved = await self._store.save_directory(checked(changed))
        if (saved.settings, saved.fields) != (directory.settings, directory.fields):
            await self._store.save_state(saved.uuid, replace(await self._store.state(saved.uuid), cursor=""))
        return saved

    async def remove(self, name: str) -> None:
        """Its users stay, as users of a directory that is no more: they sign in by card and PIN."""
        await self.get(name)
        await self._store.delete_directory(name)

    async def owned(self, name: str) -> frozenset[str]:
        """What the directory with that name tells of its users; nothing of one that is no more."""
        found = [one for one in await self._store.directories() if one.name == name]
        return found[0].fields.told if found else frozenset()

    async def state(self, directory: Directory) -> RunState:
        return await self._store.state(directory.uuid)

    async def runs(self, directory: Directory, *, limit: int = 20) -> list[RunRecord]:
        return await self._store.runs(directory.uuid, limit=limit)

    # -- using one

    async def test(self, name: str) -> Sequence[Step]:
        return await self.source(await self.get(name)).test()

    async def try_out(
        self, settings: LdapSettings | GraphSettings, secrets: Secrets, fields: FieldMap
    ) -> Sequence[Step]:
        """What a test would say of settings that nobody has saved yet."""
        kind = Kind.LDAP if isinstance(settings, LdapSettings) else Kind.GRAPH
        trial = Directory(name="trial", uuid=uuid4(), kind=kind, settings=settings, fields=fields)
        return await self._makers.source(checked(trial), secrets).test()

    def source(self, directory: Directory) -> DirectorySource:
        return self._makers.source(directory, self.secrets(directory))

    def secrets(self, directory: Directory) -> Secrets:
        if directory.secret is None:
            return Secrets()
        return Secrets(**json.loads(self._sealer.open(directory.secret)))

    async def preview(self, name: str, *, progress: Callable[[int], None] = lambda _: None) -> Report:
        """What a full run would do. NotPossible when the directory does not answer."""
        directory = await self.get(name)
        try:
            report, _ = await self._read(directory, "", dry=True, force=False, progress=progress)
        except DirectoryAway as error:
            raise NotPossible(str(error)) from error
        return report

    async def run(
        self,
        name: str,
        *,
        by: str,
        full: bool = True,
        force: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> RunRecord:
        """One run, remembered however it ends. Conflict while another one goes on."""
        directory = await self.get(name)
        started = self._clock.now()
        if not await self._store.lease(directory.uuid, self._worker, now=started, seconds=LEASE):
            raise Conflict("A run of this directory goes on at this moment. Wait for its end.")
        try:
            run = await self._run(directory, by=by, full=full, force=force, started=started, progress=progress)
        finally:
            await self._store.end_lease(directory.uuid, self._worker)
        return run

    def start(self, name: str, *, by: str, force: bool = False) -> None:
        """A full run in the background; one that goes on already stays alone."""
        if name in self._running:
            return
        self._running[name] = 0

        async def work() -> None:
            try:
                await self.run(name, by=by, force=force, progress=lambda count: self._running.update({name: count}))
            except PapertapError as error:
                log.warning("the directory %s was not read: %s", name, error)
            finally:
                self._running.pop(name, None)

        task = asyncio.create_task(work(), name=f"directory-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def running(self, name: str) -> int:
        """0 unless it was started here and goes on; else one more than the entries that were read."""
        return self._running[name] + 1 if name in self._running else 0

    async def settle(self) -> None:
        """Until what was started has ended."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- within

    async def _run(
        self,
        directory: Directory,
        *,
        by: str,
        full: bool,
        force: bool,
        started: float,
        progress: Callable[[int], None],
    ) -> RunRecord:
        state = await self._store.state(directory.uuid)
        cursor, report = state.cursor, None
        try:
            report, cursor = await self._read(
                directory, "" if full else state.cursor, dry=False, force=force, progress=progress
            )
            end, message = (RunEnd.HELD, _held(report)) if report.held_back else (RunEnd.DONE, report.summary)
        except (DirectoryAway, PapertapError) as error:
            end, message = RunEnd.FAILED, str(error)
        except Exception:
            log.exception("a run of the directory %s failed", directory.name)
            end, message = RunEnd.FAILED, "It failed by a fault of ours. The log says more."
        now = self._clock.now()
        whole = report is not None and report.full
        record = RunRecord(
            directory=directory.uuid,
            started_at=started,
            ended_at=now,
            by=by,
            full=full if report is None else whole,
            end=end,
            counts={} if report is None else {one.value: count for one, count in report.counts.items()},
            message=message,
            lines=() if report is None else _lines(report),
        )
        failing = None if end is RunEnd.DONE else (state.failing_since or now)
        await self._store.save_state(
            directory.uuid,
            RunState(
                # A run that was held has not done all: the next one must see the same again.
                cursor=cursor if end is RunEnd.DONE else "",
                full_at=started if whole and end is RunEnd.DONE else state.full_at,
                run_at=started,
                failing_since=failing,
            ),
        )
        return replace(record, id=await self._store.record_run(record))

    async def _read(
        self, directory: Directory, cursor: str, *, dry: bool, force: bool, progress: Callable[[int], None]
    ) -> tuple[Report, str]:
        async with self.source(directory).read(cursor) as reading:
            order = Order(
                source=directory.name,
                fields=directory.fields.told,
                full=reading.full,
                dry=dry,
                adopt=directory.adopt,
                most_disabled=directory.most_disabled,
                force=force,
            )
            report = await self._sync.run(order, reading.entries(), progress=progress)
            if reading.full:
                await self._groups.follow(order, reading.groups, report)
            return report, reading.cursor

    def _sealed(self, secrets: Secrets) -> bytes | None:
        if secrets == Secrets():
            return None
        return self._sealer.seal(json.dumps(asdict(secrets)).encode())


def checked(directory: Directory) -> Directory:
    """BadRequest unless it makes sense."""
    check_fields(directory.fields)
    settings = directory.settings
    if isinstance(settings, LdapSettings):
        _check_ldap(settings)
    else:
        _check_graph(settings)
    if not 0 < directory.most_disabled <= 100:
        raise BadRequest("The limit of users that a run may disable is more than 0 and up to 100 percent.")
    if directory.interval < 60 or not 0 <= directory.full_hour <= 23 or directory.remember_hours < 0:
        raise BadRequest("A directory is read once a minute at most, and in full at an hour from 0 to 23.")
    return directory


def _check_ldap(settings: LdapSettings) -> None:
    if not settings.urls or not all(url.startswith(("ldap://", "ldaps://")) for url in settings.urls):
        raise BadRequest("The address of an LDAP server begins with ldap:// or ldaps://.")
    if not all(_balanced(text) for text in (settings.user_filter, settings.group_filter)):
        raise BadRequest("A filter stands in brackets, such as (objectClass=person).")
    if not 1 <= settings.page <= 10_000 or not 1 <= settings.seconds <= 600:
        raise BadRequest("A page has 1 to 10,000 entries, and waiting takes 1 to 600 seconds.")


def _check_graph(settings: GraphSettings) -> None:
    if not settings.tenant or not settings.client_id:
        raise BadRequest("The tenant and the application's (client) ID are needed.")
    for url in (settings.login, settings.graph):
        if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise BadRequest("The addresses of Microsoft's services begin with https://.")


def _balanced(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return False
    return depth == 0 and text.startswith("(") and text.endswith(")")


def _held(report: Report) -> str:
    return (
        f"{report.held_back} users would be disabled, which is more than this directory may disable at once. Nobody "
        "was. Look at the preview, then run it again and allow it."
    )


def _lines(report: Report) -> tuple[tuple[str, str, str], ...]:
    lines = [*report.problems, *report.lines][:KEPT_LINES]
    return tuple((line.outcome.value, line.name, line.what) for line in lines)
