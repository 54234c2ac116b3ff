"""snmpd (Net-SNMP) that answers as a printer does, by SNMP v1, v2c and v3."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.processes import stopped
from tests.peers.scratch import scratch

CHANGING = (
    "1.3.6.1.2.1.25.3.2.1.5",
    "1.3.6.1.2.1.25.3.5.1.1.1",
    "1.3.6.1.2.1.25.3.5.1.2.1",
    "1.3.6.1.2.1.43.10",
    "1.3.6.1.2.1.43.16",
)
LIFE_COUNT = 48213
USER, SIGNING, CIPHERING = "auditor", "sign-it-please", "hide-it-please"
_CONFIG = f"""rocommunity public 127.0.0.1
createUser {USER} SHA {SIGNING} AES {CIPHERING}
rouser {USER} priv
sysLocation 3rd floor, C-301
sysName bench
override 1.3.6.1.2.1.25.3.2.1.3.1 octet_str "Bench LaserPro 9"
override 1.3.6.1.2.1.43.5.1.1.17.1 octet_str "SN-4711"
override 1.3.6.1.2.1.43.5.1.1.16.1 octet_str "Bench"
"""
# Values that change: snmpd runs this for each, and a file of the object's number holds type and value.
_TOLD = """#!/bin/sh
[ "$1" = -g ] && [ -f "{folder}/$2" ] && echo "$2" && cat "{folder}/$2"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnmpPrinter:
    """`port`: UDP on 127.0.0.1."""

    port: int
    folder: Path

    def tells(self, number: str, kind: str, value: str) -> None:
        """From now on; `kind` is "integer", "counter", "string", or "octet" with its octets in hexadecimal."""
        fresh = self.folder / "fresh"
        fresh.write_text(f"{kind}\n{value}\n")
        fresh.replace(self.folder / f".{number}")


@contextmanager
def snmp_printer() -> Iterator[SnmpPrinter]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    root = Path(tempfile.mkdtemp(prefix="snmpd-", dir=scratch()))
    folder, program = root / "told", root / "tell"
    folder.mkdir()
    printer = SnmpPrinter(port=port, folder=folder)
    program.write_text(_TOLD.format(folder=folder))
    program.chmod(0o755)
    printer.tells("1.3.6.1.2.1.43.10.2.1.4.1.1", "counter", str(LIFE_COUNT))
    changing = (f"pass -p 1 .{number} {program}\n" for number in CHANGING)
    (root / "snmpd.conf").write_text(_CONFIG + "".join(changing))
    command = ["snmpd", "-f", "-Lf", str(root / "log"), "-C", "-c", str(root / "snmpd.conf"), "-p", str(root / "pid")]
    process = subprocess.Popen(
        [*command, f"udp:127.0.0.1:{port}"], env={**os.environ, "SNMP_PERSISTENT_DIR": str(root), "MIBS": ""}
    )
    try:
        with stopped(process):
            yield printer
    finally:
        shutil.rmtree(root, ignore_errors=True)
