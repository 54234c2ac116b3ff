"""Words of addresses and subjects, and what a printer cannot do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailprint.options import MAX_WORDS, OPTION_LINE, Options, of_subject, possible, read, split
from gateway.domain.capabilities import Capabilities


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("2x bw 1-3", {"copies": 2, "print_color_mode": "monochrome", "page_ranges": ((1, 3),), "page_words": ()}),
        ("x3 SW beidseitig", {"copies": 3, "print_color_mode": "monochrome", "sides": "two-sided-long-edge"}),
        ("couleur recto", {"print_color_mode": "color", "sides": "one-sided"}),
        ("1s 2s", {"sides": "two-sided-long-edge"}),
        ("staple punch staple", {"finishings": (4, 5)}),
        ("2up landscape a3", {"number_up": 2, "orientation_requested": 4, "media": "iso_a3_297x420mm"}),
        ("booklet", {"imposition_template": "signature"}),
        ("odd", {"page_ranges": (), "page_words": ("odd",)}),
        ("project:P-2041 2x", {"job_account_id": "p-2041", "copies": 2}),
        ("1-3,7,9-last", {"page_ranges": ((1, 3), (7, 7), (9, 2**31 - 1)), "page_words": ()}),
    ],
)
def test_words_become_a_ticket(words: str, changes: dict[str, object]) -> None:
    found = read(words.split())
    assert (found.changes, found.unknown) == (changes, ())
    for name, value in changes.items():
        assert getattr(found.ticket, name) == value


def test_unknown_words_are_named_once() -> None:
    found = read(["2x", "gold", "gold", "3up", "0x", "5-2", "x" * 90])
    assert found.changes == {"copies": 2}
    assert found.unknown == ("gold", "3up", "0x", "5-2", "x" * 40)


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Report [2x bw 1-3 staple]", ["2x", "bw", "1-3", "staple"]),
        ("[EXTERNAL] Report", []),
        ("Re: [Team] minutes [bw gold]", ["bw", "gold"]),
        ("[2x][2s]", ["2x", "2s"]),
        ("Plans [bw project P-2041 2x]", ["bw", "project:P-2041", "2x"]),
        ("[Projekt; P-2041]", ["Projekt:P-2041"]),
        ("[my project]", []),
        ("nothing []", []),
        ("[" * 400 + "bw" + "]" * 400, ["bw"]),
    ],
)
def test_only_brackets_with_an_option_are_ours(subject: str, words: list[str]) -> None:
    assert list(of_subject(subject)) == words


@pytest.mark.parametrize(
    "line", ["[2x bw 1-3 staple]", "[gold bw]", "[bw;gold]", "[ B/W ]", "[100%]", "[letzte last]", "[project P-2041]"]
)
def test_a_line_with_one_option_is_a_line_of_options(line: str) -> None:
    assert re.fullmatch(OPTION_LINE, line, re.IGNORECASE)
    assert read(split(line[1:-1])).changes


@pytest.mark.parametrize(
    "line", ["[EXTERNAL]", "[cid:logo]", "[blackbw]", "bw", "[]", "[bw] x", "[[bw]", "[" + "x " * 99 + "bw]"]
)
def test_other_brackets_are_text(line: str) -> None:
    assert not re.fullmatch(OPTION_LINE, line, re.IGNORECASE)


def test_of_many_words_the_last_ones_count() -> None:
    assert read(["2s", *["gold"] * MAX_WORDS, "1s"]).changes == {"sides": "one-sided"}


def test_what_the_printer_cannot_is_named_and_left_out() -> None:
    can = Capabilities(finishings=(3,), media=Capabilities().media[:1], copies=50)
    found = possible(Options(changes={"finishings": (4,), "media": "iso_a3_297x420mm", "copies": 60}), can)
    assert found.changes == {"finishings": ()}
    assert found.unknown == ("staple", "a3", "60x")
    assert possible(Options(changes={"copies": 5}), can).changes == {"copies": 5}
    assert possible(Options(changes={"copies": 101}), Capabilities()).unknown == ("101x",)


@given(st.lists(st.text(max_size=60), max_size=40))
def test_no_word_raises_or_asks_for_the_impossible(words: list[str]) -> None:
    found = read(words)
    assert found.ticket.copies >= 1
    assert len(found.unknown) <= MAX_WORDS
