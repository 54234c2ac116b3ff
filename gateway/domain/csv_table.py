"""CSV as people's programs write it: encodings, delimiters and headings told apart, broken lines named, nothing held.

A line longer than LONGEST_LINE is dropped while it streams by, so that a file of one line costs no memory.
"""

import codecs
import csv
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import BadRequest

LONGEST_LINE = 64 * 1024  # characters or octets
MOST_JOINED = 50  # lines of one cell: an address may have some, an open quotation mark would swallow the whole file
DELIMITERS = ",;\t|"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs run when a cell begins with it."""
_END = re.compile(r"\r\n|\n|\r")
_END_OCTETS = re.compile(rb"\r\n|\n|\r")

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (
        *("name", "username", "user", "login", "uid", "samaccountname", "account", "benutzername", "benutzer"),
        *("anmeldename", "kennung", "identifiant", "nomdutilisateur", "utilisateur"),
    ),
    "full_name": ("fullname", "displayname", "cn", "vollername", "anzeigename", "nomcomplet", "nomaffiche"),
    "email": ("email", "mail", "mailaddress", "emailaddress", "mailadresse", "adressemail", "courriel"),
    "department": ("department", "abteilung", "departement", "service", "ou"),
    "cost_centre": ("costcentre", "costcenter", "kostenstelle", "centredecouts", "centredecout"),
    "language": ("language", "lang", "sprache", "langue", "preferredlanguage"),
    "groups": ("groups", "group", "gruppen", "gruppe", "groupes", "groupe", "class", "klasse", "classe"),
    "cards": ("card", "cards", "cardnumber", "badge", "rfid", "karte", "karten", "kartennummer", "carte", "cartes"),
    "pin": ("pin", "pincode", "codepin"),
    "disabled": ("disabled", "inactive", "locked", "gesperrt", "deaktiviert", "desactive"),
}
"""What a column means, by its heading without case, accents, spaces and signs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """`number` is that of its first line, counted from 1 with the headings."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BadLine:
    number: int
    why: str


@dataclass(kw_only=True, slots=True)
class Lines:
    """Octets in, lines out: (number, text), or (number, None, why) for one that cannot be read."""

    _octets: bytes = b""
    _text: str = ""
    _decoder: codecs.IncrementalDecoder | None = None
    _begun: bool = False
    _utf8: bool = False
    _skipping: bool = False
    _number: int = 0

    def feed(self, data: bytes, *, last: bool = False) -> Iterator[tuple[int, str | None, str]]:
        self._octets += data
        if not self._begun and (len(self._octets) >= 4 or last):
            self._begin()
        if not self._begun:
            return
        if self._decoder is not None:
            self._text += self._decoder.decode(self._octets, last)
            self._octets = b""
            yield from self._lines_of_text(last=last)
        else:
            yield from self._lines_of_octets(last=last)

    def _begin(self) -> None:
        """RFC 3629 section 6 and RFC 2781 section 3.2 for marks; without one, every other octet of UTF-16 is 0."""
        self._begun, head = True, self._octets[:4]
        if head.startswith(codecs.BOM_UTF8):
            self._octets, self._utf8 = self._octets[3:], True
            return
        for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
            if head.startswith(mark):
                self._octets = self._octets[2:]
                self._decoder = codecs.getincrementaldecoder(name)("replace")
                return
        if len(head) == 4 and head[1] == head[3] == 0 and head[0] and head[2]:
            self._decoder = codecs.getincrementaldecoder("utf-16-le")("replace")
        elif len(head) == 4 and head[0] == head[2] == 0 and head[1] and head[3]:
            self._decoder = codecs.getincrementaldecoder("utf-16-be")("replace")

    def _lines_of_text(self, *, last: bool) -> Iterator[tuple[int, str | None, str]]:
        parts = _END.split(self._text) if last or not self._text.endswith("\r") else _END.split(self._text[:-1])
        rest = "" if last or not self._text.endswith("\r") else "\r"
        self._text = parts.pop() + rest
        for part in parts:
            yield self._numbered(part, "\ufffd" in part)
        if last and self._text:
            yield self._numbered(self._text, "\ufffd" in self._text)
        elif len(self._text) > LONGEST_LINE:
            self._text, self._skipping = "", True

    def _lines_of_octets(self, *, last: bool) -> Iterator[tuple[int, str | None, str]]:
        held = b"\r" if self._octets.endswith(b"\r") and not last else b""
        parts = _END_OCTETS.split(self._octets[: len(self._octets) - len(held)])
        self._octets = parts.pop() + held
        for part in parts:
            yield self._decoded(part)
        if last and self._octets:
            yield self._decoded(self._octets)
        elif len(self._octets) > LONGEST_LINE:
            self._octets, self._skipping = b"", True

    def _decoded(self, line: bytes) -> tuple[int, str | None, str]:
        """UTF-8; once a line showed that it is that, nothing else. Before, Windows' code page for Western Europe."""
        try:
            text = line.decode()
        except UnicodeDecodeError:
            if self._utf8:
                return self._numbered("", broken=True)
            try:
                text = line.decode("cp1252")
            except UnicodeDecodeError:
                return self._numbered("", broken=True)
        else:
            self._utf8 = self._utf8 or not text.isascii()
        return self._numbered(text, broken=False)

    def _numbered(self, text: str, broken: bool) -> tuple[int, str | None, str]:
        self._number += 1
        if self._skipping or len(text) > LONGEST_LINE:
            self._skipping = False
            return self._number, None, "It is longer than 64 KB."
        if broken:
            return self._number, None, "Some of its letters cannot be read. Save the file as UTF-8."
        return self._number, text, ""


