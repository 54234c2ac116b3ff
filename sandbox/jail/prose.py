"""Tells apart what is written in characters: plain text, Markdown, tables, web pages, drawings in XML and e-mails."""

import codecs
import csv
import re
from pathlib import Path

from sandbox import kinds
from sandbox.errors import Broken, FormatUnsupported, TooLarge

MAX_TEXT = 32 * 2**20
_LOOK = 64 * 1024
_ROWS = 20

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What no text has: control characters other than tab, line feed, form feed, carriage return and escape.
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE
)
_HEADER = re.compile(r"[!-9;-~]+:(?:[ \t].*)?")
_MAIL = frozenset(
    {"from", "to", "subject", "date", "received", "return-path", "mime-version", "message-id", "delivered-to", "sender"}
)
_WEB = re.compile(
    r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_ROOT = re.compile(
    r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!doctype[^\[>]*(?:\[.*?\]\s*)?>\s*)*<([\w.-]+:)?([\w.-]+)",
    re.IGNORECASE | re.DOTALL,
)
_TAGS = re.compile(r"</(?:p|div|span|table|h[1-6]|ul|a|b|i)>", re.IGNORECASE)
_MARKDOWN = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^#{1,6} \S",
        r"^```",
        r"^[-*] \S.*\n[-*] \S",
        r"\[[^\]\n]+\]\([^)\s]+\)",
        r"\*\*[^*\n]+\*\*",
        r"^\|.*\|\n\|[-:| ]+\|",
    )
)


def text_of(path: Path, *, markup: bool = False) -> str:
    """The whole text of a file in the encoding it seems to have, or, for `markup`, the one that it states.

    TooLarge over 32 MiB; Broken when it is no text.
    """
    if path.stat().st_size > MAX_TEXT:
        raise TooLarge("text", limit="bytes", allowed=MAX_TEXT)
    data = path.read_bytes()
    found = (_as_stated(data) if markup else None) or decoded(data)
    if found is None:
        raise Broken("the text turns into something else")
    return found


def _as_stated(data: bytes) -> str | None:
    """A page in the encoding that its head names; None when it names none, a wrong one, or begins with a mark."""
    stated = _CHARSET.search(data[:4096])
    if stated is None or data.startswith(tuple(mark for mark, _ in _MARKS)):
        return None
    try:
        return data.decode(stated[1].decode("ascii"))
    except (LookupError, ValueError):
        return None


def decoded(data: bytes) -> str | None:
    """Bytes as text: by byte order mark, else UTF-8, else Windows' Western characters; None for what is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                return None
    if _BINARY.search(data):
        return _without_mark(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def format_of(path: Path, declared: str) -> str | None:
    """What kind of text a file holds, or None when it is none. The claim decides only between kinds that it could be."""
    with path.open("rb") as file:
        data = file.read(_LOOK)
        more = bool(file.read(1))
    if more:
        # Do not stop in the middle of a character.
        data = data[: max(data.rfind(b"\n"), len(data) - 4 - len(data) % 4) + 1 or None]
    text = _looked_at(data, more=more)
    if text is None:
        return None
    text = text.removeprefix("\ufeff")
    claim = kinds.normal(declared)
    marked = _marked_up(text, claim)
    if marked is not None:
        return marked
    if _is_mail(text):
        return kinds.EML
    if claim in {kinds.TEXT, kinds.MARKDOWN, kinds.CSV}:
        return claim
    if _is_table(text):
        return kinds.CSV
    return kinds.MARKDOWN if sum(bool(one.search(text)) for one in _MARKDOWN) >= 2 else kinds.TEXT


def _looked_at(data: bytes, *, more: bool) -> str | None:
    text = decoded(data)
    if text is None and more:
        return decoded(data[: len(data) // 4 * 4 - 4])
    return text


def _without_mark(data: bytes) -> str | None:
    """UTF-16 that Windows programs write without saying so: every other byte is zero."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    encoding = (
        "utf-16-le"
        if odd > len(data) * 0.3 and even == 0
        else "utf-16-be"
        if even > len(data) * 0.3 and odd == 0
        else ""
    )
    if not encoding:
        return None
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _BINARY.search(text.encode("utf-8")) else text


def _marked_up(text: str, claim: str) -> str | None:
    """HTML or SVG; FormatUnsupported for other XML that somebody surely wants to see formatted."""
    start = text[:8192]
    if not start.lstrip().startswith("<"):
        return None
    if _WEB.match(start):
        return kinds.HTML
    root = _ROOT.match(start)
    name = root[2].lower() if root else ""
    if name == "svg":
        return kinds.SVG
    if name == "html":
        return kinds.HTML
    if root and name in {"document", "worddocument", "workbook"} and ("urn:" in start or "schemas.microsoft" in start):
        raise FormatUnsupported("an office document in plain XML: save it as DOCX, ODT or PDF")
    if claim == kinds.HTML or (not start.lstrip().startswith("<?xml") and _TAGS.search(text)):
        return kinds.HTML
    return None


def _is_mail(text: str) -> bool:
    """Whether it begins with header fields of which at least two are those of a mail (RFC 5322 section 3.6)."""
    names: set[str] = set()
    lines = text[:16384].removeprefix("\n").splitlines()
    if lines and lines[0].startswith("From "):
        lines = lines[1:]
    for line in lines:
        if not line.strip():
            break
        if line[0] in " \t":
            continue
        if not _HEADER.match(line):
            return False
        names.add(line.partition(":")[0].lower())
    return len(names & _MAIL) >= 2


def _is_table(text: str) -> bool:
    lines = text.splitlines()[:_ROWS]
    return len(lines) >= 3 and max(_evenness(lines, one) for one in ",;\t|") >= 3


def _evenness(lines: list[str], separator: str) -> int:
    """The columns of a table whose rows all have the same number of them; 0 when they don't or have one."""
    try:
        counts = {len(row) for row in csv.reader(lines, delimiter=separator) if row}
    except csv.Error:
        return 0
    return counts.pop() if len(counts) == 1 and max(counts) > 1 else 0
