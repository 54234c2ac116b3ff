"""A TURN server of its own (coturn), with names that expire (use-auth-secret)."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.peers.processes import free_port, stopped, wait_for


@contextmanager
def turn_server(address: str, secret: str) -> Iterator[str]:
    """Its address as browsers write it. It lends ports of `address` to whoever has the right name."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *("turnserver", "-n", "--use-auth-secret", f"--static-auth-secret={secret}", "--realm=papertap.test"),
            *(
                f"--listening-ip={address}",
                f"--relay-ip={address}",
                f"--listening-port={port}",
                "--no-tls",
                "--no-dtls",
            ),
            *("--no-cli", "--no-multicast-peers", f"--userdb={folder}/turn.db", f"--pidfile={folder}/turn.pid"),
            *("--allow-loopback-peers", "--min-port=49160", "--max-port=49260", "--log-file=/dev/null"),
        ]
        with stopped(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)) as process:
            wait_for(port, process, host=address)  # it takes TCP at the same port
            yield f"turn:{address}:{port}?transport=udp"
