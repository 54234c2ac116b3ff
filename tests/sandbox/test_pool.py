"""Workers come warm, serve one document or one batch, and leave nothing behind, however they end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import memory, slots
from sandbox.client import Sandbox
from sandbox.errors import Crashed, SandboxError, TimedOut, TooLarge, Unavailable
from sandbox.memory import CgroupGuard, PolledMemory, PollingGuard
from sandbox.policy import Tools
from sandbox.settings import MIB, Limits, SandboxSettings
from tests.sandbox import samples
from tests.sandbox.samples import nobody_left, prepare, stream


async def _slow(started: asyncio.Event) -> AsyncIterator[bytes]:
    """A source that says when it is being read, and then never ends."""
    yield b"%PDF-1.7\n"
    started.set()
    await asyncio.Event().wait()


async def test_each_document_gets_a_worker_of_its_own(sandbox: Sandbox) -> None:
    seen = []
    for _ in range(3):
        async with sandbox.pool.worker() as worker:
            seen.append(worker.jail.pid)
    assert len(set(seen)) == 3


async def test_a_batch_shares_a_worker_and_nobody_else_gets_it(sandbox: Sandbox) -> None:
    seen: dict[str, set[int]] = {"alice": set(), "bob": set()}
    for name in ("alice", "alice", "bob", "alice", "bob"):
        async with sandbox.pool.worker(name) as worker:
            seen[name].add(worker.jail.pid)
            await worker.exchange(*_inspection(sandbox))
    assert (len(seen["alice"]), len(seen["bob"])) == (1, 1)
    assert not seen["alice"] & seen["bob"]


def _inspection(sandbox: Sandbox) -> tuple[dict[str, object], list[AsyncIterator[bytes]], object]:
    from sandbox.client import _Sinks

    return sandbox._request("inspect", None, None), [stream(samples.pdf(1))], _Sinks(sandbox.settings, None, None)


async def test_nothing_of_a_document_is_left_for_the_next_of_its_batch(sandbox: Sandbox) -> None:
    leaver = b"%!PS\n(/tmp/left-behind) (w) file dup (mark) writestring closefile showpage\n"
    finder = b"%!PS\n(/tmp/left-behind) (r) file pop showpage\n"
    assert (await sandbox.inspect(stream(leaver), batch="b")).page_count == 1
    with pytest.raises(SandboxError):
        await sandbox.inspect(stream(finder), batch="b")


async def test_a_batch_ends_after_so_many_documents() -> None:
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1, reuse_documents=2))
    await sandbox.start()
    try:
        seen = []
        for _ in range(4):
            async with sandbox.pool.worker("one") as worker:
                seen.append(worker.jail.pid)
                await worker.exchange(*_inspection(sandbox))  # type: ignore[arg-type]  # the sinks of the client
        assert seen[0] == seen[1] != seen[2] == seen[3]
    finally:
        await sandbox.close()


async def test_what_a_batch_sends_at_once_keeps_as_many_workers() -> None:
    sandbox = Sandbox(SandboxSettings(workers=2, ready=2, reuse_seconds=600))
    await sandbox.start()
    try:
        seen: list[set[int]] = []
        for _ in range(3):
            async with sandbox.pool.worker("one") as first, sandbox.pool.worker("one") as second:
                seen.append({first.jail.pid, second.jail.pid})
        assert len(seen[0]) == 2
        assert seen[0] == seen[1] == seen[2]
        async with sandbox.pool.worker("other") as worker:
            assert worker.jail.pid not in seen[0]
    finally:
        await sandbox.close()


async def test_waiting_batches_give_way_to_others() -> None:
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1, reuse_seconds=600))
    await sandbox.start()
    try:
        async with asyncio.timeout(60):
            for number in range(8):
                facts = await sandbox.inspect(stream(samples.pdf(1)), batch=f"submitter {number}")
                assert facts.page_count == 1
    finally:
        await sandbox.close()


async def test_many_at_once_with_their_own_results() -> None:
    sandbox = Sandbox(SandboxSettings(workers=2, ready=2))
    await sandbox.start()
    try:
        counts = await asyncio.gather(*(sandbox.inspect(stream(samples.pdf(pages))) for pages in range(1, 13)))
        assert [facts.page_count for facts in counts] == list(range(1, 13))
    finally:
        await sandbox.close()


async def test_a_killed_worker_is_a_crash_and_the_next_document_prints(sandbox: Sandbox) -> None:
    started = asyncio.Event()
    task = asyncio.create_task(sandbox.inspect(_slow(started)))
    await started.wait()
    for pid in sandbox.pool.processes:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(Crashed):
        await task
    prepared, _ = await _again(sandbox)
    assert prepared.facts.page_count == 1


async def _again(sandbox: Sandbox) -> tuple[object, object]:
    """A ready worker that somebody killed may be handed out once; its document fails alone."""
    for _ in range(3):
        try:
            return await prepare(sandbox, samples.pdf(1))
        except Crashed:
            continue
    return await prepare(sandbox, samples.pdf(1))


async def test_the_wall_clock_stops_a_worker_that_waits() -> None:
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1, limits=Limits(wall_seconds=0.3)))
    await sandbox.start()
    try:
        with pytest.raises(TimedOut):
            await sandbox.inspect(_slow(asyncio.Event()))
    finally:
        await sandbox.close()


async def test_a_cancelled_call_kills_its_worker(sandbox: Sandbox) -> None:
    started = asyncio.Event()
    task = asyncio.create_task(sandbox.inspect(_slow(started)))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await sandbox.inspect(stream(samples.pdf(2)))).page_count == 2


async def test_closing_ends_documents_in_work() -> None:
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1))
    await sandbox.start()
    started = asyncio.Event()
    task = asyncio.create_task(sandbox.inspect(_slow(started)))
    await started.wait()
    with nobody_left(sandbox):
        await sandbox.close()
    with pytest.raises(Crashed):
        await task


async def test_closing_refuses_documents_that_wait() -> None:
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1))
    await sandbox.start()
    started = asyncio.Event()
    busy = asyncio.create_task(sandbox.inspect(_slow(started)))
    await started.wait()
    waiting = asyncio.create_task(sandbox.inspect(stream(samples.pdf(1))))
    await asyncio.sleep(0)
    await sandbox.close()
    found = await asyncio.gather(busy, waiting, return_exceptions=True)
    assert [type(error) for error in found] == [Crashed, Unavailable]


async def test_a_sandbox_that_was_not_started_refuses() -> None:
    sandbox = Sandbox()
    with pytest.raises(Unavailable):
        await sandbox.inspect(stream(samples.pdf(1)))
    await sandbox.close()


async def test_workers_give_way_to_the_gateway(sandbox: Sandbox) -> None:
    async with sandbox.pool.worker() as worker:
        pid = worker.jail.pid
        assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5
        assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) == 800


async def test_without_bubblewrap_nothing_is_opened() -> None:
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1), tools=Tools(bwrap="/nonexistent/bwrap"))
    with pytest.raises(Unavailable) as caught:
        await sandbox.start()
    assert "papertap check" in str(caught.value)
    await sandbox.close()


async def test_memory_over_the_limit_is_a_typed_error() -> None:
    """A picture within the pixel limit that takes more memory than the jail has."""
    limits = Limits(memory_bytes=50 * MIB, tmp_bytes=20 * MIB, max_stored_bytes=10 * MIB)
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1, limits=limits))
    await sandbox.start()
    try:
        with pytest.raises(TooLarge) as caught:
            await prepare(sandbox, samples.png((9000, 9000), 0, "L"))
        assert caught.value.limit == "memory"
        assert (await sandbox.inspect(stream(samples.pdf(2)))).page_count == 2
    finally:
        await sandbox.close()


async def test_the_polled_limit_stops_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """The means of a machine without control groups, on this one."""
    monkeypatch.setattr(memory, "detect", PolledMemory)
    limits = Limits(memory_bytes=80 * MIB, tmp_bytes=400 * MIB)
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1, limits=limits))
    await sandbox.start()
    try:
        with pytest.raises(TooLarge) as caught:
            await sandbox.render(stream(samples.png((9900, 9900), 0, "L")), samples.Recipe(), samples.Collected())
        assert caught.value.limit == "memory"
    finally:
        await sandbox.close()


def test_polling_measures_a_process_with_its_children() -> None:
    guard = PolledMemory().guard(0, os.getpid(), Limits(memory_bytes=1))
    assert guard.exceeded()
    assert not PollingGuard(os.getpid(), 2**50).exceeded()
    assert not PollingGuard(2**22 - 1, 1).exceeded()


def test_a_control_group_tells_of_its_kills(tmp_path: Path) -> None:
    events = tmp_path / "memory.events"
    guard = CgroupGuard(tmp_path, events.name)
    assert not guard.exceeded()
    events.write_text("low 0\noom 1\noom_kill 0\n")
    assert not guard.exceeded()
    events.write_text("low 0\noom 1\noom_kill 2\n")
    assert guard.exceeded()


def test_slots_are_exclusive_and_free_again(tmp_path: Path) -> None:
    first = slots.claim(tmp_path, wanted=2, total=3, uid_base=None)
    assert [slot.index for slot in first] == [0, 1]
    with pytest.raises(Unavailable) as caught:
        slots.claim(tmp_path, wanted=2, total=3, uid_base=None)
    assert "only 1 of 3" in caught.value.detail
    slots.release(first)
    slots.release(slots.claim(tmp_path, wanted=3, total=3, uid_base=None))


def test_orphans_of_a_dead_gateway_are_swept_when_its_slot_is_claimed(tmp_path: Path) -> None:
    held = slots.claim(tmp_path, wanted=1, total=1, uid_base=None)
    program = "import signal; print(flush=True); signal.pause()"
    orphan = subprocess.Popen([sys.executable, "-c", program, held[0].marker], stdout=subprocess.PIPE)
    assert orphan.stdout is not None
    try:
        assert orphan.stdout.readline() == b"\n"
        assert slots.occupants(held) == [orphan.pid]
        slots.release(held)
        again = slots.claim(tmp_path, wanted=1, total=1, uid_base=None)
        assert orphan.wait(timeout=10) == -signal.SIGKILL
        slots.release(again)
    finally:
        orphan.kill()
        orphan.communicate()


def test_a_killed_gateway_leaves_no_jail(tmp_path: Path) -> None:
    """kill -9 of the whole gateway in the middle of its work; the next one finds every slot empty."""
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from sandbox import code\n"
        "from sandbox.client import Sandbox\n"
        "from sandbox.settings import SandboxSettings\n"
        "code.lock_dir = lambda runtime: Path(sys.argv[1])\n"
        "async def slow():\n"
        "    yield b'%PDF-1.7'\n"
        "    print(len(sandbox.pool.processes), flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "async def main():\n"
        "    await sandbox.start()\n"
        "    await sandbox.inspect(slow())\n"
        "sandbox = Sandbox(SandboxSettings(slot_uid_base=int(sys.argv[2])))\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[2]
    uid_base = 60900 + os.getpid() % 200
    command = [sys.executable, "-c", program, str(tmp_path), str(uid_base)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, text=True) as gateway:
        assert gateway.stdout is not None
        assert int(gateway.stdout.readline()) >= 1
        gateway.kill()
    # Slots and user ids of its own: what is seen in them is this gateway's and nobody else's.
    held = slots.claim(tmp_path, wanted=6, total=256, uid_base=uid_base if os.geteuid() == 0 else None)
    try:
        for _ in range(5):
            for pid in slots.occupants(held):
                # Killed by its parent's death or by the claim; what is still seen is on its way out.
                _gone(pid)
        assert slots.occupants(held) == []
    finally:
        slots.release(held)


def _gone(pid: int) -> None:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    import select

    try:
        ended, _, _ = select.select([pidfd], [], [], 10)
        status = Path(f"/proc/{pid}/status")
        assert ended, f"process {pid} lives on: {status.read_text() if status.exists() else 'just now gone'}"
    finally:
        os.close(pidfd)
