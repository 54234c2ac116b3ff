"""The form of a Printer: its named fields and nothing else, read into what the service takes."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from gateway.domain.house import HouseRules
from gateway.domain.kiosk import KioskProof
from gateway.domain.price import Tariff, parse_price, parse_sheet_price
from gateway.domain.printer import Authentication, HeldView, Printer, ReleasePolicy
from gateway.domain.project import ProjectPolicy
from gateway.domain.site import parse_network
from gateway.errors import BadRequest, Refusal
from gateway.i18n import N_, Words
from webprint.admin.forms import Fields
from webprint.requests import Form

POLICIES = Words(
    {
        ReleasePolicy.PULL: N_("Find me: held, released at any of its devices"),
        ReleasePolicy.SECURE: N_("Secure: held, released at its one device"),
        ReleasePolicy.DIRECT: N_("Direct: printed at once"),
    }
)
AUTHENTICATIONS = Words(
    {
        Authentication.NONE: N_("None: whoever reaches it may print"),
        Authentication.BASIC: N_("Name and password, over TLS"),
    }
)
HELD_VIEWS = Words(
    {
        HeldView.PENDING_HELD: N_("The truth: the job waits"),
        HeldView.COMPLETED: N_("Done: some phones warn of waiting jobs"),
    }
)
PROJECTS = Words(
    {
        ProjectPolicy.NONE: N_("No"),
        ProjectPolicy.OPTIONAL: N_("If people like"),
        ProjectPolicy.REQUIRED: N_("Always: nothing is printed without one"),
    }
)
PROOFS = Words(
    {
        KioskProof.CARD: N_("Card"),
        KioskProof.CARD_PIN: N_("Card and PIN"),
        KioskProof.CARD_PASSWORD: N_("Card and password"),
        KioskProof.PIN: N_("PIN"),
        KioskProof.PASSWORD: N_("Name and password"),
        KioskProof.CODE: N_("Code of a guest"),
    }
)
TEXTS = ("info", "location", "organization", "organizational_unit", "operator_message")
TICKS = ("guests", "private_jobs", "pass_through", "is_default")
RULES = ("force_grey", "force_duplex", "remove_graphics", "trace_mark", "cover")
MOST_HOURS = 24 * 365


def read_printer(fields: Fields, known: tuple[str, ...], currency: str) -> dict[str, Any]:
    """Fields of `Printer`; what is wrong stands in `fields`. `known` are the devices that may be named."""
    values: dict[str, Any] = {name: fields.text(name, longest=200) for name in TEXTS}
    values |= {name: fields.ticked(name) for name in TICKS}
    values["policy"] = fields.chosen("policy", ReleasePolicy, ReleasePolicy.PULL)
    values["authentication"] = fields.chosen("authentication", Authentication, Authentication.BASIC)
    values["held_view"] = fields.chosen("held_view", HeldView, HeldView.PENDING_HELD)
    values["projects"] = fields.chosen("projects", ProjectPolicy, ProjectPolicy.NONE)
    values["devices"] = _devices(fields, known)
    values["hold_seconds"] = fields.parsed("hold_hours", _hours, 24.0) * 3600
    values["groups"] = tuple(_listed(fields.text("groups", longest=1000)))
    values["subnets"] = fields.parsed("subnets", _networks, tuple[str, ...]())
    values["raw_port"] = fields.parsed("raw_port", _port, None)
    values["name_networks"] = fields.parsed("name_networks", _networks, tuple[str, ...]())
    values["host_names"] = tuple(_listed(fields.text("host_names", longest=1000)))
    values["kiosk_proofs"] = _proofs(fields)
    values["tariff"] = _tariff(fields, currency)
    values["house"] = _house(fields)
    return values


def shown_printer(printer: Printer) -> dict[str, Any]:
    """What the form shows of a Printer."""
    tariff, house = printer.tariff, printer.house
    values: dict[str, Any] = {name: getattr(printer, name) for name in (*TEXTS, *TICKS)}
    values |= {"policy": printer.policy, "authentication": printer.authentication, "held_view": printer.held_view}
    values["projects"] = printer.projects
    values |= {f"order.{name}": str(number) for number, name in enumerate(printer.devices, 1)}
    values |= {"hold_hours": f"{printer.hold_seconds / 3600:g}", "groups": ", ".join(printer.groups)}
    values |= {"subnets": ", ".join(printer.subnets), "host_names": ", ".join(printer.host_names)}
    values |= {"raw_port": printer.raw_port or "", "name_networks": ", ".join(printer.name_networks)}
    values |= {"kiosk_proofs": printer.kiosk_proofs, "site": printer.site}
    values |= {"grey": str(tariff.grey), "color": str(tariff.color), "sheet": str(tariff.sheet)}
    values["sheets"] = ", ".join(f"{paper}={price}" for paper, price in tariff.sheets)
    values |= {name: value for name, value in asdict(house).items() if name != "bates"}
    return values | {
        "toner_save": house.toner_save or "",
        "number": house.bates is not None,
        "bates": house.bates or "",
    }


def typed_printer(form: Form) -> dict[str, Any]:
    """What was typed, to be shown again with what was wrong."""
    one = {name: values[0][:1000] for name, values in form.items() if values}
    ticked = {name: one.get(name) == "yes" for name in (*TICKS, *RULES, "number")}
    return one | ticked | {"kiosk_proofs": tuple(form.get("kiosk_proofs", ()))}


def _devices(fields: Fields, known: tuple[str, ...]) -> tuple[str, ...]:
    """Those that have a number, in the order of their numbers."""
    numbered = []
    for name in known:
        text = fields.text(f"order.{name}", longest=3)
        if text and not (text.isascii() and text.isdigit()):
            fields.refuse(f"order.{name}", BadRequest("Write 1 for the first device, 2 for the next, or nothing."))
        elif text:
            numbered.append((int(text), name))
    return tuple(name for _, name in sorted(numbered))


def _proofs(fields: Fields) -> tuple[KioskProof, ...]:
    chosen = tuple(proof for proof in KioskProof if proof in fields.many("kiosk_proofs"))
    if not chosen:
        fields.refuse("kiosk_proofs", BadRequest("Choose at least one way to sign in, or nobody can."))
    return chosen


def _tariff(fields: Fields, currency: str) -> Tariff:
    prices = {name: fields.parsed(name, _price, Decimal(0)) for name in ("grey", "color", "sheet")}
    sheets = fields.parsed("sheets", _sheets, tuple[tuple[str, Decimal], ...]())
    try:
        return Tariff(**prices, sheets=sheets, currency=currency if any(prices.values()) or sheets else "")
    except Refusal as refusal:
        fields.refuse("grey", refusal)
        return Tariff()


def _house(fields: Fields) -> HouseRules:
    toner = fields.text("toner_save", longest=10)
    prefix = fields.text("bates", longest=40)
    try:
        return HouseRules(
            force_grey=fields.ticked("force_grey"),
            force_duplex=fields.ticked("force_duplex"),
            remove_graphics=fields.ticked("remove_graphics"),
            trace_mark=fields.ticked("trace_mark"),
            cover=fields.ticked("cover"),
            watermark=fields.text("watermark"),
            header=fields.text("header"),
            footer=fields.text("footer"),
            toner_save="light" if toner == "light" else "outline" if toner == "outline" else None,
            bates=prefix if fields.ticked("number") else None,
        )
    except Refusal as refusal:
        fields.refuse("bates" if "Bates" in refusal.message else "watermark", refusal)
        return HouseRules()


def _price(text: str) -> Decimal:
    return parse_price(text) if text.strip() else Decimal(0)


def _sheets(text: str) -> tuple[tuple[str, Decimal], ...]:
    return tuple(parse_sheet_price(part) for part in _listed(text))


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(parse_network(part)) for part in _listed(text))


def _port(text: str) -> int | None:
    """None for an empty field."""
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit()) or not 0 < int(text.strip()[:6]) < 65536:
        raise BadRequest("A raw port is a number from 1 to 65535, such as 9101.")
    return int(text.strip())


def _hours(text: str) -> float:
    try:
        hours = float(text.strip().replace(",", "."))
    except ValueError:
        hours = 0.0
    if not 0.1 <= hours <= MOST_HOURS:
        raise BadRequest(f"Write a number of hours, from 0.1 to {MOST_HOURS}.")
    return hours


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
