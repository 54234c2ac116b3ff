"""Looking around, and probes: a code is good for one report within its hour, and the newest of each network is kept."""

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.domain.site import Zone
from gateway.domain.user import Actor
from gateway.errors import NotFound, NotPossible
from gateway.services.doctor_findings import Tone
from gateway.services.network_doctor import (
    CODE_SECONDS,
    KEPT_SECONDS,
    MOST_CODES,
    MOST_FINDINGS,
    MOST_REPORTS,
    ProbeReport,
)
from gateway.services.network_view import NameView, Reached, View
from gateway.services.ports.surroundings import Announced
from gateway.services.printers import Printers
from gateway.services.sites import Sites
from tests.fakes import FakeClock, MemoryEventBus, MemoryJobStore, MemoryPrinterStore
from tests.fakes_doctor import FakeNetwork, heard_of
from tests.fakes_house import an_audit
from tests.fakes_sites import MemorySiteStore

ADMIN = Actor(user="root")


class Net:
    """One Printer, `hall`, and what the doctor is given."""

    async def open(self) -> "Net":
        self.clock, events = FakeClock(), MemoryEventBus()
        self.printers = Printers(store=MemoryPrinterStore(), jobs=MemoryJobStore(), events=events, clock=self.clock)
        self.sites = Sites(store=MemorySiteStore(), printers=self.printers, events=events, clock=self.clock)
        await self.printers.add_printer("hall", info="Hall")
        self.given = FakeNetwork(sites=self.sites, audit=an_audit(self.clock), clock=self.clock)
        self.house, self.doctor = self.given.house, self.given.doctor()
        return self

    async def code(self) -> str:
        await self.doctor.new_probe(ADMIN, "gw")
        return self.given.codes[-1]

    def heard(self, *addresses: str) -> tuple[Announced, ...]:
        return heard_of(self.printers.get("hall"), *addresses)


def report(**changes: Any) -> ProbeReport:
    silent = View(place="", address="10.1.2.3", own=False)
    return replace(ProbeReport(machine="laptop", system="Linux", address="10.1.2.3", multicast=silent), **changes)


@pytest.fixture
async def net() -> Net:
    return await Net().open()


async def test_it_looks_from_every_interface(net: Net) -> None:
    net.given.views = [
        View(place="lan", address="192.0.2.1", heard=net.heard("192.0.2.1")),
        View(place="wifi", address="10.0.0.1"),
    ]
    around = await net.doctor.look_around()
    assert [(one.client, one.tone) for one in around.findings] == [("lan", Tone.GOOD), ("wifi", Tone.BAD)]


async def test_a_report_is_judged_and_kept_for_its_network(net: Net) -> None:
    await net.sites.add("north")
    await net.sites.put_zone("north", Zone(name="reading", networks=(ip_network("10.1.0.0/16"),), printers=("hall",)))
    names = NameView(resolver="10.1.0.53", heard=net.heard())
    reached = (Reached(host="gw", port=8631, address="192.0.2.1", tls="TLSv1.3", status=0),)
    probed = await net.doctor.take(await net.code(), report(names=names, reached=reached), "10.1.2.3")
    assert (probed.network, probed.place, probed.machine, probed.tone) == (
        "10.1.0.0/16", "north/reading", "laptop", Tone.GOOD,
    )  # fmt: skip
    assert "DNS does it instead" in probed.findings[0].text
    assert await net.doctor.probed() == [probed], "as it was, after a restart too"


async def test_only_what_is_shown_there_is_missed_there(net: Net) -> None:
    await net.sites.add("north")
    await net.printers.change_printer("hall", site="north")
    probed = await net.doctor.take(await net.code(), report(), "10.9.0.1")
    assert "No printer is to be announced" in probed.findings[0].text


async def test_the_newest_of_each_network_counts(net: Net) -> None:
    for address in ("10.1.2.3", "10.1.2.9", "2001:db8:1::7"):
        net.clock.tick(10)
        await net.doctor.take(await net.code(), report(machine=address), address)
    assert [(one.network, one.machine) for one in await net.doctor.probed()] == [
        ("2001:db8:1::/64", "2001:db8:1::7"),
        ("10.1.2.0/24", "10.1.2.9"),
    ]
    await net.doctor.forget("10.1.2.0/24")
    assert [one.network for one in await net.doctor.probed()] == ["2001:db8:1::/64"]


async def test_a_code_is_good_once(net: Net) -> None:
    code = await net.code()
    taken = await asyncio.gather(
        *(net.doctor.take(code, report(), "10.1.2.3") for _ in range(5)), return_exceptions=True
    )
    assert sum(not isinstance(one, NotFound) for one in taken) == 1
    with pytest.raises(NotFound, match="reported already"):
        await net.doctor.take(code, report(), "10.1.2.3")


@pytest.mark.parametrize("seconds", [CODE_SECONDS + 1, -60.0])
async def test_a_code_ends_and_a_clock_that_jumps_back_ends_it_too(net: Net, seconds: float) -> None:
    code = await net.code()
    net.clock.jump(seconds)
    with pytest.raises(NotFound):
        await net.doctor.take(code, report(), "10.1.2.3")
    assert await net.doctor.probed() == []


@pytest.mark.parametrize("code", ["", "x", "probe.code.", "ü" * 64])
async def test_what_is_no_code_is_refused_in_the_same_words(net: Net, code: str) -> None:
    await net.code()
    with pytest.raises(NotFound, match="reported already, or is older"):
        await net.doctor.take(code, report(), "10.1.2.3")


async def test_nothing_of_a_code_can_be_read_back(net: Net) -> None:
    code = await net.code()
    assert not any(code in name + value for name, value in net.house.kept.items())


async def test_what_is_kept_stays_bounded(net: Net) -> None:
    reached = tuple(Reached(host=f"h{number}", port=1, address="a", error="x" * 200) for number in range(200))
    for number in range(MOST_REPORTS + 5):
        net.clock.tick(1)
        probed = await net.doctor.take(await net.code(), report(reached=reached), f"10.0.{number}.1")
        assert len(probed.findings) == MOST_FINDINGS
    for _ in range(MOST_CODES + 20):
        net.clock.tick(1)
        await net.code()
    names = list(net.house.kept)
    assert sum(name.startswith("probe.report.") for name in names) <= MOST_REPORTS
    assert sum(not name.startswith("probe.report.") for name in names) <= MOST_CODES + 1
    net.clock.tick(KEPT_SECONDS + 1)
    await net.code()
    assert len(net.house.kept) == 1


async def test_where_no_report_can_come_in_there_is_no_probe(net: Net) -> None:
    net.given.without_https = True
    with pytest.raises(NotPossible):
        await net.doctor.new_probe(ADMIN, "gw")
    assert net.house.kept == {}


async def test_values_of_others_are_left_alone(net: Net) -> None:
    await net.house.put({"setup.closed": "1"})
    net.clock.tick(10 * KEPT_SECONDS)
    await net.code()
    assert net.house.kept["setup.closed"] == "1"
