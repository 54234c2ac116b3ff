"""What a ticket comes to on one kind of device: defaults filled in, house rules applied, two sides where it can."""

from dataclasses import replace
from typing import Any

from gateway.domain.capabilities import Capabilities
from gateway.domain.house import GREY
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket

__all__ = ["GREY", "effective"]

_DEFAULTS = {
    "media": "media",
    "output-bin": "output_bin",
    "print-color-mode": "print_color_mode",
    "print-scaling": "print_scaling",
    "sides": "sides",
}


def effective(ticket: JobTicket, printer: Printer, can: Capabilities) -> JobTicket:
    """The ticket with the Printer's defaults and under its house rules; one-sided unless the device can do both.

    The one place where house rules come in: preview, price, delivery and counts all ask for this.
    """
    fields = ((name, printer.defaults.get(key)) for key, name in _DEFAULTS.items())
    missing: dict[str, Any] = {name: value for name, value in fields if value and getattr(ticket, name) is None}
    if ticket.media_col is not None:
        missing.pop("media", None)
    whole = replace(ticket, **missing)
    # A booklet's sides are its own: the Printer's default was not meant for it.
    sides = ticket.printed_sides if ticket.booklet else whole.sides
    ruled = printer.house.applied(replace(whole, sides=sides))
    return replace(ruled, sides=(ruled.sides or "one-sided") if can.duplex else "one-sided")
