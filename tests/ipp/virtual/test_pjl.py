"""PJL heads of RAW jobs."""

import pytest

from ipp.virtual.pjl import UEL, needs_more, parse_head

HEAD = (
    UEL + b'@PJL\r\n@PJL JOB NAME="Tax return"\r\n@PJL SET USERNAME="alice"\r\n@PJL SET COPIES=3\r\n'
    b"@PJL SET DUPLEX=ON\r\n@PJL ENTER LANGUAGE=PDF\r\n"
)


def test_a_head_names_job_user_copies_and_sides() -> None:
    head = parse_head(HEAD + b"%PDF-1.7")
    assert (head.name, head.user, head.copies, head.duplex, head.language) == ("Tax return", "alice", 3, True, "PDF")
    assert head.length == len(HEAD)


def test_without_pjl_all_is_document() -> None:
    assert parse_head(b"%PDF-1.7\n@PJL").length == 0


@pytest.mark.parametrize("copies", [b"-1", b"x", b"", b"\xb2"])
def test_nonsense_copies_are_one(copies: bytes) -> None:
    assert parse_head(UEL + b"@PJL SET COPIES=" + copies + b"\n@PJL ENTER LANGUAGE=PDF\n").copies == 1


@pytest.mark.parametrize("length", range(len(HEAD)))
def test_a_head_in_two_pieces_waits_for_the_second(length: int) -> None:
    assert needs_more(HEAD[:length])


def test_a_whole_head_waits_no_more() -> None:
    assert not needs_more(HEAD)
    assert not needs_more(b"%PDF-1.7")
    assert not needs_more(UEL + b"@PJL COMMENT " + b"x" * 20_000)
