"""A relay of its own in a child process: the role that stands outside."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.processes import stopped, wait_for


@contextmanager
def relay(port: int, *gateways: str, data: Path, host: str = "127.0.0.1", tls: bool = False) -> Iterator[None]:
    """Listens at `port` of `host`, plainly or with TLS by an authority of its own, `data`/tls/ca.crt."""
    on, off = ("HTTPS", "HTTP") if tls else ("HTTP", "HTTPS")
    environment = {
        **os.environ,
        "PAPERTAP_DATA": str(data),
        "PAPERTAP_LISTEN__HOST": host,
        f"PAPERTAP_{on}__PORT": str(port),
        f"PAPERTAP_{off}__ENABLED": "false",
        "PAPERTAP_HTTPS__NAMES": json.dumps([host]),
        "PAPERTAP_RELAY__GATEWAYS": json.dumps(gateways),
    }
    command = [sys.executable, "-m", "gateway", "serve", "--roles", "relay"]
    with stopped(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)) as process:
        wait_for(port, process, host=host)
        yield
