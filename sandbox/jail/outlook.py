"""Reads Outlook messages (MS-OXMSG): each property is a stream of its own, named by its number and type."""

from pathlib import Path

from sandbox.errors import Broken
from sandbox.jail import compound, web
from sandbox.jail.mail import Letter
from sandbox.jail.prose import decoded

_SUBJECT, _BODY, _HTML, _FROM, _ADDRESS, _TO, _CC = "0037", "1000", "1013", "0C1A", "0C1F", "0E04", "0E03"
_RTF = "10090102"
_LONG_NAME, _SHORT_NAME, _DATA = "3707", "3704", "37010102"
_UNICODE, _NARROW, _BINARY = "001F", "001E", "0102"
_MAX_ATTACHED = 1000


def letter_of(path: Path) -> Letter:
    """Parse a message; its body as HTML where it has one, else as text. Broken for a damaged one."""
    with compound.opened(path) as file:

        def text(number: str, folder: str = "") -> str:
            wide = compound.read(file, f"{folder}__substg1.0_{number}{_UNICODE}")
            if wide:
                return wide.decode("utf-16-le", "replace").rstrip("\0")
            return (
                compound.read(file, f"{folder}__substg1.0_{number}{_NARROW}").decode("cp1252", "replace").rstrip("\0")
            )

        html = compound.read(file, f"__substg1.0_{_HTML}{_BINARY}")
        markup = (decoded(html) or "") if html else text(_HTML)
        body = text(_BODY)
        shown, left_out = web.body(markup) if markup.strip() else ("", 0)
        if not body and not shown and compound.read(file, f"__substg1.0_{_RTF}"):
            body = "(The text of this message is kept in a form that only Outlook reads. Save it as HTML or PDF.)"
        folders = sorted({entry[0] for entry in file.listdir() if entry[0].startswith("__attach")})[:_MAX_ATTACHED]
        attached = tuple(
            (
                text(_LONG_NAME, f"{one}/") or text(_SHORT_NAME, f"{one}/") or "unnamed",
                len(compound.read(file, f"{one}/__substg1.0_{_DATA}")),
            )
            for one in folders
        )
        sender, address = text(_FROM), text(_ADDRESS)
        fields = (
            ("From", f"{sender} <{address}>" if address and "@" in address else sender),
            ("To", text(_TO)),
            ("Cc", text(_CC)),
            ("Subject", text(_SUBJECT)),
        )
    if not body and not shown and not any(value for _, value in fields):
        raise Broken("a message without a word in it")
    return Letter(
        fields=tuple((name, value) for name, value in fields if value),
        html=shown,
        text=body,
        attached=attached,
        left_out=left_out,
    )
