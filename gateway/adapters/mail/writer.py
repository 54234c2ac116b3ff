"""From a letter's kind and values to a MIME message: each text is written once and set twice, as plain text and HTML.

Nothing in it is fetched from anywhere, nothing counts its readers, and no value can become a header: values stand in
one header only, the subject, which is one encoded line.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway import i18n
from gateway.domain.letter import Post, mail_address, one_line

HERE = Path(__file__).parent / "letters"
LONGEST = 300  # characters of a value that is shown; a link is never cut
_SCHEMES = {"http", "https"}
_MESSAGE_ID = re.compile(r"<[!#-';=?A-Z^-~*+./0-9-]{1,120}@[A-Za-z0-9.\[\]:_-]{1,120}>")
_GAPS = re.compile(r"\n{3,}")


class LetterWriter:
    """`sender` is an address; `site_name` is what people know this gateway as."""

    def __init__(self, *, sender: str, sender_name: str, site_name: str) -> None:
        self._from = Address(display_name=one_line(sender_name, 100), addr_spec=mail_address(sender))
        self._site_name = one_line(site_name, 100)
        self._html, self._text = (_environment(escape=escape) for escape in (True, False))

    @property
    def sender(self) -> str:
        """The envelope's sender, where failures come back to."""
        return self._from.addr_spec

    def write(self, post: Post, *, at: float, pictures: Mapping[str, bytes] | None = None) -> EmailMessage:
        """The message for one letter; the same letter has the same Message-ID whenever it is written.

        `pictures` are PNG octets by name, which stand inside of the HTML form; a code gets one that machines read.
        """
        drawn = dict(pictures or {})
        if post.values.get("code", "").isdigit():
            drawn["code"] = _qr(post.values["code"])
        with i18n.speaking(post.language):
            values = shown(post.values) | {"drawn": {name: _cid(name) for name in drawn}}
            subject, text = self._set(self._text, "layout.txt", post.kind, values)
            _subject, page = self._set(self._html, "layout.html", post.kind, values)
            text = _GAPS.sub("\n\n", text).strip() + "\n"
            message = EmailMessage(policy=SMTP)
            message["From"] = self._from
            message["To"] = Address(addr_spec=post.to)
            message["Subject"] = one_line(subject, 150)
            message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
            message["Message-ID"] = f"<{post.uuid}@{self._from.domain}>"
            answered = post.values.get("reply_to", "")
            if _MESSAGE_ID.fullmatch(answered):
                message["In-Reply-To"] = message["References"] = answered
            # RFC 3834: nobody's holiday note answers it
            message["Auto-Submitted"] = "auto-replied" if "reply_to" in post.values else "auto-generated"
            message["X-Auto-Response-Suppress"] = "All"
        message.set_content(text, cte="quoted-printable")
        message.add_alternative(page, subtype="html", cte="quoted-printable")
        form = message.get_payload(1)
        assert isinstance(form, EmailMessage)
        for name, octets in drawn.items():
            form.add_related(octets, "image", "png", cid=f"<{_cid(name)}>", disposition="inline")
        message["Content-Language"] = post.language
        return message

    def _set(self, templates: Environment, layout: str, kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """(subject, body) in one of the two forms."""
        template = templates.get_template(f"{kind}.jinja")
        context: dict[str, Any] = {
            **values,
            "layout": layout,
            "parts": layout.replace("layout", "parts"),
            "site_name": self._site_name,
            "language": i18n.language(),
        }
        opened = template.new_context(context)
        subject = "".join(template.blocks["subject"](opened))
        return subject, template.render(context)


def shown(values: Mapping[str, str]) -> dict[str, Any]:
    """Values as they may stand in a mail: on one line and bounded; a link is one of the web, or nothing at all.

    Tables are lists of such values.
    """
    return {name: _rows(value) if name.endswith("_rows") else _value(name, value) for name, value in values.items()}


def _value(name: str, value: str) -> str:
    return _link(value) if name.endswith(("url", "link")) else one_line(value, LONGEST)


def _rows(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(text)
    return [{name: _value(name, value) for name, value in row.items()} for row in found]


def _cid(name: str) -> str:
    return f"{name.replace('/', '-')}@papertap"


def _qr(text: str) -> bytes:
    out = BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=6, border=4)
    return out.getvalue()


def _link(text: str) -> str:
    whole = one_line(text, 2000)
    parts = urlsplit(whole)
    return whole if parts.scheme in _SCHEMES and parts.netloc and not any(c in whole for c in ' "<>\\^`{|}') else ""


@cache
def _environment(*, escape: bool) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=escape,  # noqa: S701 - the other form is plain text, where nothing is markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_callables(i18n.translated, i18n.translated_plural, newstyle=True)  # type: ignore[attr-defined]  # reason: added by the extension
    return templates
