"""The Job Ticket as job template attributes (RFC 8011 section 5.2): only what this printer says that it takes."""

from collections.abc import Iterator

from gateway.domain.ticket import JobTicket, MediaCol
from gateway.services.ports import Order
from ipp.wire import Attribute, Collection, Group, IntRange, Resolution, build

# What must be asked of a printer before `template` can be answered.
SUPPORT = (
    "copies-supported",
    "document-format-supported",
    "finishings-supported",
    "job-creation-attributes-supported",
    "media-col-supported",
    "media-source-supported",
    "media-supported",
    "media-type-supported",
    "multiple-document-handling-supported",
    "orientation-requested-supported",
    "output-bin-supported",
    "print-color-mode-supported",
    "print-quality-supported",
    "print-scaling-supported",
    "printer-resolution-supported",
    "sides-supported",
)


def template(order: Order, printer: Group) -> tuple[Attribute, ...]:
    """The job group of a Print-Job."""
    return tuple(_template(order, printer))


def _template(order: Order, printer: Group) -> Iterator[Attribute]:
    ticket = order.ticket
    copies = printer.get("copies-supported")
    if order.copies > 1 and copies is not None and isinstance(copies.value, IntRange):
        yield build.integer("copies", min(order.copies, copies.value.upper))
    for name, value in _keywords(ticket):
        if value is not None and _supports(printer, name, value):
            yield build.keyword(name, value)
    for name, number in (
        ("orientation-requested", ticket.orientation_requested),
        ("print-quality", ticket.print_quality),
    ):
        if number is not None and _supports(printer, name, number):
            yield build.enum(name, number)
    finishings = tuple(f for f in ticket.finishings if _supports(printer, "finishings", f))
    if finishings:
        yield build.enum("finishings", *finishings)
    if ticket.printer_resolution is not None:
        resolution = Resolution(*ticket.printer_resolution)
        if _supports(printer, "printer-resolution", resolution):
            yield build.resolution("printer-resolution", resolution)
    yield from _media(ticket, printer)


def _keywords(ticket: JobTicket) -> tuple[tuple[str, str | None], ...]:
    return (
        ("multiple-document-handling", ticket.multiple_document_handling if ticket.copies > 1 else None),
        ("output-bin", ticket.output_bin),
        ("print-color-mode", ticket.print_color_mode),
        ("print-scaling", ticket.print_scaling),
        ("sides", ticket.sides),
    )


def _supports(printer: Group, name: str, value: object) -> bool:
    supported = printer.get(f"{name}-supported")
    return supported is not None and value in supported.values and _creates(printer, name)


def _creates(printer: Group, name: str) -> bool:
    """Whether the attribute may stand in a job creation; an old printer does not list them."""
    listed = printer.get("job-creation-attributes-supported")
    return listed is None or name in listed.values


def _media(ticket: JobTicket, printer: Group) -> Iterator[Attribute]:
    """Give media or media-col, never both (RFC 8011 section 5.2.11, PWG 5100.7 section 6.3)."""
    wanted = printer.get("media-col-supported")
    members: tuple[object, ...] = () if wanted is None else wanted.values
    if ticket.media_col is not None and "media-size" in members and _creates(printer, "media-col"):
        yield build.collection("media-col", _media_col(ticket.media_col, printer))
    elif ticket.media is not None and _supports(printer, "media", ticket.media):
        yield build.keyword("media", ticket.media)


def _media_col(media: MediaCol, printer: Group) -> Collection:
    size = build.members(build.integer("x-dimension", media.x), build.integer("y-dimension", media.y))
    members = [build.collection("media-size", size)]
    for name, value in (("media-source", media.source), ("media-type", media.type)):
        supported = printer.get(f"{name}-supported")
        if value is not None and supported is not None and value in supported.values:
            members.append(build.keyword(name, value))
    return build.members(*members)
