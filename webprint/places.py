"""What the code on a sticker names: a Printer or an Output Device where guests may print, and what it costs there."""

from dataclasses import dataclass

from gateway import i18n
from gateway.domain.device import Device
from gateway.domain.price import Tariff
from gateway.domain.printer import Printer
from gateway.errors import NotFound
from gateway.i18n import gettext as _
from webprint.chips import paper_label
from webprint.site import Site
from webprint.upload_door import guests_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What a sticker names: a Printer for guests, and the Output Device if there is only one that can be meant."""

    name: str
    printer: Printer
    device: Device | None


def find_place(site: Site, name: str) -> Place:
    """The sticker's Printer or Output Device; Forbidden where guests may not print."""
    printer = next((one for one in site.printers.all() if one.name == name), None)
    if printer is not None:
        guests_of(site).check_allowed(printer)
        targets = site.printers.targets_of(printer)
        return Place(name=name, printer=printer, device=targets[0] if len(targets) == 1 else None)
    device = site.printers.device(name)
    several = [one for one in site.printers.all() if device in site.printers.targets_of(one)]
    for one in sorted(several, key=lambda one: (not one.guests, not one.is_default)):
        guests_of(site).check_allowed(one)
        return Place(name=name, printer=one, device=device)
    raise NotFound(f'Nobody can print at "{device.info or device.name}" at the moment.')


def price_lines(tariff: Tariff) -> list[str]:
    """The price list of a sticker's page, in the words and the money of the visitor; empty where it is free."""
    if tariff.free:
        return []
    lines = [
        _("%(price)s a page", price=i18n.money(tariff.grey, tariff.currency)),
        _("%(price)s a page in colour", price=i18n.money(tariff.color, tariff.currency)),
    ]
    if tariff.sheet:
        lines.append(_("%(price)s a sheet", price=i18n.money(tariff.sheet, tariff.currency)))
    for name, price in tariff.sheets:
        lines.append(
            _("%(price)s a sheet %(paper)s", price=i18n.money(price, tariff.currency), paper=paper_label(f"{name}_"))
        )
    return lines
