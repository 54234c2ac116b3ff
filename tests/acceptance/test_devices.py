"""Delivery against printers and print servers that none of us wrote, and our own sinks driven by CUPS.

The reference IPP printer is ippeveprinter; the reference LPD server is cups-lpd; the reference clients are CUPS's
backends. A file that came out must be the file that went in, octet for octet.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapters.clock import SystemClock
from gateway.adapters.devices import drivers
from gateway.adapters.devices.page_counter import OBJECTS
from gateway.adapters.snmp import Snmp
from gateway.domain.device import Device, DeviceState
from gateway.domain.job import JobState
from gateway.domain.ticket import JobTicket
from gateway.services.ports import Clock, Drivers, SnmpAccess
from ipp.virtual import Features, Misbehaviour, VirtualPrinter, count_only
from ipp.wire import JobState as DeviceJobState
from tests.gateway.adapters.devices.bench import PATIENT, an_order
from tests.gateway.services.delivery_house import DeliveryHouse
from tests.ipp.client.test_ippeveprinter import EvePrinter, eve
from tests.ipp.virtual.samples import QuickClock, a_pdf, in_pieces, until
from tests.peers.cups import cupsd
from tests.peers.snmp import snmp_printer

__all__ = ["eve"]

pytestmark = pytest.mark.acceptance

BACKENDS = Path("/usr/lib/cups/backend")
CUPS_LPD = Path("/usr/lib/cups/daemon/cups-lpd")
DOCUMENT = a_pdf(3, pad=300_000)


def _drivers(pins: list[str] | None = None, snmp: Snmp | None = None) -> Drivers:
    async def on_pin(_name: str, sha256: str) -> None:
        (pins if pins is not None else []).append(sha256)

    # What an agent counts takes its real time.
    clock: Clock = QuickClock() if snmp is None else SystemClock()
    return drivers(clock=clock, on_pin=on_pin, limits=PATIENT, snmp=snmp)


async def _nothing(_octets: int) -> None:
    pass


# -- ippeveprinter


@pytest.mark.parametrize("scheme", ["ipp", "ipps"])
async def test_a_job_on_ippeveprinter_is_described_sent_followed_and_found(eve: EvePrinter, scheme: str) -> None:
    pins: list[str] = []
    driver = _drivers(pins)[scheme]
    device = Device(name="oak", uuid=uuid4(), uri=eve.uri(scheme))
    can = await driver.describe(device)
    assert can is not None
    assert set(can.formats) >= {"application/pdf", "image/pwg-raster"}
    assert "iso_a4_210x297mm" in {media.name for media in can.media}
    assert len({media.name for media in can.media}) >= 5
    assert can.copies > 1
    assert (await driver.status(device)).state is DeviceState.IDLE
    ticket = JobTicket(media="iso_a4_210x297mm", print_color_mode="monochrome", sides="one-sided", print_quality=5)
    order = an_order(DOCUMENT, ticket=ticket, copies=2)
    assert await driver.find(device, order) is None
    number = await driver.send(device, order, in_pieces(DOCUMENT, 65_536), _nothing)
    last = [progress async for progress in driver.follow(device, order, number)][-1]
    assert (last.done, last.aborted, last.device_job) == (True, False, number)
    found = await driver.find(device, order)
    assert found is not None
    assert (found.device_job, found.done) == (number, True)
    (kept,) = eve.spool.glob("*.pdf")
    assert kept.read_bytes() == DOCUMENT
    assert len(pins) == (scheme == "ipps")


async def test_a_released_job_comes_out_of_ippeveprinter_and_is_charged(eve: EvePrinter) -> None:
    house = await DeliveryHouse.at_work()
    await house.printers.add_device("oak", eve.uri("ipp"), info="Oak")
    job = await house.released("oak", octets=DOCUMENT)
    async with _delivering(house):
        await _passing(house, lambda: house.row(job).state.ended)
    row = house.row(job)
    assert row.state is JobState.COMPLETED, row.message
    (kept,) = eve.spool.glob("*.pdf")
    assert kept.read_bytes() == DOCUMENT
    assert [(r.release_id, r.impressions, r.device) for r in house.jobs.ledger] == [(job.release_id, 3, "oak")]


async def test_a_release_to_a_printer_that_is_off_waits_and_prints_once_it_is_on(tmp_path: Path) -> None:
    async with VirtualPrinter(tmp_path, features=Features(speed=0), render=count_only) as printer:
        house = await DeliveryHouse.at_work()
        await house.printers.add_device("oak", printer.uri("ipp"))
        await printer.misbehave(Misbehaviour(refuse=True))
        job = await house.released("oak", octets=DOCUMENT)
        async with _delivering(house):
            await _passing(house, lambda: house.row(job).attempts == 2)
            await printer.behave()
            await _passing(house, lambda: house.row(job).state.ended)
        assert house.row(job).state is JobState.COMPLETED
        assert [made.documents[0].sha256 for made in printer.jobs] == [_sha256(DOCUMENT)]


async def test_a_connection_reset_in_mid_job_never_prints_twice(tmp_path: Path) -> None:
    big = a_pdf(1, pad=8_000_000)
    async with VirtualPrinter(tmp_path, features=Features(speed=0), render=count_only) as printer:
        house = await DeliveryHouse.at_work()
        await house.printers.add_device("raw", printer.uri("raw"))
        await house.printers.add_device("oak", printer.uri("ipp"))
        await printer.misbehave(Misbehaviour(reset=1_000_000))
        raw, ipp = await house.released("raw", octets=big), await house.released("oak", octets=big)
        async with _delivering(house):
            await _passing(house, lambda: house.row(raw).claimed_by is None and house.row(ipp).claimed_by is None)
            await printer.behave()
            for _ in range(30):
                await house.clock.advance(10.0)
                await asyncio.sleep(0.002)
        # RAW cannot tell: its owner is asked. The IPP printer says that it aborted the job: held again.
        assert house.row(raw).state is JobState.PROCESSING_STOPPED
        assert house.row(ipp).state is JobState.PENDING_HELD
        assert all(made.impressions_completed == 0 for made in printer.jobs)
        assert len(printer.jobs) == 2
        assert house.jobs.ledger == []


# -- snmpd


async def test_a_raw_device_confirms_by_snmpd_and_stops_the_job_while_it_has_no_paper(tmp_path: Path) -> None:
    def told(pages: int, printer: int, device: int, errors: str = "00") -> None:
        agent.tells(OBJECTS["pages"], "counter", str(pages))
        agent.tells(OBJECTS["unit"], "integer", "7")
        agent.tells(OBJECTS["printer"], "integer", str(printer))
        agent.tells(OBJECTS["device"], "integer", str(device))
        agent.tells(OBJECTS["errors"], "octet", errors)
        agent.tells(OBJECTS["console"], "string", "Load A4")

    with snmp_printer() as agent:
        told(4000, printer=3, device=2)
        async with VirtualPrinter(tmp_path, features=Features(speed=0), render=count_only) as printer:
            house = await DeliveryHouse.at_work()
            await house.printers.add_device("raw", f"{printer.uri('raw')}?snmp=true", info="Raw")
            snmp = Snmp(port=agent.port)
            await _awake(snmp)
            job = await house.released("raw", octets=DOCUMENT)
            async with _delivering(house, snmp):
                await _passing(house, lambda: printer.jobs and printer.jobs[0].state is DeviceJobState.COMPLETED)
                told(4001, printer=1, device=5, errors="40")
                await _passing(house, lambda: house.row(job).state is JobState.PROCESSING_STOPPED)
                assert "Load A4" in house.row(job).message
                assert house.jobs.ledger == []
                told(4003, printer=3, device=2)
                await _passing(house, lambda: house.row(job).state.ended)
            snmp.close()
    assert house.row(job).state is JobState.COMPLETED, house.row(job).message
    assert [(r.impressions, r.confirmed) for r in house.jobs.ledger] == [(3, True)]
    assert len(printer.jobs) == 1


async def _awake(snmp: Snmp) -> None:
    async with asyncio.timeout(60):
        while not await snmp.read("127.0.0.1", SnmpAccess(), OBJECTS):
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _delivering(house: DeliveryHouse, snmp: Snmp | None = None) -> AsyncIterator[None]:
    async with house.delivering(house.worker("worker-1", _drivers(snmp=snmp))):
        yield


async def _passing(house: DeliveryHouse, holds: object) -> None:
    """The gateway's clock runs fast while the sockets take their real time."""
    assert callable(holds)
    async with asyncio.timeout(60):
        while not holds():
            await house.clock.advance(1.0)
            await asyncio.sleep(0.01)


