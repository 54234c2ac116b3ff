"""Job attributes to a Job Ticket (RFC 8011 sections 4.1.7 and 5.2): what is understood, and what has to be told back.

Each reader gives the ticket's fields for one attribute, or None where the Printer does not support the value. Without
`ipp-attribute-fidelity` such an attribute is left out and named in the unsupported group: a client that sends
something new still prints.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.capabilities import Media
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket, MediaCol
from ipp.server import template_attributes as offered
from ipp.server.status import Refused
from ipp.wire import Attribute, Collection, IntRange, Resolution, Status, StringWithLanguage, Value, ValueTag, build

Fields = dict[str, Any]
SAME_SIZE = 100  # hundredths of a millimetre: sizes in points and in inches differ by less than one millimetre
TEXT_MAX = 255
RANGES_MAX = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """`fields` are JobTicket fields; `unsupported` are the attributes for the unsupported group."""

    fields: Fields
    unsupported: tuple[Attribute, ...]

    @property
    def ticket(self) -> JobTicket:
        return JobTicket(**self.fields)


def read(attributes: Iterable[Attribute], printer: Printer) -> Reading:
    """Read all job template attributes; of one that is given twice the first counts."""
    fields: Fields = {}
    unsupported: list[Attribute] = []
    seen: set[str] = set()
    for attribute in attributes:
        if attribute.name in seen:
            continue
        seen.add(attribute.name)
        reader = READERS.get(attribute.name)
        found = reader(attribute, printer) if reader is not None else None
        if found is not None:
            fields.update(found)
        else:
            unsupported.append(attribute if reader is not None else build.unsupported(attribute.name))
    return Reading(fields=fields, unsupported=tuple(unsupported))


def insist(reading: Reading, *, fidelity: bool, mandatory: tuple[str, ...] = ()) -> None:
    """Refused when something that the client insists on is not supported (RFC 8011 section 4.1.7, PWG 5100.7)."""
    bad = [attribute for attribute in reading.unsupported if fidelity or attribute.name in mandatory]
    if bad:
        names = ", ".join(attribute.name for attribute in bad[:5])
        raise Refused(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            f"This printer cannot do what was asked: {names}.",
            unsupported=reading.unsupported,
        )


def word(attribute: Attribute) -> str | None:
    """The one keyword, name or text value; None when there is another kind or number of values."""
    if len(attribute.values) != 1:
        return None
    value = attribute.value
    if isinstance(value, StringWithLanguage):
        value = value.text
    return value if isinstance(value, str) else None


def number(attribute: Attribute) -> int | None:
    if len(attribute.values) != 1 or not _is_int(attribute.value):
        return None
    return int(attribute.value)  # type: ignore[arg-type]  # _is_int has made sure of it


def _is_int(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


Reader = Callable[[Attribute, Printer], Fields | None]


def _one_of(field: str, allowed: Callable[[Printer], tuple[str, ...]]) -> Reader:
    def read_one(attribute: Attribute, printer: Printer) -> Fields | None:
        value = word(attribute)
        return {field: value} if value in allowed(printer) else None

    return read_one


def _number_in(field: str, allowed: Callable[[Printer], Iterable[int]]) -> Reader:
    def read_one(attribute: Attribute, printer: Printer) -> Fields | None:
        value = number(attribute)
        return {field: value} if value is not None and value in allowed(printer) else None

    return read_one


def _text(field: str) -> Reader:
    def read_one(attribute: Attribute, _: Printer) -> Fields | None:
        value = word(attribute)
        return {field: value} if value and len(value.encode()) <= TEXT_MAX else None

    return read_one


def _account_id(attribute: Attribute, printer: Printer) -> Fields | None:
    """The code of a project; whether its owner may use it is found when the job is taken."""
    return _text("job_account_id")(attribute, printer) if printer.takes_projects else None


def _orientation(attribute: Attribute, _: Printer) -> Fields | None:
    value = number(attribute)
    if value == 7:  # none: the document's own
        return {"orientation_requested": None}
    return {"orientation_requested": value} if value in offered.ORIENTATIONS else None


def _media(attribute: Attribute, printer: Printer) -> Fields | None:
    name = word(attribute)
    return {"media": name} if name and printer.capabilities.find_media(name) else None


def _media_col(attribute: Attribute, printer: Printer) -> Fields | None:
    wanted = attribute.value
    if len(attribute.values) != 1 or not isinstance(wanted, Collection):
        return None
    media = _find_media(wanted, printer)
    if media is None:
        return None
    sources = {"auto", *(m.source for m in printer.capabilities.media)}
    types = {"auto", *printer.capabilities.media_types, *(m.type for m in printer.capabilities.media)}
    source, kind = _member_word(wanted, "media-source"), _member_word(wanted, "media-type")
    if (source is not None and source not in sources) or (kind is not None and kind not in types):
        return None
    margins = {f"{side}_margin": _member_number(wanted, f"media-{side}-margin") for side in _SIDES}
    return {"media": media.name, "media_col": MediaCol(x=media.x, y=media.y, source=source, type=kind, **margins)}


_SIDES = ("left", "right", "top", "bottom")


def _find_media(wanted: Collection, printer: Printer) -> Media | None:
    name = _member_word(wanted, "media-size-name")
    if name is not None:
        return printer.capabilities.find_media(name)
    size = wanted.get("media-size")
    if size is None or not isinstance(size.value, Collection):
        return None
    x, y = _member_number(size.value, "x-dimension"), _member_number(size.value, "y-dimension")
    if x is None or y is None:
        return None
    near = (m for m in printer.capabilities.media if abs(m.x - x) <= SAME_SIZE and abs(m.y - y) <= SAME_SIZE)
    return min(near, key=lambda media: abs(media.x - x) + abs(media.y - y), default=None)


def _member_word(collection: Collection, name: str) -> str | None:
    member = collection.get(name)
    return word(member) if member is not None else None


def _member_number(collection: Collection, name: str) -> int | None:
    member = collection.get(name)
    return number(member) if member is not None else None


def _resolution(attribute: Attribute, printer: Printer) -> Fields | None:
    value = attribute.value
    if len(attribute.values) != 1 or not isinstance(value, Resolution) or value.units != offered.DPI:
        return None
    able = offered.choices(printer).resolutions
    good = value.x == value.y and value.x in able
    return {"printer_resolution": (value.x, value.y, value.units)} if good else None


def _page_ranges(attribute: Attribute, _: Printer) -> Fields | None:
    """In ascending order and without overlap (RFC 8011 section 5.2.7)."""
    ranges: list[tuple[int, int]] = []
    for value in attribute.values[: RANGES_MAX + 1]:
        if not isinstance(value, IntRange) or not 1 <= value.lower <= value.upper:
            return None
        if ranges and value.lower <= ranges[-1][1]:
            return None
        ranges.append((value.lower, value.upper))
    return {"page_ranges": tuple(ranges)} if len(ranges) <= RANGES_MAX else None


def _finishings(attribute: Attribute, printer: Printer) -> Fields | None:
    able = offered.choices(printer).finishings
    values = tuple(int(v) for v in attribute.values if _is_int(v) and v in able)  # type: ignore[arg-type]  # integers
    return {"finishings": values} if len(values) == len(attribute.values) else None


def _finishings_col(attribute: Attribute, printer: Printer) -> Fields | None:
    names = {name: value for value, name in offered.FINISHING_NAMES.items()}
    able = offered.choices(printer).finishings
    values: list[int] = []
    for collection in attribute.values:
        template = _member_word(collection, "finishing-template") if isinstance(collection, Collection) else None
        value = names.get(template or "")
        if value not in able:
            return None
        values.append(value)
    return {"finishings": tuple(values)}


def _sheet_collate(attribute: Attribute, _: Printer) -> Fields | None:
    """PWG 5100.3 section 3.1.6: the other name for what multiple-document-handling says of copies."""
    handling = offered.COLLATIONS.get(word(attribute) or "")
    return {"multiple_document_handling": handling} if handling else None


def _job_sheets(attribute: Attribute, _: Printer) -> Fields | None:
    """One value, or two as CUPS sends them: for a sheet before and one after the job. There is one, before it."""
    words = attribute.values[:3]
    if not 1 <= len(words) <= 2 or any(value not in offered.JOB_SHEETS for value in words):
        return None
    return {"job_sheets": next((str(value) for value in words if value != "none"), "none")}


def _hold_until(attribute: Attribute, _: Printer) -> Fields | None:
    value = word(attribute)
    if value not in offered.HOLD_UNTIL:
        return None
    return {"job_hold_until": None if value == "no-hold" else value}


def _hold_until_time(attribute: Attribute, _: Printer) -> Fields | None:
    value = attribute.value
    return {"job_hold_until_time": value.timestamp()} if isinstance(value, datetime) else None


def _release_action(attribute: Attribute, printer: Printer) -> Fields | None:
    """Nothing to keep: the Printer's policy does it anyway, and what it does not do it does not offer."""
    actions = ("owner-authorized", "job-password") if printer.holds else ("none", "job-password")
    return {} if word(attribute) in actions else None


