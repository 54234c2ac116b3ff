"""Work beside the work: its answer, its failure, and that its process is gone afterwards."""

import os
from pathlib import Path

import pytest

from sandbox.jail import look
from sandbox.jail.aside import Aside
from sandbox.model import PageFacts, Thumbnails
from tests.sandbox.samples import pdf


def _children() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


def test_what_was_worked_out_elsewhere() -> None:
    with Aside(os.getpid) as aside:
        found = aside.result()
    assert found not in {None, os.getpid()}
    assert str(found) not in _children().split()


def test_a_failure_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> int:
        raise ValueError("told by whoever does it again")

    with Aside(fails) as aside:
        assert aside.result() is None
    assert capfd.readouterr().err == ""


def test_a_large_answer_comes_whole() -> None:
    with Aside(lambda: bytes(1_000_000)) as aside:
        assert aside.result() == bytes(1_000_000)


def test_nobody_waits_for_what_nobody_asked_for() -> None:
    before = _children()
    with pytest.raises(KeyError), Aside(lambda: __import__("signal").pause()):
        raise KeyError
    assert _children() == before


def _facts(path: Path, pages: int, pictures: int) -> tuple[tuple[PageFacts, ...], list[int]]:
    shown: list[int] = []
    path.write_bytes(pdf(pages, draw=b"1 0 0 rg 72 72 144 144 re f"))
    found = look.facts(
        path,
        thumbnails=Thumbnails(count=pictures),
        show=lambda number, _: shown.append(number),
        max_pixels=10**8,
    )
    return found, shown


@pytest.mark.parametrize(("pages", "pictures"), [(7, 3), (8, 3), (9, 0), (30, 3), (30, 29), (30, 30), (9, 40)])
def test_pages_are_looked_at_alike_by_one_and_by_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: int, pictures: int
) -> None:
    monkeypatch.setattr(look, "worthwhile", lambda: True)
    two, shown = _facts(tmp_path / "two.pdf", pages, pictures)
    monkeypatch.setattr(look, "worthwhile", lambda: False)
    one, shown_by_one = _facts(tmp_path / "one.pdf", pages, pictures)
    assert (two, shown) == (one, shown_by_one)
    assert [page.coverage for page in two] == [page.coverage for page in one]
    assert (len(two), all(page.color for page in two)) == (pages, True)
    assert shown == list(range(1, min(pages, pictures) + 1))
