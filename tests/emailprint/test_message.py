"""What of a mail is printed, and what is said of the rest."""

from dataclasses import replace

import pytest

from emailprint.message import choose, declared_format
from gateway.domain.mailbox import MailParts, MailRules
from gateway.errors import FormatNotSupported
from gateway.services.ports import MailPart

BODY = MailPart(kind="body", name="Hello", format="text/plain", size=100)
PDF = MailPart(kind="file", name="a.pdf", format="application/pdf", size=50_000)
LOGO = MailPart(kind="file", name="logo.png", format="image/png", size=9_999)
PHOTO = MailPart(kind="file", name="p.jpg", format="image/jpeg", size=10_000)
INLINE = MailPart(kind="file", name="big.png", format="image/png", size=90_000, inline=True)
SIGNATURE = MailPart(kind="file", name="smime.p7s", format="application/pkcs7-signature", size=50_000)
NESTED = MailPart(kind="body", name="Fwd", format="text/html", size=10, depth=1)


def names(parts: list[MailPart], rules: MailRules) -> list[str]:
    return [one.name for one in choose(parts, rules) if not one.refusal]


@pytest.mark.parametrize(
    ("parts", "policy", "printed"),
    [
        ([BODY, PDF], MailParts.AUTO, ["a.pdf"]),
        ([BODY], MailParts.AUTO, ["Hello"]),
        ([BODY, LOGO, INLINE, SIGNATURE], MailParts.AUTO, ["Hello"]),
        ([BODY, PHOTO], MailParts.AUTO, ["p.jpg"]),
        ([BODY, NESTED, PDF], MailParts.AUTO, ["Fwd", "a.pdf"]),
        ([BODY, PDF], MailParts.BODY, ["Hello"]),
        ([PDF, BODY], MailParts.BOTH, ["Hello", "a.pdf"]),
        ([BODY], MailParts.ATTACHMENTS, []),
        ([], MailParts.BOTH, []),
        ([replace(BODY, size=0), PDF], MailParts.BOTH, ["a.pdf"]),
        ([replace(BODY, size=0)], MailParts.AUTO, []),
    ],
)
def test_parts_by_policy(parts: list[MailPart], policy: MailParts, printed: list[str]) -> None:
    assert names(parts, MailRules(parts=policy)) == printed


def test_limits_refuse_one_by_one_with_a_sentence() -> None:
    rules = MailRules(max_files=2, max_size=120_000)
    big = MailPart(kind="file", name="big.pdf", format="application/pdf", size=120_001)
    empty = MailPart(kind="file", name="empty.pdf", format="application/pdf", size=0)
    film = MailPart(kind="file", name="film.mp4", format="video/mp4", size=500)
    chosen = choose([PDF, big, empty, film, PDF, PDF], rules)
    assert [bool(one.refusal) for one in chosen] == [False, True, True, True, False, True]
    assert "MiB together" in chosen[1].refusal
    assert chosen[2].refusal == "The file is empty."
    assert "video/mp4" in chosen[3].refusal
    assert "At most 2 files" in chosen[5].refusal


def test_what_only_outlook_reads_is_named_and_not_passed_over() -> None:
    packed = MailPart(kind="file", name="winmail.dat", format="application/ms-tnef", size=5000)
    [one] = choose([BODY, packed], MailRules())
    assert (one.name, "only Outlook reads" in one.refusal) == ("winmail.dat", True)


@pytest.mark.parametrize(
    ("name", "claimed", "found"),
    [
        ("a.pdf", "application/pdf", "application/pdf"),
        ("a.pdf", "application/x-unknown", "application/octet-stream"),
        ("a.pdf", "binary/octet-stream; name=a.pdf", "application/octet-stream"),
        ("notes.md", "text/plain; charset=utf-8", "text/markdown"),
        ("x.csv", "application/octet-stream", "text/csv"),
        ("x", "", "application/octet-stream"),
    ],
)
def test_a_claim_is_a_hint(name: str, claimed: str, found: str) -> None:
    assert declared_format(name, claimed) == found


def test_films_are_not_sniffed() -> None:
    with pytest.raises(FormatNotSupported):
        declared_format("x.pdf", "audio/mpeg")