READERS: dict[str, Reader] = {
    "copies": _number_in("copies", lambda p: range(1, offered.choices(p).copies + 1)),
    "finishings": _finishings,
    "finishings-col": _finishings_col,
    "imposition-template": _one_of("imposition_template", lambda _: offered.IMPOSITIONS),
    "job-account-id": _account_id,
    "job-accounting-user-id": _text("job_accounting_user_id"),
    "job-hold-until": _hold_until,
    "job-hold-until-time": _hold_until_time,
    "job-priority": _number_in("job_priority", lambda _: range(1, 101)),
    "job-release-action": _release_action,
    "job-sheets": _job_sheets,
    "media": _media,
    "media-col": _media_col,
    "multiple-document-handling": _one_of("multiple_document_handling", lambda _: offered.HANDLINGS),
    "number-up": _number_in("number_up", lambda _: offered.NUMBER_UP),
    "orientation-requested": _orientation,
    "output-bin": _one_of("output_bin", lambda p: offered.choices(p).output_bins),
    "page-ranges": _page_ranges,
    "presentation-direction-number-up": _one_of("presentation_direction_number_up", lambda _: offered.DIRECTIONS),
    "print-color-mode": _one_of("print_color_mode", lambda p: offered.choices(p).color_modes),
    "print-content-optimize": _one_of("print_content_optimize", lambda _: offered.OPTIMIZE),
    "print-quality": _number_in("print_quality", lambda _: offered.QUALITIES),
    "print-rendering-intent": _one_of("print_rendering_intent", lambda _: offered.INTENTS),
    "print-scaling": _one_of("print_scaling", lambda _: offered.SCALINGS),
    "printer-resolution": _resolution,
    "sheet-collate": _sheet_collate,
    "sides": _one_of("sides", lambda p: offered.choices(p).sides),
}

# What taking an attribute off a job leaves (Set-Job-Attributes with delete-attribute, RFC 3380 section 4.2).
DELETED: dict[str, Fields] = {
    "copies": {"copies": 1},
    "finishings": {"finishings": ()},
    "finishings-col": {"finishings": ()},
    "sheet-collate": {"multiple_document_handling": None},
    "media-col": {"media_col": None},
    "number-up": {"number_up": 1},
    "page-ranges": {"page_ranges": ()},
}


def deletion(attribute: Attribute) -> Fields | None:
    """The fields that a delete-attribute value resets; None for any other value or attribute."""
    if attribute.tag != ValueTag.DELETE_ATTRIBUTE or attribute.name not in READERS:
        return None
    return DELETED.get(attribute.name, {attribute.name.replace("-", "_"): None})
