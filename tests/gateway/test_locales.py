"""The catalogues are complete: the texts of the source, each said in every language, with the same places and marks."""

import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from gateway.i18n import HERE, LANGUAGES
from gateway.locales.__main__ import collect
from gateway.locales.harvest import Text, harvest

OTHERS = LANGUAGES[1:]
PLACE = re.compile(r"%\((\w+)\)s|%%")
TAG = re.compile(r"</?[a-z]+[^>]*>")
SAYING = frozenset({"NotFound"})


@cache
def source() -> Catalog:
    return collect()


@cache
def catalogue(language: str) -> Catalog:
    with (HERE / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def texts(catalogue: Catalog) -> set[str | tuple[str, ...]]:
    return {tuple(m.id) if isinstance(m.id, list | tuple) else m.id for m in catalogue if m.id}


@pytest.mark.parametrize("language", OTHERS)
def test_it_has_exactly_the_texts_of_the_source(language: str) -> None:
    known, wanted = texts(catalogue(language)), texts(source())
    assert known == wanted, "run python -m gateway.locales, translate what it names, commit the catalogues"


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_said(language: str) -> None:
    silent = [
        m.id for m in catalogue(language) if m.id and not all([m.string] if isinstance(m.string, str) else m.string)
    ]
    assert not silent
    assert not [m.id for m in catalogue(language) if m.fuzzy and m.id]


@pytest.mark.parametrize("language", OTHERS)
def test_places_and_marks_are_those_of_the_source(language: str) -> None:
    wrong = []
    for message in catalogue(language):
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        for text in said if message.id else ():
            # A form for one may leave its number out.
            if set(PLACE.findall(text)) - set(PLACE.findall(ids[-1])) or sorted(TAG.findall(text)) != sorted(
                TAG.findall(ids[-1])
            ):
                wrong.append((ids[-1], text))
            if len(ids) == 1 and sorted(PLACE.findall(text)) != sorted(PLACE.findall(ids[0])):
                wrong.append((ids[0], text))
    assert not wrong


def found(code: str) -> list[tuple[str, str | None, bool]]:
    return [(text.text, text.plural, text.said) for text in harvest(code, SAYING)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('_("Print")', [("Print", None, False)]),
        ('ngettext("%(count)s page", "%(count)s pages", n)', [("%(count)s page", "%(count)s pages", False)]),
        ('raise NotFound(f"There is no {job.name} here.")', [("There is no %(job_name)s here.", None, True)]),
        ('raise NotFound("One." if x else "Two are.")', [("Two are.", None, True)]),
        ('raise NotFound("One is " "long.")', [("One is long.", None, True)]),
        ('raise Other("Nobody hears this.")', []),
        ('JobRecord(what="made", text=f"{n}% of it went out")', [("%(n)s%% of it went out", None, True)]),
        ('_(f"{n} page{plural(n)} of {n}")', [("%(n)s page%(plural_n)s of %(n)s", None, False)]),
        ('_(f"{n} or {n!r}")', [("%(n)s or %(n_1)s", None, False)]),
        ('WRONG = "It is not right."', [("It is not right.", None, True)]),
        ('word = "It is not right."', []),
        ('T = Words({"a": "Ready", "b": "Two of them"})', [("Ready", None, False), ("Two of them", None, False)]),
        ('S = "has {allowed} pages at most."', [("has %(allowed)s pages at most.", None, True)]),
    ],
)
def test_what_is_a_text(code: str, expected: list[Text]) -> None:
    assert found(code) == expected
