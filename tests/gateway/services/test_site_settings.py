"""What a page changes of the site: checked, kept, live at once, and below file and environment."""

import pytest

from gateway.errors import BadRequest, Conflict
from gateway.services.site_settings import SiteSettings
from gateway.settings import Settings
from tests.fakes_administration import MemoryHouseStore

GOOD = {
    "name": "Stadtbücherei",
    "language": "de",
    "time_zone": "Europe/Berlin",
    "currency": "chf",
    "base_url": "https://print.example.org/",
}


async def test_what_was_changed_holds_at_once_and_after_the_next_start() -> None:
    house, settings = MemoryHouseStore(), Settings(data="unused")
    await SiteSettings(settings=settings, house=house).change(GOOD)
    later = Settings(data="unused")
    await SiteSettings(settings=later, house=house).load()
    for one in (settings, later):
        assert (one.site.name, one.site.language, one.site.currency) == ("Stadtbücherei", "de", "CHF")
        assert (one.site.time_zone, one.site.base_url) == ("Europe/Berlin", "https://print.example.org")


async def test_the_settings_file_wins_and_is_not_changed_from_a_page() -> None:
    house = MemoryHouseStore()
    house.kept = {"site.name": "Library", "site.currency": "USD"}
    settings = Settings(data="unused", site={"name": "By file"})
    site = SiteSettings(settings=settings, house=house)
    await site.load()
    assert (settings.site.name, settings.site.currency) == ("By file", "USD")
    assert site.fixed == {"name"}
    with pytest.raises(Conflict, match="name stands in the settings file"):
        await site.change({"name": "Other", "currency": "EUR"})
    assert settings.site.currency == "USD", "all or nothing"
    await site.change({"name": "By file", "currency": "EUR"})
    assert settings.site.currency == "EUR"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("name", "two\nlines"),
        ("language", "xx"),
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc/passwd"),
        ("currency", "XXX1"),
        ("currency", "EU"),
        ("base_url", "javascript:alert(1)"),
        ("base_url", "https://user:secret@print.example.org"),
        ("base_url", "https://print.example.org/path"),
        ("base_url", "https://print.example.org:99999"),
        ("base_url", "https://print example"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_not_kept(field: str, value: str) -> None:
    house = MemoryHouseStore()
    with pytest.raises(BadRequest):
        await SiteSettings(settings=Settings(data="unused"), house=house).change(GOOD | {field: value})
    assert house.kept == {}
