"""The virtual printer's SNMP agent, asked by Net-SNMP, which none of us wrote, and by ourselves as any device is."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.devices import Egress, drivers
from gateway.adapters.probing import NetworkProber, SnmpMeter
from gateway.adapters.snmp import Snmp
from gateway.domain.job import JobState
from gateway.services.ports import Drivers, SnmpAccess
from ipp.virtual import Features, Misbehaviour, VirtualPrinter, count_only
from ipp.virtual import SnmpAccess as Readers
from ipp.wire import PrinterState
from tests.fakes import a_device
from tests.gateway.adapters.devices.bench import PATIENT
from tests.gateway.services.delivery_house import DeliveryHouse
from tests.ipp.virtual.samples import a_pdf, until
from tests.peers.processes import stopped
from tests.peers.snmp import CIPHERING, SIGNING, USER

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(shutil.which("snmpget") is None, reason="needs Debian's snmp"),
]

MIB = "1.3.6.1.2.1"
LIFE, SYS_NAME = f"{MIB}.43.10.2.1.4.1.1", f"{MIB}.1.5.0"
READERS = Readers(user=USER, authentication=SIGNING, privacy=CIPHERING)
V3 = ("-v3", "-u", USER, "-l", "authPriv", "-a", "SHA", "-A", SIGNING, "-x", "AES", "-X", CIPHERING)
EACH_VERSION = {"1": ("-v1", "-c", "public"), "2c": ("-v2c", "-c", "public"), "3": V3}
ACCESSES = {
    "1": SnmpAccess(version="1"),
    "2c": SnmpAccess(),
    "3": SnmpAccess(version="3", user=USER, authentication=SIGNING, privacy=CIPHERING),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class NetSnmp:
    """Its tools, told nothing of any MIB: what they print are numbers."""

    folder: Path
    port: int

    async def said(self, tool: str, *words: str, credentials: tuple[str, ...] = EACH_VERSION["2c"]) -> tuple[int, str]:
        """Exit status and all that it wrote; an answer has ten seconds, and what gets none is asked once."""
        command = [tool, *credentials, "-On", "-Oe", "-t", "10", "-r", "0", f"127.0.0.1:{self.port}", *words]
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(self.folder), "HOME": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    async def told(self, tool: str, *words: str, credentials: tuple[str, ...] = EACH_VERSION["2c"]) -> dict[str, str]:
        """Values by what follows 1.3.6.1.2.1."""
        status, out = await self.said(tool, *words, credentials=credentials)
        assert status == 0, out
        lines = re.findall(rf"^\.{MIB}\.([0-9.]+) = (?:[-\w ]+: )?(.*)$", out, re.MULTILINE)
        return {name: value.strip().strip('"') for name, value in lines if "No more variables" not in value}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    printer: VirtualPrinter
    tools: NetSnmp


@asynccontextmanager
async def a_bench(path: Path, **features: object) -> AsyncIterator[Bench]:
    made = replace(Features(speed=0, name="Bench", location="C-301"), **features)  # type: ignore[arg-type]  # a test's short hand
    paper, folder = path / "paper", path / "net-snmp"
    folder.mkdir()
    async with VirtualPrinter(paper, snmp_port=0, snmp=READERS, features=made, render=count_only) as printer:
        yield Bench(printer=printer, tools=NetSnmp(folder=folder, port=printer.port("snmp")))


async def _printed(printer: VirtualPrinter, pages: int) -> None:
    await _sent(printer, pages)
    await until(lambda: printer.jobs[-1].ended and printer.machine.state is PrinterState.IDLE)


async def _sent(printer: VirtualPrinter, pages: int) -> None:
    """By RAW, as netcat would."""
    before = len(printer.jobs)
    _, writer = await asyncio.open_connection("127.0.0.1", printer.port("raw"))
    writer.write(a_pdf(pages))
    writer.close()
    await writer.wait_closed()
    await until(lambda: len(printer.jobs) > before)


@pytest.mark.parametrize("version", EACH_VERSION)
async def test_each_version_walks_the_whole_device(tmp_path: Path, version: str) -> None:
    async with a_bench(tmp_path) as bench:
        told = await bench.tools.told("snmpwalk", ".1", credentials=EACH_VERSION[version])
        whole = {".".join(str(number) for number in oid[6:]) for oid in bench.printer._objects()}
        assert told.keys() == whole
        assert (told["1.5.0"], told["1.6.0"], told["25.3.2.1.3.1"]) == ("virtual", "C-301", "Bench")


async def test_bulk_walks_tell_the_same_as_walks(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        walked = await bench.tools.told("snmpwalk", f"{MIB}.43")
        for repetitions in ("1", "7", "100"):
            assert await bench.tools.told("snmpbulkwalk", f"-Cr{repetitions}", f"{MIB}.43") == walked
        told = await bench.tools.told("snmpbulkget", "-Cn1", "-Cr2", f"{MIB}.1.5", f"{MIB}.43.12.1.1.4")
        assert list(told.values()) == ["virtual", "black", "cyan"]


async def test_what_is_printed_counts_pages_and_uses_up_paper_and_toner(tmp_path: Path) -> None:
    objects = [LIFE, f"{MIB}.43.10.2.1.3.1.1", f"{MIB}.43.8.2.1.10.1.1", f"{MIB}.43.11.1.1.9.1.1"]
    async with a_bench(tmp_path, sheets=50, toner=30) as bench:
        assert list((await bench.tools.told("snmpget", *objects)).values()) == ["0", "7", "50", "30"]
        await _printed(bench.printer, 28)
        assert list((await bench.tools.told("snmpget", *objects)).values()) == ["28", "7", "22", "2"]
        errors = await bench.tools.told("snmpget", f"{MIB}.25.3.5.1.2.1")
        assert errors == {"25.3.5.1.2.1": "20 00"}, "lowToner"
        assert "Little black toner" in (await bench.tools.told("snmpwalk", f"{MIB}.43.18.1.1.8")).values()


async def test_a_jam_stands_there_until_it_is_cleared(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        await bench.printer.misbehave(Misbehaviour(jam=1))
        await _sent(bench.printer, 3)
        await until(lambda: bench.printer.machine.state is PrinterState.STOPPED)
        told = await bench.tools.told("snmpwalk", MIB)
        assert (told["25.3.2.1.5.1"], told["25.3.5.1.1.1"], told["25.3.5.1.2.1"]) == ("5", "1", "04 00")
        assert (told["43.18.1.1.2.1.1"], told["43.18.1.1.7.1.1"], told["43.18.1.1.8.1.1"]) == ("3", "8", "Paper jam")
        assert (told["43.16.5.1.2.1.1"], told["43.10.2.1.4.1.1"]) == ("Paper jam", "1")
        bench.printer.refill()
        await until(lambda: bench.printer.machine.state is PrinterState.IDLE)
        told = await bench.tools.told("snmpwalk", MIB)
        assert (told["25.3.2.1.5.1"], told["25.3.5.1.2.1"], told["43.10.2.1.4.1.1"]) == ("2", "00 00", "3")
        assert not [name for name in told if name.startswith("43.18.")]


async def test_who_may_not_read_reads_nothing(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        await bench.tools.told("snmpget", SYS_NAME)
        status, out = await bench.tools.said("snmpget", "-t", "0.5", SYS_NAME, credentials=("-v2c", "-c", "guess"))
        assert (status, "No Response" in out) == (1, True), out
        wrong = tuple("not-the-word" if word == SIGNING else word for word in V3)
        unsigned = ("-v3", "-u", USER, "-l", "noAuthNoPriv")
        stranger = tuple("stranger" if word == USER else word for word in V3)
        for credentials in (wrong, unsigned, stranger):
            status, out = await bench.tools.said("snmpget", SYS_NAME, credentials=credentials)
            assert (status, "virtual" in out) == (1, False), out


async def test_nobody_writes(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        status, out = await bench.tools.said("snmpset", SYS_NAME, "s", "mine")
        assert (status, "notWritable" in out) == (2, True), out
        assert await bench.tools.told("snmpget", SYS_NAME) == {"1.5.0": "virtual"}


async def test_what_is_not_there_is_told_as_each_version_tells_it(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        _, out = await bench.tools.said("snmpget", f"{MIB}.43.10.2.1.4.1.9", f"{MIB}.99.1", SYS_NAME)
        assert re.findall(r"No Such \w+|virtual", out) == ["No Such Instance", "No Such Object", "virtual"]
        _, out = await bench.tools.said("snmpget", f"{MIB}.99.1", credentials=EACH_VERSION["1"])
        assert "noSuchName" in out


async def test_garbage_before_a_request_does_no_harm(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as bench:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", bench.tools.port)
        )
        for datagram in (
            b"",
            b"\0",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x80" * 500,
            b"0" * 9000,
        ):
            transport.sendto(datagram)
        transport.close()
        assert await bench.tools.told("snmpget", SYS_NAME) == {"1.5.0": "virtual"}


@pytest.fixture
def by_itself(tmp_path: Path) -> Iterator[list[str]]:
    """URIs of `python -m ipp.virtual`, in the order in which it tells them."""
    ports = ("--raw-port", "0", "--snmp-port", "0")
    words = ("--snmp-community", "bench", "--snmp-user", USER, "--snmp-authentication", SIGNING)
    command = [sys.executable, "-m", "ipp.virtual", "--directory", str(tmp_path / "paper"), *ports, *words]
    with stopped(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as process:  # type: ignore[arg-type]  # text
        assert process.stdout is not None
        yield [str(process.stdout.readline()).strip() for _ in range(2)]
        process.stdout.close()


async def test_the_command_line_says_where_it_answers(tmp_path: Path, by_itself: list[str]) -> None:
    raw, snmp = by_itself
    assert (raw.partition(":")[0], snmp.partition(":")[0]) == ("socket", "snmp")
    tools = NetSnmp(folder=tmp_path, port=int(snmp.rpartition(":")[2]))
    signed = ("-v3", "-u", USER, "-l", "authNoPriv", "-a", "SHA", "-A", SIGNING)
    for credentials in (("-v1", "-c", "bench"), ("-v2c", "-c", "bench"), signed):
        assert await tools.told("snmpget", SYS_NAME, credentials=credentials) == {"1.5.0": "virtual"}


# -- as any device is asked


@pytest.mark.parametrize("version", EACH_VERSION)
async def test_the_search_finds_it(tmp_path: Path, version: str) -> None:
    async with a_bench(tmp_path) as bench:
        prober = NetworkProber(ipp_port=1, snmp_port=bench.tools.port)
        try:
            found = await prober.probe("127.0.0.1", ACCESSES[version])
        finally:
            prober.close()
        assert found is not None
        serial = bench.printer.features.uuid.hex[:12].upper()
        assert (found.name, found.model, found.location) == ("Bench", "Bench", "C-301")
        assert (found.identity, found.told_by) == (f"serial:{serial}", ("snmp",))


@pytest.mark.parametrize("version", EACH_VERSION)
async def test_copies_at_its_panel_can_be_counted(tmp_path: Path, version: str) -> None:
    async with a_bench(tmp_path) as bench:
        meter = SnmpMeter(resolver=Egress(), access=ACCESSES[version], port=9)
        device = replace(a_device("tray"), uri=f"{bench.printer.uri('ipp')}?snmp={bench.tools.port}")
        assert await meter.impressions(device) == 0
        await _printed(bench.printer, 4)
        assert await meter.impressions(device) == 4


@pytest.mark.parametrize("protocol", ["raw", "lpd"])
async def test_its_own_counter_confirms_a_job_and_stops_it_while_there_is_no_paper(
    tmp_path: Path, protocol: str
) -> None:
    document = a_pdf(3)
    async with a_bench(tmp_path, sheets=5) as bench:
        await _printed(bench.printer, 4)
        house, snmp = await DeliveryHouse.at_work(), Snmp(port=9)
        await house.printers.add_device("tray", f"{bench.printer.uri(protocol)}?snmp={bench.tools.port}", info="Tray")
        job = await house.released("tray", octets=document)
        async with house.delivering(house.worker("worker-1", _drivers(snmp))):
            await _passing(house, lambda: house.row(job).state is JobState.PROCESSING_STOPPED)
            assert "Load iso_a4_210x297mm in tray-1" in house.row(job).message
            assert (bench.printer.machine.impressions, house.jobs.ledger) == (5, [])
            bench.printer.refill()
            await _passing(house, lambda: house.row(job).state.ended)
        snmp.close()
        assert house.row(job).state is JobState.COMPLETED, house.row(job).message
        assert [(receipt.impressions, receipt.confirmed) for receipt in house.jobs.ledger] == [(3, True)]
        assert bench.printer.machine.impressions == 7


def _drivers(snmp: Snmp) -> Drivers:
    async def on_pin(_name: str, _sha256: str) -> None:
        raise AssertionError("no certificate here")

    # What an agent counts takes its real time.
    return drivers(clock=SystemClock(), on_pin=on_pin, limits=PATIENT, snmp=snmp)


async def _passing(house: DeliveryHouse, holds: object) -> None:
    """The gateway's clock runs fast while the sockets take their real time."""
    assert callable(holds)
    async with asyncio.timeout(60):
        while not holds():
            await house.clock.advance(1.0)
            await asyncio.sleep(0.01)
