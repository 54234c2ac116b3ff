r"""What a driver says of its job around the document (HP PJL Technical Reference): who sends it, and what it is called.

    ESC %-12345X  @PJL JOB NAME="Report" CR LF  @PJL SET USERNAME="ada" CR LF  @PJL ENTER LANGUAGE=PCL CR LF  data  ESC %-12345X

Looked at as it passes, and nothing of it is changed. Copies, sides and colour are read in the jail, where the whole
document is: read here as well they would be asked for twice.
"""

import re
from dataclasses import dataclass

from ipp.driver.text import text_of

HEAD = 16 * 1024
"""Octets of a job that are looked at."""
TAIL = 64
UEL = b"\x1b%-12345X"
_SPACE = b" \t\r\n\0\x04\x0c"
_VALUE = rb'\s*=\s*(?:"([^"\r\n]{0,300})"|([^\s"][^\r\n]{0,300}))'
_SET = re.compile(rb"@PJL\s+SET\s+([A-Z0-9]{1,40})" + _VALUE, re.IGNORECASE)
_JOB = re.compile(rb"@PJL\s+JOB\b[^\r\n]{0,300}?\bNAME" + _VALUE, re.IGNORECASE)
_COMMENT = re.compile(rb"@PJL\s+COMMENT\s+([^\r\n]{1,400})", re.IGNORECASE)
_ENTER = re.compile(rb"@PJL\s+ENTER\s+LANGUAGE\b", re.IGNORECASE)
# As drivers write it: COMMENT "Username: ada; App Filename: report.docx; 3-14-2026", SET JOBATTR="JobAcct1=ada".
_COMMENT_USER = re.compile(rb'\buser\s?(?:name)?\s?[:=]\s*([^;,"\r\n]{1,200})', re.IGNORECASE)
_COMMENT_FILE = re.compile(rb'\bapp filename\s?[:=]\s*([^;"\r\n]{1,200})', re.IGNORECASE)
_ACCOUNT = re.compile(rb"JobAcct1\s*=\s*([^\s\"][^\"\r\n]{0,200})", re.IGNORECASE)


_WEB_REQUEST = re.compile(rb"[A-Z]{3,7} [^\s]{1,8000} HTTP/[0-9]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """`users` are the names that were said, the surest first; `document`: whether anything but PJL was there."""

    users: tuple[str, ...] = ()
    name: str = ""
    document: bool = True


def read_head(octets: bytes) -> Head:
    """Of the first HEAD octets of a job, or of fewer."""
    users: dict[int, str] = {}
    names: dict[int, str] = {}
    place = 0
    while True:
        place = _skipped(octets, place)
        if octets[place : place + 4].upper() != b"@PJL":
            break
        end = octets.find(b"\n", place)
        line = octets[place:] if end < 0 else octets[place:end]
        place += len(line)
        _read_line(line, users, names)
        if _ENTER.match(line):
            place = _skipped(octets, place)
            break
    known = tuple(dict.fromkeys(text for _, text in sorted(users.items()) if text))
    return Head(
        users=known, name=next((text for _, text in sorted(names.items()) if text), ""), document=place < len(octets)
    )


def _read_line(line: bytes, users: dict[int, str], names: dict[int, str]) -> None:
    """By how sure it is; of equal ones the last word counts, as it does in a printer."""
    if found := _SET.match(line):
        key, value = found[1].upper(), found[2] if found[2] is not None else found[3]
        if key in {b"USERNAME", b"USERID"}:
            users[0 if key == b"USERNAME" else 1] = text_of(value)
        elif key == b"JOBNAME":
            names[1] = text_of(value)
        elif key == b"JOBATTR" and (account := _ACCOUNT.search(value)):
            users[2] = text_of(account[1])
    elif found := _JOB.match(line):
        names[0] = text_of(found[1] if found[1] is not None else found[2])
    elif found := _COMMENT.match(line):
        if user := _COMMENT_USER.search(found[1]):
            users[3] = text_of(user[1])
        if file := _COMMENT_FILE.search(found[1]):
            names[2] = text_of(file[1])


def _skipped(octets: bytes, place: int) -> int:
    """Behind white space and the sequences that lead into the job language."""
    while place < len(octets):
        if octets.startswith(UEL, place):
            place += len(UEL)
        elif octets[place] in _SPACE:
            place += 1
        else:
            break
    return place


class Tap:
    """Keeps the beginning and the end of what flows past."""

    def __init__(self) -> None:
        self.head = b""
        self._tail = b""
        self.size = 0

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        if len(self.head) < HEAD:
            self.head += data[: HEAD - len(self.head)]
        self._tail = (self._tail + data[-TAIL:])[-TAIL:]

    @property
    def is_web_request(self) -> bool:
        """Whether it begins as HTTP does: a page somewhere lets its visitors' browsers send to printers."""
        return _WEB_REQUEST.match(self.head) is not None

    @property
    def only_words(self) -> bool:
        """Whether there was job language and no document: a question to the printer, as status programs ask them."""
        return self.size <= HEAD and not read_head(self.head).document

    @property
    def said_end(self) -> bool:
        """Whether it ends as a job does that has come to its end: with the way back into the job language."""
        return self.size > len(UEL) and self._tail.rstrip(_SPACE).endswith(UEL) and not self.only_words
