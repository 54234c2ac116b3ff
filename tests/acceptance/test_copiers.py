"""The counter of a device as Net-SNMP tells it, which none of us wrote: what copies at its panel are counted by."""

from dataclasses import replace

import pytest

from gateway.adapters.devices import Egress
from gateway.adapters.probing import SnmpMeter
from gateway.services.ports import SnmpAccess
from tests.fakes import a_device
from tests.peers.snmp import CIPHERING, LIFE_COUNT, SIGNING, USER, snmp_printer

pytestmark = pytest.mark.acceptance

TRAY = replace(a_device("tray"), uri="socket://127.0.0.1:9100")


@pytest.mark.parametrize(
    ("access", "count"),
    [
        (SnmpAccess(version="1"), LIFE_COUNT),
        (SnmpAccess(), LIFE_COUNT),
        (SnmpAccess(version="3", user=USER, authentication=SIGNING, privacy=CIPHERING), LIFE_COUNT),
        (SnmpAccess(community="wrong"), None),
    ],
)
async def test_the_life_count_of_a_device(access: SnmpAccess, count: int | None) -> None:
    with snmp_printer() as agent:
        meter = SnmpMeter(resolver=Egress(), access=access, port=agent.port)
        assert await meter.impressions(TRAY) == count
        assert await meter.impressions(TRAY) == count, "its sockets are opened anew"


async def test_what_cannot_be_asked_tells_nothing() -> None:
    meter = SnmpMeter(resolver=Egress(), access=SnmpAccess(), port=9)
    assert await meter.impressions(TRAY) is None
    assert await meter.impressions(replace(TRAY, uri="socket://169.254.169.254")) is None, "where no device may be"
