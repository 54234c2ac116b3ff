"""RFC 3805 beside RAW and LPD: what the page counter proves, and what it does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.devices import drivers
from gateway.adapters.devices.page_counter import OBJECTS
from gateway.domain.device import DeviceState
from gateway.services.ports import DeviceDriver, Progress, SnmpAccess
from tests.gateway.adapters.devices.bench import PATIENT, Bench, a_bench, an_order
from tests.ipp.virtual.samples import a_pdf, in_pieces

BOTH = pytest.mark.parametrize("protocol", ["raw", "lpd"])
IDLE, PRINTING, OTHER, DOWN = 3, 4, 1, 5
EMPTY, LOW = b"\x40\x00", b"\x80"


@dataclass
class Agent:
    """An SNMP agent whose answers come one after the other; the last one stays. None: it does not answer."""

    answers: list[dict[str, int | bytes] | None]
    asked: list[tuple[str, int, str]] = field(default_factory=list)

    async def read(
        self, address: str, access: SnmpAccess, objects: Mapping[str, str], *, port: int = 0
    ) -> dict[str, int | bytes]:
        assert objects == OBJECTS
        self.asked.append((address, port, access.community))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer or {}


class Ticking:
    """A clock that moves by the pauses alone."""

    def __init__(self) -> None:
        self._at = 1_700_000_000.0

    def now(self) -> float:
        return self._at

    def monotonic(self) -> float:
        return self._at

    async def sleep(self, seconds: float) -> None:
        self._at += seconds


def at(pages: int | None, printer: int = PRINTING, **more: int | bytes) -> dict[str, int | bytes]:
    told: dict[str, int | bytes] = {"device": 2, "printer": printer, "unit": 7, **more}
    return told if pages is None else {**told, "pages": pages}


def a_driver(agent: Agent, protocol: str) -> DeviceDriver:
    async def on_pin(_name: str, _sha256: str) -> None:
        raise AssertionError("no certificate here")

    made = drivers(
        clock=Ticking(), on_pin=on_pin, limits=PATIENT, snmp=agent, snmp_access=SnmpAccess(community="house")
    )  # type: ignore[arg-type]
    return made["lpd" if protocol == "lpd" else "socket"]


async def printed(bench: Bench, agent: Agent, *, impressions: int = 3, said: str = "true") -> list[Progress]:
    """What follows a document of so many impressions, sent after the agent's first answer."""
    driver, document = a_driver(agent, bench.protocol), a_pdf(impressions)
    device = replace(bench.device, uri=f"{bench.device.uri}?snmp={said}")
    order = an_order(document, impressions=impressions)
    number = await driver.send(device, order, in_pieces(document, 16_384), bench.note)
    return [replace(one, device_job=None) async for one in driver.follow(device, order, number)]


@BOTH
async def test_a_counter_that_rises_by_the_pages_confirms_them(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        agent = Agent([at(100, IDLE), at(100), at(102), at(103)])
        found = await printed(bench, agent)
        assert [(one.impressions_completed, one.done, one.confirmed) for one in found] == [
            (0, False, True),
            (2, False, True),
            (3, True, True),
        ]
        assert set(agent.asked) == {("127.0.0.1", 0, "house")}


@BOTH
async def test_a_device_with_a_port_of_its_own_is_asked_there(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        agent = Agent([at(100, IDLE), at(103)])
        assert (await printed(bench, agent, said="1161"))[-1].confirmed
        assert set(agent.asked) == {("127.0.0.1", 1161, "house")}


@BOTH
async def test_a_device_that_stops_is_waited_for_and_says_why(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        empty = at(101, OTHER, device=DOWN, errors=EMPTY, console=b"Load A4\nin tray 2")
        found = await printed(bench, Agent([at(100, IDLE), empty, at(101), at(103, IDLE)]))
        stopped = found[0]
        assert (stopped.stopped, stopped.reasons, stopped.message) == (
            True,
            ("media-empty-error",),
            "Load A4 in tray 2",
        )
        assert (stopped.impressions_completed, stopped.done) == (1, False)
        assert (found[-1].done, found[-1].confirmed, found[-1].aborted) == (True, True, False)


@pytest.mark.parametrize(
    ("end", "made", "confirmed"),
    [
        (at(102, IDLE), 2, True),  # less came out: it is charged for what came out
        (at(100, IDLE), 0, False),  # it counts nothing, or printed nothing: nobody knows
        (at(5, IDLE), 0, False),  # set back meanwhile
        (at(None, IDLE), 0, False),
        (None, 0, False),
    ],
)
async def test_a_counter_that_stands_still_is_final_after_a_while(
    tmp_path: Path, end: dict[str, int | bytes] | None, made: int, confirmed: bool
) -> None:
    async with a_bench(tmp_path, "raw") as bench:
        found = await printed(bench, Agent([at(100, IDLE), end]))
        assert len(found) >= 10, "not at the first look"
        last = found[-1]
        assert (last.impressions_completed, last.confirmed, last.aborted) == (made, confirmed, False)


@pytest.mark.parametrize("first", [None, at(None, IDLE), at(100, IDLE, unit=8)])
async def test_what_counts_no_impressions_is_not_followed(tmp_path: Path, first: dict[str, int | bytes] | None) -> None:
    async with a_bench(tmp_path, "raw") as bench:
        assert await printed(bench, Agent([first, at(103)])) == [Progress(done=True, confirmed=False)]


async def test_a_reading_is_for_one_release_only(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "raw") as bench:
        driver, document = a_driver(Agent([at(100, IDLE)]), "raw"), a_pdf(1)
        device = replace(bench.device, uri=f"{bench.device.uri}?snmp=true")
        await driver.send(device, an_order(document), in_pieces(document, 16_384), bench.note)
        other = [one async for one in driver.follow(device, an_order(document), None)]
        assert other == [Progress(done=True, confirmed=False)]


@pytest.mark.parametrize(
    ("answer", "state", "reasons"),
    [
        (at(1, IDLE), DeviceState.IDLE, ()),
        (at(1, PRINTING, errors=LOW), DeviceState.PROCESSING, ("media-low-warning",)),
        (at(1, OTHER, errors=b"\x04"), DeviceState.STOPPED, ("media-jam-error",)),
        (at(1, OTHER, device=DOWN), DeviceState.STOPPED, ()),
        (at(1, 2), DeviceState.UNKNOWN, ()),
        (at(1, IDLE, errors=b"\xff\xff\xff\xff"), DeviceState.IDLE, None),
        (None, DeviceState.UNKNOWN, ()),
    ],
)
@BOTH
async def test_the_state_before_a_release_is_the_devices_own(
    tmp_path: Path, protocol: str, answer: Any, state: DeviceState, reasons: tuple[str, ...] | None
) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        device = replace(bench.device, uri=f"{bench.device.uri}?snmp=true")
        status = await a_driver(Agent([answer]), protocol).status(device)
        assert status.state is state
        assert reasons is None or status.reasons == reasons
        assert ("does not answer SNMP" in status.message) is (answer is None)
        assert status.can_print is (state is not DeviceState.STOPPED)


async def test_without_the_option_nobody_is_asked(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "raw") as bench:
        agent = Agent([at(100, IDLE)])
        driver, document = a_driver(agent, "raw"), a_pdf(1)
        order = an_order(document)
        await driver.send(bench.device, order, in_pieces(document, 16_384), bench.note)
        assert [one async for one in driver.follow(bench.device, order, None)] == [Progress(done=True, confirmed=False)]
        assert await driver.status(bench.device)
        assert agent.asked == []
