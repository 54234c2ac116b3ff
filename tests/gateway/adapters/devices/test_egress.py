"""Where a device URI may lead."""

import asyncio
from ipaddress import ip_network

import pytest

from gateway.adapters.devices import Egress
from gateway.errors import BadRequest
from gateway.services.ports import DeviceError


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.251", "255.255.255.255", "::", "ff02::fb"],
)
async def test_addresses_that_no_printer_has(address: str) -> None:
    assert not Egress().permits(address)
    with pytest.raises(DeviceError, match="none that devices may have") as caught:
        await Egress().resolve(address, 631)
    assert caught.value.bytes_sent == 0


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "192.168.1.7", "10.0.0.1", "203.0.113.9", "fe80::1%lo", "2001:db8::1"]
)
def test_addresses_that_printers_have(address: str) -> None:
    assert Egress().permits(address)


async def test_with_an_allow_list_nothing_else_is_connected_to() -> None:
    only = Egress(allowed=(ip_network("192.168.0.0/16"),))
    assert only.permits("192.168.3.4")
    with pytest.raises(DeviceError):
        await only.resolve("127.0.0.1", 631)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "", "a" * 300])
async def test_a_name_that_leads_nowhere(host: str) -> None:
    with pytest.raises(DeviceError):
        await Egress(refused=(ip_network("0.0.0.0/0"), ip_network("::/0"))).resolve(host, 631)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """Names lead to these addresses, one answer after the other: a name that changes its mind."""
    left = list(answers)

    async def getaddrinfo(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(2, 1, 6, "", (left.pop(0) if len(left) > 1 else left[0], 631))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "uri",
    [
        "socket://127.0.0.1:9100",
        "ipp://localhost/ipp/print",
        "ipp://printer.localhost./",
        "ipp://[::1]/",
        "ipp://[::ffff:127.0.0.1]/",
        "ipp://169.254.169.254/latest/meta-data",
        "ipp://[fd00:ec2::254]/",
        "socket://0.0.0.0:9100",
        "socket://224.0.0.251:5353",
    ],
)
async def test_a_page_keeps_no_address_that_points_inside(uri: str) -> None:
    with pytest.raises(BadRequest):
        await Egress().check(uri)


async def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "127.0.0.1")
    with pytest.raises(BadRequest):
        await Egress().check("ipp://printer.example/ipp/print")


async def test_a_name_that_changes_its_mind_is_refused_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "192.0.2.9", "127.0.0.1")
    egress = Egress()
    await egress.check("ipp://printer.example/ipp/print")
    with pytest.raises(DeviceError):
        await egress.resolve("printer.example", 631)


async def test_this_machine_is_a_device_for_who_names_it_on_the_shell_or_by_a_setting() -> None:
    assert await Egress().resolve("127.0.0.1", 9100) == "127.0.0.1"
    await Egress(local=True).check("socket://127.0.0.1:9100")


async def test_only_the_networks_of_the_setting_hold_devices() -> None:
    egress = Egress(allowed=(ip_network("192.0.2.0/24"),))
    await egress.check("socket://192.0.2.9:9100")
    with pytest.raises(BadRequest):
        await egress.check("socket://198.51.100.9:9100")
