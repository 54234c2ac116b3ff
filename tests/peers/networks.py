"""Networks that do not reach each other: namespaces of Linux, joined by this machine as by the internet between them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

INTERNET = "10.99.0.1"
"""This machine, as every network reaches it; nothing is passed on between them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """`inside` begins a command line that runs there; `address` is its own."""

    name: str
    address: str

    @property
    def inside(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name)


def may_make_networks() -> bool:
    if os.geteuid() != 0:
        return False
    probe = f"papertap-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False).returncode == 0
    subprocess.run(["ip", "netns", "del", probe], capture_output=True, check=False)
    return made


@contextmanager
def apart() -> Iterator[tuple[Network, Network]]:
    """Two networks with a way to INTERNET and none to each other, but for a wire that `cut` takes away."""
    with ExitStack() as stack:
        _ip("addr", "replace", f"{INTERNET}/32", "dev", "lo")
        stack.callback(_ip, "addr", "del", f"{INTERNET}/32", "dev", "lo")
        home, away = (stack.enter_context(_network(number, name)) for number, name in ((1, "home"), (2, "away")))
        _ip("link", "add", "pt-wire", "netns", home.name, "type", "veth", "peer", "name", "pt-wire", "netns", away.name)
        for network, address in ((home, "10.99.3.1/24"), (away, "10.99.3.2/24")):
            _ip("-n", network.name, "addr", "add", address, "dev", "pt-wire")
            _ip("-n", network.name, "link", "set", "pt-wire", "up")
        yield home, away


WIRE = "10.99.3.1"
"""The home network as the other reaches it over the wire."""


def cut(network: Network) -> None:
    """What is then sent to the house goes out into the world, where such an address leads nowhere: nobody answers."""
    _ip("-n", network.name, "link", "del", "pt-wire")
    _ip("-n", network.name, "route", "add", f"{WIRE}/32", "via", f"{network.address.rpartition('.')[0]}.1")


@contextmanager
def _network(number: int, kind: str) -> Iterator[Network]:
    name, near = f"papertap-{kind}-{os.getpid()}", f"pt-{kind}{os.getpid() % 100_000}"
    address = f"10.99.{number}.2"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", "outside", "netns", name)
        _ip("addr", "add", f"10.99.{number}.1/24", "dev", near)
        _ip("link", "set", near, "up")
        for command in (
            ("addr", "add", f"{address}/24", "dev", "outside"),
            ("link", "set", "outside", "up"),
            ("link", "set", "lo", "up"),
            ("route", "add", f"{INTERNET}/32", "via", f"10.99.{number}.1"),
        ):
            _ip("-n", name, *command)
        yield Network(name=name, address=address)
    finally:
        # A namespace lives on for as long as a program in it does; its end of the wire must not.
        subprocess.run(["ip", "link", "del", near], capture_output=True, check=False)
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
