"""Reads e-mails (RFC 5322, MIME): who wrote to whom, the body as it was meant to be read, and what was attached."""

import base64
import email
import email.errors
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage, Message
from html import escape
from pathlib import Path

from sandbox.errors import Broken, TooLarge, printable
from sandbox.jail import flow, web
from sandbox.jail.task import Task

_MAX_PARTS = 2_000
_MAX_DEPTH = 30
_MAX_BOUNDARIES = 20_000
_MAX_MAIL = 64 * 2**20
_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What is printed of a mail. `fields` are (name, value); `attached` are (name, bytes)."""

    fields: tuple[tuple[str, str], ...]
    html: str = ""
    text: str = ""
    attached: tuple[tuple[str, int], ...] = ()
    left_out: int = 0


def letter_of(path: Path) -> Letter:
    """Parse a mail. Broken, or TooLarge for one of too many or too deeply nested parts."""
    if path.stat().st_size > _MAX_MAIL:
        raise TooLarge("a mail", limit="bytes", allowed=_MAX_MAIL)
    return letter(parsed(path.read_bytes()))


def parsed(data: bytes) -> EmailMessage:
    """The message, its parts not decoded yet. TooLarge, or Broken."""
    bounded(data)
    with _broken():
        message = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message


def letter(message: EmailMessage) -> Letter:
    """What is printed of a parsed message."""
    with _broken():
        return _letter(message)


@contextmanager
def _broken() -> Iterator[None]:
    """The parser raises many things on what is not worth the name of a mail."""
    try:
        yield
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError, email.errors.MessageError) as error:
        raise Broken(f"mail: {type(error).__name__}: {error}") from error


def body_of(letter: Letter, task: Task) -> tuple[str, bool]:
    """The mail as the body of an XHTML document, and whether its layout asks for the office worker."""
    rows = heading(letter)
    listed = ""
    if letter.attached:
        items = "".join(f"<li>{_plain(name)} ({_size(size)})</li>" for name, size in letter.attached)
        listed = f"<hr/><p><b>Attachments (not printed):</b></p><ul>{items}</ul>"
    if letter.html:
        return f"{rows}<hr/>{letter.html}{listed}", True
    return f"{rows}<hr/>{flow.preformatted(letter.text, task)}{listed}", False


def heading(letter: Letter) -> str:
    """Who wrote to whom, as XHTML."""
    return "".join(f"<p><b>{escape(name)}:</b> {_plain(value)}</p>" for name, value in letter.fields)


def notes_of(letter: Letter) -> tuple[str, ...]:
    notes = []
    if letter.attached:
        names = ", ".join(printable(name, 60) for name, _ in letter.attached[:5])
        more = f" and {len(letter.attached) - 5} more" if len(letter.attached) > 5 else ""
        notes.append(f"The e-mail's attachments are listed, not printed: {names}{more}.")
    if letter.left_out:
        notes.append(left_out(letter.left_out))
    return tuple(notes)


def left_out(count: int) -> str:
    """What the sender is told of pictures that would have to be fetched from somewhere."""
    return f"{count} picture{'s' if count > 1 else ''} not contained in the file {'were' if count > 1 else 'was'} left out."


def bounded(data: bytes) -> None:
    """Refuse before parsing what would keep the parser busy for minutes: it is not made for a hundred thousand parts."""
    if data.count(b"\n--") > _MAX_BOUNDARIES:
        raise TooLarge("lines that look like a mail's boundaries", limit="bytes", allowed=_MAX_BOUNDARIES)
    if data.lower().count(b"boundary=") > _MAX_PARTS:
        raise TooLarge("parts in parts of a mail", limit="bytes", allowed=_MAX_PARTS)


def _letter(message: EmailMessage) -> Letter:
    parts = list(leaves(message, 0))
    html = next((part for part in parts if part.get_content_type() == "text/html" and not is_attached(part)), None)
    text = next((part for part in parts if part.get_content_type() == "text/plain" and not is_attached(part)), None)
    pictures = {identifier(part): part for part in parts if part.get_content_type() in _PICTURES and identifier(part)}
    used: set[str] = set()

    def resolve(address: str) -> str:
        name = address.removeprefix("cid:")
        if not address.startswith("cid:") or name not in pictures:
            return web.own(address)
        used.add(name)
        part = pictures[name]
        return f"data:{part.get_content_type()};base64,{base64.b64encode(payload(part)).decode('ascii')}"

    shown, left_out = web.body(_content(html), resolve) if html is not None and _content(html).strip() else ("", 0)
    others = [part for part in parts if part is not html and part is not text and identifier(part) not in used]
    return Letter(
        fields=tuple((name, str(message[name])) for name in _SHOWN if message[name]),
        html=shown,
        text=_content(text) if text is not None else "",
        attached=tuple((_name(part), len(payload(part))) for part in others if is_attached(part) or not is_text(part)),
        left_out=left_out,
    )


def leaves(message: Message, depth: int) -> Iterator[Message]:
    """The leaves; a mail in a mail is one leaf. TooLarge past 30 levels or 2,000 parts."""
    if depth > _MAX_DEPTH:
        raise TooLarge("levels of a mail", limit="bytes", allowed=_MAX_DEPTH)
    if message.get_content_maintype() != "multipart":
        yield message
        return
    found = message.get_payload()
    parts = found if isinstance(found, list) else []
    if len(parts) > _MAX_PARTS:
        raise TooLarge("parts of a mail", limit="bytes", allowed=_MAX_PARTS)
    for part in parts:
        if isinstance(part, Message):
            yield from leaves(part, depth + 1)


def is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or (part.get_filename() is not None and not is_text(part))


def is_text(part: Message) -> bool:
    return part.get_content_type() in {"text/plain", "text/html"}


def identifier(part: Message) -> str:
    return str(part.get("Content-ID", "")).strip().strip("<>")


def _name(part: Message) -> str:
    return part.get_filename() or f"unnamed {part.get_content_type()}"


def payload(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _content(part: Message) -> str:
    data = payload(part)
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        return data.decode("utf-8", "replace") if b"\xc3" in data else data.decode("cp1252", "replace")


def _plain(text: str) -> str:
    return escape(printable(text, 1000), quote=False)


def _size(size: int) -> str:
    return (
        f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB" if size < 10**6 else f"{size / 10**6:,.1f} MB"
    )
