"""What drivers say around their documents, and that listening changes nothing and never takes long."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ipp.driver.pjl import HEAD, UEL, Head, Tap, read_head

PCL = b"\x1bE hello \x0c\x1bE"
ENTER = b"@PJL ENTER LANGUAGE=PCL\r\n"


def wrapped(*lines: bytes, document: bytes = PCL) -> bytes:
    return UEL + b"".join(b"@PJL " + line + b"\r\n" for line in lines) + ENTER + document + UEL


@pytest.mark.parametrize(
    ("lines", "users", "name"),
    [
        ((b'SET USERNAME="ada"',), ("ada",), ""),
        ((b"set username = ada ",), ("ada",), ""),
        ((b'JOB NAME="Annual report" DISPLAY="x"', b'SET USERNAME="CORP\\ada"'), ("CORP\\ada",), "Annual report"),
        ((b'JOB DISPLAY="x" NAME = "Late"',), (), "Late"),
        ((b'SET JOBNAME="Report"', b"SET USERID=ada"), ("ada",), "Report"),
        ((b'SET JOBATTR="JobAcct1=ada"', b'SET JOBATTR="JobAcct2=PC7"'), ("ada",), ""),
        ((b'COMMENT "Username: ada; App Filename: report.docx; 3-14-2026"',), ("ada",), "report.docx"),
        ((b'COMMENT "user=eve"', b'SET USERNAME="ada"', b'SET JOBATTR="JobAcct1=zoe"'), ("ada", "zoe", "eve"), ""),
        ((b'SET USERNAME="eve"', b'SET USERNAME="ada"'), ("ada",), ""),
        ((b'SET USERNAME="Zo\xc3\xab"',), ("Zoë",), ""),
        ((b'SET USERNAME="Zo\xeb"',), ("Zoë",), ""),
        ((b'SET USERNAME=""', b"SET COPIES=3", b"SET DUPLEX=ON"), (), ""),
        ((b"COMMENT nothing of that kind",), (), ""),
        ((b'SET USERNAME="never closed', b'JOB NAME="x"'), (), "x"),
    ],
    ids=[
        "username",
        "loose",
        "job name",
        "name last",
        "other words",
        "accounting",
        "comment",
        "the surest first",
        "the last word",
        "utf-8",
        "latin-1",
        "nothing",
        "comment of others",
        "not closed",
    ],
)
def test_who_and_what(lines: tuple[bytes, ...], users: tuple[str, ...], name: str) -> None:
    assert read_head(wrapped(*lines)) == Head(users=users, name=name)


def test_what_stands_in_the_document_says_nothing() -> None:
    inside = wrapped(document=b'\x1bE\n@PJL SET USERNAME="eve"\r\n')
    assert read_head(inside).users == ()
    assert read_head(b'%PDF-1.7\n@PJL SET USERNAME="eve"\n').users == ()


def tapped(octets: bytes, piece: int = 7) -> Tap:
    tap = Tap()
    for start in range(0, len(octets), piece):
        tap.feed(octets[start : start + piece])
    assert tap.size == len(octets)
    return tap


@pytest.mark.parametrize(
    ("octets", "only_words", "said_end"),
    [
        (wrapped(b"JOB"), False, True),
        (wrapped(b"JOB") + b"@PJL EOJ\r\n" + UEL, False, True),
        (wrapped(b"JOB") + b"\r\n\x04", False, True),
        (wrapped(b"JOB")[: -len(UEL)], False, False),
        (UEL + ENTER, True, False),
        (UEL + b"@PJL INFO STATUS\r\n" + UEL, True, False),
        (b"@PJL INFO ID\r\n", True, False),
        (UEL, True, False),
        (b"%PDF-1.7 whatever %%EOF\n", False, False),
        (PCL, False, False),
    ],
    ids=["job", "with its end", "with spaces", "cut", "head", "question", "bare question", "UEL", "PDF", "PCL"],
)
def test_how_it_ends(octets: bytes, only_words: bool, said_end: bool) -> None:
    for piece in (1, 7, 100_000):
        tap = tapped(octets, piece)
        assert (tap.only_words, tap.said_end) == (only_words, said_end)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"GET / HTTP/1.1\r\n", True),
        (b"OPTIONS * HTTP/1.0\r\n", True),
        (b"POST /" + b"a" * 5000 + b" HTTP/1.1\r\n", True),
        (b"GET well soon", False),
        (b"Dear HTTP/1.1", False),
        (wrapped(b"JOB"), False),
    ],
    ids=["get", "options", "long", "text", "small letters", "driver"],
)
def test_what_a_browser_sends(octets: bytes, expected: bool) -> None:
    assert tapped(octets, 1000).is_web_request is expected


def test_no_more_than_the_beginning_is_kept() -> None:
    tap = Tap()
    for _ in range(100):
        tap.feed(bytes(60_000))
    assert len(tap.head) == HEAD
    assert not tap.only_words


LINE = st.sampled_from(
    [
        b'@PJL SET USERNAME="',
        b"@PJL COMMENT ",
        b"@PJL JOB NAME",
        b"user",
        b" : ",
        b"=",
        b'"',
        b"\r\n",
        b"\n",
        UEL,
        b"@PJL ",
    ]
)


@given(pieces=st.lists(st.one_of(LINE, st.binary(max_size=20)), max_size=40))
@example(pieces=[b"@PJL JOB " + b"NAME" * 3000])
@example(pieces=[b"@PJL COMMENT " + b"user " * 3000])
@example(pieces=[b"@PJL SET JOBATTR=" + b"JobAcct1" * 1000])
def test_whatever_comes_is_text_of_bounded_length(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    head = read_head(octets[:HEAD])
    for text in (*head.users, head.name):
        assert text.isprintable()
        assert len(text) <= 255
    tap = tapped(octets, 1000)
    assert not (tap.only_words and tap.said_end)
