"""A whole printer in software, for the demo and the tests: IPP, RAW and LPD sinks, SNMP, and it misbehaves on order."""

from ipp.virtual.agent import SnmpAccess
from ipp.virtual.features import FORMATS, KNOWN_SHEETS, Features, Sheet
from ipp.virtual.machine import PaperJob
from ipp.virtual.misbehaviour import Lie, Misbehaviour
from ipp.virtual.printer import VirtualPrinter
from ipp.virtual.reception import Render
from ipp.virtual.render import count_only, render_with_tools

__all__ = [
    "FORMATS",
    "KNOWN_SHEETS",
    "Features",
    "Lie",
    "Misbehaviour",
    "PaperJob",
    "Render",
    "Sheet",
    "SnmpAccess",
    "VirtualPrinter",
    "count_only",
    "render_with_tools",
]
