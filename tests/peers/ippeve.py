"""ippeveprinter, the reference printer of the CUPS project."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.processes import free_port, stopped, wait_for
from tests.peers.scratch import scratch

_BUS = """<busconfig>
  <type>custom</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>"""


@contextmanager
def ippeveprinter() -> Iterator[int]:
    """The reference printer of the CUPS project; `/ipp/print` is the path. It wants a system bus: it gets its own."""
    port = free_port()
    root = Path(tempfile.mkdtemp(prefix="ippeve-", dir=scratch()))
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
