"""A private PostgreSQL for the tests: Debian's package, its own cluster, a socket in its own directory, no network."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
INSTALL = "The tests need PostgreSQL: run `make setup`, or `apt-get install postgresql`, and repeat."


@contextmanager
def cluster(*options: str) -> Iterator[str]:
    """The URL of an empty database in a new cluster with fsync on; `options` like "synchronous_commit=off"."""
    if not (PROGRAMS / "initdb").exists():
        raise RuntimeError(INSTALL)
    directory = Path(tempfile.mkdtemp(prefix="papertap-pg-"))
    try:
        as_user = _owner(directory)
        data = directory / "data"
        _run(as_user, "initdb", "-D", data, "-U", "papertap", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
        settings = " ".join(f"-c {each}" for each in ("fsync=on", "listen_addresses=", *options))
        start = ("-D", data, "-l", directory / "log", "-w", "-t", "60", "-o", f"-k {directory} {settings}", "start")
        _run(as_user, "pg_ctl", *start)
        try:
            yield f"postgresql+psycopg://papertap@/postgres?host={directory}"
        finally:
            _run(as_user, "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _owner(directory: Path) -> tuple[str, ...]:
    """PostgreSQL refuses to run as root: its own user owns the cluster then."""
    if os.geteuid() != 0:
        return ()
    user = pwd.getpwnam("postgres")
    os.chown(directory, user.pw_uid, user.pw_gid)
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


def _run(as_user: tuple[str, ...], program: str, *arguments: str | Path) -> None:
    # Output goes to a file: the server would keep a pipe open, and this end would wait for it for ever.
    with tempfile.TemporaryFile() as output:
        command = [*as_user, str(PROGRAMS / program), *map(str, arguments)]
        done = subprocess.run(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/", check=False)
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{program} failed: {output.read().decode(errors='replace')}")
