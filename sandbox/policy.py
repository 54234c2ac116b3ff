"""The jail as a command line: what a worker sees, what it may use and what it may never do. Pure: facts in, argv out.

Each option of bubblewrap here answers something that was seen to go wrong without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.settings import Limits

APP = "/app"
PACKAGES = "/packages"

# Fonts and the programs' own files; a machine without one of them still prints.
_OPTIONAL = (
    "/etc/fonts",
    "/etc/ghostscript",
    "/etc/libreoffice",
    "/var/lib/ghostscript",
    "/var/cache/fontconfig",
)
_SHM_BYTES = 8 * 1024 * 1024
_ENVIRONMENT = {"HOME": "/tmp", "PATH": "/usr/bin", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"}  # noqa: S108 - the jail's own


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """Absolute paths of the programs that build the jail."""

    bwrap: str = "/usr/bin/bwrap"
    prlimit: str = "/usr/bin/prlimit"
    setpriv: str = "/usr/bin/setpriv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """The interpreter and what it needs: (host path, path in the jail) pairs, bound read-only.

    `start` is the statement that runs the worker, `paths` is where in the jail it finds its modules.
    """

    python: str
    binds: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = (APP, PACKAGES)
    start: str = "from sandbox.jail.worker import main; main()"
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Whom a worker runs as. `uid` None means: as whoever started us, who then must not be root."""

    marker: str
    uid: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Jail:
    """Everything the command line is made from."""

    code: Code
    identity: Identity
    seccomp_fd: int
    info_fd: int
    limits: Limits = field(default_factory=Limits)
    tools: Tools = field(default_factory=Tools)


def jail_argv(jail: Jail, command: Sequence[str]) -> list[str]:
    """The whole command line that runs `command` in the jail."""
    return [*_drop(jail), *_rlimits(jail), *_bwrap(jail), "--", *command]


def worker_command(jail: Jail) -> list[str]:
    """Start the worker; the marker is its last argument so that an orphan can be recognised."""
    start = f"import sys; sys.path[:0] = {list(jail.code.paths)!r}; {jail.code.start}"
    return [jail.code.python, "-I", "-S", "-B", "-c", start, jail.identity.marker]


START_SECONDS = 10
"""Of the processor, which LibreOffice takes to start and to warm up before any document."""


def cpu_seconds(limits: Limits) -> int:
    """The processor time of the longest document there may be; the wall-clock watchdog is the sharper limit."""
    return int(limits.wall_seconds + limits.page_seconds * limits.max_pages) + START_SECONDS


def wall_seconds(limits: Limits, pages: int) -> float:
    """The wall-clock limit of a document of `pages` pages. The count comes from the worker, so it is capped here."""
    return limits.wall_seconds + limits.page_seconds * min(max(pages, 0), limits.max_pages)


def _drop(jail: Jail) -> list[str]:
    if jail.identity.uid is None:
        return []
    uid = str(jail.identity.uid)
    return [jail.tools.setpriv, "--reuid", uid, "--regid", uid, "--clear-groups", "--no-new-privs", "--"]


def _rlimits(jail: Jail) -> list[str]:
    limits = jail.limits
    argv = [
        jail.tools.prlimit,
        f"--as={limits.address_space_bytes}",
        f"--fsize={limits.tmp_bytes}",
        f"--cpu={cpu_seconds(limits)}",
        f"--nofile={limits.open_files}",
        "--core=0",
    ]
    if jail.identity.uid is not None:
        # A plain user's own processes would count against this one; there the worker sets it inside its namespace.
        argv.append(f"--nproc={limits.processes}")
    return argv


def _bwrap(jail: Jail) -> list[str]:
    limits = jail.limits
    argv = [jail.tools.bwrap, "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--disable-userns"]
    argv += ["--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--hostname", "jail"]
    argv += ["--seccomp", str(jail.seccomp_fd), "--info-fd", str(jail.info_fd)]
    argv += ["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"]
    argv += ["--symlink", "usr/lib64", "/lib64"]
    for path in _OPTIONAL:
        argv += ["--ro-bind-try", path, path]
    for source, target in jail.code.binds:
        argv += ["--ro-bind", source, target]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    argv += ["--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm"]  # noqa: S108 - the jail's own
    argv += ["--size", str(limits.tmp_bytes), "--tmpfs", "/tmp", "--remount-ro", "/", "--clearenv"]  # noqa: S108
    for name, value in (*_ENVIRONMENT.items(), *jail.code.environment):
        argv += ["--setenv", name, value]
    return [*argv, "--chdir", "/tmp"]  # noqa: S108 - the jail's own
