"""Private instances of the peers that Papertap is measured against; nothing of the machine's own is touched."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes] | None = None, *, seconds: float = 20.0) -> None:
    """Until something listens; RuntimeError when the process ended or nothing came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")


@contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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


@contextmanager
def cupsd(queue: str = "bench", *, held: bool = True) -> Iterator[int]:
    """A cupsd with one queue that holds every job; yields its port. `/printers/<queue>` is the path."""
    root = Path(
        tempfile.mkdtemp(prefix="cupsd-", dir="/var/tmp")
    )  # not a memory file system: CUPS writes to a disk too
    port = free_port()
    group = pwd.getpwnam("lp").pw_gid
    try:
        for name, mode in (
            ("", 0o755),
            ("spool", 0o710),
            ("spool/tmp", 0o1770),
            ("cache", 0o770),
            ("state", 0o755),
            ("ssl", 0o700),
        ):
            folder = root / name
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)
            os.chown(folder, -1, group)
        (root / "cupsd.conf").write_text(_CUPSD.format(port=port, root=root))
        (root / "cups-files.conf").write_text(_CUPS_FILES.format(root=root))
        command = ["/usr/sbin/cupsd", "-f", "-c", f"{root}/cupsd.conf", "-s", f"{root}/cups-files.conf"]
        with stopped(subprocess.Popen(command, stderr=subprocess.DEVNULL)) as process:
            wait_for(port, process)
            options = ["-o", "job-hold-until-default=indefinite"] if held else []
            subprocess.run(
                ["lpadmin", "-h", f"127.0.0.1:{port}", "-p", queue, "-E", "-v", "file:///dev/null", *options],
                check=True,
                capture_output=True,
            )
            yield port
    finally:
        shutil.rmtree(root, ignore_errors=True)


_BUS = """<busconfig>
  <type>custom</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>"""


@contextmanager
def ippeveprinter() -> Iterator[int]:
    """The reference printer of the CUPS project; `/ipp/print` is the path. It wants a system bus: it gets its own."""
    port = free_port()
    root = Path(tempfile.mkdtemp(prefix="ippeve-", dir="/var/tmp"))
    (root / "bus.conf").write_text(_BUS.format(path=root / "bus"))
    bus = subprocess.Popen(["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={root / 'bus.conf'}"])
    command = ["ippeveprinter", "-p", str(port), "-d", str(root), "-K", str(root), "-r", "off", "-c", "/bin/true"]
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={root / 'bus'}"}
    try:
        with stopped(bus), (root / "log").open("wb") as log:
            while not (root / "bus").exists():
                time.sleep(0.02)
            printer = subprocess.Popen([*command, "Bench"], stdout=log, stderr=log, env=environment)
            with stopped(printer):
                wait_for(port, printer)
                yield port
    finally:
        shutil.rmtree(root, ignore_errors=True)


_POSTFIX_MAIN = """compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
mail_owner = postfix
inet_interfaces = 127.0.0.1
myhostname = bench.invalid
mydestination = bench.invalid
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_data_restrictions = check_client_access static:HOLD
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
message_size_limit = 104857600
default_process_limit = 200
maillog_file = /dev/null
maillog_file_prefixes = /dev
"""


@contextmanager
def postfix() -> Iterator[int]:
    """A Postfix that puts each mail into its hold queue, with fsync; yields its SMTP port."""
    root = Path(tempfile.mkdtemp(prefix="postfix-", dir="/var/tmp"))
    root.chmod(0o755)
    port = free_port()
    config = root / "config"
    shutil.copytree("/etc/postfix", config, symlinks=True, ignore_dangling_symlinks=True)
    (config / "main.cf").write_text(_POSTFIX_MAIN.format(root=root))
    master = Path("/usr/share/postfix/master.cf.dist").read_text().splitlines()
    lines = [f"127.0.0.1:{port} inet n - n - - smtpd" if line.startswith("smtp      inet") else line for line in master]
    (config / "master.cf").write_text("\n".join(_unchrooted(line) for line in lines) + "\n")
    (root / "queue").mkdir()
    (root / "data").mkdir()
    shutil.chown(root / "data", "postfix")
    control = ["postfix", "-c", str(config)]
    try:
        subprocess.run([*control, "start"], check=True, capture_output=True)
        wait_for(port)
        yield port
    finally:
        subprocess.run([*control, "stop"], check=False, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)


def _unchrooted(line: str) -> str:
    """Debian's services run in a chroot that this private instance does not have."""
    fields = line.split()
    if len(fields) >= 8 and fields[4] == "y":
        fields[4] = "n"
        return " ".join(fields)
    return line


def smtp_source(port: int, *, octets: int, concurrency: int, messages: int) -> float:
    """Messages a second that Postfix takes into its queue."""
    began = time.monotonic()
    subprocess.run(
        [
            "smtp-source",
            "-s",
            str(concurrency),
            "-l",
            str(octets),
            "-m",
            str(messages),
            "-c",
            "-f",
            "a@bench.invalid",
            "-t",
            "b@bench.invalid",
            f"127.0.0.1:{port}",
        ],
        check=True,
        capture_output=True,
    )
    return messages / (time.monotonic() - began)
