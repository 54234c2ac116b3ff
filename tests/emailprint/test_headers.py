"""The heading of a mail: one author or none, bounds on everything, and who is never answered."""

import pytest

from emailprint.headers import MAX_FIELDS, MAX_HEADING, Tap, address_of, decoded, parse


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        ("<ada@Example.ORG>", "ada@example.org"),
        ("Ada Lovelace <ada@example.org>", "ada@example.org"),
        ('"Lovelace, Ada" <ada@example.org>', "ada@example.org"),
        ("Ada (Sales) <ada@example.org>", "ada@example.org"),
        ("ada@example.org (Ada)", "ada@example.org"),
        ("=?utf-8?q?=C3=84da?= <ada@example.org>", "ada@example.org"),
        ("Ada <ada+print@bücher.example>", "ada+print@xn--bcher-kva.example"),
        ('"bob@example.org" <ada@example.org>', "ada@example.org"),
    ],
)
def test_one_address_is_read(value: str, address: str) -> None:
    assert address_of(value) == address


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ada@example.org, bob@example.org",
        "ada@example.org bob@example.org",
        "<ada@example.org> <bob@example.org>",
        "ada@example.org <bob@example.org>",
        "Friends: ada@example.org;",
        "Friends: ada@example.org, bob@example.org;",
        "undisclosed-recipients:;",
        "ada@example.org(bob@example.org)",
        "<ada@example.org>bob@example.org",
        "ada @example.org",
        "<@relay.example:ada@example.org>",
        '"ada"@example.org',
        "ada@[192.0.2.1]",
        "ada@example.org\x00@example.com",
        "ada@example.org;bob@example.org",
        "<<ada@example.org>>",
        "Ada <ada@example.org",
        "ada@exam ple.org",
        "x" * 3000 + "@example.org",
    ],
)
def test_whatever_reads_in_two_ways_is_nobody(value: str) -> None:
    assert address_of(value) is None


def test_two_from_lines_have_no_author() -> None:
    assert parse(b"From: a@example.org\r\nFrom: b@example.org\r\n").author is None
    assert parse(b"From: a@example.org\r\nfrom : b@example.org\r\n").author is None
    assert parse(b"From: a@example.org\r\n").author == "a@example.org"
    assert parse(b"From: a@example.org\r\nno field at all\r\n").author is None
    assert parse(b"Subject: x\0y\r\nFrom: a@example.org\r\n").author is None


def test_folded_lines_and_a_mailbox_mark_are_one_heading() -> None:
    heading = parse(b"From ada Mon Nov 30\nFrom: Ada\n <ada@example.org>\nSubject: a\n\tb\n\nnot: this\n")
    assert heading.author == "ada@example.org"
    assert heading.first("subject") == "a b"
    assert heading.first("not") == ""


def test_bounds() -> None:
    many = parse(b"X: y\r\n" * (MAX_FIELDS + 5))
    assert (len(many.fields), many.whole) == (MAX_FIELDS, False)
    tap = Tap()
    tap.feed(b"From: a@example.org\r\n")
    for _ in range(20):
        tap.feed(b"X-Long: " + b"y" * 30_000 + b"\r\n")
    assert tap.ended
    assert not tap.heading.whole
    assert tap.heading.author is None
    assert sum(len(value) for _, value in tap.heading.fields) <= MAX_HEADING


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_the_same_mail_by_another_way_is_the_same(step: int) -> None:
    def identity(*more: bytes, body: bytes = b"hello\r\n", name: bytes = b"Message-ID: <1@x>\r\n") -> bytes:
        tap, whole = Tap(), b"".join(more) + b"From: a@x.org\r\n" + name + b"\r\n" + body
        for at in range(0, len(whole), step):
            tap.feed(whole[at : at + step])
        return tap.identity()

    assert identity() == identity(b"Received: by somebody\r\n")
    assert identity() != identity(body=b"other\r\n")
    assert identity() != identity(name=b"Message-ID: <2@x>\r\n")
    assert identity(name=b"") != identity(b"Received: by somebody\r\n", name=b"")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?b?QsO8cm8=?= [2x]", "Büro [2x]"),
        ("=?no-such-charset?q?B=FCro?=", "Büro"),
        ("=?utf-8?q?" + "=41" * 3000 + "?=", None),
        ("=?utf-8?b?////?=", None),
        ("=?utf-8?q?a=0D=0ABcc:_x@y?=", "a Bcc: x@y"),
    ],
)
def test_subjects(raw: str, text: str | None) -> None:
    found = decoded(raw)
    assert "\n" not in found
    assert len(found) <= 200
    assert text is None or found == text


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; x=y",
        "List-Id: <a.b>",
        "Precedence: bulk",
        "Precedence: list",
        "X-Auto-Response-Suppress: All",
        "X-Loop: us",
        "Return-Path: <>",
        "Content-Type: multipart/report; report-type=delivery-status",
        "X-Failed-Recipients: a@b.c",
    ],
)
def test_machines_are_not_answered(line: str) -> None:
    heading = parse(f"From: ada@example.org\r\n{line}\r\n".encode())
    assert not heading.answerable("ada@example.org", heading.author)


@pytest.mark.parametrize("local", ["mailer-daemon", "no-reply", "noreply", "bounces+7", "list-request", "owner-list"])
def test_nobody_reads_there(local: str) -> None:
    heading = parse(b"From: ada@example.org\r\n")
    assert not heading.answerable(f"{local}@example.org", "ada@example.org")
    assert not heading.answerable("ada@example.org", f"{local}@example.org")
    assert not heading.answerable("", "ada@example.org")
    assert heading.answerable("ada@example.org", "ada@example.org")
    assert parse(b"Auto-Submitted: no\r\n").answerable("a@b.org", "a@b.org")
