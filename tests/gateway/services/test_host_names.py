"""Which Printer a host name means, and which names the certificate must have."""

from gateway.services.host_names import HostNames
from tests.gateway.services.house import House


async def test_given_and_derived_names_lead_to_their_printer() -> None:
    house = await House.built()
    await house.printers.change_printer("direct", host_names=("hall.example.org", "lobby.print.example.org"))
    names = HostNames(house.printers, zone="Print.Example.org.")
    assert names.printer_of("HALL.example.org.") == "direct"
    assert names.printer_of("lobby.print.example.org") == "direct"
    assert names.printer_of("find-me.print.example.org") == "find-me"
    assert names.printer_of("print.example.org") is None
    assert names.printer_of("evil.example") is None
    assert names.of(house.printers.get("direct")) == "hall.example.org"
    assert names.of(house.printers.get("find-me")) == "find-me.print.example.org"
    assert names.all() == ("print.example.org", "*.print.example.org", "hall.example.org")


async def test_a_name_that_was_taken_away_leads_nowhere() -> None:
    house = await House.built()
    names = HostNames(house.printers, zone="")
    assert names.printer_of("find-me.") is None
    assert (names.of(house.printers.get("find-me")), names.all()) == ("", ())
    await house.printers.change_printer("find-me", host_names=("hall.example.org",))
    assert names.printer_of("hall.example.org") == "find-me"
    await house.printers.change_printer("find-me", host_names=())
    assert names.printer_of("hall.example.org") is None
