"""The language of a page: what is understood of wishes, and how numbers and times are written."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from gateway import i18n

NOON = 1_795_176_000.0


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        (("de-AT,de;q=0.9,en;q=0.5",), "de"),
        (("en;q=0.2, fr-CH;q=0.8",), "fr"),
        (("tlh, fr;q=0",), "en"),
        ((None, "fr"), "fr"),
        (("de", "fr"), "de"),
        (("xx;q=nonsense,,;;", ""), "en"),
        (("," * 100_000,), "en"),
    ],
)
def test_the_first_language_that_we_speak_wins(wishes: tuple[str | None, ...], expected: str) -> None:
    assert i18n.negotiate(*wishes) == expected


def test_outside_of_a_request_it_is_english() -> None:
    assert i18n.language() == "en"


async def test_each_task_speaks_its_own_language() -> None:
    async def says(language: str) -> str:
        with i18n.speaking(language):
            await asyncio.sleep(0)
            return i18n.money(Decimal("1234.5"), "EUR")

    assert await asyncio.gather(says("en"), says("de"), says("fr")) == [
        "€1,234.50",
        "1.234,50\xa0€",
        "1\u202f234,50\xa0€",
    ]


def test_times_are_those_of_the_zone() -> None:
    with i18n.speaking("de"):
        assert i18n.day_and_time(NOON, "Europe/Berlin").startswith("20.11.2026, 13:00")
        assert i18n.span(3700) == "1 Stunde"


def test_values_are_filled_in_after_the_text_was_found() -> None:
    assert i18n.gettext("%(name)s of 5", name="3") == "3 of 5"
    assert i18n.ngettext("%(count)s page", "%(count)s pages", 1200) == "1,200 pages"


CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

#. said
msgid "%(name)s cannot print now: %(why)s."
msgstr "%(name)s kann jetzt nicht drucken: %(why)s."

#. said
msgid "%(share)s%% of %(name)s, and %(name)s again"
msgstr "%(name)s: %(share)s%%"

#. said
msgid "out of paper"
msgstr "kein Papier"

msgid "%(name)s is no sentence of a service"
msgstr "falsch"
"""


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("B-204 cannot print now: out of paper.", "B-204 kann jetzt nicht drucken: kein Papier."),
        ("B.*(x) cannot print now: 5%.", "B.*(x) kann jetzt nicht drucken: 5%."),
        ("5% of it, and it again", "it: 5%"),
        ("5% of it, and that again", "5% of it, and that again"),
        ("out of paper", "kein Papier"),
        ("It is no sentence of a service", "It is no sentence of a service"),
        ("", ""),
    ],
)
def test_a_sentence_of_a_service_is_known_by_its_shape(
    sentence: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "de.po").write_text(CATALOGUE, "utf-8")
    monkeypatch.setattr(i18n, "HERE", tmp_path)
    forget()
    try:
        with i18n.speaking("de"):
            assert i18n.said(sentence) == expected
    finally:
        forget()


def forget() -> None:
    for kept in (i18n._catalogue, i18n._shapes, i18n._said):
        kept.cache_clear()
