"""Two subnets with a router between them, which passes no multicast: this machine in one, a client's namespace in the other.

here 10.x.1.1 -- 10.x.1.254 router 10.x.2.254 -- 10.x.2.2 client
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.processes import stopped

_UNBOUND = """
server:
    interface: 127.0.0.1
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    module-config: "iterator"
    {records}
stub-zone:
    name: "{zone}"
    stub-addr: {server}@{port}
remote-control:
    control-enable: no
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subnets:
    """`server` is this machine's address, `server_6` its one by IPv6; `within` are the words in front of a command of the client.

    `beside` are those of somebody in the server's own network, the router, whose addresses there are `neighbour`
    and `neighbour_6`.
    """

    server: str
    client: str
    network: str
    within: tuple[str, ...]
    beside: tuple[str, ...]
    neighbour: str
    server_6: str
    neighbour_6: str

    @contextmanager
    def resolver(self, zone: str, port: int, *records: str) -> Iterator[None]:
        """At the client a resolver as DHCP would name one: unbound at 127.0.0.1, which asks the server for `zone`.

        It knows further `records`, as in a zone file.
        """
        folder = Path("/etc/netns") / self.within[-1]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        configuration = folder / "unbound.conf"
        further = "\n    ".join(f"local-data: '{record}'" for record in records)
        configuration.write_text(
            _UNBOUND.format(zone=zone, server=self.server, port=port, folder=folder, records=further)
        )
        command = [*self.within, "/usr/sbin/unbound", "-d", "-c", str(configuration)]
        asked = [*self.within, "dig", "@127.0.0.1", "+time=1", "+tries=1", "+short", zone, "SOA"]
        with stopped(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)):
            for _ in range(60):
                if "hostmaster" in subprocess.run(asked, capture_output=True, text=True, check=False).stdout:
                    break
            else:
                raise RuntimeError("the client's resolver does not answer")
            yield


@contextmanager
def two_subnets() -> Iterator[Subnets]:
    """Skips, with the reason, where this user may make no network namespace."""
    tag, net = f"pt{os.getpid() % 100_000}", 100 + os.getpid() % 100
    router, client, near, far = f"{tag}r", f"{tag}c", f"{tag}n", f"{tag}f"
    first = subprocess.run(["ip", "netns", "add", router], capture_output=True, text=True, check=False)
    if first.returncode:
        pytest.skip(f"no network namespace may be made here: {first.stderr.strip()}")
    try:
        _ip("netns", "add", client)
        _link(near, router, "lan0", f"10.{net}.1.1", f"10.{net}.1.254")
        inside = ("netns", "exec", router, "ip")
        _ip(*inside, "link", "add", far, "type", "veth", "peer", "name", "lan1")
        _ip(*inside, "link", "set", far, "netns", client)
        _ip(*inside, "addr", "add", f"10.{net}.2.254/24", "dev", "lan1")
        _ip(*inside, "link", "set", "lan1", "up")
        at_client = ("netns", "exec", client, "ip")
        _ip(*at_client, "addr", "add", f"10.{net}.2.2/24", "dev", far)
        for device in (far, "lo"):
            _ip(*at_client, "link", "set", device, "up")
        _ip(*at_client, "route", "add", "default", "via", f"10.{net}.2.254")
        _ip("route", "add", f"10.{net}.2.0/24", "via", f"10.{net}.1.254")
        _ip("addr", "add", f"fd00:{net}::1/64", "dev", near, "nodad")
        _ip(*inside, "addr", "add", f"fd00:{net}::254/64", "dev", "lan0", "nodad")
        _ip("netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield Subnets(
            server=f"10.{net}.1.1",
            client=f"10.{net}.2.2",
            network=f"10.{net}.2.0/24",
            within=("ip", "netns", "exec", client),
            beside=("ip", "netns", "exec", router),
            neighbour=f"10.{net}.1.254",
            server_6=f"fd00:{net}::1",
            neighbour_6=f"fd00:{net}::254",
        )
    finally:
        shutil.rmtree(f"/etc/netns/{client}", ignore_errors=True)
        for name in (client, router):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "delete", near], capture_output=True, check=False)


def _link(near: str, router: str, inner: str, here: str, there: str) -> None:
    _ip("link", "add", near, "type", "veth", "peer", "name", inner, "netns", router)
    _ip("addr", "add", f"{here}/24", "dev", near)
    _ip("link", "set", near, "up")
    _ip("netns", "exec", router, "ip", "addr", "add", f"{there}/24", "dev", inner)
    _ip("netns", "exec", router, "ip", "link", "set", inner, "up")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
