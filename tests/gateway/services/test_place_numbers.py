"""Short numbers: stable, unique, and only names."""

import pytest

from gateway.errors import NotFound
from gateway.services.place_numbers import PlaceNumbers
from tests.fakes_phone import MemoryPlaceNumbers
from tests.gateway.services.house import House


async def test_a_number_is_kept_and_leads_back() -> None:
    house, store = await House.built(), MemoryPlaceNumbers()
    numbers = PlaceNumbers(store=store, printers=house.printers)
    everything = [*house.printers.devices(), *house.printers.all()]
    given = {one.name: await numbers.of(one) for one in everything}
    assert len(set(given.values())) == len(everything)
    assert all(len(number) == 4 and number.isdigit() for number in given.values())
    again = PlaceNumbers(store=store, printers=house.printers)  # after a restart
    for one in everything:
        assert await again.of(one) == given[one.name]
        assert await again.name_of(f" {given[one.name][:2]} {given[one.name][2:]} ") == one.name


@pytest.mark.parametrize("text", ["", "12", "abcd", "12345678", "１２３４", "-123"])
async def test_what_is_no_number_is_told(text: str) -> None:
    house = await House.built()
    with pytest.raises(NotFound, match="four digits"):
        await PlaceNumbers(store=MemoryPlaceNumbers(), printers=house.printers).name_of(text)


async def test_the_number_of_what_is_gone_names_nothing_and_is_not_given_again() -> None:
    house, store = await House.built(), MemoryPlaceNumbers()
    numbers = PlaceNumbers(store=store, printers=house.printers)
    await house.printers.add_device("old", "socket://192.0.2.9:9100")
    number = await numbers.of(house.printers.device("old"))
    await house.printers.delete_device("old")
    with pytest.raises(NotFound, match="No printer has this number"):
        await numbers.name_of(number)
    await house.printers.add_device("old", "socket://192.0.2.9:9100")
    assert await numbers.of(house.printers.device("old")) != number


async def test_two_processes_agree_and_numbers_run_out_into_five_digits() -> None:
    house, store = await House.built(), MemoryPlaceNumbers()
    one, two = (PlaceNumbers(store=store, printers=house.printers) for _ in "12")
    device = house.printers.device("laser")
    assert await one.of(device) == await two.of(device)
    full = MemoryPlaceNumbers()
    full.rows = {}

    class Full(MemoryPlaceNumbers):
        async def take_number(self, of: object, number: int) -> bool:
            return number > 9999 and await super().take_number(of, number)  # type: ignore[arg-type]  # reason: as it came

    assert len(await PlaceNumbers(store=Full(), printers=house.printers).of(device)) == 5
