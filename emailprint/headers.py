"""Reads the heading of a mail with hard bounds: what routing, language and safety need, and nothing of its parts.

Whatever can be read in two ways is not read at all: a From line that some program might take for another address says
nothing here, since somebody's paper and money hang on it.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header

from gateway.domain.letter import mail_address, one_line
from gateway.errors import BadRequest

MAX_HEADING = 256 * 1024
MAX_FIELDS = 1000
MAX_VALUE = 8192
MAX_HOPS = 30

_END = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(rb"[!-9;-~]{1,100}")
_ADDRESS = r"(?P<{0}>[^\s<>\"(),;:\\@]+@[^\s<>\"(),;:\\@]+)"
_COMMENT = r"\s*(?:\([^()<>@\\]*\)\s*)?"
_NAMED = re.compile(r"\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\"<>,;:@\\])*<\s*" + _ADDRESS.format("inside") + r"\s*>" + _COMMENT)
_PLAIN = re.compile(r"\s*" + _ADDRESS.format("plain") + _COMMENT)
_NOBODY = re.compile(
    r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|listserv|majordomo|mdaemon|owner-.*|.*-request|"
    r".*-bounces?|bounces?[+-].*)",
    re.IGNORECASE,
)
_LISTS = ("list-id", "list-post", "list-unsubscribe", "x-mailing-list", "mailing-list")
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """`fields` are (name in lower case, raw value on one line). `whole`: it ended within the bounds and every line of it
    was a field.
    """

    fields: tuple[tuple[str, str], ...]
    whole: bool = True

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for field, value in self.fields if field == name)

    def first(self, name: str) -> str:
        return next((value for field, value in self.fields if field == name), "")

    @property
    def author(self) -> str | None:
        """The one address of the one From line, in normal form; None where there is any doubt."""
        lines = self.all("from")
        return address_of(lines[0]) if self.whole and len(lines) == 1 else None

    @property
    def subject(self) -> str:
        return decoded(self.first("subject"))

    @property
    def languages(self) -> tuple[str, ...]:
        """What its writer reads, the surest first."""
        return tuple(filter(None, (self.first("accept-language"), self.first("content-language"))))

    @property
    def hops(self) -> int:
        return len(self.all("received"))

    @property
    def from_list(self) -> bool:
        return any(self.first(name) for name in _LISTS) or self.first("precedence").lower() in _BULK - {"auto_reply"}

    @property
    def bounce(self) -> bool:
        """A report of a mail system, or what a machine answered."""
        submitted = self.first("auto-submitted").lower()
        reported = self.first("content-type").lower().startswith("multipart/report")
        failed = bool(self.first("x-failed-recipients"))
        return reported or failed or submitted.startswith(("auto-replied", "auto-notified"))

    @property
    def automatic(self) -> bool:
        """Written by no person: it may be printed, and nobody reads an answer (RFC 3834 section 2)."""
        submitted = self.first("auto-submitted").lower().partition(";")[0].strip()
        marks = ("x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-loop")
        return (
            submitted not in {"", "no"}
            or any(self.first(name) for name in marks)
            or self.first("precedence").lower() in _BULK
            or self.first("return-path").strip() == "<>"
        )

    def answerable(self, envelope_sender: str, author: str | None) -> bool:
        """Whether a person reads what is answered."""
        if not envelope_sender or author is None or self.automatic or self.bounce or self.from_list:
            return False
        return not any(_NOBODY.fullmatch(one.partition("@")[0]) for one in (envelope_sender, author))


class Tap:
    """Listens to a message as it streams past: its heading, and a hash of the rest."""

    def __init__(self) -> None:
        self._begin = bytearray()
        self._end: int | None = None
        self._rest = hashlib.sha256()

    def feed(self, chunk: bytes) -> None:
        if self._end is not None:
            self._rest.update(chunk)
            return
        sought = max(0, len(self._begin) - 4)
        self._begin += chunk
        found = _END.search(self._begin, sought)
        if found is None and len(self._begin) < MAX_HEADING:
            return
        self._end = found.end() if found is not None and found.end() <= MAX_HEADING else MAX_HEADING
        self._rest.update(self._begin[self._end :])
        del self._begin[self._end :]

    @property
    def ended(self) -> bool:
        """Whether the heading is whole: what follows is the message's own matter."""
        return self._end is not None

    @property
    def heading(self) -> Heading:
        ended = self._end is None or self._end < MAX_HEADING
        return parse(bytes(self._begin), ended=ended)

    def identity(self) -> bytes:
        """What stays the same when a mail server sends it once more by another way; all of it where it has no name."""
        heading = self.heading
        name = heading.first("message-id")
        told = [name, *(heading.first(field) for field in ("from", "date", "subject"))] if name else []
        own = hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass") if told else bytes(self._begin))
        return own.digest() + self._rest.digest()


def parse(block: bytes, *, ended: bool = True) -> Heading:
    """Unfold the fields of a heading; a line that is none makes it not `whole`."""
    fields: list[tuple[str, str]] = []
    whole = ended and b"\0" not in block
    for line in _unfolded(block):
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name.rstrip(b" \t")) or len(fields) >= MAX_FIELDS:
            whole = False
            continue
        text = value[:MAX_VALUE].decode("utf-8", "surrogateescape")
        fields.append((name.rstrip(b" \t").decode("ascii").lower(), " ".join(text.split("\r\n")).strip()))
    return Heading(fields=tuple(fields), whole=whole)


def _unfolded(block: bytes) -> Iterator[bytes]:
    current: bytes | None = None
    for number, raw in enumerate(block.split(b"\n")):
        line = raw.removesuffix(b"\r")
        if number == 0 and line.startswith(b"From "):
            continue  # a mailbox file's own mark
        if not line:
            break
        if line[:1] in b" \t" and current is not None:
            current += b" " + line.strip()
            continue
        if current is not None:
            yield current
        current = line
    if current is not None:
        yield current


def address_of(value: str) -> str | None:
    """The address of a field with exactly one, in normal form; None for none, several, groups, and anything odd."""
    if len(value) > MAX_VALUE // 4:
        return None
    found = _NAMED.fullmatch(value) or _PLAIN.fullmatch(value)
    if found is None:
        return None
    try:
        return mail_address(next(filter(None, found.groups())))
    except BadRequest:
        return None


def decoded(value: str) -> str:
    """A text with encoded words (RFC 2047), on one line; what cannot be decoded stands as it came."""
    plain = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        parts = decode_header(plain[:2000])
    except (HeaderParseError, ValueError):
        return one_line(plain)
    return one_line("".join(_word(text, charset) for text, charset in parts))


def _word(text: bytes | str, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return text.decode("latin-1")
