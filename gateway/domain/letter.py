"""Letters: what the gateway writes to people by mail, and the rules that keep others' words from steering a mail."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from gateway.errors import BadRequest

DAY = 24 * 3600.0
USEFUL_SECONDS = 2 * DAY
MAX_VALUE = 2000  # characters
MAX_ROWS = 20_000  # characters of a table: a value that ends with _rows
MAX_VALUES = 20
MAX_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets

# Kind -> the values that its template shows. Times and numbers come written in the letter's language already.
LETTERS: dict[str, frozenset[str]] = {
    "test": frozenset(),
    "sign-in-link": frozenset({"link", "minutes", "browser"}),
    "sign-in-method-added": frozenset({"method", "name", "link"}),
    "sign-in-method-removed": frozenset({"method", "name", "link"}),
    "verify-address": frozenset({"url", "hours", "user"}),
    "address-in-use": frozenset(),
    "address-added": frozenset({"address", "url"}),
    "address-removed": frozenset({"address", "url"}),
    "proof-changed": frozenset({"what", "at", "origin", "url"}),
    "new-pin": frozenset({"pin", "url", "user"}),
    "registration": frozenset({"name", "link", "hours"}),
    "registration-known": frozenset({"link"}),
    "registration-waiting": frozenset({"name", "address", "url"}),
    "directory-failed": frozenset({"name", "reason", "url"}),
    "registration-refused": frozenset(),
    "job-ready": frozenset({"name", "printer", "until", "url"}),
    "job-expiring": frozenset({"name", "until", "extend_url", "url"}),
    "job-printed": frozenset({"name", "device", "sheets", "url"}),
    "job-failed": frozenset({"name", "reason", "url"}),
    "job-needs-word": frozenset({"name", "question", "url"}),
    "job-looked": frozenset({"name", "by", "at", "reason", "url"}),
    "low-balance": frozenset({"balance", "url"}),
    "terminal-locked": frozenset({"terminal", "url"}),
    "webhook-stopped": frozenset({"name", "reason", "url"}),
    "account-erased": frozenset(),
    "mail-answer": frozenset({"name", "site", "file_rows", "summary", "total", "until", "places", "code", "remarks"})
    | frozenset({"pictures", "reply_to", "open_url", "two_sided_url", "extend_url", "delete_url", "not_me_url"}),
    "mail-confirm": frozenset({"name", "url", "not_me_url", "hours", "reply_to"}),
    "mail-refused": frozenset({"name", "reason", "reply_to"}),
}

# RFC 5322 dot-atom without the rarer signs that some relay or shell reads; domains as RFC 1123 has them.
_LOCAL = re.compile(r"[A-Za-z0-9_+=~&'-]+(?:\.[A-Za-z0-9_+=~&'-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DROPPED = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One mail to one person. `key`: of letters under the same key only the first is sent.

    `useful_seconds`: later than that nobody is helped by it, and it is given up.
    """

    kind: str
    to: str
    language: str = "en"
    values: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    useful_seconds: float = USEFUL_SECONDS


class PostState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A letter's row in the outbox. `answer` is the smarthost's last word; `values` are gone once it has ended."""

    id: int = 0
    uuid: UUID
    kind: str
    to: str
    language: str
    values: Mapping[str, str]
    key: str | None
    state: PostState = PostState.WAITING
    created_at: float
    due_at: float
    useful_until: float
    tries: int = 0
    answer: str = ""
    ended_at: float | None = None
    claimed_by: str | None = None
    claimed_until: float | None = None


def check_letter(letter: Letter) -> Letter:
    """The letter with its address in normal form; BadRequest unless it can be written and sent."""
    wanted = LETTERS.get(letter.kind)
    if wanted is None:
        raise BadRequest(f'There is no letter "{letter.kind}".')
    if missing := sorted(wanted - letter.values.keys()):
        raise BadRequest(f'The letter "{letter.kind}" lacks {", ".join(missing)}.')
    if len(letter.values) > MAX_VALUES or any(len(value) > _longest(name) for name, value in letter.values.items()):
        raise BadRequest("The letter is longer than mails of this gateway are.")
    return Letter(
        kind=letter.kind,
        to=mail_address(letter.to),
        language=letter.language,
        values=dict(letter.values),
        key=letter.key,
        useful_seconds=letter.useful_seconds,
    )


def _longest(name: str) -> int:
    return MAX_ROWS if name.endswith("_rows") else MAX_VALUE


def mail_address(text: str) -> str:
    """The address as SMTP takes it, its domain in lower case and ASCII; BadRequest for anything else.

    Quoted local parts, address literals and local parts beyond ASCII are refused: what cannot be an address here
    cannot carry a second header or a second recipient either.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        host = domain.encode("idna").decode("ascii").lower() if not domain.isascii() else domain.lower()
    except UnicodeError:
        host = ""
    labels = host.split(".")
    fits = len(local) <= 64 and len(local) + len(host) + 1 <= MAX_ADDRESS
    if not at or not fits or not _LOCAL.fullmatch(local) or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadRequest(f'"{one_line(text, 60)}" is not a mail address. Write for example ann@example.org.')
    return f"{local}@{host}"


def folded(address: str) -> str:
    """The form under which two writings of one address are the same."""
    return address.casefold()


def one_line(text: str, longest: int = 200) -> str:
    """`text` on one line: no control characters, none that turn the direction of writing, cut with an ellipsis."""
    kept = "".join(" " if unicodedata.category(c) in _DROPPED else c for c in text[: 4 * longest] if c not in _BIDI)
    whole = " ".join(kept.split())
    return whole if len(whole) <= longest else whole[: longest - 1].rstrip() + "…"
