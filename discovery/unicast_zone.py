"""The content of the print zone at one moment; what somebody asks for is packed once.

Only lists of instances differ with the asker's place: addresses, ports and texts of a Printer are the same for
everybody, so that a phone that has stored a Printer finds it wherever it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from discovery.unicast_answers import ANY, TYPES, Packed, by_name, minimal_any, nodes, pack, soa_body, wire
from discovery.unicast_records import (
    REGISTERING,
    PrintZone,
    Record,
    apex_records,
    browse_records,
    host_records,
    instance_names,
    instance_records,
    list_names,
    shown_records,
)
from gateway.domain.printer import Printer

_PTR: Final = TYPES["PTR"]
_VIEWS_MAX: Final = 200  # sets of Printers that different zones show

View = tuple[Printer, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """`packed` is None where the name is there but not the type, `exists` False where there is no name either."""

    apex: bytes
    exists: bool
    packed: Packed | None = None


class PackedZone:
    """Built in a thread: it takes a tenth of a millisecond for each Printer."""

    def __init__(self, zone: PrintZone, printers: View, *, serial: int) -> None:
        self._zone = zone
        self._names = instance_names(printers)
        own = [*apex_records(zone, zone.name, serial), *host_records(zone, printers)]
        for printer in printers:
            own += instance_records(zone, printer, self._names[printer.uuid])
        own += browse_records(zone, ("_dns-sd", "_udp", *zone.name))
        self._known = by_name(own)
        lists = list_names(zone)
        self._lists = {wire(name): name for name in lists}
        quiet = tuple((word, "_dns-sd", "_udp", *zone.name) for word in REGISTERING)
        self._nodes = nodes(zone.name, self._known, (*lists, *quiet))
        for apex in zone.browse_apexes:
            there = by_name((*apex_records(zone, apex, serial), *browse_records(zone, apex)))
            self._known |= there
            self._nodes |= nodes(apex, there, tuple((word, *apex) for word in REGISTERING))
        apexes = (zone.name, *zone.browse_apexes)
        self._soa = {wire(apex): soa_body(apex_records(zone, apex, serial)[0]) for apex in apexes}
        self._shown: dict[tuple[str, ...], dict[bytes, list[Record]]] = {}
        self._packed: dict[tuple[tuple[str, ...], bytes], Packed | None] = {}

    def soa(self, apex: bytes) -> bytes:
        """The SOA record that goes with a no, without its name."""
        return self._soa[apex]

    def look_up(self, key: bytes, kind: int, shown: Callable[[], View]) -> Found | None:
        """`key`: the name in wire form and lower case. None: the name lies in no zone of ours."""
        node = self._nodes.get(key)
        if node is None:
            apex = self._apex_above(key)
            return None if apex is None else Found(apex=apex, exists=False)
        if kind in {_PTR, ANY} and key in self._lists:
            return Found(apex=node.apex, exists=True, packed=self._list(key, kind, shown()))
        return Found(apex=node.apex, exists=True, packed=node.answer(kind, self._known))

    def _apex_above(self, key: bytes) -> bytes | None:
        """The nearest zone of ours that holds the name."""
        at = 0
        while key[at]:
            if key[at:] in self._soa:
                return key[at:]
            at += key[at] + 1
        return None

    def _list(self, key: bytes, kind: int, shown: View) -> Packed | None:
        view = tuple(printer.name for printer in shown)
        rows = self._rows(view, shown).get(key)
        if rows is None:
            return None
        if kind == ANY:
            return minimal_any(self._lists[key], self._zone.ttl)
        if (view, key) not in self._packed:
            self._packed[view, key] = pack(self._lists[key], "PTR", rows, self._known)
        return self._packed[view, key]

    def _rows(self, view: tuple[str, ...], shown: View) -> dict[bytes, list[Record]]:
        found = self._shown.get(view)
        if found is None:
            if len(self._shown) >= _VIEWS_MAX:
                self._shown.clear()
                self._packed.clear()
            known = tuple(printer for printer in shown if printer.uuid in self._names)
            lists = by_name(shown_records(self._zone, known, self._names))
            found = self._shown[view] = {wire(name): types["PTR"] for name, types in lists.items()}
        return found
