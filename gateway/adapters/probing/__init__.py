"""Asks an address whether there is a printer: which ports are open, what SNMP and what IPP tell; and devices for their counters."""

from gateway.adapters.probing.meter import SnmpMeter
from gateway.adapters.probing.prober import NetworkProber

__all__ = ["NetworkProber", "SnmpMeter"]
