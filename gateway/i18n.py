"""The language of a page: which one, its texts, and how it writes numbers, money and times.

Texts are English in the source and in `locales/<language>.po` for the others. The locale of a request is a context
variable, so that words deep inside a page need not carry it through every call; outside of a request it is English.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, is_currency
from babel.support import NullTranslations, Translations

LANGUAGES = ("en", "de", "fr")
"""The first is the source's own and the last resort."""
NAMES = {"en": "English", "de": "Deutsch", "fr": "Français"}
_SUM = re.compile(r"(?<![\w.,-])(-?\d+(?:\.\d{1,3})?) ([A-Z]{3})\b")
_PLACE = re.compile(r"%\((\w+)\)s")
K = TypeVar("K")
HERE = Path(__file__).parent / "locales"

_language: ContextVar[str] = ContextVar("language", default="en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything inside is said in `language`, also what tasks started inside say."""
    token = _language.set(language if language in LANGUAGES else LANGUAGES[0])
    try:
        yield
    finally:
        _language.reset(token)


def language() -> str:
    return _language.get()


def locale() -> Locale:
    return _locale(_language.get())


def negotiate(*wishes: str | None) -> str:
    """The first language that we speak: each wish is one tag, or the value of Accept-Language (RFC 9110 12.5.4)."""
    for wish in wishes:
        for tag in _by_quality(wish or ""):
            if (spoken := tag.partition("-")[0].lower()) in LANGUAGES:
                return spoken
    return LANGUAGES[0]


# --- texts


def gettext(text: str, **values: Any) -> str:
    """`text` in the language of the page, its %(name)s filled in."""
    said = translated(text)
    return said % values if values else said


def ngettext(one: str, many: str, count: int, **values: Any) -> str:
    """The form for `count`, which also fills %(count)s and %(num)s, written as the locale writes numbers."""
    said = translated_plural(one, many, count)
    return said % {"count": number(count), "num": number(count), **values}


def translated(text: str) -> str:
    """The text alone: Jinja fills in values by itself, escaped."""
    return _catalogue(_language.get()).ugettext(text) if text else ""


def translated_plural(one: str, many: str, count: int) -> str:
    return _catalogue(_language.get()).ungettext(one, many, count)


def said(sentence: str) -> str:
    """An English sentence of a service, as it was raised or kept with a row, in the language of the page.

    Its template is found by its shape, and what stands in the places is carried over; those that are texts themselves
    are translated too. A sentence without a template stays as it is. Sums of money ("0.40 EUR") are written as the
    language does.
    """
    return _SUM.sub(_as_money, _said(_language.get(), sentence)) if sentence else ""


def marked(text: str) -> str:
    """Marks a text of a table for the catalogue; it is translated where it is shown."""
    return text


class Words(dict[K, str]):
    """A table of texts, English inside and translated as they are read."""

    def __getitem__(self, key: K) -> str:
        return gettext(super().__getitem__(key))

    def get(self, key: K, default: str = "") -> str:  # type: ignore[override]  # reason: a text is always a text
        text = super().get(key)
        return default if text is None else gettext(text)

    def items(self) -> list[tuple[K, str]]:  # type: ignore[override]  # reason: a list is enough for reading
        return [(key, self[key]) for key in self]

    def values(self) -> list[str]:  # type: ignore[override]  # reason: a list is enough for reading
        return [self[key] for key in self]


_ = gettext
N_ = marked


@cache
def _catalogue(spoken: str) -> NullTranslations:
    path = HERE / f"{spoken}.po"
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=spoken))
    compiled.seek(0)
    return Translations(compiled)


@lru_cache(maxsize=2000)
def _said(spoken: str, sentence: str) -> str:
    exact = _catalogue(spoken).ugettext(sentence)
    if exact != sentence:
        return exact
    for shape, translation in _shapes(spoken):
        if match := shape.fullmatch(sentence):
            return translation % {name: _said(spoken, value) for name, value in match.groupdict().items()}
    return sentence


@cache
def _shapes(spoken: str) -> list[tuple[re.Pattern[str], str]]:
    """Translated templates of sentences as patterns; those with the most words of their own first."""
    path = HERE / f"{spoken}.po"
    if not path.is_file():
        return []
    with path.open("rb") as source:
        messages = [m for m in read_po(source, locale=spoken) if "said" in m.auto_comments and m.string]
    templates = [(str(m.id), str(m.string)) for m in messages if "%(" in str(m.id)]
    templates.sort(key=lambda pair: -len(_PLACE.sub("", pair[0])))
    return [(_shape(text), translation) for text, translation in templates]


def _shape(template: str) -> re.Pattern[str]:
    """Matches what the template makes; a name that stands twice must be the same twice."""
    seen: set[str] = set()

    def place(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.*?)"

    pieces = _PLACE.split(template)
    literal = [re.escape(piece.replace("%%", "%")) for piece in pieces[::2]]
    names = [place(match) for match in _PLACE.finditer(template)]
    woven = [text for pair in zip(literal, [*names, ""], strict=True) for text in pair]
    return re.compile("".join(woven), re.DOTALL)


@cache
def _locale(spoken: str) -> Locale:
    return Locale.parse(spoken)


def _by_quality(accepted: str) -> list[str]:
    """Tags by falling quality; one without a readable quality counts fully, a quality of 0 not at all."""
    found = []
    for place, part in enumerate(accepted[:500].split(",")):
        tag, _semicolon, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            quality = 1.0
        if tag and quality > 0:
            found.append((-quality, place, tag))
    return [tag for _quality, _place, tag in sorted(found)]


# --- numbers and times


def number(value: float | Decimal) -> str:
    return _number(value, _language.get())


@lru_cache(maxsize=4096)  # Babel works out its pattern for every number anew, and a list of jobs is full of them
def _number(value: float | Decimal, language: str) -> str:
    return format_decimal(value, locale=_locale(language))


def percent(share: float) -> str:
    """`share` of 1."""
    return format_percent(share, locale=locale())


def money(amount: Decimal, currency: str) -> str:
    """`currency` by its ISO 4217 code."""
    return format_currency(amount, currency, locale=locale())


def _as_money(match: re.Match[str]) -> str:
    return money(Decimal(match[1]), match[2]) if currency_exists(match[2]) else match[0]


def currency_exists(code: str) -> bool:
    """Whether it is one of ISO 4217's, in capitals."""
    return is_currency(code)


def day(at: float, zone: str = "") -> str:
    """`at` in seconds since the epoch, in `zone` (an IANA name; "": UTC)."""
    return format_date(_moment(at, zone), format="medium", locale=locale())


def clock_time(at: float, zone: str = "") -> str:
    return format_time(_moment(at, zone), format="short", locale=locale(), tzinfo=_zone(zone))


def day_and_time(at: float, zone: str = "") -> str:
    return format_datetime(_moment(at, zone), format="medium", locale=locale(), tzinfo=_zone(zone))


def span(seconds: float) -> str:
    """A length of time in its largest fitting unit."""
    return format_timedelta(round(seconds), locale=locale())


def _moment(at: float, zone: str) -> datetime:
    return datetime.fromtimestamp(at, _zone(zone))


@cache
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name else UTC
