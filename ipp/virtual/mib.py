"""The printer as SNMP shows it: the system group (RFC 3418), Host Resources (RFC 2790) and the Printer MIB (RFC 3805).

Object identifiers in, values out: nothing here knows of a socket or of the library that talks SNMP. A table is written
down as its entry's identifier and the columns of each row; an instance is entry, column and index. All indices of the
device, of its only marker, output, console and media path are 1.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from ipp.virtual.features import Features
from ipp.virtual.machine import Alert, Machine
from ipp.virtual.supplies import Supply, Tray, Trouble
from ipp.wire import PrinterState

Oid = tuple[int, ...]

_SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
_HOST: Oid = (1, 3, 6, 1, 2, 1, 25)
_PRINTER: Oid = (1, 3, 6, 1, 2, 1, 43)
_COUNTER = 0xFFFF_FFFF  # Counter32 and TimeTicks start again after it

# RFC 3805: a capacity or level that is unknown, and one of which all that is known is that there is some.
_UNKNOWN, _SOME = -2, -3
_MICROMETERS, _IMPRESSIONS, _SHEETS = 4, 7, 8
_TRUE_LASER = 4  # prtMarkerMarkTech electrophotographicLaser
# PrtSubUnitStatusTC, which is a sum
_ACTIVE, _BROKEN, _WARNED, _CRITICAL = 4, 3, 8, 16

# hrPrinterDetectedErrorState by printer-state-reason: bit 0 is the highest of the first octet.
_BITS = {
    "media-low-warning": 0,
    "media-empty-error": 1,
    "toner-low-warning": 2,
    "toner-empty-warning": 3,
    "door-open-error": 4,
    "media-jam-error": 5,
    "marker-waste-almost-full-warning": 7,
    "marker-waste-full-warning": 7,
    "media-empty-warning": 13,
}


class Kind(Enum):
    """The types of SMIv2 (RFC 2578) that are used."""

    INTEGER = auto()
    OCTETS = auto()
    OID = auto()
    COUNTER = auto()
    TICKS = auto()


class Told(NamedTuple):
    """`value`: a number, octets, or the numbers of an OID, as `kind` says."""

    kind: Kind
    value: int | bytes | Oid


class _Case(NamedTuple):
    """How a trouble stands in prtAlertTable (RFC 3805, PrtAlertGroupTC; IANA-PRINTER-MIB, PrtAlertCodeTC)."""

    group: int
    code: int
    words: str
    critical: bool = True


_INPUT, _SUPPLIES, _COVER, _MEDIA_PATH = 8, 11, 6, 13
_CASES = {
    "media-empty-error": _Case(_INPUT, 808, "Load {sheet} in {tray}"),
    "media-jam-error": _Case(_MEDIA_PATH, 8, "Paper jam"),
    "door-open-error": _Case(_COVER, 3, "Close the door"),
    "media-low-warning": _Case(_INPUT, 807, "Little paper in {tray}", critical=False),
    "media-empty-warning": _Case(_INPUT, 808, "No paper in {tray}", critical=False),
    "toner-low-warning": _Case(_SUPPLIES, 1104, "Little {color} toner", critical=False),
    "toner-empty-warning": _Case(_SUPPLIES, 1101, "No {color} toner", critical=False),
    "marker-waste-almost-full-warning": _Case(_SUPPLIES, 1107, "The waste box is almost full", critical=False),
    "marker-waste-full-warning": _Case(_SUPPLIES, 1109, "The waste box is full", critical=False),
}


def objects(features: Features, machine: Machine, *, earlier: int) -> dict[Oid, Told]:
    """All instances of the moment; `earlier`: the impressions of its life before this start."""
    alerts = [alert for alert in machine.alerts if alert.trouble.reason in _CASES]
    return (
        _system(features, machine.up_time)
        | _host(features, machine)
        | _general(features)
        | _covers(machine)
        | _inputs(machine)
        | _output_and_path(features, machine)
        | _marker(machine, earlier)
        | _supplies(machine)
        | _table((*_PRINTER, 16, 5, 1), {(1, 1): {2: _text(_console(machine, alerts))}})
        | _table((*_PRINTER, 18, 1, 1), {(1, alert.number): _alert(machine, alert) for alert in alerts})
    )


def object_of(instance: Oid) -> Oid:
    """The object that an instance is of: a scalar of the system group, else a column of a table as laid out above."""
    return instance[: len(_SYSTEM) + 1] if instance[: len(_SYSTEM)] == _SYSTEM else instance[: len(_PRINTER) + 4]


def _system(features: Features, up_time: float) -> dict[Oid, Told]:
    scalars = {
        1: _text(features.name),
        2: Told(Kind.OID, (0, 0)),  # nobody gave this product a number
        3: _ticks(up_time),
        4: _text(""),
        5: _text("virtual"),
        6: _text(features.location),
        7: _number(64),  # sysServices: applications
    }
    return {(*_SYSTEM, column, 0): told for column, told in scalars.items()}


def _host(features: Features, machine: Machine) -> dict[Oid, Told]:
    """RFC 3805 section 2.2.13.2 says which statuses stand for which state."""
    reasons = {trouble.reason for trouble in machine.troubles}
    running, warning, down = 2, 3, 5
    other, idle, printing = 1, 3, 4
    status = {PrinterState.IDLE: idle, PrinterState.PROCESSING: printing}.get(machine.state, other)
    device = {
        1: _number(1),
        2: Told(Kind.OID, (*_HOST, 3, 1, 5)),  # hrDevicePrinter
        3: _text(features.name),
        4: Told(Kind.OID, (0, 0)),
        5: _number(down if status == other else warning if reasons else running),
        6: _counter(0),
    }
    bits = sum(0x8000 >> bit for bit in {_BITS[reason] for reason in _BITS.keys() & reasons})
    states = {1: _number(status), 2: Told(Kind.OCTETS, bits.to_bytes(2, "big"))}
    return _table((*_HOST, 3, 2, 1), {(1,): device}) | _table((*_HOST, 3, 5, 1), {(1,): states})


def _general(features: Features) -> dict[Oid, Told]:
    columns = {
        1: _counter(0),  # configuration changes
        3: _number(3),  # notResetting
        6: _number(1),  # the default input, output, marker and media path
        7: _number(1),
        8: _number(1),
        9: _number(1),
        11: _number(1),  # lines and characters of the display
        12: _number(40),
        16: _text(features.name),
        17: _text(features.uuid.hex[:12].upper()),
    }
    return _table((*_PRINTER, 5, 1, 1), {(1,): columns})


def _covers(machine: Machine) -> dict[Oid, Told]:
    is_open = any(trouble.reason == "door-open-error" for trouble in machine.troubles)
    return _table((*_PRINTER, 6, 1, 1), {(1, 1): {2: _text("Front door"), 3: _number(3 if is_open else 4)}})


def _inputs(machine: Machine) -> dict[Oid, Told]:
    return _table(
        (*_PRINTER, 8, 2, 1),
        {(1, unit): _input(machine, unit, tray) for unit, tray in enumerate(machine.supplies.trays, 1)},
    )


def _input(machine: Machine, unit: int, tray: Tray) -> dict[int, Told]:
    out = Trouble(reason="media-empty-error", unit=unit) in machine.troubles
    return {
        2: _number(5 if "by-pass" in tray.name else 3),  # sheetFeedManual, else an automatic tray
        3: _number(_MICROMETERS),
        4: _number(tray.sheet.y * 10),
        5: _number(tray.sheet.x * 10),
        6: _number(tray.sheet.y * 10),
        7: _number(tray.sheet.x * 10),
        8: _number(_SHEETS),
        9: _number(_UNKNOWN if tray.capacity is None else tray.capacity),
        10: _number(0 if out else _SOME if tray.sheets is None else tray.sheets),
        11: _number(_BROKEN + _CRITICAL if out else _WARNED if tray.low else 0),
        12: _text(tray.sheet.name),
        13: _text(tray.name),
        18: _text(f"Tray {unit}"),
    }


def _output_and_path(features: Features, machine: Machine) -> dict[Oid, Told]:
    bins = {
        (1, number): {
            2: _number(4),  # unRemovableBin
            3: _number(_SHEETS),
            4: _number(_UNKNOWN),
            5: _number(_SOME),
            6: _number(0),
            7: _text(name),
            12: _text(name),
        }
        for number, name in enumerate(features.output_bins, 1)
    }
    jammed = any(trouble.reason == "media-jam-error" for trouble in machine.troubles)
    path = {
        9: _number(3 if features.duplex else 5),  # longEdgeBindingDuplex, simplex
        10: _text("Paper path"),
        11: _number(_BROKEN + _CRITICAL if jammed else _busy(machine)),
    }
    return _table((*_PRINTER, 9, 2, 1), bins) | _table((*_PRINTER, 13, 4, 1), {(1, 1): path})


def _marker(machine: Machine, earlier: int) -> dict[Oid, Told]:
    columns = {
        2: _number(_TRUE_LASER),
        3: _number(_IMPRESSIONS),
        4: _counter(earlier + machine.impressions),
        5: _counter(machine.impressions),
        6: _number(len(machine.supplies.toners)),  # process colorants, spot colorants
        7: _number(0),
        15: _number(_busy(machine)),
    }
    return _table((*_PRINTER, 10, 2, 1), {(1, 1): columns})


def _supplies(machine: Machine) -> dict[Oid, Told]:
    """Supplies and colorants: each toner and its color have the same index."""
    supplies = dict(enumerate(machine.supplies.all, 1))
    colorants = {
        (1, number): {2: _number(1), 3: _number(3), 4: _text(toner.color), 5: _number(256)}  # process
        for number, toner in supplies.items()
        if toner.color
    }
    rows = {(1, number): _supply(number, supply) for number, supply in supplies.items()}
    return _table((*_PRINTER, 11, 1, 1), rows) | _table((*_PRINTER, 12, 1, 1), colorants)


def _supply(number: int, supply: Supply) -> dict[int, Told]:
    """Of a cartridge the level is what is left of it; of the waste box it is the room that is left."""
    toner = bool(supply.color)
    return {
        2: _number(1),
        3: _number(number if toner else 0),
        4: _number(3 if toner else 4),  # supplyThatIsConsumed, receptacleThatIsFilled
        5: _number(3 if toner else 4),  # toner, wasteToner
        6: _text(f"{supply.color.capitalize()} toner" if toner else "Waste toner box"),
        7: _number(_IMPRESSIONS),
        8: _number(supply.capacity),
        9: _number(supply.left),
    }


def _alert(machine: Machine, alert: Alert) -> dict[int, Told]:
    case = _CASES[alert.trouble.reason]
    return {
        2: _number(3 if case.critical else 4),  # critical, warning
        3: _number(3),  # untrained: whoever stands there can mend it
        4: _number(case.group),
        5: _number(alert.trouble.unit if case.group in {_INPUT, _SUPPLIES} else 1),
        6: _number(_UNKNOWN),  # location
        7: _number(case.code),
        8: _text(_words(machine, alert)),
        9: _ticks(alert.at),
    }


def _console(machine: Machine, alerts: list[Alert]) -> str:
    stopping = [alert for alert in alerts if _CASES[alert.trouble.reason].critical]
    if stopping:
        return _words(machine, stopping[0])
    return "Printing" if machine.state is PrinterState.PROCESSING else "Ready"


def _words(machine: Machine, alert: Alert) -> str:
    case, index = _CASES[alert.trouble.reason], alert.trouble.unit - 1
    if case.group == _INPUT:
        tray = machine.supplies.trays[index]
        return case.words.format(sheet=tray.sheet.name, tray=tray.name)
    if case.group == _SUPPLIES:
        return case.words.format(color=machine.supplies.all[index].color)
    return case.words


def _busy(machine: Machine) -> int:
    return _ACTIVE if machine.state is PrinterState.PROCESSING else 0


def _table(
    entry: Oid, rows: Mapping[tuple[int, int], Mapping[int, Told]] | Mapping[tuple[int], Mapping[int, Told]]
) -> dict[Oid, Told]:
    return {(*entry, column, *index): told for index, columns in rows.items() for column, told in columns.items()}


def _number(value: int) -> Told:
    return Told(Kind.INTEGER, value)


def _counter(value: int) -> Told:
    return Told(Kind.COUNTER, value & _COUNTER)


def _ticks(seconds: float) -> Told:
    """Hundredths of a second."""
    return Told(Kind.TICKS, int(seconds * 100) & _COUNTER)


def _text(words: str) -> Told:
    return Told(Kind.OCTETS, words.encode()[:255])
