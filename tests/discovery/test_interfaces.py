"""Which interfaces and addresses are used."""

import pytest

from discovery.interfaces import Chosen, Interface, choose, host_name, interfaces

LO = Interface(name="lo", addresses=("127.0.0.1", "::1"))
ETH = Interface(name="eth0", addresses=("192.0.2.2", "fe80::2", "2001:db8::2"))
WLAN = Interface(name="wlan0", addresses=("198.51.100.3", "198.51.100.4"))
BRIDGE = Interface(name="docker0", addresses=("172.17.0.1",))
ALL = (LO, ETH, WLAN, BRIDGE)


@pytest.mark.parametrize(
    ("wanted", "listen", "tell"),
    [
        ((), ("192.0.2.2", "fe80::2", "198.51.100.3"), ("192.0.2.2", "2001:db8::2", "198.51.100.3", "198.51.100.4")),
        (("eth0",), ("192.0.2.2", "fe80::2"), ("192.0.2.2", "2001:db8::2")),
        (("198.51.100.4",), ("198.51.100.4",), ("198.51.100.4",)),
        (("docker0",), ("172.17.0.1",), ("172.17.0.1",)),
        (("127.0.0.1",), ("127.0.0.1",), ("127.0.0.1",)),
        (("lo",), ("127.0.0.1",), ("127.0.0.1", "::1")),
        (("eth9",), (), ()),
    ],
)
def test_choice(wanted: tuple[str, ...], listen: tuple[str, ...], tell: tuple[str, ...]) -> None:
    assert choose(wanted, ALL) == Chosen(listen=listen, tell=tell)


def test_without_a_network_loopback_is_used() -> None:
    assert choose((), (LO, BRIDGE)).listen == ("127.0.0.1",)


def test_this_machine_has_loopback() -> None:
    assert any("127.0.0.1" in interface.addresses for interface in interfaces())


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("print", "print"), ("Print.local.", "print"), ("drück er", "dr-ck-er"), ("-", "papertap")],
)
def test_host_names(wanted: str, expected: str) -> None:
    assert host_name(wanted) == expected


def test_the_machines_own_name_is_left_to_the_machine() -> None:
    assert host_name().startswith("papertap-")