def _sha256(octets: bytes) -> str:
    import hashlib

    return hashlib.sha256(octets).hexdigest()


# -- CUPS's backends on our sinks


@pytest.mark.parametrize(
    ("backend", "sink", "options"),
    [
        ("socket", "raw", ""),
        ("lpd", "lpd", ""),
        ("lpd", "lpd", "?order=data,control"),
        ("lpd", "lpd", "?reserve=none&banner=on&format=l"),
        ("ipp", "ipp", ""),
    ],
)
async def test_cups_prints_on_our_sinks(tmp_path: Path, backend: str, sink: str, options: str) -> None:
    (tmp_path / "in.pdf").write_bytes(DOCUMENT)
    async with VirtualPrinter(tmp_path / "out", features=Features(speed=0), render=count_only) as printer:
        process = await asyncio.create_subprocess_exec(
            *(str(BACKENDS / backend), "17", "alice", "Tax return", "1", "", str(tmp_path / "in.pdf")),
            env={
                **os.environ,
                "DEVICE_URI": printer.uri(sink) + options,
                "CONTENT_TYPE": "application/pdf",
                "FINAL_CONTENT_TYPE": "application/pdf",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, told.decode(errors="replace")[-2000:]
        await until(lambda: printer.jobs and printer.jobs[0].state is DeviceJobState.COMPLETED)
        (job,) = printer.jobs
        assert job.documents[0].path.read_bytes() == DOCUMENT
        assert job.impressions_completed == 3
        if sink != "raw":
            assert (job.name, job.user) == ("Tax return", "alice")


# -- our LPD driver on CUPS's LPD server


async def test_our_lpd_reaches_paper_through_cups_lpd(tmp_path: Path) -> None:
    """Driver, cups-lpd, cupsd, CUPS's socket backend, and at last our RAW sink."""
    async with VirtualPrinter(tmp_path, features=Features(speed=0), render=count_only) as printer:
        with cupsd() as cups:
            cups.run("lpadmin", "-p", "relay", "-E", "-v", printer.uri("raw"))
            async with _cups_lpd(cups.port) as lpd_port:
                driver = _drivers()["lpd"]
                device = Device(name="relay", uuid=uuid4(), uri=f"lpd://127.0.0.1:{lpd_port}/relay")
                assert (await driver.status(device)).can_print
                order = an_order(DOCUMENT)
                number = await driver.send(device, order, in_pieces(DOCUMENT, 65_536), _nothing)
                assert [p.confirmed async for p in driver.follow(device, order, number)] == [False]
                await until(lambda: printer.jobs and printer.jobs[0].state is DeviceJobState.COMPLETED, 60)
        (job,) = printer.jobs
        assert job.documents[0].path.read_bytes() == DOCUMENT


@asynccontextmanager
async def _cups_lpd(cups_port: int) -> AsyncIterator[int]:
    """cups-lpd is made for inetd: one process a connection, the socket as its standard input and output."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    environment = {**os.environ, "CUPS_SERVER": f"127.0.0.1:{cups_port}"}

    async def serve() -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            connection.setblocking(True)
            process = await asyncio.create_subprocess_exec(
                str(CUPS_LPD), "-n", stdin=connection, stdout=connection, env=environment
            )
            connection.close()
            await process.wait()

    task = asyncio.create_task(serve())
    try:
        yield listening.getsockname()[1]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        listening.close()
