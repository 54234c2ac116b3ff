"""The language of a page: which one, its texts, and how it writes numbers, money and times.

Texts are English in the source and in `locales/<language>.po` for the others. The locale of a request is a context
variable, so that words deep inside a page need not carry it through every call; outside of a request it is English.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import NullTranslations, Translations

LANGUAGES = ("en", "de", "fr")
"""The first is the source's own and the last resort."""
NAMES = {"en": "English", "de": "Deutsch", "fr": "Français"}
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


def marked(text: str) -> str:
    """Marks a text of a table for the catalogue; it is translated where it is shown."""
    return text


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
    return format_decimal(value, locale=locale())


def percent(share: float) -> str:
    """`share` of 1."""
    return format_percent(share, locale=locale())


def money(amount: Decimal, currency: str) -> str:
    """`currency` by its ISO 4217 code."""
    return format_currency(amount, currency, locale=locale())


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
