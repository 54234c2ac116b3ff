"""A Printer as DNS-SD tells it (RFC 6763; Bonjour Printing Specification 1.2.1). Pure.

    <instance>._ipp._tcp.local.   SRV host port   TXT txtvers=1 qtotal=1 rp=... ty=... ...
    _universal._sub._ipp._tcp.local.  PTR <instance>._ipp._tcp.local.      what iOS looks for
    _print._sub._ipp._tcp.local.      PTR <instance>._ipp._tcp.local.      what IPP Everywhere clients look for

The values come from gateway.domain.description, as those of Get-Printer-Attributes do.
"""

from dataclasses import dataclass

from gateway.domain import description
from gateway.domain.printer import Printer

IPP = "_ipp._tcp"
IPPS = "_ipps._tcp"
SUBTYPES = ("_universal", "_print")
ITEM_MAX = 255  # one TXT item: its length is one octet (RFC 6763 section 6.1)
_TLS_VERSION = "1.2"  # the least that the listeners take

Txt = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """Where the listeners really are; None where there is none."""

    ipp: int | None
    ipps: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One instance of one service type, without its host and addresses. `txt` keeps its order."""

    type: str
    subtypes: tuple[str, ...]
    instance: str
    port: int
    txt: Txt

    def encoded_txt(self) -> bytes:
        """RFC 6763 section 6.1: each item with its length before it; too long ones are cut between characters."""
        return b"".join(bytes((len(item),)) + item for item in (encode_item(key, value) for key, value in self.txt))


def services(printer: Printer, *, instance: str, base_url: str, ports: Ports) -> tuple[Service, ...]:
    """What to announce for one Printer under the name `instance`.

    A Printer that asks for a password is announced on _ipp, too: iOS looks there first, and TLS and air tell it
    to come by IPPS.
    """
    entries = txt(printer, base_url=base_url, tls=ports.ipps is not None)
    offered = ((IPP, ports.ipp), (IPPS, ports.ipps))
    return tuple(
        Service(type=kind, subtypes=SUBTYPES, instance=instance, port=port, txt=entries)
        for kind, port in offered
        if port is not None
    )


def txt(printer: Printer, *, base_url: str, tls: bool) -> Txt:
    """The TXT record's items in order; txtvers first as Bonjour Printing asks."""
    able = printer.capabilities
    make, model = description.manufacturer_and_model(printer)
    finishing = description.finishing_words(printer)
    product = description.make_and_model(printer).replace("(", "[").replace(")", "]")
    items = [
        ("txtvers", "1"),
        ("qtotal", "1"),
        ("rp", description.resource_path(printer)),
        ("ty", description.make_and_model(printer)),
        ("product", f"({product})"),
        ("note", description.location(printer)),
        ("adminurl", description.more_info(printer, base_url)),
        ("pdl", ",".join(description.document_formats(printer))),
        ("URF", ",".join(description.urf_supported(printer))),
        ("UUID", description.uuid_urn(printer).removeprefix("urn:uuid:")),
        ("priority", "50"),
        ("air", "username,password" if description.authentication_needed(printer) else "none"),
        *([("TLS", _TLS_VERSION)] if tls else []),
        ("Color", _flag(able.color)),
        ("Duplex", _flag(len(description.sides_supported(printer)) > 1)),
        ("Copies", _flag(able.copies > 1)),
        ("Collate", _flag(able.copies > 1)),
        *((word.capitalize(), "T") for word in ("staple", "punch", "bind") if word in finishing),
        ("Scan", "F"),
        ("Fax", "F"),
        ("PaperMax", description.paper_max(printer)),
        ("kind", ",".join(description.kinds(printer))),
        ("usb_MFG", make),
        ("usb_MDL", model),
        ("mopria-certified", description.MOPRIA_CERTIFIED),
    ]
    return tuple(items)


def encode_item(key: str, value: str) -> bytes:
    """key=value in at most 255 octets; the value is cut, never inside a character and lists never inside a member."""
    item = f"{key}={value}".encode()
    if len(item) <= ITEM_MAX:
        return item
    if key in {"pdl", "URF", "kind"}:
        return item[: item.rfind(b",", 0, ITEM_MAX + 1)]
    return item[:ITEM_MAX].decode(errors="ignore").encode()


def numbered(name: str, number: int) -> str:
    """The name to try after `number - 1` conflicts (RFC 6762 section 9): "Find me", "Find me (2)", ..."""
    if number == 1:
        return name
    suffix = f" ({number})"
    return description.cut(name, description.LABEL_MAX - len(suffix)).rstrip() + suffix


def _flag(value: bool) -> str:
    return "T" if value else "F"
