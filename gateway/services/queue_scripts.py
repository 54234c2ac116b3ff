"""What platforms take to install queues, as text: command lines, scripts, policies (rows 4, 12, 160 and 162). Pure.

Names and places of Printers are words of people: each is quoted for where it stands, and a test tries to get out.
"""

import base64
import json
import re
import shlex
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from gateway.domain.description import cut, make_and_model, manufacturer_and_model
from gateway.domain.queue import Queue

TEXT_MAX: Final = 127
BOM: Final = "\ufeff"  # Windows PowerShell 5.1 takes a file without it for the machine's old code page
# PowerShell takes typographic single quotes for quotes, too.
_QUOTES: Final = re.compile("['\u2018\u2019\u201a\u201b]")


def shell(text: str) -> str:
    """One word of a POSIX shell, whatever is in it."""
    return shlex.quote(_plain(text))


def powershell(text: str) -> str:
    """A literal string of PowerShell, in which nothing is expanded."""
    return "'" + _QUOTES.sub(lambda quote: quote[0] * 2, _plain(text)) + "'"


def lpadmin_line(queue: Queue) -> str:
    """For CUPS: Linux and macOS."""
    printer = queue.printer
    place = f" -L {shell(printer.location)}" if printer.location else ""
    name, uri = shell(printer.name), shell(queue.destination.uri)
    return f"lpadmin -p {name} -E -v {uri} -m everywhere -D {shell(printer.info)}{place}"


def shell_script(queues: Sequence[Queue]) -> str:
    """Installs the queues once."""
    lines = [
        "#!/bin/sh",
        "# Adds these printers to this computer (Linux, macOS). Run it as a user who may print-administer.",
        "set -e",
    ]
    lines += [lpadmin_line(queue) for queue in queues]
    lines += [f"lpadmin -d {shell(queue.printer.name)}" for queue in queues if queue.default][:1]
    return "\n".join(lines) + "\n"


def add_printer_line(queue: Queue) -> str:
    """For Windows 10 and 11 with the class driver that is part of it."""
    return f"Add-Printer -IppURL {powershell(queue.destination.http_uri)}"


def powershell_script(queues: Sequence[Queue], authority: bytes) -> str:
    """Trusts our authority (DER, empty where there is none to trust) and installs the queues once."""
    lines = [
        "# Adds these printers to this computer (Windows 10 and 11). Run it as administrator.",
        "$ErrorActionPreference = 'Stop'",
    ]
    if authority:
        lines += [
            f"$octets = [Convert]::FromBase64String({powershell(base64.b64encode(authority).decode())})",
            (
                "$certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2"
                " -ArgumentList (, $octets)"
            ),
            (
                "$store = New-Object System.Security.Cryptography.X509Certificates.X509Store"
                " -ArgumentList 'Root', 'LocalMachine'"
            ),
            "$store.Open('ReadWrite')",
            "try { $store.Add($certificate) } finally { $store.Close() }",
        ]
    lines += [add_printer_line(queue) for queue in queues]
    return BOM + "\r\n".join(lines) + "\r\n"


def chromeos_policy(queues: Sequence[Queue]) -> str:
    """The policy `Printers` of ChromeOS: a list of texts, each of which is JSON itself."""
    return json.dumps({"Printers": [json.dumps(_chromeos(queue), ensure_ascii=False) for queue in queues]}, indent=2)


def chromeos_bulk(queues: Sequence[Queue]) -> str:
    """The file of the policy `DevicePrinters` and of PrintersBulkConfiguration."""
    return json.dumps([_chromeos(queue) for queue in queues], indent=2, ensure_ascii=False)


def keeper_for_shell(address: str, *, authority: str, mark: str) -> str:
    """`authority`: PEM or empty. The script fetches `address` and keeps queues equal to it."""
    words = {"ADDRESS": address, "MARK": mark}
    quoted = {name: shell(text) for name, text in words.items()} | {"AUTHORITY": shlex.quote(authority.strip())}
    return filled("papertap-queues.sh", quoted)


def keeper_for_powershell(address: str, *, authority: bytes, mark: str) -> str:
    """`authority`: DER or empty."""
    words = {"ADDRESS": address, "AUTHORITY": base64.b64encode(authority).decode(), "MARK": f"papertap:{mark}"}
    text = filled("papertap-queues.ps1", {name: powershell(word) for name, word in words.items()})
    return BOM + text.replace("\n", "\r\n")


def queue_list(queues: Sequence[Queue]) -> str:
    """For the shell, which reads no JSON: a line a queue, and a last line that says so.

    Between fields stands U+001F: white space would let empty fields fall together in a shell's `read`.
    """
    rows = [
        (q.printer.name, q.destination.uri, str(int(q.default)), _plain(q.printer.location), _plain(q.printer.info))
        for q in queues
    ]
    lines = ("\x1f".join(row) for row in rows)
    return "\n".join(("papertap-queues 1", *lines, "end")) + "\n"


def described(queue: Queue) -> dict[str, Any]:
    """For JSON."""
    printer = queue.printer
    return {
        "name": printer.name,
        "info": _plain(printer.info),
        "location": _plain(printer.location),
        "uuid": str(printer.uuid),
        "uri": queue.destination.uri,
        "http_uri": queue.destination.http_uri,
        "host_name": queue.host_name,
        "default": queue.default,
        "color": printer.capabilities.color,
        "duplex": printer.capabilities.duplex,
        "authentication": printer.authentication.value,
    }


def _chromeos(queue: Queue) -> dict[str, Any]:
    printer = queue.printer
    make, model = manufacturer_and_model(printer)
    return {
        "id": str(printer.uuid),
        "display_name": _plain(printer.info),
        "description": _plain(printer.location) or make_and_model(printer),
        "manufacturer": make,
        "model": model,
        "uri": queue.destination.uri,
        "ppd_resource": {"autoconf": True},
    }


def filled(name: str, words: dict[str, str]) -> str:
    """In one go: a word that looks like a place to fill stays what it is."""
    text = files("gateway.services").joinpath("scripts", name).read_text("utf-8")
    return re.sub(r"@([A-Z]+)@", lambda place: words[place[1]], text)


def _plain(text: str) -> str:
    return cut(text, TEXT_MAX * 8).strip()
