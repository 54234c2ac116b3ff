"""Private Postfixes: one that takes mail into its queue, and one that relays it."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.processes import free_port, wait_for
from tests.peers.scratch import scratch

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


_RELAY_MAIN = """compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
mail_owner = postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.invalid
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
default_transport = {nexthop}
smtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
smtp_tls_security_level = may
minimal_backoff_time = 2s
queue_run_delay = 2s
maillog_file = {root}/log
maillog_file_prefixes = /
"""


@contextmanager
def postfix() -> Iterator[int]:
    """A Postfix that puts each mail into its hold queue, with fsync; yields its SMTP port."""
    with _running(_POSTFIX_MAIN) as (port, _):
        yield port


@dataclass(frozen=True, kw_only=True, slots=True)
class Relay:
    """A Postfix that hands everything on."""

    port: int
    root: Path

    def until_empty(self, *, seconds: float = 60.0) -> None:
        """Until the next hop has taken all of it; AssertionError with its log when it does not."""
        end = time.monotonic() + seconds
        while waiting := [path for name in ("incoming", "active", "deferred") for path in self._queued(name)]:
            log = self.root / "log"
            assert time.monotonic() < end, (waiting, log.read_text() if log.exists() else "")
            time.sleep(0.05)

    def _queued(self, name: str) -> list[Path]:
        return [path for path in (self.root / "queue" / name).rglob("*") if path.is_file()]


@contextmanager
def relaying_postfix(nexthop: str) -> Iterator[Relay]:
    """`nexthop` as Postfix has it: smtp:[127.0.0.1]:2525, lmtp:[127.0.0.1]:2424."""
    with _running(_RELAY_MAIN, nexthop=nexthop) as (port, root):
        yield Relay(port=port, root=root)


@contextmanager
def _running(settings: str, **more: str) -> Iterator[tuple[int, Path]]:
    root = Path(tempfile.mkdtemp(prefix="postfix-", dir=scratch()))
    root.chmod(0o755)
    port = free_port()
    config = root / "config"
    shutil.copytree("/etc/postfix", config, symlinks=True, ignore_dangling_symlinks=True)
    (config / "main.cf").write_text(settings.format(root=root, **more))
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
        yield port, root
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
