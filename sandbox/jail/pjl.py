r"""Takes the job language off a print file (HP PJL Technical Reference): what is left is one document in one language.

    ESC %-12345X  @PJL SET COPIES=2 CR LF  @PJL ENTER LANGUAGE=PCL CR LF  data  ESC %-12345X  @PJL EOJ CR LF  ...

None of these octets ever goes on to a device: PJL can change a printer's settings, read its disk and fill it. What is
on the list below is understood and told as a wish; everything else is dropped.
"""

import mmap
import re
from pathlib import Path

from sandbox.errors import Broken, FormatUnsupported
from sandbox.model import Asks

UEL = b"\x1b%-12345X"
_MAX_HEADER = 256 * 1024
_CHUNK = 2**20
_SPACE = b" \t\r\n\x00\x04\x0c"
_SET = re.compile(r"@PJL\s+SET\s+([A-Z]+)\s*=\s*([A-Z0-9]+)\s*\Z", re.IGNORECASE)
_WAY_BACK = re.compile(rb"\x1b%-[ 0-9.]{1,16}X", re.IGNORECASE)
_ENTER = re.compile(rb"@PJL\s+ENTER\s+LANGUAGE\s*=\s*([A-Z0-9]+)\s*\Z", re.IGNORECASE)


def is_wrapped(head: bytes) -> bool:
    return head.lstrip(_SPACE).startswith((UEL, b"@PJL"))


def alone(source: Path) -> None:
    """Make sure that no way back into the job language is left in a document that goes on as it is. FormatUnsupported.

    A file without the wrapping may have it at its end or in its midst; a printer may also take other spellings of it.
    """
    unwrap(source)
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if _WAY_BACK.search(data):
            raise FormatUnsupported("job language inside of a print file")


def unwrap(source: Path) -> tuple[str, Asks]:
    """Leave of a file its document, without the job language around it; the language that is named ("" for none), and the wishes.

    Broken for a file without a document, FormatUnsupported for one with several.
    """
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start, language, wishes = _header(data, 0)
        end = data.find(UEL, start)
        end = len(data) if end < 0 else end
        if not data[start : min(end, start + _CHUNK)].strip(_SPACE):
            raise Broken("a print file without a document")
        if end < len(data):
            after, _, _ = _header(data, end)
            if after < len(data):
                raise FormatUnsupported("a print file of several documents: print them one by one")
        inside = source.with_name("unwrapped")
        with inside.open("wb") as target:
            for place in range(start, end, _CHUNK):
                target.write(data[place : min(end, place + _CHUNK)])
    inside.replace(source)
    return language, _asks(wishes)


def _header(data: mmap.mmap, place: int) -> tuple[int, str, list[str]]:
    """Where the PJL that begins at `place` ends, the language it enters, and its lines."""
    limit, language, lines = min(len(data), place + _MAX_HEADER), "", list[str]()
    while place < limit:
        after = _skipped(data, place, limit)
        if data[after : after + len(UEL)] == UEL:
            place = after + len(UEL)
        elif data[after : after + 4].upper() == b"@PJL":
            end = data.find(b"\n", after, limit)
            end = limit if end < 0 else end + 1
            line = data[after:end].strip(_SPACE)
            place = end
            lines.append(line.decode("latin-1"))
            if found := _ENTER.match(line):
                return place, found[1].decode("latin-1").upper(), lines
        else:
            # Without a language the document begins right here; white space before its end is none.
            return (after if after == len(data) else place), language, lines
    return place, language, lines


def _skipped(data: mmap.mmap, place: int, limit: int) -> int:
    while place < limit and data[place] in _SPACE:
        place += 1
    return place


def _asks(lines: list[str]) -> Asks:
    """The allow-list: copies, two sides, grey. The last word counts, as it does in a printer."""
    said = {found[1].upper(): found[2].upper() for line in lines if (found := _SET.match(line))}
    copies = said.get("COPIES", said.get("QTY", ""))
    sides = ""
    if said.get("DUPLEX") == "ON":
        sides = "two-sided-short-edge" if said.get("BINDING") == "SHORTEDGE" else "two-sided-long-edge"
    elif said.get("DUPLEX") == "OFF":
        sides = "one-sided"
    return Asks(
        copies=int(copies) if copies.isdigit() and 1 <= int(copies[:5]) <= 9999 else 0,
        sides=sides,
        gray=said.get("RENDERMODE") == "GRAYSCALE",
    )
