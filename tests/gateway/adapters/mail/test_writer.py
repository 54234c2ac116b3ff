"""Every kind of letter in every language; and no value steers a mail."""

import json
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from uuid import UUID

import pytest

from gateway.adapters.mail import LetterWriter
from gateway.adapters.mail.writer import HERE
from gateway.domain.letter import LETTERS, Post
from gateway.errors import BadRequest
from gateway.i18n import LANGUAGES

NAME = "Bericht\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script>\u202efdp.exe “ü”"
URL = "https://print.example:8443/jobs/7?a=1&b=2"


def a_writer() -> LetterWriter:
    return LetterWriter(sender="print@example.org", sender_name="Druck\r\nBcc: x@y.z", site_name="Papertap <&>")


def written(kind: str, language: str = "en", **values: str) -> EmailMessage:
    """As a mailbox reads it."""
    given = {name: _given(name) for name in LETTERS[kind]} | values
    post: dict[str, Any] = {"uuid": UUID(int=7), "kind": kind, "to": "ann@example.org", "language": language}
    times = {"created_at": 0.0, "due_at": 0.0, "useful_until": 0.0}
    message = a_writer().write(Post(**post, values=given, key=None, **times), at=1_800_000_000)
    read = message_from_bytes(message.as_bytes(), policy=SMTP)
    assert isinstance(read, EmailMessage)
    return read


def _given(name: str) -> str:
    if name.endswith("_rows"):
        return json.dumps([{"name": NAME, "tone": tone, "fate": NAME, "url": URL} for tone in ("good", "ask", "bad")])
    return URL if name.endswith(("url", "link")) else NAME


def bodies(message: EmailMessage) -> tuple[str, str]:
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    return plain.get_content(), page.get_content()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LETTERS)
def test_each_letter_is_one_safe_mail(kind: str, language: str) -> None:
    message = written(kind, language)
    assert message["To"] == "ann@example.org"
    assert message["From"].addresses[0].addr_spec == "print@example.org"
    assert message["Auto-Submitted"] == ("auto-replied" if kind.startswith("mail-") else "auto-generated")
    assert message["In-Reply-To"] is None
    assert message["Message-ID"] == f"<{UUID(int=7)}@example.org>"
    assert message["Content-Language"] == language
    assert (message["Bcc"], message["Cc"], message["Reply-To"], message["List-Unsubscribe"]) == (None,) * 4
    assert message["Subject"]
    assert len(message["Subject"]) <= 150
    text, page = bodies(message)
    assert "<script" not in page
    assert "\u202e" not in text + page + message["Subject"]
    assert not re.search(r"\bsrc=|<link|<img|url\(|@import", page)
    assert set(re.findall(r'(?:href|action)="([^"]*)"', page)) <= {URL.replace("&", "&amp;")}
    assert max(map(len, message.as_bytes().split(b"\r\n"))) <= 998


def test_a_table_row_is_a_template_and_a_template_a_row() -> None:
    assert {path.stem for path in HERE.glob("*.jinja")} == LETTERS.keys()


def test_both_forms_say_the_same() -> None:
    message = written("job-expiring", name="Report.pdf", until="12:40", extend_url="https://p.example/keep?t=x")
    text, page = bodies(message)
    assert message["Subject"] == "Waiting to be printed, not for long: Report.pdf"
    for part in (text, page):
        assert "“Report.pdf” waits for you until 12:40." in " ".join(part.split())
        assert "https://p.example/keep?t=x" in part
    assert text.rstrip().endswith("Papertap <&> sent this by itself; nobody reads answers to it.")
    assert "Papertap &lt;&amp;&gt; sent this" in page
    assert "\r\n\r\n\r\n" not in text


def test_a_link_that_is_none_is_left_out() -> None:
    for link in ("javascript:alert(1)", "https://", "", 'https://x/"onclick="y', "//evil.example"):
        text, page = bodies(written("job-ready", url=link))
        assert "href" not in page
        assert "See and print it" not in text


def test_a_sender_that_is_no_address_is_refused() -> None:
    with pytest.raises(BadRequest):
        LetterWriter(sender="print@example.org\r\nBcc: x@y.z", sender_name="", site_name="")


def test_an_answer_shows_pages_and_the_code_from_within_itself() -> None:
    png = b"\x89PNG\r\n\x1a\n and so on"
    post: dict[str, Any] = {"uuid": UUID(int=7), "kind": "mail-answer", "to": "ann@example.org", "language": "en"}
    given = {name: _given(name) for name in LETTERS["mail-answer"]}
    given |= {"code": "482913", "reply_to": "<CAF=x+1@mail.example.org>", "summary": "ready"}
    times = {"created_at": 0.0, "due_at": 0.0, "useful_until": 0.0}
    message = a_writer().write(Post(**post, values=given, key=None, **times), at=0.0, pictures={"7/1": png})
    read = message_from_bytes(message.as_bytes(), policy=SMTP)
    assert isinstance(read, EmailMessage)
    assert read["In-Reply-To"] == read["References"] == "<CAF=x+1@mail.example.org>"
    text, page = bodies(read)
    assert "482913" in text
    sources = re.findall(r'src="cid:([^"]+)"', page)
    assert sources == ["code@papertap", "7-1@papertap"]
    inside = {part["Content-ID"]: part.get_content() for part in read.walk() if part["Content-ID"]}
    assert inside["<7-1@papertap>"] == png
    assert inside["<code@papertap>"].startswith(b"\x89PNG")
    assert set(inside) == {f"<{source}>" for source in sources}
