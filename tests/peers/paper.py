"""A virtual printer in a process of its own, and what came out of it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipp.virtual import Features
from tests.peers.processes import free_port, stopped, wait_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """The output tray: `received` reads what the printer wrote down of a job."""

    directory: Path
    ports: dict[str, int]

    def uri(self, protocol: str) -> str:
        """The device URI of "ipp", "raw" or "lpd"."""
        scheme, path = {"ipp": ("ipp", "/ipp/print"), "raw": ("socket", ""), "lpd": ("lpd", "/virtual")}[protocol]
        return f"{scheme}://127.0.0.1:{self.ports[protocol]}{path}"

    def received(self, name: str, *, seconds: float = 60.0) -> dict[str, Any]:
        """job.json of the newest job whose folder carries `name`, with `pictures`: how many pages were drawn."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            folders = [
                f for f in sorted(self.directory.iterdir()) if name.replace(" ", "-") in f.name.replace(" ", "-")
            ]
            if folders and (folders[-1] / "job.json").exists():
                told: dict[str, Any] = json.loads((folders[-1] / "job.json").read_text())
                return told | {"pictures": len(list(folders[-1].glob("page-*.png"))), "folder": folders[-1]}
            time.sleep(0.1)
        raise AssertionError(f"nothing named {name!r} came out: {[f.name for f in self.directory.iterdir()]}")


@contextmanager
def virtual_printer(directory: Path, features: Features, *misbehave: str) -> Iterator[Paper]:
    ports = {name: free_port() for name in ("ipp", "raw", "lpd")}
    command = [sys.executable, "-m", "ipp.virtual", "--directory", str(directory), "--speed", str(features.speed)]
    command += [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    command += [word for order in misbehave for word in ("--misbehave", order)]
    with stopped(subprocess.Popen(command, stdout=subprocess.DEVNULL)) as process:
        for port in ports.values():
            wait_for(port, process)
        yield Paper(directory=directory, ports=ports)
