"""npm's oidc-provider: real OpenID providers on free ports, where any account name signs in."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from select import select

from tests.peers.processes import stopped

HERE = Path(__file__).parent
SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """How we are known at one provider."""

    name: str
    id: str
    secret: str
    redirect_uri: str


@contextmanager
def oidc_providers(*clients: Client) -> Iterator[dict[str, str]]:
    """One provider for each client: name to issuer. RuntimeError when they do not start."""
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("node is missing: run make setup-test")
    given = [f"{one.name},{one.id},{one.secret},{one.redirect_uri}" for one in clients]
    process = subprocess.Popen(
        [node, "--no-warnings", str(HERE / "oidc.mjs"), *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PEER_MODULES": str(HERE / "node")},
    )
    assert process.stdout is not None
    with stopped(process), process.stdout:
        line = b""
        while not line.endswith(b"\n"):
            if not select([process.stdout], [], [], SECONDS)[0]:
                raise RuntimeError("the OpenID providers did not start")
            octets = os.read(process.stdout.fileno(), 65536)
            if not octets:
                raise RuntimeError(f"the OpenID providers ended with status {process.wait()}")
            line += octets
        # What it warns about its quick start comes before; its own line is the last one.
        yield json.loads(line.splitlines()[-1])
