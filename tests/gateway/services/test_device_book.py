"""Devices as people keep them: addresses checked, forms that are too old refused, and test pages on their own way."""

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.job import JobState
from gateway.domain.printer import TEST
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Conflict, NotFound, NotPossible
from gateway.services.intake import Submission
from tests.fake_devices import FakeDevice
from tests.webprint.web_house import House

ADA = Actor(user="ada", address="192.0.2.17")


@pytest.fixture
async def house() -> House:
    return await House().open()


async def test_a_device_is_checked_kept_and_asked_what_it_can(house: House) -> None:
    device = await house.administration.devices.add("oak", "ipp://192.0.2.9/ipp/print", info="Oak", failover="lobby")
    assert (device.info, device.failover, device.status.state) == ("Oak", "lobby", DeviceState.IDLE)
    with pytest.raises(Conflict):
        await house.administration.devices.add("oak", "ipp://192.0.2.9/ipp/print")


@pytest.mark.parametrize(
    "uri", ["socket://127.0.0.1:9100", "ipp://169.254.169.254/latest", "http://192.0.2.9/", "ipp://", "file:///etc"]
)
async def test_an_address_that_no_device_may_have_is_not_kept(house: House, uri: str) -> None:
    book, before = house.administration.devices, house.printers.devices()
    with pytest.raises(BadRequest):
        await book.add("oak", uri)
    with pytest.raises(BadRequest):
        await book.change("lobby", uri=uri)
    assert house.printers.devices() == before


async def test_a_form_that_was_open_too_long_changes_nothing(house: House) -> None:
    book, read = house.administration.devices, house.printers.device("lobby").mark
    await house.printers.set_device_status("lobby", DeviceStatus(state=DeviceState.STOPPED, at=5.0))
    await book.change("lobby", read=read, info="Entrance")
    with pytest.raises(NotPossible, match="Somebody else"):
        await book.change("lobby", read=read, info="Hall")
    assert house.printers.device("lobby").info == "Entrance", (
        "what the device tells does not count, what people set does"
    )


async def test_no_device_takes_over_from_itself(house: House) -> None:
    with pytest.raises(Conflict):
        await house.administration.devices.change("lobby", failover="lobby")
    with pytest.raises(NotFound):
        await house.administration.devices.change("lobby", failover="nowhere")


async def test_a_device_that_is_away_is_kept_all_the_same(house: House) -> None:
    house.house_ports.driver.devices["oak"] = FakeDevice(unreachable=True)
    device = await house.administration.devices.add("oak", "ipp://192.0.2.9/ipp/print")
    assert device.status.state is DeviceState.UNREACHABLE


async def test_a_test_page_comes_through_the_door_for_documents_and_goes_to_its_device(house: House) -> None:
    job = await house.administration.devices.print_test_page("lobby", ADA, title="Test page", lines=("One (1)", "Two"))
    assert (job.state, job.printer, job.source, job.owner) == (JobState.PENDING, f"{TEST}lobby", "test", "ada")
    data = b"".join(
        [piece async for piece in house.spool.read(job.documents[0].id, house.keyring.unwrap(job.key or b""))]
    )
    assert data.startswith(b"%PDF-1.4")
    assert b"(One \\(1\\)) Tj" in data
    printer = house.printers.of_job(job.printer)
    assert house.printers.targets_of(printer) == (house.printers.device("lobby"),)


async def test_nothing_but_a_test_page_reaches_the_printer_of_test_pages(house: House) -> None:
    assert f"{TEST}lobby" not in {printer.name for printer in house.printers.all()}
    with pytest.raises(NotFound):
        house.printers.get(f"{TEST}lobby")
    for source in ("ipp", "web", "api"):
        with pytest.raises(NotFound):
            await house.intake.validate(
                Submission(printer=f"{TEST}lobby", name="x", actor=Actor(user="alice"), source=source),
                "application/pdf",
            )


async def test_no_test_page_while_the_device_cannot_print(house: House) -> None:
    house.house_ports.driver.devices["lobby"] = FakeDevice(
        status=DeviceStatus(state=DeviceState.STOPPED, message="Paper is out.")
    )
    with pytest.raises(NotPossible, match=r"Lobby cannot print now: Paper is out\."):
        await house.administration.devices.print_test_page("lobby", ADA, title="Test page", lines=())


async def test_a_new_certificate_is_trusted_only_when_somebody_says_so(house: House) -> None:
    await house.printers.pin_certificate("lobby", "ab" * 32)
    await house.administration.devices.learn("lobby")
    assert house.printers.device("lobby").pinned_certificate == "ab" * 32
    assert (await house.administration.devices.trust_anew("lobby")).pinned_certificate is None


@pytest.mark.parametrize(
    ("called", "name"),
    [("Kyoto 9 [A1:B2]", "kyoto-9-a1-b2"), ("Lobby", "lobby-2"), ("!!!", "printer"), ("", "printer")],
)
async def test_names_are_made_of_what_people_say(house: House, called: str, name: str) -> None:
    assert house.administration.devices.free_name(called) == name
