"""What SNMP shows of the machine, object by object: RFC 2790 and RFC 3805 by their numbers."""

from pathlib import Path

import pytest

from ipp.virtual import Features, Misbehaviour, VirtualPrinter, count_only, mib
from ipp.virtual.machine import DOOR, JAM, PAPER_OUT
from ipp.virtual.mib import Kind, Oid, Told, object_of, objects
from ipp.virtual.supplies import Supplies
from ipp.wire import JobState, PrinterState
from tests.ipp.virtual.samples import until
from tests.ipp.virtual.test_printer import print_pdf

STATUS, PRINTER_STATUS = "25.3.2.1.5.1", "25.3.5.1.1.1"
ERRORS, CONSOLE = "25.3.5.1.2.1", "43.16.5.1.2.1.1"
LIFE, POWER_ON = "43.10.2.1.4.1.1", "43.10.2.1.5.1.1"
ALERT = "43.18.1.1"


def _told(printer: VirtualPrinter, earlier: int = 0) -> dict[str, int | bytes | Oid]:
    """By what follows 1.3.6.1.2.1."""
    found = objects(printer.features, printer.machine, earlier=earlier)
    assert all(oid[:6] == (1, 3, 6, 1, 2, 1) for oid in found)
    return {".".join(str(number) for number in oid[6:]): told.value for oid, told in found.items()}


def _column(told: dict[str, int | bytes | Oid], column: str) -> list[int | bytes | Oid]:
    return [value for name, value in told.items() if name.startswith(f"{column}.")]


def _printer(path: Path, **features: object) -> VirtualPrinter:
    return VirtualPrinter(path, features=Features(speed=0, **features), render=count_only)  # type: ignore[arg-type]  # a test's short hand


async def test_a_printer_that_is_well(tmp_path: Path) -> None:
    told = _told(_printer(tmp_path, name="Bench", location="C-301"), earlier=4000)
    assert (told["1.1.0"], told["1.6.0"], told["25.3.2.1.3.1"], told["43.5.1.1.16.1"]) == (
        b"Bench",
        b"C-301",
        b"Bench",
        b"Bench",
    )
    assert told["25.3.2.1.2.1"] == (1, 3, 6, 1, 2, 1, 25, 3, 1, 5)
    assert (told[STATUS], told[PRINTER_STATUS], told[ERRORS], told[CONSOLE]) == (2, 3, b"\0\0", b"Ready")
    assert (told[LIFE], told[POWER_ON], told["43.10.2.1.3.1.1"]) == (4000, 0, 7)
    assert _column(told, "43.8.2.1.12") == [b"iso_a4_210x297mm", b"na_letter_8.5x11in"]
    assert _column(told, "43.8.2.1.9") == [-2, -2]
    assert _column(told, "43.8.2.1.10") == [-3, -3]
    assert _column(told, "43.11.1.1.6") == [
        b"Black toner",
        b"Cyan toner",
        b"Magenta toner",
        b"Yellow toner",
        b"Waste toner box",
    ]
    assert _column(told, "43.11.1.1.9") == [5000, 5000, 5000, 5000, 10_000]
    assert _column(told, "43.12.1.1.4") == [b"black", b"cyan", b"magenta", b"yellow"]
    assert _column(told, ALERT) == []


async def test_what_was_printed_is_counted_and_used_up(tmp_path: Path) -> None:
    async with _printer(tmp_path, sheets=50, toner=100) as printer:
        await print_pdf(printer, 3)
        told = _told(printer, earlier=0xFFFF_FFFF)
    assert (told[LIFE], told[POWER_ON]) == (2, 3), "Counter32 starts again"
    assert _column(told, "43.8.2.1.10") == [47, 50]
    assert _column(told, "43.11.1.1.9") == [97, 97, 97, 97, 197]


@pytest.mark.parametrize(
    ("order", "bits", "alert", "words"),
    [
        ("paper-out:1", b"\x40\0", (8, 808), b"Load iso_a4_210x297mm in tray-1"),
        ("jam:1", b"\x04\0", (13, 8), b"Paper jam"),
        ("door:1", b"\x08\0", (6, 3), b"Close the door"),
    ],
)
async def test_what_stops_it_stands_in_each_place(
    tmp_path: Path, order: str, bits: bytes, alert: tuple[int, int], words: bytes
) -> None:
    group, code = alert
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour.parse(order))
        await print_pdf(printer, 2, wait=False)
        await until(lambda: printer.machine.state is PrinterState.STOPPED)
        told = _told(printer)
        assert (told[STATUS], told[PRINTER_STATUS], told[ERRORS], told[CONSOLE]) == (5, 1, bits, words)
        assert [told[f"{ALERT}.{column}.1.1"] for column in (2, 4, 5, 7, 8)] == [3, group, 1, code, words]
        assert (told["43.6.1.1.3.1.1"] == 3) is (group == 6)
        assert (told["43.13.4.1.11.1.1"] == 19) is (group == 13)
        assert (told["43.8.2.1.10.1.1"], told["43.8.2.1.11.1.1"]) == ((0, 19) if group == 8 else (-3, 0))
        assert told[LIFE] == 1
        printer.refill()
        await until(lambda: printer.jobs[0].state is JobState.COMPLETED and printer.machine.state is PrinterState.IDLE)
        told = _told(printer)
        assert (told[STATUS], told[PRINTER_STATUS], told[ERRORS], told[CONSOLE]) == (2, 3, b"\0\0", b"Ready")
        assert (_column(told, ALERT), told[LIFE]) == ([], 2)


async def test_warnings_stop_nothing_and_keep_their_numbers(tmp_path: Path) -> None:
    async with _printer(tmp_path, sheets=10, toner=10, color=False) as printer:
        await print_pdf(printer, 9)
        told = _told(printer)
        assert (told[STATUS], told[PRINTER_STATUS], told[ERRORS], told[CONSOLE]) == (3, 3, b"\xa0\0", b"Ready")
        assert _column(told, f"{ALERT}.8") == [b"Little paper in tray-1", b"Little black toner"]
        assert _column(told, f"{ALERT}.2") == [4, 4]
        await print_pdf(printer, 1)
        told = _told(printer)
        assert {name: told[name] for name in told if name.startswith(f"{ALERT}.7.")} == {
            f"{ALERT}.7.1.3": 808,
            f"{ALERT}.7.1.4": 1101,
        }
        assert told[ERRORS] == b"\x10\x04"


def test_each_reason_has_its_bit_and_its_alert() -> None:
    assert mib._BITS.keys() == mib._CASES.keys()
    assert {PAPER_OUT[0], *JAM, *DOOR} <= mib._CASES.keys()
    assert {trouble.reason for trouble in _worst().warnings()} <= mib._CASES.keys()


def _worst() -> Supplies:
    supplies = Supplies(Features(sheets=1, toner=1))
    for _ in range(2):
        supplies.mark(supplies.trays[0], new_sheet=True, monochrome=False)
    return supplies


async def test_each_instance_has_a_type_and_an_object(tmp_path: Path) -> None:
    printer = _printer(tmp_path)
    kinds = {Kind.INTEGER: int, Kind.COUNTER: int, Kind.TICKS: int, Kind.OCTETS: bytes, Kind.OID: tuple}
    found: dict[Oid, Told] = objects(printer.features, printer.machine, earlier=0)
    for oid, told in found.items():
        assert isinstance(told.value, kinds[told.kind]), oid
        assert oid[: len(object_of(oid))] == object_of(oid)
        assert len(object_of(oid)) < len(oid)
