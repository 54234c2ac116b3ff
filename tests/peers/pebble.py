"""Pebble, the ACME test server of Let's Encrypt, with a name server of its own, on ports and files of the test."""

import json
import os
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.peers.names import Records, name_server
from tests.peers.processes import free_port, stopped, wait_for

CUSTOMER, SECRET = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
"""Of an account that is bound to a customer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pebble:
    """`directory` is an address, `ca` the PEM file of the CA of its TLS."""

    directory: str
    ca: Path
    management: str
    process: subprocess.Popen[bytes]

    def root(self) -> bytes:
        """PEM of the root below which it signs; another one at each start."""
        trust = ssl.create_default_context(cafile=str(self.ca))
        with urllib.request.urlopen(f"{self.management}/roots/0", context=trust, timeout=60) as answer:
            octets: bytes = answer.read()
        return octets


@contextmanager
def pebble(folder: Path, *, http_port: int, records: Records, customers_only: bool = False) -> Iterator[Pebble]:
    """Looks at `http_port` of the names in `records` instead of port 80, and refuses every twentieth nonce."""
    authority, port, management = trustme.CA(), free_port(), free_port()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    certificate, key, ca, config = (folder / name for name in ("pebble.crt", "pebble.key", "ca.pem", "pebble.json"))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    ca.write_bytes(authority.cert_pem.bytes())
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(certificate),
        "privateKey": str(key),
        "httpPort": http_port,
        "tlsPort": free_port(),
        "externalAccountBindingRequired": customers_only,
        "externalAccountMACKeys": {CUSTOMER: SECRET} if customers_only else {},
    }
    config.write_text(json.dumps({"pebble": settings}))
    with name_server(records) as names, (folder / "pebble.log").open("wb") as log:
        command: Sequence[str] = ("pebble", "-strict", "-config", str(config), "-dnsserver", f"127.0.0.1:{names}")
        environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1"}
        with stopped(subprocess.Popen(command, stdout=log, stderr=log, env=environment)) as process:
            wait_for(port, process)
            wait_for(management, process)
            yield Pebble(
                directory=f"https://localhost:{port}/dir",
                ca=ca,
                management=f"https://localhost:{management}",
                process=process,
            )
