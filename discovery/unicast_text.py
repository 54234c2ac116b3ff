"""The print zone as text for name servers that somebody else runs: a zone file, and a script for nsupdate. Pure.

Everything is escaped by octets (RFC 1035 section 5.1): no name of a Printer can end a record and begin another.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from discovery.unicast_answers import wire
from discovery.unicast_records import (
    BROWSE,
    Data,
    Host,
    Name,
    Ns,
    PrintZone,
    Ptr,
    Record,
    Soa,
    Srv,
    Txt,
    apex_records,
    browse_records,
    host_records,
    instance_names,
    instance_records,
    list_names,
    shown_records,
)
from gateway.domain.printer import Printer

BIND_MAX: Final = 100  # records of one type at one name, unless max-records-per-type says otherwise
_MESSAGE_MAX: Final = 40_000  # octets of one update; a message may have 65,535
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def zone_records(zone: PrintZone, printers: Sequence[Printer], shown: Sequence[Printer]) -> tuple[Record, ...]:
    """All but SOA and NS: every Printer's own, and the lists of those `shown`."""
    names = instance_names(printers)
    own = [record for printer in printers for record in instance_records(zone, printer, names[printer.uuid])]
    browse = browse_records(zone, (*BROWSE, *zone.name))
    return (*host_records(zone, printers), *browse, *shown_records(zone, shown, names), *own)


def crowded(records: Iterable[Record]) -> int:
    """The most records of one type at one name, where that is more than bind9 takes; else 0."""
    most = max(Counter((record.name, record.data.type) for record in records).values(), default=0)
    return most if most > BIND_MAX else 0


def zone_file(zone: PrintZone, records: Sequence[Record], serial: int) -> str:
    """For a name server that is to be master of the zone."""
    lines = [f"; {domain(zone.name)} as Papertap would answer for it.", *_advice(records)]
    lines += [_line(record) for record in (*apex_records(zone, zone.name, serial), *records)]
    return "\n".join(lines) + "\n"


def nsupdate_script(
    zone: PrintZone, records: Sequence[Record], *, stale: Iterable[Name] = (), server: str = "", browsing: bool = False
) -> str:
    """For `nsupdate`: run again, it leaves the same; `stale` names lose all they have.

    Each name's old records go in the same message as its new ones come, so that nobody finds none in between.
    """
    lines = ["; Give a key with nsupdate -k.", *_advice(records)]
    lines += [f"server {server}"] if server else []
    for apex in zone.browse_apexes if browsing else ():
        for record in browse_records(zone, apex):
            lines += [f"update delete {domain(record.name)} PTR", f"update add {_line(record)}"]
        lines.append("send")  # before the zone is named: nsupdate asks the server which one these lie in
    lines.append(f"zone {domain(zone.name)}")
    size = 0
    for name, rows in _with_empty_lists(zone, records):
        for change, octets in _changes(name, rows):
            if size + octets > _MESSAGE_MAX:
                lines.append("send")
                size = 0
            lines.append(change)
            size += octets
    lines += [f"update delete {domain(name)}" for name in dict.fromkeys(stale)]
    lines.append("send")
    return "\n".join(lines) + "\n"


def domain(name: Name) -> str:
    """With its last dot; what is no letter, digit, dash or underscore is written by its number."""
    labels = ("".join(chr(o) if o in _PLAIN else f"\\{o:03d}" for o in label.encode()) for label in name)
    return ".".join(labels) + "."


def _advice(records: Sequence[Record]) -> list[str]:
    most = crowded(records)
    if not most:
        return []
    return [
        f"; A name here has {most} records of one type. bind9 takes {BIND_MAX} unless its options, or those of the zone,",
        f"; say: max-records-per-type {most + BIND_MAX};",
    ]


def _with_empty_lists(zone: PrintZone, records: Sequence[Record]) -> list[tuple[Name, list[Record]]]:
    found: dict[Name, list[Record]] = {name: [] for name in list_names(zone)}
    for record in records:
        found.setdefault(record.name, []).append(record)
    return list(found.items())


def _changes(name: Name, rows: list[Record]) -> Iterable[tuple[str, int]]:
    """(line, about how many octets it makes in a message)."""
    kinds = dict.fromkeys(row.data.type for row in rows) or {"PTR": None}
    own = len(wire(name))
    for kind in kinds:
        yield f"update delete {domain(name)} {kind}", own + 10
    for row in rows:
        yield f"update add {_line(row)}", own + 10 + _octets(row.data)


def _octets(data: Data) -> int:
    if isinstance(data, Txt):
        return sum(len(item) + 1 for item in data.items)
    return len(wire(data.target)) + 6 if isinstance(data, Ptr | Srv) else 16


def _line(record: Record) -> str:
    return f"{domain(record.name)} {record.ttl} IN {record.data.type} {_data(record.data)}"


def _data(data: Data) -> str:
    match data:
        case Ptr() | Ns():
            return domain(data.target)
        case Srv():
            return f"0 0 {data.port} {domain(data.target)}"
        case Txt():
            return " ".join(map(_quoted, data.items))
        case Host():
            return str(data.address)
        case Soa():
            names = f"{domain(data.primary)} {domain(data.contact)}"
            return f"{names} {data.serial} {data.refresh} {data.retry} {data.expire} {data.minimum}"


def _quoted(item: bytes) -> str:
    escaped = (f"\\{o:03d}" if o < 0x20 or o > 0x7E or o in b'"\\' else chr(o) for o in item)
    return f'"{"".join(escaped)}"'
