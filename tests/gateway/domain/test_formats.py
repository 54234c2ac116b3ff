"""What is announced, what is accepted and what the sandbox can open are one list."""

import pytest

from gateway.domain import formats
from sandbox import kinds


def test_everything_that_is_accepted_can_be_opened_and_the_other_way_round() -> None:
    openable = {kinds.normal(name) for name in kinds.INPUT_FORMATS} - {"", kinds.LOCKED}
    assert {kinds.normal(name) for name in formats.ACCEPTED} == openable - kinds.LANGUAGES
    assert set(formats.LANGUAGES) == kinds.LANGUAGES


@pytest.mark.parametrize("name", sorted(kinds._ALIASES))
def test_every_other_name_is_accepted(name: str) -> None:
    plain = formats.normalized(name)
    assert formats.is_accepted(plain) != formats.is_language(plain)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Application/PDF", "application/pdf"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("", "application/octet-stream"),
        ("application/vnd.ms-excel.sheet.macroenabled.12", "application/vnd.ms-excel.sheet.macroEnabled.12"),
        ("IMAGE/JPG", "image/jpeg"),
    ],
)
def test_a_claim_is_read_without_case_and_parameters(said: str, meant: str) -> None:
    assert formats.normalized(said) == meant


@pytest.mark.parametrize("name", ["video/mp4", "application/x-executable", "image/xyz", "nonsense"])
def test_what_nobody_can_print_here_is_not_accepted(name: str) -> None:
    assert not formats.is_accepted(formats.normalized(name))
