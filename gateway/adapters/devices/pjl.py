"""The frame around a document on a RAW connection (HP PJL reference): every word in it is ours or made harmless."""

from gateway.services.ports import Order

UEL = b"\x1b%-12345X"
_LANGUAGES = {
    "application/pdf": "PDF",
    "application/postscript": "POSTSCRIPT",
    "application/vnd.hp-PCL": "PCL",
    "application/vnd.hp-PCLXL": "PCLXL",
}
_BINDING = {"two-sided-long-edge": "LONGEDGE", "two-sided-short-edge": "SHORTEDGE"}


def frame(order: Order) -> tuple[bytes, bytes]:
    """What goes before and after the document; nothing for a format that has no PJL language."""
    language = _LANGUAGES.get(order.format)
    if language is None:
        return b"", b""
    name = quoted(order.name)
    lines = [f"@PJL JOB NAME={name}", f"@PJL SET COPIES={order.copies:d}"]
    binding = _BINDING.get(order.ticket.sides or "")
    if binding is not None:
        lines += ["@PJL SET DUPLEX=ON", f"@PJL SET BINDING={binding}"]
    elif order.ticket.sides is not None:
        lines.append("@PJL SET DUPLEX=OFF")
    lines.append(f"@PJL ENTER LANGUAGE={language}")
    head = UEL + b"@PJL\r\n" + "".join(f"{line}\r\n" for line in lines).encode("ascii")
    return head, UEL + f"@PJL\r\n@PJL EOJ NAME={name}\r\n".encode("ascii") + UEL


def quoted(text: str) -> str:
    """A PJL string of at most 80 characters: printable ASCII without the quote, so that nothing can end it."""
    return '"' + "".join(c if " " <= c <= "~" and c != '"' else "?" for c in text)[:80] + '"'