@dataclass(kw_only=True, slots=True)
class Table:
    """`headings` are known once the first row was asked for. BadRequest for a file that is no table with headings."""

    chunks: AsyncIterator[bytes]
    headings: tuple[str, ...] = ()
    delimiter: str = ","
    _lines: Lines = field(default_factory=Lines)
    _pending: list[tuple[int, str]] = field(default_factory=list)

    async def rows(self) -> AsyncIterator[Row | BadLine]:
        """After the headings, which are read first. Empty lines are passed over."""
        async for number, text, why in self._all():
            if text is None:
                for one in self._given_up():
                    yield one
                yield BadLine(number=number, why=why)
                continue
            for one in self._taken(number, text):
                yield one
        for one in self._given_up():
            yield one
        if not self.headings:
            raise BadRequest("The file has no line with headings. Begin it with one, such as name;mail;card.")

    async def _all(self) -> AsyncIterator[tuple[int, str | None, str]]:
        async for chunk in self.chunks:
            for line in self._lines.feed(chunk):
                yield line
        for line in self._lines.feed(b"", last=True):
            yield line

    def _taken(self, number: int, text: str) -> Iterator[Row | BadLine]:
        self._pending.append((number, text))
        whole = "\n".join(part for _, part in self._pending)
        if whole.count('"') % 2 == 0:
            first, self._pending = self._pending[0][0], []
            yield from self._read(first, whole)
        elif len(self._pending) > MOST_JOINED or len(whole) > LONGEST_LINE:
            yield from self._given_up()

    def _given_up(self) -> Iterator[Row | BadLine]:
        """The line that opens a quotation mark and never closes it is broken; those after it are read on their own."""
        while self._pending:
            (number, _), later = self._pending[0], self._pending[1:]
            self._pending = []
            yield BadLine(number=number, why="A quotation mark is not closed.")
            for at, text in later:
                yield from self._taken(at, text)

    def _read(self, number: int, text: str) -> Iterator[Row | BadLine]:
        if not text.strip(" \t,;|"):
            return
        if not self.headings:
            self.delimiter = _delimiter(text)
        try:
            cells = next(csv.reader([text], delimiter=self.delimiter, strict=True))
        except (csv.Error, StopIteration):
            yield BadLine(number=number, why="Its quotation marks make no sense.")
            return
        cleaned = tuple(cell.strip() for cell in cells)
        if not self.headings:
            self.headings = cleaned
            if len(set(filter(None, cleaned))) != len([one for one in cleaned if one]) or not any(cleaned):
                raise BadRequest("Two columns have the same heading. Give each its own.")
        elif len(cleaned) > len(self.headings) and any(cleaned[len(self.headings) :]):
            yield BadLine(
                number=number, why=f"It has {len(cleaned)} cells, and there are {len(self.headings)} headings."
            )
        else:
            yield Row(number=number, cells=cleaned)


def guessed(headings: Sequence[str], known: Mapping[str, tuple[str, ...]] = HEADINGS) -> dict[str, int]:
    """Which column each field is, as far as its heading says so; the first that fits."""
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        plain = _plain(heading)
        meaning = next((name for name, written in known.items() if plain in written), None)
        if meaning is not None:
            found.setdefault(meaning, at)
    return found


def neutral(text: str) -> str:
    """A cell that no spreadsheet program takes for a formula; `plain` takes the mark off again."""
    return f"'{text}" if text.startswith(FORMULA) else text


def plain(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


_ACCENTS = str.maketrans("àâäéèêëîïôöùûüç", "aaaeeeeiioouuuc")


def _plain(heading: str) -> str:
    return "".join(sign for sign in heading.casefold().translate(_ACCENTS) if sign.isalnum())


def _delimiter(line: str) -> str:
    """The one that stands most often outside of quotation marks; a comma where there is one column."""
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=lambda sign: (outside.count(sign), -DELIMITERS.index(sign)))
