from dataclasses import replace

import pytest

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.events import Event
from gateway.domain.printer import ReleasePolicy
from gateway.errors import BadRequest, Conflict, NotFound
from gateway.services.printers import check_device_uri
from tests.fakes import a_printer
from tests.gateway.services.house import House

JAMMED = DeviceStatus(state=DeviceState.STOPPED, reasons=("media-jam-error",), message="Paper jam")


async def test_a_new_printer_is_there_at_once_and_told() -> None:
    house = await House.built()
    assert [printer.name for printer in house.printers.all()] == ["direct", "find-me", "secure"]
    assert Event.PRINTER_CREATED in {h.event for h in house.events.happenings}


async def test_the_default_printer_is_the_marked_one_else_the_first_that_pulls() -> None:
    house = await House.built()
    assert house.printers.default().name == "find-me"
    await house.printers.change_printer("direct", is_default=True)
    assert house.printers.default().name == "direct"


async def test_without_printers_there_is_no_default() -> None:
    with pytest.raises(NotFound):
        House().printers.default()


@pytest.mark.parametrize("name", ["", "UPPER", "a b", "../etc", "-a", "a" * 64, "ü"])
async def test_a_name_that_cannot_stand_in_a_uri_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        await House().printers.add_printer(name)


async def test_a_name_is_given_once() -> None:
    house = await House.built()
    with pytest.raises(Conflict):
        await house.printers.add_printer("direct")
    with pytest.raises(Conflict):
        await house.printers.add_device("laser", "socket://192.0.2.9")


async def test_an_unknown_device_is_refused() -> None:
    house = await House.built()
    with pytest.raises(NotFound):
        await house.printers.add_printer("x", devices=("nothing",))


async def test_a_secure_printer_has_exactly_one_device() -> None:
    house = await House.built()
    with pytest.raises(BadRequest):
        await house.printers.add_printer("x", policy=ReleasePolicy.SECURE, devices=("laser", "inkjet"))


@pytest.mark.parametrize(
    "uri", ["", "http://h", "socket://", "ipp://h:99999/", "file:///etc/passwd", "socket://h:0", "lpd:///queue"]
)
def test_a_device_uri_without_driver_host_or_port_is_refused(uri: str) -> None:
    with pytest.raises(BadRequest):
        check_device_uri(uri)


@pytest.mark.parametrize("uri", ["socket://h:9100", "lpd://h/q", "ipp://[2001:db8::1]:631/ipp/print", "ipps://h/"])
def test_a_device_uri_of_each_scheme_is_taken(uri: str) -> None:
    check_device_uri(uri)


@pytest.mark.parametrize("said", ["true", "false", "1161"])
def test_what_a_device_uri_says_of_snmp_is_taken(said: str) -> None:
    check_device_uri(f"socket://h:9100?snmp={said}")


@pytest.mark.parametrize("said", ["yes", "0", "70000", "1161&snmp=true"])
def test_a_device_uri_that_says_nonsense_of_snmp_is_refused(said: str) -> None:
    with pytest.raises(BadRequest, match="UDP port"):
        check_device_uri(f"socket://h:9100?snmp={said}")


async def test_capabilities_follow_the_devices() -> None:
    house = await House.built()
    await house.printers.change_device("laser", capabilities=Capabilities(color=False, duplex=False))
    assert house.printers.get("direct").capabilities.color is False
    assert house.printers.get("find-me").capabilities.color is True


async def test_a_change_moves_the_generation_and_a_refresh_without_one_does_not() -> None:
    house = await House.built()
    before = house.printers.generation
    await house.printers.refresh()
    assert house.printers.generation == before
    await house.printers.change_printer("direct", info="Direkt")
    assert house.printers.generation > before


async def test_what_another_process_changed_shows_up_within_a_second() -> None:
    house = await House.built()
    await house.store.save_printer(a_printer("fourth"))
    await house.printers.refresh()
    assert house.printers.get("fourth").info == "Fourth"


async def test_a_printer_is_stopped_when_no_device_of_it_can_print() -> None:
    house = await House.built()
    await house.printers.set_device_status("laser", JAMMED)
    assert house.printers.status("direct").state == "stopped"
    assert house.printers.status("direct").reasons == ("media-jam-error",)
    assert house.printers.status("find-me").state == "idle"
    assert "Paper jam" in house.printers.status("direct").message


async def test_the_same_status_again_is_not_told_again() -> None:
    house = await House.built()
    await house.printers.set_device_status("laser", JAMMED)
    told = len(house.events.happenings)
    await house.printers.set_device_status("laser", replace(JAMMED, at=5.0))
    assert len(house.events.happenings) == told


async def test_queued_jobs_are_counted() -> None:
    house = await House.built()
    await house.held(printer="find-me")
    generation = house.printers.status_generation("find-me")
    await house.printers.refresh()
    assert house.printers.status("find-me").queued_jobs == 1
    assert house.printers.status_generation("find-me") > generation


async def test_a_paused_printer_is_stopped_and_says_so() -> None:
    house = await House.built()
    await house.printers.pause("find-me")
    assert house.printers.status("find-me").state == "stopped"
    assert "paused" in house.printers.status("find-me").reasons
    await house.printers.resume("find-me")
    assert house.printers.status("find-me").state == "idle"


async def test_a_printer_with_waiting_jobs_is_not_removed() -> None:
    house = await House.built()
    await house.held(printer="find-me")
    with pytest.raises(Conflict):
        await house.printers.delete_printer("find-me")


async def test_a_device_in_use_is_not_removed() -> None:
    house = await House.built()
    with pytest.raises(Conflict):
        await house.printers.delete_device("laser")
    await house.printers.add_device("spare", "socket://192.0.2.3")
    await house.printers.delete_device("spare")
    with pytest.raises(NotFound):
        house.printers.device("spare")


async def test_another_uri_may_show_another_certificate() -> None:
    house = await House.built()
    await house.printers.pin_certificate("laser", "ab" * 32)
    assert (await house.printers.change_device("laser", info="Laser 2")).pinned_certificate == "ab" * 32
    moved = await house.printers.change_device("laser", uri="ipps://192.0.2.9/ipp/print")
    assert moved.pinned_certificate is None


async def test_a_subnet_sees_its_printers_only() -> None:
    house = await House.built()
    await house.printers.change_printer("secure", subnets=("192.0.2.0/24", "2001:db8::/32"))
    assert "secure" in {p.name for p in house.printers.all("192.0.2.7")}
    assert "secure" in {p.name for p in house.printers.all("2001:db8::7")}
    assert "secure" not in {p.name for p in house.printers.all("198.51.100.7")}
    assert "secure" not in {p.name for p in house.printers.all("nonsense")}


async def test_a_raw_port_is_one_printers() -> None:
    house = await House.built()
    await house.printers.change_printer("direct", raw_port=9101)
    await house.printers.change_printer("direct", raw_port=9101, info="Still mine")
    with pytest.raises(Conflict, match="raw port of direct"):
        await house.printers.change_printer("find-me", raw_port=9101)
    with pytest.raises(Conflict, match="raw port of direct"):
        await house.printers.add_printer("other", raw_port=9101)
    with pytest.raises(BadRequest, match="1 to 65535"):
        await house.printers.change_printer("find-me", raw_port=65536)
    await house.printers.change_printer("direct", raw_port=None)
    await house.printers.change_printer("find-me", raw_port=9101)
