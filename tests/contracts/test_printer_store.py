"""PrinterStore: printers and Output Devices, saved by compare-and-set."""

import asyncio
from dataclasses import fields, replace
from decimal import Decimal
from uuid import uuid4

import pytest

from gateway.domain.capabilities import Capabilities, Media
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.domain.house import HouseRules
from gateway.domain.kiosk import KioskProof
from gateway.domain.mailbox import MailParts, MailRules, Strangers
from gateway.domain.phone import Presence
from gateway.domain.price import Tariff
from gateway.domain.printer import Authentication, HeldView, Printer, ReleasePolicy
from gateway.domain.project import ProjectPolicy
from gateway.errors import Conflict
from gateway.services.ports import PrinterStore
from tests.builders import NOW
from tests.databases import Stores
from tests.fakes import a_device, a_printer

FULL_CAPABILITIES = Capabilities(
    formats=("image/urf",),
    media=(Media(name="iso_a5_148x210mm", x=14800, y=21000, source="tray-9", type="labels", margin=0, ready=False),),
    color=False,
    duplex=False,
    copies=7,
    resolutions=(1200,),
    finishings=(4, 20),
    output_bins=("top",),
    media_types=("labels", "stationery"),
    pages_per_minute=9,
    pages_per_minute_color=8,
    make_and_model="Ängström 9",
    sheet_back="rotated",
)


def a_full_printer() -> Printer:
    return Printer(
        name="hall",
        uuid=uuid4(),
        info="The hall's printer",
        location="Hall",
        organization="School",
        organizational_unit="Library",
        geo_location="geo:48.2,16.3",
        policy=ReleasePolicy.SECURE,
        authentication=Authentication.BASIC,
        held_view=HeldView.COMPLETED,
        devices=("laser", "inkjet"),
        capabilities=FULL_CAPABILITIES,
        is_accepting_jobs=False,
        paused=True,
        holding_new_jobs=True,
        is_default=True,
        hold_seconds=60.5,
        operator_message="Back at ten.",
        defaults={"sides": "two-sided-long-edge"},
        site="north",
        host_names=("hall.print.example.org",),
        raw_port=9101,
        name_networks=("192.0.2.0/24",),
        subnets=("10.0.0.0/8",),
        groups=("staff",),
        tariff=Tariff(grey=Decimal("0.0500"), sheets=(("iso_a4", Decimal("0.01")),), currency="CHF"),
        guests=True,
        house=HouseRules(force_grey=True, toner_save="light", footer="{user}", bates=""),
        pass_through=True,
        mail=MailRules(
            enabled=False,
            aliases=("drucker",),
            strangers=Strangers.GUEST,
            allowed_domains=("example.org",),
            parts=MailParts.BOTH,
            separate=False,
            max_size=1,
            max_files=2,
            max_pages=3,
        ),
        kiosk_proofs=(KioskProof.PIN,),
        private_jobs=True,
        presence=Presence.CODE,
        projects=ProjectPolicy.REQUIRED,
        ask_again_minutes=0,
        created_at=NOW,
        config_changed_at=NOW + 1,
    )


def a_full_device() -> Device:
    return Device(
        name="laser",
        uuid=uuid4(),
        uri="ipps://printer.example/ipp/print",
        info="Laser",
        location="Hall",
        capabilities=FULL_CAPABILITIES,
        status=DeviceStatus(state=DeviceState.STOPPED, reasons=("media-empty",), message="Kein Papier", at=NOW),
        pinned_certificate="ab" * 32,
        failover="inkjet",
        site="north",
        presence=Presence.PANEL,
        created_at=NOW,
    )


def test_the_full_values_leave_no_field_at_its_default() -> None:
    pairs = (
        (a_full_printer(), a_printer("hall")),
        (a_full_device(), a_device("laser")),
        (FULL_CAPABILITIES, Capabilities()),
    )
    for full, plain in pairs:
        same = {f.name for f in fields(full) if getattr(full, f.name) == getattr(plain, f.name)}
        assert same <= {"name", "version"}


@pytest.fixture
def store(stores: Stores) -> PrinterStore:
    return stores.printers


@pytest.mark.parametrize("printer", [a_printer(), a_full_printer()], ids=["plain", "full"])
async def test_a_printer_comes_back_as_it_was_saved(store: PrinterStore, printer: Printer) -> None:
    saved = await store.save_printer(printer)
    assert saved == replace(printer, version=1)
    assert await store.printer(printer.name) == saved
    assert await store.printers() == [saved]


@pytest.mark.parametrize("device", [a_device(), a_full_device()], ids=["plain", "full"])
async def test_a_device_comes_back_as_it_was_saved(store: PrinterStore, device: Device) -> None:
    saved = await store.save_device(device)
    assert saved == replace(device, version=1)
    assert await store.device(device.name) == saved
    assert await store.devices() == [saved]


async def test_lists_are_by_name_and_unknown_names_are_none(store: PrinterStore) -> None:
    for name in ("b", "a", "c"):
        await store.save_printer(a_printer(name))
        await store.save_device(a_device(name))
    assert [printer.name for printer in await store.printers()] == ["a", "b", "c"]
    assert [device.name for device in await store.devices()] == ["a", "b", "c"]
    assert await store.printer("d") is None
    assert await store.device("d") is None


async def test_an_edit_of_an_old_version_is_a_conflict(store: PrinterStore) -> None:
    first = await store.save_printer(a_printer())
    second = await store.save_printer(replace(first, info="Second"))
    assert second.version == 2
    with pytest.raises(Conflict):
        await store.save_printer(replace(first, info="Late"))
    device = await store.save_device(a_device())
    await store.save_device(replace(device, info="Second"))
    with pytest.raises(Conflict):
        await store.save_device(replace(device, info="Late"))
    assert await store.printer(first.name) == second


async def test_a_taken_name_is_a_conflict_also_in_other_case(store: PrinterStore) -> None:
    await store.save_printer(a_printer("find-me"))
    other = await store.save_printer(a_printer("other"))
    for late in (a_printer("find-me"), a_printer("Find-Me"), replace(other, name="find-me")):
        with pytest.raises(Conflict):
            await store.save_printer(late)
    await store.save_device(a_device("laser"))
    with pytest.raises(Conflict):
        await store.save_device(a_device("LASER"))
    assert [printer.name for printer in await store.printers()] == ["find-me", "other"]


async def test_a_printer_can_be_renamed(store: PrinterStore) -> None:
    saved = await store.save_printer(a_printer("old"))
    renamed = await store.save_printer(replace(saved, name="new"))
    assert await store.printers() == [renamed]


async def test_deleted_is_gone_and_cannot_be_edited_back(store: PrinterStore) -> None:
    printer, device = await store.save_printer(a_printer()), await store.save_device(a_device())
    await store.delete_printer(printer.name)
    await store.delete_device(device.name)
    await store.delete_device("unknown")
    assert await store.printers() == []
    assert await store.devices() == []
    with pytest.raises(Conflict):
        await store.save_printer(printer)
    with pytest.raises(Conflict):
        await store.save_device(device)


async def test_of_many_edits_at_once_one_wins(store: PrinterStore) -> None:
    printer = await store.save_printer(a_printer())
    edits = (store.save_printer(replace(printer, info=f"Edit {n}")) for n in range(8))
    outcomes = await asyncio.gather(*edits, return_exceptions=True)
    won = [outcome for outcome in outcomes if isinstance(outcome, Printer)]
    assert len(won) == 1
    assert all(isinstance(outcome, Conflict) for outcome in outcomes if outcome not in won)
    assert await store.printer(printer.name) == won[0]
