"""What an address tells of itself by SNMP (RFC 1213, RFC 2790, RFC 3805): name, model, place and serial number."""

from gateway.adapters.snmp import LIFE_COUNT, Snmp, text
from gateway.domain.discovered import Discovered
from gateway.services.ports import SnmpAccess

# sysDescr, sysName and sysLocation; hrDeviceDescr of the first device; prtGeneralSerialNumber and -PrinterName.
OBJECTS = {
    "description": "1.3.6.1.2.1.1.1.0",
    "name": "1.3.6.1.2.1.1.5.0",
    "location": "1.3.6.1.2.1.1.6.0",
    "model": "1.3.6.1.2.1.25.3.2.1.3.1",
    "serial": "1.3.6.1.2.1.43.5.1.1.17.1",
    "printer": "1.3.6.1.2.1.43.5.1.1.16.1",
    "paper": LIFE_COUNT["pages"],
}
PRINTER_ONLY = ("serial", "printer", "paper")
"""Of the Printer MIB: what has none of these is no printer."""


async def ask_snmp(snmp: Snmp, address: str, access: SnmpAccess) -> Discovered | None:
    """None where nothing answers, refuses these credentials, or is no printer."""
    found = {name: text(value) for name, value in (await snmp.read(address, access, OBJECTS)).items()}
    if not any(found.get(name) for name in PRINTER_ONLY):
        return None
    return Discovered(
        name=found.get("printer") or found.get("name", ""),
        model=found.get("model") or found.get("description", ""),
        location=found.get("location", ""),
        identity=f"serial:{found['serial']}" if found.get("serial") else "",
        addresses=(address,),
        told_by=("snmp",),
    )
