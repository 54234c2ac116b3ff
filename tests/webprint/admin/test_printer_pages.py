"""Printers and devices in pages: what is changed, what is refused beside its field, and what a form cannot reach."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.printer import Authentication, Printer, ReleasePolicy
from gateway.domain.rights import Grant, Role
from gateway.domain.user import Actor, User
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House
from webprint.admin.printer_form import TEXTS, TICKS

GOOD = {
    "info": "Copy room",
    "location": "B-204",
    "policy": "pull",
    "hold_hours": "12",
    "authentication": "basic",
    "held_view": "pending-held",
    "projects": "optional",
    "groups": "staff, teachers",
    "subnets": "10.20.0.0/16",
    "kiosk_proofs": ["card", "pin"],
    "grey": "0,05",
    "color": "0.25",
    "sheets": "iso_a3=0.04",
    "force_duplex": "yes",
    "watermark": "{user}",
    "number": "yes",
    "bates": "LIB-",
    "order.lobby": "1",
    "order.copy-room": "2",
    "guests": "yes",
    "operator_message": "Back at noon.",
    "raw_port": "9101",
    "name_networks": "10.1.0.0/16, fd00::/8",
}


async def test_a_printer_is_added_with_all_that_the_form_asks(house: House, ada: Visitor) -> None:
    await ada.get("/admin/printers/new")
    answer = await ada.post("/admin/printers/new", {"name": "upstairs", **GOOD})
    assert answer.headers["location"] == "/admin/printers/upstairs?done=added"
    printer = house.printers.get("upstairs")
    assert (printer.devices, printer.groups, printer.subnets) == (
        ("lobby", "copy-room"),
        ("staff", "teachers"),
        ("10.20.0.0/16",),
    )
    assert (printer.raw_port, printer.name_networks) == (9101, ("10.1.0.0/16", "fd00::/8"))
    assert (printer.authentication, printer.hold_seconds) == (Authentication.BASIC, 12 * 3600)
    assert (printer.tariff.grey, printer.tariff.sheets) == (Decimal("0.05"), (("iso_a3", Decimal("0.04")),))
    assert (printer.house.force_duplex, printer.house.watermark, printer.house.bates) == (True, "{user}", "LIB-")
    page = (await ada.get("/admin/printers/upstairs?done=added")).text
    assert "The printer is added." in page
    assert [(entry.actor, entry.action, entry.subject) for entry in house.house_ports.audit.rows] == [
        ("ada", "printer.added", "printer upstairs")
    ]
    assert 'value="0.05"' in page


async def test_saving_what_the_page_shows_changes_nothing(house: House, ada: Visitor) -> None:
    await ada.get("/admin/printers/new")
    await ada.post("/admin/printers/new", {"name": "upstairs", **GOOD})
    before = house.printers.get("upstairs")
    await ada.post("/admin/printers/upstairs", {"read": str(before.version), **GOOD})
    after = house.printers.get("upstairs")
    assert after.version == before.version + 1
    skipped = {"version", "config_changed_at"}
    assert {n: getattr(after, n) for n in Printer.__slots__ if n not in skipped} == {
        n: getattr(before, n) for n in Printer.__slots__ if n not in skipped
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hold_hours", "soon"),
        ("hold_hours", "inf"),
        ("grey", "dear"),
        ("color", "-1"),
        ("sheets", "cheap"),
        ("subnets", "upstairs"),
        ("policy", "free"),
        ("order.lobby", "first"),
        ("kiosk_proofs", []),
        ("info", ""),
        ("site", "moon"),
        ("host_names", "not a host"),
        ("raw_port", "65536"),
        ("raw_port", "many"),
        ("name_networks", "the office"),
        ("watermark", "x" * 201),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(
    house: House, ada: Visitor, field: str, value: str | list[str]
) -> None:
    before = house.printers.get("direct")
    await ada.get("/admin/printers/direct")
    answer = await ada.post("/admin/printers/direct", GOOD | {"read": str(before.version), field: value})
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text or f'id="{field}-wrong"' in answer.text
    assert house.printers.get("direct") == before


async def test_a_raw_port_of_another_printer_is_told_at_its_field(house: House, ada: Visitor) -> None:
    await house.printers.change_printer("direct", raw_port=9101)
    await ada.get("/admin/printers/new")
    answer = await ada.post("/admin/printers/new", {"name": "upstairs", **GOOD})
    assert (answer.status_code, 'id="raw_port-wrong"' in answer.text) == (400, True)
    other = next(one for one in house.printers.all() if one.name != "direct")
    await ada.get(f"/admin/printers/{other.name}")
    answer = await ada.post(f"/admin/printers/{other.name}", GOOD | {"read": str(other.version)})
    assert (answer.status_code, 'id="raw_port-wrong"' in answer.text) == (400, True)
    assert house.printers.get(other.name) == other


async def test_a_form_that_was_open_too_long_is_refused_and_shows_what_is_now(house: House, ada: Visitor) -> None:
    old = house.printers.get("direct").version
    await house.printers.change_printer("direct", location="Moved")
    await ada.get("/admin/printers/direct")
    answer = await ada.post("/admin/printers/direct", GOOD | {"read": str(old)})
    assert (answer.status_code, "Somebody else has changed this" in answer.text) == (409, True)
    assert 'value="Moved"' in answer.text
    assert house.printers.get("direct").info == "Reception"


async def test_fields_that_the_form_has_not_are_not_looked_at(house: House, ada: Visitor) -> None:
    before = house.printers.get("direct")
    await ada.get("/admin/printers/direct")
    wild = {
        "uuid": "0" * 32,
        "version": "99",
        "capabilities": "x",
        "created_at": "0",
        "is_accepting_jobs": "",
        "paused": "yes",
    }
    await ada.post("/admin/printers/direct", GOOD | wild | {"read": str(before.version), "name": "other"})
    after = house.printers.get("direct")
    assert (after.uuid, after.version, after.created_at) == (before.uuid, before.version + 1, before.created_at)
    assert (after.paused, after.is_accepting_jobs, len(after.capabilities.formats)) == (False, True, 4)
    assert not set(TEXTS + TICKS) & {"uuid", "version", "capabilities", "paused", "created_at", "config_changed_at"}


async def test_one_printer_is_the_default(house: House, ada: Visitor) -> None:
    await ada.get("/admin/printers/direct")
    read = {"read": str(house.printers.get("direct").version), "is_default": "yes"}
    await ada.post("/admin/printers/direct", GOOD | read)
    assert [printer.name for printer in house.printers.all() if printer.is_default] == ["direct"]


async def test_a_secure_printer_needs_its_one_device(house: House, ada: Visitor) -> None:
    await ada.get("/admin/printers/new")
    answer = await ada.post("/admin/printers/new", GOOD | {"name": "vault", "policy": "secure"})
    assert (answer.status_code, 'id="policy-wrong"' in answer.text) == (400, True)


async def test_a_printer_is_paused_closed_and_deleted_once_asked(house: House, ada: Visitor) -> None:
    await ada.get("/admin/printers/direct")
    await ada.post("/admin/printers/direct/state", {"do": "pause"})
    await ada.post("/admin/printers/direct/state", {"do": "refuse"})
    assert (house.printers.get("direct").paused, house.printers.get("direct").is_accepting_jobs) == (True, False)
    assert (await ada.post("/admin/printers/direct/state", {"do": "explode"})).status_code == 400
    assert "Delete this printer?" in (await ada.post("/admin/printers/direct/delete")).text
    assert house.printers.get("direct")
    await ada.post("/admin/printers/direct/delete", {"sure": "yes"})
    assert (await ada.get("/admin/printers/direct")).status_code == 404


async def test_a_printer_on_which_jobs_wait_is_not_deleted(house: House, ada: Visitor) -> None:
    await house.add(printer="find-me")
    await ada.get("/admin/printers/find-me")
    answer = await ada.post("/admin/printers/find-me/delete", {"sure": "yes"})
    assert (answer.status_code, "Jobs wait on" in answer.text) == (409, True)


async def test_a_device_is_changed_tried_and_deleted(house: House, ada: Visitor) -> None:
    await ada.get("/admin/devices/library")
    fields = {
        "uri": "ipp://192.0.2.77/ipp/print",
        "info": "Reading room",
        "location": "A-1",
        "failover": "lobby",
        "site": "",
    }
    read = house.printers.device("library").mark
    answer = await ada.post("/admin/devices/library", fields | {"read": read})
    assert answer.headers["location"] == "/admin/devices/library?done=changed"
    device = house.printers.device("library")
    assert (device.uri, device.info, device.failover) == (fields["uri"], "Reading room", "lobby")
    answer = await ada.post("/admin/devices/library/test")
    assert "Test page" in (await ada.get(answer.headers["location"])).text
    assert (await ada.post("/admin/devices/library/learn")).status_code == 303
    assert "Trust the certificate" in (await ada.post("/admin/devices/library/trust")).text
    assert (await ada.post("/admin/devices/library", fields | {"read": read})).status_code == 409
    await ada.post("/admin/devices/library/delete", {"sure": "yes"})
    assert (await ada.get("/admin/devices/library")).status_code == 404


async def test_a_device_that_a_printer_stands_for_is_not_deleted(house: House, ada: Visitor) -> None:
    await ada.get("/admin/devices/lobby")
    answer = await ada.post("/admin/devices/lobby/delete", {"sure": "yes"})
    assert (answer.status_code, "is used by direct" in answer.text) == (409, True)


async def test_staff_of_one_site_reach_what_stands_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights at a site: no list, page or form shows or changes what belongs to another."""
    await house.printers.change_printer("direct", site="north")
    await house.printers.change_device("lobby", site="north")
    plain = house.identity.actor_of

    async def actor_of(user: User, *, address: str, via: str) -> Actor:
        actor = await plain(user, address=address, via=via)
        return replace(actor, grants=(Grant(role=Role.OPERATOR, site="north"),)) if user.name == "bob" else actor

    monkeypatch.setattr(house.identity, "actor_of", actor_of)
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob", PASSWORD)
        printers, devices = (await bob.get("/admin/printers")).text, (await bob.get("/admin/devices")).text
        assert ("/admin/printers/direct" in printers, "/admin/printers/find-me" in printers) == (True, False)
        assert ("/admin/devices/lobby" in devices, "/admin/devices/library" in devices) == (True, False)
        assert (await bob.get("/admin/printers/find-me")).status_code == 403
        assert (await bob.post("/admin/devices/library/delete", {"sure": "yes"})).status_code == 403
        version = house.printers.get("direct").version
        answer = await bob.post("/admin/printers/direct", GOOD | {"read": str(version), "site": ""})
        assert (answer.status_code, 'id="site-wrong"' in answer.text) == (400, True)
    assert house.printers.get("direct").site == "north"
    assert house.printers.get("direct").policy is ReleasePolicy.DIRECT
