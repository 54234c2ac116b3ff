"""A Papertap of its own in a child process, on a data directory on a real disk."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers import free_port, stopped, wait_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """`port` is the IPP port; `environment` reaches the same data directory by the command line."""

    port: int
    http_port: int
    data: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def papertap(self, *words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            check=True,
            capture_output=True,
            text=True,
            env=self.environment,
        ).stdout

    def queued(self) -> int:
        rows = json.loads(self.papertap("printer", "list", "--json"))
        return sum(row["queued"] for row in rows)

    def memory(self) -> int:
        """Peak resident octets of the front process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the process is gone")


@contextmanager
def papertap(*, roles: str = "front", printers: tuple[str, ...] = ("bench",)) -> Iterator[Instance]:
    """Serves `roles` with pull printers of the names given."""
    data = Path(tempfile.mkdtemp(prefix="papertap-", dir="/var/tmp"))
    port, http_port = free_port(), free_port()
    environment = {
        **os.environ,
        "PAPERTAP_DATA": str(data),
        "PAPERTAP_LISTEN__HOST": "127.0.0.1",
        "PAPERTAP_IPP__PORT": str(port),
        "PAPERTAP_HTTP__PORT": str(http_port),
        "PAPERTAP_HTTPS__PORT": str(free_port()),
        "PAPERTAP_MDNS__ENABLED": "false",
    }
    command = [sys.executable, "-m", "gateway"]
    try:
        for name in printers:
            subprocess.run([*command, "printer", "add", name], check=True, capture_output=True, env=environment)
        with (data.with_suffix(".log")).open("wb") as log:
            process = subprocess.Popen([*command, "serve", "--roles", roles], env=environment, stdout=log, stderr=log)
        with stopped(process):
            wait_for(port, process)
            yield Instance(port=port, http_port=http_port, data=data, process=process, environment=environment)
    finally:
        shutil.rmtree(data, ignore_errors=True)
        data.with_suffix(".log").unlink(missing_ok=True)


def healthy(instance: Instance) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.http_port}/healthz", timeout=10) as answer:
        return bool(answer.status == 200)
