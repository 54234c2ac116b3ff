"""Where a device URI may lead."""

from ipaddress import ip_network

import pytest

from gateway.adapters.devices import Egress
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
