"""An MQTT broker of its own (mosquitto): TLS for programs, WebSockets for browsers."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.peers.processes import free_port, stopped, wait_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    url: str
    web: str
    ca_file: Path


@contextmanager
def broker() -> Iterator[Broker]:
    tls, web = free_port(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # mosquitto gives its rights up before it reads
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        made = authority.issue_cert("127.0.0.1")
        made.private_key_pem.write_to_path(str(folder / "key.pem"))
        made.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
        for path in folder.iterdir():
            path.chmod(0o644)
        (folder / "mosquitto.conf").write_text(
            f"allow_anonymous true\nlistener {tls} 127.0.0.1\ncertfile {folder}/cert.pem\nkeyfile {folder}/key.pem\n"
            f"listener {web} 127.0.0.1\nprotocol websockets\n"
        )
        command = ["mosquitto", "-c", str(folder / "mosquitto.conf")]
        with stopped(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)) as process:
            wait_for(tls, process)
            wait_for(web, process)
            yield Broker(url=f"mqtts://127.0.0.1:{tls}", web=f"ws://127.0.0.1:{web}/mqtt", ca_file=folder / "ca.pem")
