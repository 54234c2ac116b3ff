"""AirPrint Doctor beside strangers: ippeveprinter, which it examines, and Avahi, which must see what it sees.

Avahi's own tools look at the same announcements, and Avahi announces what the Doctor then finds to be untrue.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from gateway.adapters.clock import SystemClock
from gateway.app.surroundings import NetworkSurroundings
from gateway.errors import Unavailable
from gateway.services.doctor import Doctor
from gateway.services.doctor_findings import Report, Step, Tone
from gateway.services.ports.surroundings import Announced
from tests.acceptance.avahi import SECONDS, Avahi, avahi, missing, unescape
from tests.peers.ippeve import ippeveprinter
from tests.peers.ours import Instance, papertap

pytestmark = pytest.mark.acceptance


async def test_the_reference_printer_is_well_but_for_what_it_leaves_out() -> None:
    doctor = Doctor(surroundings=NetworkSurroundings(), clock=SystemClock())
    entered = ippeveprinter()
    port = await asyncio.to_thread(entered.__enter__)
    try:
        plain, private = [await doctor.examine(f"{scheme}://localhost:{port}/ipp/print") for scheme in ("ipp", "ipps")]
        elsewhere = await doctor.examine(f"ipp://localhost:{port}/nowhere", jobs=False)
    finally:
        await asyncio.to_thread(entered.__exit__, None, None, None)
    for report in (plain, private):
        assert tones(report, Step.CONNECT) == {Tone.GOOD}
        assert "TLS 1." in text(report, Step.TLS), "one port, by the first octet"
        assert "authority that devices do not know" in text(report, Step.TLS)
        assert "urf-supported has what iPhones need" in text(report, Step.ATTRIBUTES)
        jobs = [finding for finding in report.findings if finding.step is Step.JOB]
        assert len(jobs) == 5
        assert any(finding.tone is Tone.GOOD for finding in jobs), jobs
    assert "refuses to describe itself" in text(elsewhere, Step.CONNECT)


LOOPBACK = ("127.0.0.1",)
TYPES = ("_ipp._tcp", "_ipps._tcp", "_universal._sub._ipp._tcp", "_universal._sub._ipps._tcp", "_print._sub._ipp._tcp")


@pytest.fixture(scope="module")
def desktop() -> Iterator[Avahi]:
    assert not missing(), f"Install avahi-daemon, avahi-utils, dbus: {missing()}"
    with avahi() as running:
        yield running


@contextmanager
def announced(tag: str) -> Iterator[Instance]:
    """A whole Papertap that announces one Printer on loopback, under a name of its own."""
    setup = ("printer", "add", f"p-{tag}", "--info", f"Printer {tag}", "--location", "Küche; Floor 2")
    interfaces = json.dumps(LOOPBACK)
    with papertap(setup, MDNS__ENABLED="true", MDNS__INTERFACES=interfaces, MDNS__HOST_NAME=f"bench-{tag}") as ours:
        yield ours


async def browsed(network: NetworkSurroundings, type_: str, name: str) -> Announced:
    async with asyncio.timeout(SECONDS):
        while True:
            for one in await network.browse(type_):
                if one.instance == name:
                    return one


async def test_what_the_doctor_sees_of_us_is_what_avahi_sees(desktop: Avahi) -> None:
    tag = uuid4().hex[:10]
    network, name = NetworkSurroundings(interfaces=LOOPBACK), f"Printer {tag}"
    entered = announced(tag)
    ours = await asyncio.to_thread(entered.__enter__)
    try:
        for type_ in TYPES:
            theirs = await desktop.resolve(name, type_)
            mine = await browsed(network, type_, name)
            assert (mine.host.rstrip("."), mine.port, mine.addresses) == (theirs.host, theirs.port, (theirs.address,))
            assert dict(mine.txt) == {key: unescape(value) for key, value in theirs.txt.items()}
        secure = await desktop.resolve(name, "_ipps._tcp")
        assert await desktop.run("avahi-resolve", "-4", "-n", secure.host) == f"{secure.host}\t127.0.0.1\n"
        doctor = Doctor(surroundings=network, clock=SystemClock())
        report = await doctor.examine(f"ipps://localhost:{ours.port}/{secure.txt['rp']}", jobs=False)
    finally:
        await asyncio.to_thread(entered.__exit__, None, None, None)
    assert tones(report, Step.BROWSE) == {Tone.GOOD}, text(report, Step.BROWSE)
    assert f'Finds it as "{name}" at {secure.host}.' in text(report, Step.BROWSE)
    assert tones(report, Step.AGREEMENT) == {Tone.GOOD}, text(report, Step.AGREEMENT)


async def test_what_avahi_announces_untruly_is_found_out(desktop: Avahi) -> None:
    """The same printer as its UUID says, with another name of its model, and colour, which it has not."""
    tag, network = uuid4().hex[:10], NetworkSurroundings(interfaces=LOOPBACK)
    doctor, host = Doctor(surroundings=network, clock=SystemClock()), f"untrue-{tag}.local"
    entered = ippeveprinter()
    port = await asyncio.to_thread(entered.__enter__)
    try:
        uri = f"ipp://localhost:{port}/ipp/print"
        assert tones(await doctor.examine(uri, jobs=False), Step.BROWSE) == {Tone.WARN}, "nobody announces it here"
        uuid = (await network.describe(uri)).attributes["printer-uuid"][0].removeprefix("urn:uuid:")
        told = ("rp=ipp/print", f"UUID={uuid}", "ty=Something else", "Color=T")
        service = ("-s", "-H", host, "--subtype", "_universal._sub._ipps._tcp", f"Printer {tag}", "_ipps._tcp")
        async with (
            desktop.running("avahi-publish", "-a", "-R", host, "127.0.0.1") as address,
            desktop.running("avahi-publish", *service, str(port), *told) as publisher,
        ):
            for process in (address, publisher):
                assert process.stdout is not None
                assert b"Established" in await asyncio.wait_for(process.stdout.readline(), SECONDS)
            assert (await desktop.resolve(f"Printer {tag}", "_ipps._tcp")).host == host
            report = await doctor.examine(uri, jobs=False)
    finally:
        await asyncio.to_thread(entered.__exit__, None, None, None)
    assert f'Finds it as "Printer {tag}"' in text(report, Step.BROWSE)
    assert tones(report, Step.AGREEMENT) == {Tone.BAD}
    for untrue in ("ty is Something else", "Color is T"):
        assert untrue in text(report, Step.AGREEMENT)


async def test_nobody_there() -> None:
    network = NetworkSurroundings()
    with pytest.raises(Unavailable, match="no connection"):
        await network.describe("ipp://127.0.0.1:9/ipp/print")
    assert (await network.tls("127.0.0.1", 9)).error
    assert await network.addresses("169.254.169.254", 80) == (), "no printer lives where clouds tell secrets"


def tones(report: Report, step: Step) -> set[Tone]:
    return {finding.tone for finding in report.findings if finding.step is step}


def text(report: Report, step: Step) -> str:
    return "\n".join(finding.text for finding in report.findings if finding.step is step)
