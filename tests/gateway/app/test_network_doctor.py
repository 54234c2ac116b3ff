"""From which interfaces it is looked, and what is told of those that are not, cannot, or lead nowhere."""

import errno
import os
from typing import Any

from discovery.interfaces import Interface
from discovery.records import Ports
from gateway.app.network_doctor import probe_file, views_of, wanted_of
from gateway.domain.capabilities import Capabilities
from tests.fakes import a_printer

ROW: dict[str, Any] = {
    "type": "_ipp._tcp",
    "instance": "Hall",
    "host": "gw.local",
    "port": 8631,
    "addresses": ["192.0.2.1"],
    "txt": {"UUID": "x"},
}
MACHINE = (
    Interface(name="lo", addresses=("127.0.0.1", "::1")),
    Interface(name="eth0", addresses=("fe80::1", "192.0.2.1")),
    Interface(name="eth1", addresses=("2001:db8::1",)),
    Interface(name="docker0", addresses=("172.17.0.1",)),
)
BOTH = (
    Interface(name="eth0", addresses=("192.0.2.1", "fe80::1", "2001:db8::1")),
    Interface(name="eth1", addresses=("fe80::2",)),
)


def browse(address: str) -> list[dict[str, Any]]:
    if address != "192.0.2.1":
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    return [ROW]


async def test_each_interface_is_looked_from_or_says_why_not() -> None:
    seen = {view.place: view for view in await views_of((), present=lambda: MACHINE, browse=browse)()}
    assert list(seen) == ["eth0 (192.0.2.1)", "eth1 (2001:db8::1)", "docker0 (172.17.0.1)"]
    assert [one.instance for one in seen["eth0 (192.0.2.1)"].heard] == ["Hall"]
    assert seen["eth1 (2001:db8::1)"].error == "No such device"
    assert seen["docker0 (172.17.0.1)"].left_out


async def test_where_the_network_has_both_it_is_looked_by_both() -> None:
    asked: list[str] = []

    def note(address: str) -> list[dict[str, Any]]:
        asked.append(address)
        return []

    views = await views_of((), present=lambda: BOTH, browse=note)()
    assert [view.place for view in views] == ["eth0 (192.0.2.1)", "eth0 (2001:db8::1)", "eth1 (fe80::2)"]
    assert sorted(asked) == ["192.0.2.1", "2001:db8::1", "fe80::2%eth1"]


async def test_interfaces_of_the_settings_are_looked_from_and_others_are_left_out() -> None:
    seen = {view.place: view for view in await views_of(("docker0",), present=lambda: MACHINE, browse=browse)()}
    assert seen["docker0 (172.17.0.1)"].error == "No such device"
    assert seen["eth0 (192.0.2.1)"].left_out


async def test_on_a_machine_without_a_network_it_is_loopback() -> None:
    (view,) = await views_of((), present=lambda: MACHINE[:1], browse=browse)()
    assert (view.place, view.error) == ("lo (127.0.0.1)", "No such device")


def test_what_is_wanted_is_what_is_announced() -> None:
    printer = a_printer("hall", info="Hall", capabilities=Capabilities(color=True))
    (wanted,) = wanted_of([printer], Ports(ipp=8631, ipps=None))
    assert (wanted.title, wanted.uuid, wanted.ports) == ("Hall", str(printer.uuid), {"_ipp._tcp": 8631})
    assert wanted.txt["rp"] == "ipp/print/hall"
    assert "TLS" not in wanted.txt


def test_an_order_is_data_whatever_stands_in_it() -> None:
    hostile = {"code": "\"'\\\n#{}%s__import__('os')", "at": [["gw", 1]]}
    names: dict[str, Any] = {"__name__": "probe"}
    exec(compile(probe_file(hostile), "probe", "exec"), names)
    assert names["ORDER"] == {"code": hostile["code"], "at": [["gw", 1]]}
