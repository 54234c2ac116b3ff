"""Which Printer an address leads to, and which words of it are options (row 34)."""

import pytest

from emailprint.addresses import AddressBook
from gateway.errors import NotFound
from tests.emailprint.mail_house import MailHouse


async def a_book() -> AddressBook:
    house = await MailHouse.built(domains=("Print.Example",))
    await house.rules("direct", aliases=("desk", "hall"))
    return house.book


@pytest.mark.parametrize(
    ("address", "printer", "words"),
    [
        ("find-me@print.example", "find-me", ()),
        ("Find-Me+BW+2s@PRINT.example.", "find-me", ("bw", "2s")),
        ("hall+2x@print.example", "direct", ("2x",)),
        ("print@print.example", "find-me", ()),
        ("print+desk+bw@print.example", "direct", ("bw",)),
        ("print+direct@print.example", "direct", ()),
        ("print+room12@print.example", "find-me", ("room12",)),
        ("find-me++bw+@print.example", "find-me", ("bw",)),
    ],
)
async def test_addresses(address: str, printer: str, words: tuple[str, ...]) -> None:
    found = (await a_book()).find(address)
    assert (found.printer.name, found.words) == (printer, words)


@pytest.mark.parametrize(
    "address",
    [
        "nobody@print.example",
        "find-me@elsewhere.example",
        "find-me",
        "@print.example",
        "",
        f"find-me+{'x' * 300}@print.example",
    ],
)
async def test_an_address_of_nobody(address: str) -> None:
    with pytest.raises(NotFound):
        (await a_book()).find(address)


async def test_a_printer_without_mail_has_no_address() -> None:
    house = await MailHouse.built()
    await house.rules(enabled=False)
    for address in ("find-me@x.example", "print@x.example"):
        with pytest.raises(NotFound):
            house.book.find(address)
