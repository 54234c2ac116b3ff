"""Debian's name servers, private ones on ports of their own: unbound as the site's resolver, bind9 as its master."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.processes import free_port, stopped, wait_for

_UNBOUND = """
server:
    interface: {address}
    port: {port}
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    do-not-query-localhost: no
    access-control: 0.0.0.0/0 allow
    module-config: "{modules}"
    num-threads: 1
    send-client-subnet: 127.0.0.1
    client-subnet-always-forward: yes
    max-client-subnet-ipv4: 32
    local-zone: "10.in-addr.arpa." nodefault
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@1
remote-control:
    control-enable: no
{stubs}
"""
_STUB = """
stub-zone:
    name: "{zone}"
    stub-addr: 127.0.0.1@{port}
    stub-no-cache: no
"""
_NAMED = """
options {{
    directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile "{folder}/session.key";
    recursion no;
    allow-query {{ any; }};
    allow-transfer {{ 127.0.0.1; }};
    max-records-per-type {records};
}};
zone "{zone}" {{ type master; file "{folder}/zone"; allow-update {{ 127.0.0.1; }}; }};
"""


@contextmanager
def unbound(zones: list[str], authority: int, *, subnets: bool = False, refused: str = "") -> Iterator[int]:
    """The port of a resolver that asks 127.0.0.1 port `authority` for `zones`; with `subnets` it tells for whom.

    Of `refused`, a name with all below it, it wants to know nothing.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="unbound-") as name:
        stubs = "".join(_STUB.format(zone=zone, port=authority) for zone in zones)
        modules = "subnetcache iterator" if subnets else "iterator"
        stubs = (f'server:\n    local-zone: "{refused}." refuse\n' if refused else "") + stubs
        text = _UNBOUND.format(address="127.0.0.1", port=port, folder=name, stubs=stubs, modules=modules)
        configuration = Path(name) / "unbound.conf"
        configuration.write_text(text)
        with _running(["/usr/sbin/unbound", "-d", "-c", str(configuration)], port):
            yield port


@contextmanager
def bind9(zone: str, text: str, *, records: int = 1000) -> Iterator[int]:
    """The port of a master of `zone` with this zone file, which takes updates from this machine."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="named-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "zone").write_text(text)
        (folder / "named.conf").write_text(_NAMED.format(folder=name, port=port, zone=zone, records=records))
        with _running(["/usr/sbin/named", "-g", "-n", "1", "-c", str(folder / "named.conf")], port):
            yield port


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with stopped(process):
        wait_for(port, process)
        yield


def dig(port: int, *words: str, address: str = "127.0.0.1") -> str:
    command = ["dig", f"@{address}", "-p", str(port), "+tries=2", "+time=5", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def nsupdate(script: str) -> str:
    done = subprocess.run(["nsupdate"], input=script, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stderr
