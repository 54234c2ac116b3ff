"""What people read and links carry, changed in a page: kept in the database, below the settings file and environment.

The one Settings object is changed in place, so that whoever reads it at use says the new thing at once.
"""

import re
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from gateway.errors import BadRequest, Conflict
from gateway.i18n import LANGUAGES, currency_exists
from gateway.services.ports import HouseStore
from gateway.settings import Settings

FIELDS = ("name", "language", "time_zone", "currency", "base_url")
_PREFIX = "site."
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:.]{2,45}\]")
LONGEST_NAME = 60


class SiteSettings:
    """`fixed` are the fields that file or environment hold: they win, and cannot be changed here."""

    def __init__(self, *, settings: Settings, house: HouseStore) -> None:
        self._settings, self._house = settings, house
        self.fixed = frozenset(settings.site.model_fields_set & set(FIELDS))

    async def load(self) -> None:
        """What was kept takes effect; call it before anything reads the settings."""
        kept = await self._house.values()
        self._apply({name: kept[_PREFIX + name] for name in FIELDS if _PREFIX + name in kept})

    async def change(self, values: dict[str, str]) -> None:
        """Checks all of them first. BadRequest says what is wrong, Conflict that file or environment decide."""
        checked = {name: self.check(name, value) for name, value in values.items()}
        changed = {name: text for name, text in checked.items() if text != getattr(self._settings.site, name)}
        if decided := sorted(self.fixed & changed.keys()):
            raise Conflict(f"{', '.join(decided)} stands in the settings file or the environment. Change it there.")
        await self._house.put({_PREFIX + name: text for name, text in changed.items()})
        self._apply(changed)

    def check(self, name: str, value: str) -> str:
        """The value as it is kept; BadRequest says what is wrong with it."""
        return _CHECKS[name](value.strip())

    def _apply(self, values: dict[str, str]) -> None:
        wanted = {name: text for name, text in values.items() if name not in self.fixed}
        if wanted:
            self._settings.site = self._settings.site.model_copy(update=wanted)


def check_base_url(text: str) -> str:
    """An address without a path, or "": then host name and port are derived."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    netloc = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc
    plain = parts.path in {"", "/"} and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or not plain or not _HOST.fullmatch(netloc):
        raise BadRequest(f'"{text[:60]}" is no address of a site. Write for example https://print.example.org.')
    return f"{parts.scheme}://{parts.netloc}"


def _name(text: str) -> str:
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise BadRequest(f"The name of the site has 1 to {LONGEST_NAME} printable characters.")
    return text


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise BadRequest(f'"{text[:20]}" is no language of these pages. Choose one of the list.')
    return text


def _time_zone(text: str) -> str:
    if text and text not in available_timezones():
        raise BadRequest(f'"{text[:40]}" is no time zone. Write for example Europe/Berlin.')
    return text


def _currency(text: str) -> str:
    code = text.upper()
    if not currency_exists(code):
        raise BadRequest(f'"{text[:10]}" is no currency. Write its three letters, for example EUR.')
    return code


_CHECKS = {
    "name": _name,
    "language": _language,
    "time_zone": _time_zone,
    "currency": _currency,
    "base_url": check_base_url,
}
