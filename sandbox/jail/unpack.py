"""Takes a mail apart in the jail: its text as a page, everything attached as it is, mails in mails as well."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message

from sandbox.errors import Broken, TooLarge, printable
from sandbox.jail import mail, option_lines, tnef, web
from sandbox.jail.channel import Channel
from sandbox.jail.incoming import Incoming
from sandbox.jail.task import Task
from sandbox.unpacking import MAX_NAME, MAX_PARTS

_MAX_MAIL = 64 * 2**20
_MAX_NESTED = 5  # mails in mails; what lies deeper is handed on whole
_SLICE = 256 * 1024
_OUTLOOK = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_NO_NAME = re.compile(r"[/\\\x00-\x1f]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """One part; its octets are decoded when its turn comes."""

    kind: str
    name: str
    format: str
    part: Message | None
    data: bytes = b""
    inline: bool = False
    depth: int = 0
    options: str = ""

    @property
    def octets(self) -> bytes:
        if self.part is None:
            return self.data
        if self.part.get_content_maintype() == "message":
            return _whole(self.part)
        return mail.payload(self.part)


def unpacked(channel: Channel, task: Task) -> dict[str, object]:
    """Send the list of all parts, then each of them. Broken or TooLarge for what is not taken apart."""
    stored = task.folder / "mail.eml"
    Incoming(channel.document()).store(stored, _MAX_MAIL)
    message = mail.parsed(stored.read_bytes())
    stored.unlink()
    found: list[_Found] = []
    for one in _found(message, 0, task.option_line):
        found.append(one)
        if len(found) > MAX_PARTS:
            raise TooLarge("parts of a mail", limit="bytes", allowed=MAX_PARTS)
    sizes = [len(one.octets) for one in found]
    listing = [
        {
            "kind": one.kind,
            "name": one.name,
            "format": one.format,
            "size": size,
            "inline": one.inline,
            "depth": one.depth,
            "options": one.options,
        }
        for one, size in zip(found, sizes, strict=True)
    ]
    channel.stream({"name": "listing"}, (json.dumps(listing).encode(),))
    for number, one in enumerate(found):
        data = one.octets
        channel.stream(
            {"name": "part", "number": number}, (data[at : at + _SLICE] for at in range(0, len(data), _SLICE))
        )
    return {"parts": len(found)}


def _found(message: EmailMessage, depth: int, option_line: str = "") -> Iterator[_Found]:
    letter, options = mail.letter(message), ""
    if option_line:
        options, letter = option_lines.taken(letter, option_line)
    body = _body(message, letter, depth, options)
    if body is not None:
        yield body
    html, text = _texts(message)
    shown = set(re.findall(r"cid:([^\"'\s>]+)", _html_of(html))) if html is not None else set()
    for part in mail.leaves(message, 0):
        if part is html or part is text:
            continue
        nested = _nested(part)
        if nested is not None and depth < _MAX_NESTED:
            yield from _found(nested, depth + 1)
        elif part.get_content_type() in _OUTLOOK or _name(part).lower() == "winmail.dat":
            yield from _packed(part, depth, named=str(message["Subject"] or ""), told=body is not None)
        elif mail.is_attached(part) or not mail.is_text(part):
            inline = mail.identifier(part) in shown and part.get_content_disposition() != "attachment"
            yield _Found(
                kind="file",
                name=_name(part),
                format=part.get_content_type()[:100],
                part=part,
                inline=inline,
                depth=depth,
            )


def _packed(part: Message, depth: int, *, named: str, told: bool) -> Iterator[_Found]:
    """What a winmail.dat holds. One that cannot be read, or that nothing came out of, is a file that nobody prints.

    `told`: the mail has its text in another part already, which is the same.
    """
    try:
        contents = tnef.contents(mail.payload(part))
        found = list(_of_outlook(contents, depth, named=named, told=told))
    except (Broken, TooLarge):
        found, told = [], False
    if not found and not told:
        found = [_Found(kind="file", name=_name(part), format="application/ms-tnef", part=part, depth=depth)]
    yield from found


def _of_outlook(contents: tnef.Contents, depth: int, *, named: str, told: bool) -> Iterator[_Found]:
    if not told:
        title = printable(contents.subject or named, MAX_NAME).strip() or "E-mail"
        if contents.html.strip():
            page = web.as_html(web.body(contents.html)[0])
            yield _Found(kind="body", name=title, format="text/html", part=None, data=page, depth=depth)
        elif contents.text.strip():
            text = contents.text.encode("utf-8", "replace")
            yield _Found(kind="body", name=title, format="text/plain", part=None, data=text, depth=depth)
    for file in contents.files:
        if file.message is not None:
            yield from _of_outlook(file.message, depth + 1, named=file.name, told=False)
            continue
        yield _Found(
            kind="file",
            name=_plain(file.name) or "unnamed",
            format="application/octet-stream",
            part=None,
            data=file.data,
            inline=file.inline,
            depth=depth,
        )


def _texts(message: EmailMessage) -> tuple[Message | None, Message | None]:
    """The parts that `mail.letter` shows."""
    leaves = [part for part in mail.leaves(message, 0) if not mail.is_attached(part)]
    html = next((part for part in leaves if part.get_content_type() == "text/html"), None)
    text = next((part for part in leaves if part.get_content_type() == "text/plain"), None)
    return html, text


def _html_of(part: Message) -> str:
    return mail.payload(part).decode("latin-1")


def _body(message: EmailMessage, letter: mail.Letter, depth: int, options: str) -> _Found | None:
    """The text as a page with its heading; None for a mail without a word, an empty one for a mail of options alone."""
    name = printable(str(message["Subject"] or ""), MAX_NAME).strip() or "E-mail"
    if not letter.text.strip() and (_is_blank(letter.html) if options else not letter.html.strip()):
        return _Found(kind="body", name=name, format="text/plain", part=None, options=options) if options else None
    if letter.html:
        page = web.as_html(f"{mail.heading(letter)}<hr/>{letter.html}")
        return _Found(kind="body", name=name, format="text/html", part=None, data=page, depth=depth, options=options)
    heading = "".join(f"{field}: {printable(value, 1000)}\n" for field, value in letter.fields)
    plain = f"{heading}\n{letter.text}".encode("utf-8", "replace")
    return _Found(kind="body", name=name, format="text/plain", part=None, data=plain, depth=depth, options=options)


def _is_blank(markup: str) -> bool:
    """Whether nothing of a page is seen."""
    return "<img" not in markup and not re.sub(r"<[^>]*>|\s", "", markup)


def _nested(part: Message) -> EmailMessage | None:
    """The mail that was attached as one."""
    inside = part.get_payload() if part.get_content_type() == "message/rfc822" else None
    one = inside[0] if isinstance(inside, list) and len(inside) == 1 else None
    return one if isinstance(one, EmailMessage) else None


def _whole(part: Message) -> bytes:
    """A part that is a message, as it stands."""
    inside = part.get_payload()
    if not isinstance(inside, list):
        return mail.payload(part)
    try:
        return b"\r\n".join(one.as_bytes() for one in inside if isinstance(one, Message))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return b""  # what cannot be written again was never whole


def _name(part: Message) -> str:
    """The last part of whatever path a sender calls it; never empty."""
    try:
        given = part.get_filename() or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        given = ""
    return _plain(given) or f"unnamed {part.get_content_subtype()[:60]}"


def _plain(given: str) -> str:
    return printable(_NO_NAME.split(given.strip())[-1], MAX_NAME).strip(". ")
