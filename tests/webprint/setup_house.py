"""What the pages that set devices up are given in tests: the real services, profiles that nobody signed."""

import plistlib
from typing import TYPE_CHECKING, Any

from gateway.domain.queue import Destination, Queue
from gateway.services.queue_bundle import bundle
from gateway.services.queues import Queues, Reach
from webprint.setup_tools import NameFinding, SetUp

if TYPE_CHECKING:
    from tests.webprint.web_house import House

HOSTS = ("print.example", "*.print.example", "192.0.2.10")
FINDINGS = [
    NameFinding(ok=True, asked="print.example. SOA", text="gateway: answers."),
    NameFinding(ok=False, asked="lb._dns-sd._udp.example. PTR", text="resolver: knows no such name."),
]


class PlainProfiles:
    """gateway.services.ports.Profiles without a signature."""

    async def air_print(self, destinations: Any, *, key: str, name: str, text: str) -> bytes:
        several: list[Destination] = list(destinations)
        return plistlib.dumps({"key": key, "uris": [one.uri for one in several], "name": name, "text": text})


def a_set_up(house: "House") -> SetUp:
    queues = Queues(
        sites=house.sites,
        host_names=house.host_names,
        settings=house.settings,
        reach=lambda: Reach(ipp=8631, https=8443),
        hosts=lambda: HOSTS,
        own_host=lambda: "192.0.2.10",
    )

    async def make(several: tuple[Queue, ...], base_url: str) -> bytes:
        return await bundle(
            several,
            profiles=PlainProfiles(),
            base_url=base_url,
            authority_pem=house.ca,
            authority_der=b"\x30\x82",
            mark="house",
        )

    async def check(_resolver: str) -> list[NameFinding]:
        return FINDINGS

    return SetUp(
        queues=queues,
        profiles=PlainProfiles(),
        intake=house.intake,
        mark=lambda: "house",
        authority=lambda: b"\x30\x82",
        bundle=make,
        check_names=check,
    )
