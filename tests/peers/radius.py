"""Debian's FreeRADIUS on a free port of this machine, with users in a file."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.processes import stopped

FREERADIUS = "/usr/sbin/freeradius"
SECRET = "shared between two machines"

CONFIG = """
prefix = /usr
libdir = /usr/lib/freeradius
run_dir = {folder}
db_dir = {folder}
pidfile = {folder}/radiusd.pid
max_request_time = 5
security {{
  reject_delay = 0
  status_server = yes
}}
client here {{
  ipaddr = 127.0.0.1
  secret = "{secret}"
  require_message_authenticator = yes
}}
modules {{
  always handled {{
    rcode = handled
  }}
  pap {{
  }}
  files {{
    usersfile = {folder}/users
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = {port}
  }}
  authorize {{
    if (&User-Name == "further") {{
      update control {{
        &Response-Packet-Type := Access-Challenge
      }}
      update reply {{
        &Reply-Message := "Type the number of your token"
        &Message-Authenticator := 0x00
      }}
      handled
    }}
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
  }}
  post-auth {{
    update reply {{
      &Message-Authenticator := 0x00
    }}
    Post-Auth-Type REJECT {{
      update reply {{
        &Message-Authenticator := 0x00
      }}
    }}
  }}
}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeRadius:
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def freeradius(folder: Path, **passwords: str) -> Iterator[FreeRadius]:
    """People by name with their passwords; somebody called "further" is asked for a further step."""
    if shutil.which(FREERADIUS) is None:
        raise RuntimeError("freeradius is missing: run make setup-test")
    port = free_udp_port()
    (folder / "radiusd.conf").write_text(CONFIG.format(folder=folder, port=port, secret=SECRET))
    (folder / "users").write_text("".join(f'{n} Cleartext-Password := "{p}"\n' for n, p in passwords.items()))
    (folder / "dictionary").write_text("$INCLUDE /usr/share/freeradius/dictionary\n")
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([FREERADIUS, "-f", "-l", "stdout", "-d", str(folder)], stdout=out, stderr=out)
    with stopped(process):
        end = time.monotonic() + 60
        while "Ready to process requests" not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"freeradius does not start: {log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.05)
        yield FreeRadius(port=port)


def free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
