"""Trays, cartridges and the waste box, an impression at a time."""

from dataclasses import replace

import pytest

from ipp.virtual import KNOWN_SHEETS, Features
from ipp.virtual.supplies import Supplies, Trouble


def _supplies(**features: object) -> Supplies:
    return Supplies(replace(Features(), **features))  # type: ignore[arg-type]  # a test's short hand


def _mark(supplies: Supplies, times: int, *, new_sheet: bool = True, monochrome: bool = False) -> None:
    for _ in range(times):
        supplies.mark(supplies.trays[0], new_sheet=new_sheet, monochrome=monochrome)


def test_one_tray_a_source_with_the_first_sheet_in_it() -> None:
    supplies = _supplies(media=tuple(KNOWN_SHEETS.values()))
    assert [tray.name for tray in supplies.trays] == ["tray-1", "tray-2", "tray-3", "by-pass-tray"]
    assert supplies.trays[1].sheet.name == "na_letter_8.5x11in"


@pytest.mark.parametrize(
    ("media", "name"), [("na_letter_8.5x11in", "tray-2"), ("iso_a0_841x1189mm", "tray-1"), (None, "tray-1")]
)
def test_the_tray_of_a_media(media: object, name: str) -> None:
    assert _supplies().tray_for(media).name == name


def test_a_sheet_has_two_sides_and_toner_is_for_each() -> None:
    supplies = _supplies(sheets=10, toner=100)
    _mark(supplies, 1)
    _mark(supplies, 1, new_sheet=False, monochrome=True)
    assert supplies.trays[0].sheets == 9
    assert [supply.left for supply in supplies.all] == [98, 99, 99, 99, 198]


def test_a_tray_that_never_ends() -> None:
    supplies = _supplies()
    _mark(supplies, 3)
    assert (supplies.trays[0].sheets, supplies.trays[0].low, supplies.trays[0].empty) == (None, False, False)


def test_warnings_come_with_the_last_tenth_and_go_with_new_supplies() -> None:
    supplies = _supplies(sheets=20, toner=10, color=False)
    _mark(supplies, 8)
    assert list(supplies.warnings()) == []
    _mark(supplies, 1)
    assert list(supplies.warnings()) == [Trouble(reason="toner-low-warning")]
    _mark(supplies, 9)
    assert list(supplies.warnings()) == [
        Trouble(reason="media-low-warning"),
        Trouble(reason="toner-empty-warning"),
        Trouble(reason="marker-waste-almost-full-warning", unit=2),
    ]
    _mark(supplies, 2)
    assert [trouble.reason for trouble in supplies.warnings()] == [
        "media-empty-warning",
        "toner-empty-warning",
        "marker-waste-full-warning",
    ]
    supplies.renew()
    assert list(supplies.warnings()) == []
    assert [supply.left for supply in supplies.all] == [10, 20]
