"""The control file of a job (RFC 1179 section 7): one line for each thing, its first octet says which.

    H host   P user   J job name   N name of the source file   T title   C class   L user (a banner)   U data file
    f, l, o, p and other small letters, data file: print it, once for each such line; how it is to be taken

How a file is to be taken is found out from the file itself, and a banner is a rule of the house, not of the sender.
"""

import re
from dataclasses import dataclass

from gateway.errors import BadRequest
from ipp.driver.text import text_of

LARGEST = 64 * 1024
MOST_LINES = 2000
_PATH = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")
_PRINTS = frozenset(b"cdfgklnoprtv")


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlFile:
    """`files` are the names of the data files to be printed, each once, in their order; `copies` of all of them."""

    host: str = ""
    user: str = ""
    name: str = ""
    files: tuple[str, ...] = ()
    copies: int = 1


def parse(octets: bytes) -> ControlFile:
    """BadRequest for what is no control file, or names nothing to print."""
    lines = octets.replace(b"\r\n", b"\n").rstrip(b"\0").split(b"\n")
    if len(lines) > MOST_LINES:
        raise BadRequest("The control file of this job has too many lines. Send the documents in several jobs.")
    said: dict[bytes, str] = {}
    prints: dict[str, int] = {}
    for line in lines:
        if line[:1] and line[0] in _PRINTS:
            file = text_of(line[1:])
            prints[file] = prints.get(file, 0) + 1
        elif line:
            said.setdefault(line[:1], text_of(line[1:]))
    if not prints:
        raise BadRequest("The control file of this job names nothing to print.")
    return ControlFile(
        host=said.get(b"H", ""),
        user=said.get(b"P", ""),
        name=_title(said.get(b"J", "")) or _last_part(said.get(b"N", "")) or said.get(b"T", ""),
        files=tuple(prints),
        copies=max(prints.values()),
    )


def _title(name: str) -> str:
    """Some senders give a whole path for a name; a title may have a stroke in it, too."""
    return _last_part(name) if _PATH.match(name) else name


def _last_part(path: str) -> str:
    """Where a file lay on its sender's machine is nobody's business."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]
