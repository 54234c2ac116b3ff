"""A private cupsd: as a peer to be measured against, and as a client that prints to us."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.processes import free_port, stopped, wait_for, wait_for_file
from tests.peers.scratch import scratch

_FOLDERS = (
    ("", 0o755),
    ("spool", 0o710),
    ("spool/tmp", 0o1770),
    ("cache", 0o770),
    ("state", 0o755),
    ("ssl", 0o700),
)
PATIENCE = 60.0

_CUPSD = """LogLevel none
MaxLogSize 0
MaxJobs 0
MaxClients 500
MaxClientsPerHost 500
PreserveJobHistory Yes
PreserveJobFiles Yes
Browsing Off
DefaultAuthType None
WebInterface No
Listen 127.0.0.1:{port}
Listen {root}/cups.sock
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
_CUPS_FILES = """FileDevice Yes
User lp
Group lp
SystemGroup root lpadmin
ServerRoot {root}
RequestRoot {root}/spool
TempDir {root}/spool/tmp
CacheDir {root}/cache
StateDir {root}/state
AccessLog {root}/access_log
ErrorLog {root}/error_log
PageLog {root}/page_log
ServerKeychain {root}/ssl
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cups:
    """`port` takes IPP; `run` calls one of CUPS' own commands on this instance, `within` its network."""

    port: int
    root: Path
    within: tuple[str, ...] = ()

    def run(self, *command: str, check: bool = True) -> str:
        done = subprocess.run(
            [*self.within, *command],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "CUPS_SERVER": f"127.0.0.1:{self.port}", "LC_ALL": "C.UTF-8"},
        )
        if check and done.returncode:
            raise RuntimeError(f"{command} ended with status {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def add_queue(self, name: str, uri: str, *options: str) -> None:
        """Driverless, as a user would add it, who tries again when cupsd is too busy to be connected to.

        cupsd makes the queue's PPD in a thread and shares what it knows of formats with it unguarded: when the next
        request comes meanwhile, a queue may be left that takes no PDF. It is added once more then.
        """
        end = time.monotonic() + PATIENCE
        while not (self._added(name, uri, *options) and self._takes_pdf(name)):
            if time.monotonic() > end:
                raise RuntimeError(f"cupsd makes no queue {name} that takes PDF")
            time.sleep(0.5)

    def _added(self, name: str, uri: str, *options: str) -> bool:
        try:
            self.run("lpadmin", "-p", name, "-E", "-v", uri, "-m", "everywhere", *options)
        except RuntimeError as error:
            if "Unable to connect to server" in str(error):
                return False
            raise
        return True

    def _takes_pdf(self, name: str) -> bool:
        queue = f"ipp://127.0.0.1:{self.port}/printers/{name}"
        end = time.monotonic() + 5
        while time.monotonic() < end:
            told = self.run("ipptool", "-tv", queue, "get-printer-attributes.test", check=False)
            if (self.root / "ppd" / f"{name}.ppd").exists() and re.search(
                r"document-format-supported .*application/pdf", told
            ):
                return True
            time.sleep(0.1)
        return False


@contextmanager
def cupsd(within: tuple[str, ...] = ()) -> Iterator[Cups]:
    """A cupsd without queues, on a real disk, since CUPS is measured with its writes, too.

    `within` are words in front of its command, such as those of a network namespace.
    """
    root = Path(tempfile.mkdtemp(prefix="cupsd-", dir=scratch()))
    port, group = free_port(), pwd.getpwnam("lp").pw_gid
    try:
        for name, mode in _FOLDERS:
            folder = root / name
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)
            os.chown(folder, -1, group)
        (root / "cupsd.conf").write_text(_CUPSD.format(port=port, root=root))
        (root / "cups-files.conf").write_text(_CUPS_FILES.format(root=root))
        command = [*within, "/usr/sbin/cupsd", "-f", "-c", f"{root}/cupsd.conf", "-s", f"{root}/cups-files.conf"]
        with stopped(subprocess.Popen(command, stderr=subprocess.DEVNULL)) as process:
            if within:
                wait_for_file(root / "cups.sock", process)
            else:
                wait_for(port, process)
            yield Cups(port=port, root=root, within=within)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def held_queue() -> Iterator[int]:
    """The port of a cupsd whose queue `bench` takes every job and prints none."""
    with cupsd() as cups:
        cups.run("lpadmin", "-p", "bench", "-E", "-v", "file:///dev/null", "-o", "job-hold-until-default=indefinite")
        yield cups.port
