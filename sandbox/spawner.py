"""Starts and kills jails. Blocking, and therefore always called through the one thread that `pool` keeps for it.

`--die-with-parent` fires when the *thread* that started bubblewrap ends, so that thread must live as long as the pool.
Killing the outer bubblewrap while it sets up leaves an orphan: the process to kill is the one it reports on its info
descriptor, and it is held by a pidfd so that its number can't come to mean somebody else.
"""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import IO

from sandbox.errors import Unavailable, printable
from sandbox.policy import APP, PACKAGES, Code, Identity, Jail, Tools, jail_argv, worker_command
from sandbox.settings import Limits
from sandbox.slots import Slot, sweep

_SET_UP_SECONDS = 10.0
_POLL_SECONDS = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class Blueprint:
    """What all jails of a pool have in common."""

    code: Code
    seccomp: bytes
    limits: Limits
    tools: Tools


@dataclass(frozen=True, kw_only=True, slots=True)
class Spawned:
    """A started jail: bubblewrap itself, and the first process inside by number and by pidfd."""

    outer: subprocess.Popen[bytes]
    pid: int
    pidfd: int

    @property
    def stdin(self) -> IO[bytes]:
        assert self.outer.stdin is not None
        return self.outer.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self.outer.stdout is not None
        return self.outer.stdout


def spawn(blueprint: Blueprint, slot: Slot, command: list[str] | None = None) -> Spawned:
    """Start a jail in `slot` that runs a worker, or `command`. Unavailable, with bubblewrap's reason, when it fails."""
    with _memory("seccomp") as seccomp_fd, _memory("info") as info_fd:
        # Descriptors for each jail of its own: they would share the read offset of a common one.
        os.write(seccomp_fd, blueprint.seccomp)
        os.lseek(seccomp_fd, 0, os.SEEK_SET)
        jail = Jail(
            code=blueprint.code,
            identity=Identity(marker=slot.marker, uid=slot.uid),
            seccomp_fd=seccomp_fd,
            info_fd=info_fd,
            limits=blueprint.limits,
            tools=blueprint.tools,
        )
        outer = _popen(jail_argv(jail, command or worker_command(jail)), (seccomp_fd, info_fd))
        try:
            return _held(outer, info_fd)
        except Unavailable:
            sweep([slot])
            raise


def run_once(blueprint: Blueprint, slot: Slot, seconds: float) -> str:
    """Start a jail whose interpreter imports the worker's libraries; returns their versions. Unavailable otherwise."""
    program = (
        f"import sys; sys.path[:0] = [{APP!r}, {PACKAGES!r}]; import sandbox.jail.worker, pikepdf, PIL, pypdfium2; "
        "print('pikepdf', pikepdf.__version__, 'Pillow', PIL.__version__, 'pypdfium2', pypdfium2.PYPDFIUM_INFO)"
    )
    jail = spawn(blueprint, slot, [blueprint.code.python, "-I", "-S", "-B", "-c", program, slot.marker])
    try:
        said, complaint = jail.outer.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"the jail did not answer within {seconds} s") from error
    finally:
        kill(jail)
    if jail.outer.returncode != 0:
        raise Unavailable(printable(complaint.decode(errors="replace")[-300:]))
    return printable(said.decode(errors="replace"))


def kill(jail: Spawned) -> None:
    """End the jail and everything in it, and reap it. Call it once."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(jail.pidfd, signal.SIGKILL)
    os.close(jail.pidfd)
    if jail.outer.returncode is None:
        # The namespace ends with its first process; bubblewrap then ends by itself, unless it is stopped.
        try:
            jail.outer.wait(timeout=2)
        except subprocess.TimeoutExpired:
            jail.outer.kill()
            jail.outer.wait()
    for stream in (jail.outer.stdin, jail.outer.stdout, jail.outer.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _popen(argv: list[str], pass_fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(  # noqa: S603 - the line is built by policy from checked values
            argv, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=pass_fds, close_fds=True, bufsize=0, cwd="/"
        )
    except OSError as error:
        raise Unavailable(f"{argv[0]} can't be started: {error.strerror}") from error


@contextlib.contextmanager
def _memory(name: str) -> Iterator[int]:
    descriptor = os.memfd_create(name)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _held(outer: subprocess.Popen[bytes], info_fd: int) -> Spawned:
    try:
        pid = _first_process(outer, info_fd)
        pidfd = os.pidfd_open(pid)
    except (OSError, ValueError) as error:
        outer.kill()
        _, complaint = outer.communicate()
        raise Unavailable(f"no jail: {printable(complaint.decode(errors='replace'))}") from error
    return Spawned(outer=outer, pid=pid, pidfd=pidfd)


def _first_process(outer: subprocess.Popen[bytes], info_fd: int) -> int:
    """The process id that bubblewrap reports, as we see it. ValueError when it ends or stalls without a report.

    The report comes through memory and not through a pipe: were we killed now, a closed pipe would kill bubblewrap
    while its child waits for it, and nobody would ever end that child.
    """
    deadline = monotonic() + _SET_UP_SECONDS
    while monotonic() < deadline:
        ended = outer.poll() is not None
        report = os.pread(info_fd, 4096, 0)
        if b"}" in report:
            return int(json.loads(report)["child-pid"])
        if ended:
            break
        sleep(_POLL_SECONDS)
    raise ValueError("bubblewrap reported no process")
