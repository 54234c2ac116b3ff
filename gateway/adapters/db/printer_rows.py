"""Printers and Output Devices to rows and back. Few rows, always read whole: what nothing asks for is one JSON text."""

from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from gateway.adapters.db.json_values import as_object, dump, load
from gateway.domain.capabilities import Capabilities, Media
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.domain.house import HouseRules
from gateway.domain.kiosk import ANY_PROOF, KioskProof
from gateway.domain.mailbox import MailParts, MailRules, Strangers
from gateway.domain.phone import Presence
from gateway.domain.price import Tariff
from gateway.domain.printer import Authentication, HeldView, Printer, ReleasePolicy
from gateway.domain.project import ProjectPolicy

_OWN_COLUMNS = {"uuid", "name", "version"}
_PRINTER_FIELDS = tuple(f.name for f in fields(Printer) if f.name not in _OWN_COLUMNS | {"capabilities"})
_DEVICE_FIELDS = tuple(f.name for f in fields(Device) if f.name not in _OWN_COLUMNS | {"capabilities", "status"})
_CAPABILITY_FIELDS = tuple(f.name for f in fields(Capabilities) if f.name != "media")
_PRICES = ("grey", "color", "sheet")
_MEDIA_FIELDS = tuple(f.name for f in fields(Media))
_STATUS_FIELDS = tuple(f.name for f in fields(DeviceStatus))


def printer_row(printer: Printer) -> dict[str, Any]:
    settings = as_object(printer, _PRINTER_FIELDS) | {"capabilities": _from_capabilities(printer.capabilities)}
    settings["tariff"] = _from_tariff(printer.tariff)
    settings["house"] = asdict(printer.house)
    settings["mail"] = asdict(printer.mail)
    return _columns(printer) | {"settings": dump(settings)}


def printer_of(row: RowMapping) -> Printer:
    settings = load(row["settings"])
    return Printer(
        uuid=UUID(row["uuid"]),
        name=row["name"],
        version=row["version"],
        policy=ReleasePolicy(settings.pop("policy")),
        authentication=Authentication(settings.pop("authentication")),
        held_view=HeldView(settings.pop("held_view")),
        capabilities=_to_capabilities(settings.pop("capabilities")),
        devices=tuple(settings.pop("devices")),
        host_names=tuple(settings.pop("host_names", ())),
        subnets=tuple(settings.pop("subnets")),
        groups=tuple(settings.pop("groups")),
        name_networks=tuple(settings.pop("name_networks", ())),
        kiosk_proofs=tuple(map(KioskProof, settings.pop("kiosk_proofs", ANY_PROOF))),
        tariff=_to_tariff(settings.pop("tariff", {})),
        house=HouseRules(**settings.pop("house", {})),
        mail=_to_mail(settings.pop("mail", {})),
        projects=ProjectPolicy(settings.pop("projects", ProjectPolicy.NONE)),
        presence=Presence(settings.pop("presence", Presence.NONE)),
        **settings,
    )


def device_row(device: Device) -> dict[str, Any]:
    settings = as_object(device, _DEVICE_FIELDS)
    settings["capabilities"] = _from_capabilities(device.capabilities)
    settings["status"] = as_object(device.status, _STATUS_FIELDS)
    return _columns(device) | {"settings": dump(settings)}


def device_of(row: RowMapping) -> Device:
    settings = load(row["settings"])
    status = settings.pop("status")
    return Device(
        uuid=UUID(row["uuid"]),
        name=row["name"],
        version=row["version"],
        capabilities=_to_capabilities(settings.pop("capabilities")),
        status=DeviceStatus(state=DeviceState(status.pop("state")), reasons=tuple(status.pop("reasons")), **status),
        presence=Presence(settings.pop("presence", Presence.NONE)),
        **settings,
    )


def _columns(row: Printer | Device) -> dict[str, Any]:
    return {"uuid": str(row.uuid), "name": row.name, "name_folded": row.name.casefold(), "version": row.version}


def _from_tariff(tariff: Tariff) -> dict[str, Any]:
    """Prices as text: JSON's numbers are no decimals."""
    sheets = [[name, str(price)] for name, price in tariff.sheets]
    plain = {name: str(getattr(tariff, name)) for name in _PRICES}
    return plain | {"sheets": sheets, "currency": tariff.currency}


def _to_tariff(stored: dict[str, Any]) -> Tariff:
    """A row of an earlier version has none."""
    prices = {name: Decimal(stored[name]) for name in _PRICES if name in stored}
    sheets = tuple((name, Decimal(price)) for name, price in stored.get("sheets", ()))
    return Tariff(**prices, sheets=sheets, currency=stored.get("currency", ""))


def _to_mail(stored: dict[str, Any]) -> MailRules:
    """A row of an earlier version has none."""
    values = dict(stored)
    for name, kind in (("strangers", Strangers), ("parts", MailParts)):
        if name in values:
            values[name] = kind(values[name])
    for name in ("aliases", "allowed_domains"):
        if name in values:
            values[name] = tuple(values[name])
    return MailRules(**values)


def _from_capabilities(capabilities: Capabilities) -> dict[str, Any]:
    media = [as_object(each, _MEDIA_FIELDS) for each in capabilities.media]
    return as_object(capabilities, _CAPABILITY_FIELDS) | {"media": media}


def _to_capabilities(stored: dict[str, Any]) -> Capabilities:
    """JSON knows lists only; every list of a Capabilities is a tuple."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    values["media"] = tuple(Media(**each) for each in stored["media"])
    return Capabilities(**values)
