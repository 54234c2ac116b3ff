"""A Job Ticket becomes a recipe of the sandbox: what of it a device does not do itself."""

from typing import TypeVar, get_args

import segno

from gateway.domain.capabilities import Capabilities
from gateway.domain.ticket import JobTicket
from gateway.domain.ticket import Stamp as TicketStamp
from gateway.errors import BadRequest
from gateway.services.ports import Particulars
from sandbox.recipe import (
    NUMBER_UP,
    Color,
    Cover,
    Direction,
    Media,
    Numbering,
    Orientation,
    Pick,
    Recipe,
    Scaling,
    SheetBack,
    Stamp,
)

# orientation-requested, RFC 8011 section 5.2.10.
_ORIENTATIONS: dict[int, Orientation] = {
    3: "portrait",
    4: "landscape",
    5: "reverse-landscape",
    6: "reverse-portrait",
}
# print-color-mode, PWG 5100.13; what else there is, is left to the document.
_COLORS: dict[str, Color] = {
    "auto": "auto",
    "color": "color",
    "monochrome": "monochrome",
    "auto-monochrome": "monochrome",
    "process-monochrome": "monochrome",
    "bi-level": "bi-level",
    "process-bi-level": "bi-level",
}
_SCALINGS: tuple[Scaling, ...] = ("auto", "auto-fit", "fit", "fill", "none")
_COVER = Cover(title="{user}", lines=("{name}", "Job {job}", "{date} {time}"))
_LONGEST = 200

T = TypeVar("T")


def recipe(
    ticket: JobTicket,
    capabilities: Capabilities,
    output_format: str,
    copies: int,
    particulars: Particulars | None = None,
) -> Recipe:
    """What the sandbox is to make of a ticket for a device; `copies` are those that the device does not make.

    BadRequest when the ticket asks for what can't be on paper.
    """
    said = particulars or Particulars()
    sides = ticket.printed_sides or "one-sided"
    try:
        return Recipe(
            format=output_format,
            resolution=_resolution(ticket, capabilities),
            color=_color(ticket, capabilities),
            picks=tuple(Pick(page=pick.page, rotate=pick.rotate) for pick in ticket.page_picks),
            page_ranges=ticket.page_ranges,
            page_words=ticket.page_words,
            documents=said.documents,
            copies=copies,
            collated=ticket.collated,
            number_up=ticket.number_up if ticket.number_up in NUMBER_UP else 1,
            direction=_known(ticket.presentation_direction_number_up, get_args(Direction), "toright-tobottom"),
            borders=ticket.page_border,
            imposition="signature" if ticket.booklet else "none",
            media=_media(ticket, capabilities),
            scaling="percent" if ticket.scaling_percent else _known(ticket.print_scaling, _SCALINGS, "auto"),
            percent=ticket.scaling_percent or 100,
            orientation=_ORIENTATIONS.get(ticket.orientation_requested or 0, "auto"),
            sides=sides if capabilities.duplex else "one-sided",  # type: ignore[arg-type]  # Recipe checks it
            sheet_back=_known(capabilities.sheet_back, get_args(SheetBack), "normal"),
            quality=ticket.print_quality or 4,  # type: ignore[arg-type]  # Recipe checks it
            stamps=tuple(_stamp(stamp) for stamp in ticket.stamps),
            cover=_COVER if ticket.covered else None,
            variables=tuple((name, text[:_LONGEST]) for name, text in said.variables),
            toner=ticket.toner_save or "normal",
            as_image=ticket.as_image,
            text_only=ticket.remove_graphics,
            mark=_mark(said) if ticket.trace_mark else (),
            numbering=_numbering(said),
        )
    except ValueError as error:
        raise BadRequest(f"This cannot be printed as asked: {error}.") from error


def _mark(said: Particulars) -> tuple[str, ...]:
    """The rows of a QR code with the job's number: small, and readable after a corner was torn off."""
    number = dict(said.variables).get("job", "")
    code = segno.make_qr(f"JOB {number}", error="m")
    return tuple("".join(str(module & 1) for module in row) for row in code.matrix)


def _numbering(said: Particulars) -> Numbering | None:
    found = said.bates
    return None if found is None else Numbering(prefix=found.prefix, first=found.first, digits=found.digits)


def _known(value: str | None, known: tuple[T, ...], other: T) -> T:
    return next((each for each in known if each == value), other)


def _stamp(stamp: TicketStamp) -> Stamp:
    return Stamp(text=stamp.text, position=stamp.position, angle=stamp.angle, opacity=stamp.opacity, size=stamp.size)


def _color(ticket: JobTicket, capabilities: Capabilities) -> Color:
    asked: Color = _COLORS.get(ticket.print_color_mode or "auto", "auto")
    return "monochrome" if not capabilities.color and asked != "bi-level" else asked


def _resolution(ticket: JobTicket, capabilities: Capabilities) -> int:
    """What was asked when the device has it, else its nearest to 300 dpi."""
    asked = ticket.printer_resolution[0] if ticket.printer_resolution else 0
    if asked in capabilities.resolutions:
        return asked
    return min(capabilities.resolutions, key=lambda dpi: abs(dpi - 300), default=300)


def _media(ticket: JobTicket, capabilities: Capabilities) -> Media | None:
    """The sheet with the margins that were asked for, else those of the device's sheet of this size."""
    column = ticket.media_col
    if column is None:
        named = capabilities.find_media(ticket.media) if ticket.media else None
        return _sheet(named.x, named.y, (named.margin,) * 4) if named else None
    same = (media.margin for media in capabilities.media if (media.x, media.y) == (column.x, column.y))
    least = min(same, default=0)
    asked = (column.top_margin, column.right_margin, column.bottom_margin, column.left_margin)
    return _sheet(column.x, column.y, tuple(least if margin is None else margin for margin in asked))


def _sheet(width: int, height: int, margins: tuple[int, ...]) -> Media:
    top, right, bottom, left = margins
    return Media(width=width, height=height, top=top, right=right, bottom=bottom, left=left)
