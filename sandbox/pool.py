"""Keeps warm workers at hand, gives each document (or one submitter's batch) its own, and destroys it afterwards."""

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from sandbox import code, crew, memory, seccomp, slots, spawner
from sandbox.crew import Crew
from sandbox.errors import Crashed, SandboxError, TimedOut, Unavailable
from sandbox.lull import Lull
from sandbox.memory import Guard, Memory
from sandbox.policy import Tools
from sandbox.protocol import ProtocolError
from sandbox.settings import SandboxSettings
from sandbox.slots import Slot
from sandbox.spawner import Blueprint, Spawned
from sandbox.worker import Worker

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


class Pool:
    """Workers of one kind, at most `workers` busy and `ready` waiting. Belongs to the event loop that started it."""

    def __init__(
        self,
        settings: SandboxSettings,
        *,
        workers: Crew | None = None,
        tools: Tools | None = None,
        lull: Lull | None = None,
    ) -> None:
        self._settings = settings
        self._lull = lull or Lull()
        self._crew = workers or crew.light(settings)
        self._tools = tools or Tools()
        self._blueprint: Blueprint | None = None
        self._memory: Memory | None = None
        # The one thread that starts jails: they die when it ends, so it ends last.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-spawner")
        self._free: deque[Slot] = deque()
        self._held: list[Slot] = []
        self._slot_of: dict[Worker, Slot] = {}
        self._ready: deque[Worker] = deque()
        # Oldest first, with the key of the batch each one waits for.
        self._parked: dict[Worker, str] = {}
        self._timers: dict[Worker, asyncio.TimerHandle] = {}
        self._busy = asyncio.Semaphore(self._crew.workers)
        self._wanted = asyncio.Event()
        self._arrived = asyncio.Condition()
        self._refused: SandboxError | None = Unavailable("the sandbox is not started")
        self._refiller: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Sweep orphans, start the first worker and begin to fill the pool. Unavailable when no jail can be made."""
        loop = asyncio.get_running_loop()
        self._blueprint, self._memory = await loop.run_in_executor(self._thread, self._survey)
        self._ready.append(await self._spawn())
        self._refused = None
        self._refiller = asyncio.create_task(self._refill())
        self._wanted.set()

    async def close(self) -> None:
        """Destroy every worker; returns when no process of the pool is left."""
        if self._refiller is not None:
            self._refiller.cancel()
            await asyncio.gather(self._refiller, return_exceptions=True)
        await self._announce(Unavailable("the sandbox is closed"))
        self._ready.clear()
        for timer in self._timers.values():
            timer.cancel()
        await asyncio.gather(*(self._destroy(worker) for worker in list(self._slot_of)), *self._ending)
        await asyncio.to_thread(self._thread.shutdown)
        slots.release(self._held)
        self._held = []

    @property
    def slots(self) -> list[Slot]:
        """The slots that are held, whether a worker is in them or not."""
        return list(self._held)

    @property
    def ready(self) -> int:
        """How many warm workers wait."""
        return len(self._ready)

    @property
    def processes(self) -> list[int]:
        """The first process of each living jail, for metrics and tests."""
        return [worker.jail.pid for worker in self._slot_of]

    @contextlib.asynccontextmanager
    async def worker(self, key: str | None = None) -> AsyncIterator[Worker]:
        """A warm worker for one document. With a `key` a clean worker is kept a moment for the same key's next one."""
        async with self._busy:
            worker = await self._take(key)
            try:
                yield worker
            except BaseException:
                self._end(worker)
                raise
            self._put(worker, key)

    async def _take(self, key: str | None) -> Worker:
        if key is not None and (parked := self._next_parked(key)) is not None:
            return parked
        async with self._arrived:
            while (worker := self._next_ready()) is None:
                if self._refused is not None:
                    raise Unavailable(self._refused.detail)
                self._make_room()
                self._wanted.set()
                with self._lull.waiting():
                    await self._arrived.wait()
            self._wanted.set()
            return worker

    def _next_parked(self, key: str) -> Worker | None:
        for worker in [one for one, whose in self._parked.items() if whose == key]:
            del self._parked[worker]
            self._timers.pop(worker).cancel()
            if worker.alive:
                return worker
            self._end(worker)
        return None

    def _next_ready(self) -> Worker | None:
        while self._ready:
            worker = self._ready.popleft()
            if worker.alive:
                return worker
            # Killed from outside while it waited, by the kernel for instance: no document suffers for that.
            self._end(worker)
        return None

    def _put(self, worker: Worker, key: str | None) -> None:
        spent = worker.documents >= self._settings.reuse_documents
        if key is None or spent or self._refused is not None:
            self._end(worker)
            return
        worker.key = key
        self._parked[worker] = key
        loop = asyncio.get_running_loop()
        self._timers[worker] = loop.call_later(self._settings.reuse_seconds, self._unpark, worker)

    def _unpark(self, worker: Worker) -> None:
        del self._parked[worker]
        self._timers.pop(worker).cancel()
        self._end(worker)

    def _make_room(self) -> None:
        """Every slot may be taken by workers that wait for a next document of some batch: the oldest one goes."""
        if not self._free and self._parked:
            self._unpark(next(iter(self._parked)))

    def _end(self, worker: Worker) -> None:
        task = asyncio.create_task(self._destroy(worker))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _destroy(self, worker: Worker) -> None:
        slot = self._slot_of.pop(worker, None)
        if slot is None:
            return
        try:
            await worker.disconnect()
        finally:
            await asyncio.to_thread(spawner.kill, worker.jail)
            worker.guard.close()
            self._free.append(slot)
            self._wanted.set()

    async def _refill(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while len(self._ready) < self._crew.ready and self._free:
                await self._lull.wait(self._settings.refill_seconds)
                try:
                    worker = await self._spawn()
                except SandboxError as error:
                    _log.warning("no sandbox worker: %s", error.detail)
                    await self._announce(error)
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                self._ready.append(worker)
                await self._announce(None)

    async def _announce(self, refused: SandboxError | None) -> None:
        async with self._arrived:
            self._refused = refused
            self._arrived.notify_all()

    async def _spawn(self) -> Worker:
        """Start a worker and wait until it is warm. Unavailable when it never gets there."""
        slot = self._free.popleft()
        try:
            jail, guard = await self._jail(slot)
        except BaseException:
            self._free.append(slot)
            raise
        worker = Worker(jail, guard, self._settings.limits)
        self._slot_of[worker] = slot
        try:
            await worker.connect()
            await worker.ready(self._crew.start_seconds)
        except (Crashed, TimedOut, ProtocolError) as error:
            await self._destroy(worker)
            raise Unavailable(f"a worker did not start: {error}: {getattr(error, 'detail', '')}") from error
        except BaseException:
            self._end(worker)
            raise
        return worker

    async def _jail(self, slot: Slot) -> tuple[Spawned, Guard]:
        """Start a jail in the spawning thread. A cancelled start is still waited for: its jail would be nobody's."""
        loop = asyncio.get_running_loop()
        starting = loop.run_in_executor(self._thread, self._guarded, slot)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.wait({starting})
            if starting.exception() is None:
                jail, guard = starting.result()
                await asyncio.to_thread(spawner.kill, jail)
                guard.close()
            raise

    def _guarded(self, slot: Slot) -> tuple[Spawned, Guard]:
        assert self._blueprint is not None
        assert self._memory is not None
        jail = spawner.spawn(self._blueprint, slot)
        try:
            return jail, self._memory.guard(slot.index, jail.pid, self._settings.limits)
        except OSError as error:
            spawner.kill(jail)
            raise Unavailable(f"no memory limit by {self._memory.name}: {error.strerror}") from error

    def _survey(self) -> tuple[Blueprint, Memory]:
        """Everything that blocks and is done once: folders, locks, orphans, code, filter, memory."""
        settings = self._settings
        runtime = code.runtime_dir(settings.runtime_dir)
        root = os.geteuid() == 0
        self._held = slots.claim(
            code.lock_dir(runtime),
            # Busy ones, waiting ones, and as many again for batches that pause and jails that are still ending.
            wanted=2 * self._crew.workers + self._crew.ready,
            total=settings.slots,
            uid_base=settings.slot_uid_base if root else None,
        )
        self._free.extend(self._held)
        try:
            program = seccomp.program()
        except seccomp.SeccompUnavailableError as error:
            raise Unavailable(str(error)) from error
        blueprint = Blueprint(
            code=self._crew.gather(runtime, foreign_user=root),
            seccomp=program,
            limits=settings.limits,
            tools=self._tools,
        )
        return blueprint, memory.detect()
