"""A printer's attributes as Capabilities (RFC 8011 section 5.4, PWG 5100.7, PWG 5100.14); what is missing is assumed least."""

import re
from collections.abc import Iterator

from gateway.domain.capabilities import A4, Capabilities, Media
from ipp.wire import Attribute, Collection, Group, IntRange, Resolution, Value

DESCRIBED = ("all", "media-col-database")
_MOST_MEDIA = 200
_DOTS_PER_INCH, _DOTS_PER_CM = 3, 4
_LEAST = Capabilities(
    formats=("application/octet-stream",),
    media=(Media(name=A4, x=21000, y=29700),),
    color=False,
    duplex=False,
    copies=1,
    resolutions=(300,),
)
_DUPLEX_MODES = {"DM1": "normal", "DM2": "flipped", "DM3": "rotated", "DM4": "manual-tumble"}
_SIZE = re.compile(r"_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$")


def capabilities(printer: Group) -> Capabilities:
    """What the printer says it can do. `color` and `duplex` are false unless it says so."""
    copies = _first(printer, "copies-supported")
    per_minute = _integer(printer, "pages-per-minute", 20)
    return Capabilities(
        formats=_strings(printer, "document-format-supported") or _LEAST.formats,
        media=_media(printer) or _LEAST.media,
        color=_color(printer),
        duplex=any(sides.startswith("two-sided") for sides in _strings(printer, "sides-supported")),
        copies=copies.upper if isinstance(copies, IntRange) else 1,
        resolutions=_resolutions(printer) or _LEAST.resolutions,
        finishings=_integers(printer, "finishings-supported") or (3,),
        output_bins=_strings(printer, "output-bin-supported") or ("face-down",),
        media_types=_strings(printer, "media-type-supported") or ("stationery",),
        pages_per_minute=per_minute,
        pages_per_minute_color=_integer(printer, "pages-per-minute-color", per_minute),
        make_and_model=next(iter(_strings(printer, "printer-make-and-model")), "IPP printer")[:127],
        sheet_back=_sheet_back(printer),
    )


def _color(printer: Group) -> bool:
    return _first(printer, "color-supported") is True or "color" in _strings(printer, "print-color-mode-supported")


def _sheet_back(printer: Group) -> str:
    """How a back side's raster must lie: in PWG's words, else by URF's DM key, else as it is seen."""
    said = next(iter(_strings(printer, "pwg-raster-document-sheet-back")), "")
    keys = (_DUPLEX_MODES[key] for key in _strings(printer, "urf-supported") if key in _DUPLEX_MODES)
    return said if said in _DUPLEX_MODES.values() else next(keys, "normal")


def _resolutions(printer: Group) -> tuple[int, ...]:
    found = {
        value.x if value.units == _DOTS_PER_INCH else round(value.x * 2.54)
        for name in ("printer-resolution-supported", "pwg-raster-document-resolution-supported")
        for value in _values(printer, name)
        if isinstance(value, Resolution) and value.x == value.y and value.units in {_DOTS_PER_INCH, _DOTS_PER_CM}
    }
    return tuple(sorted(found))


def _media(printer: Group) -> tuple[Media, ...]:
    """media-col-database if it tells sizes, else media-col-ready, else the sizes in the names of media-supported."""
    ready = {(m.x, m.y, m.source) for m in _collected(printer, "media-col-ready")}
    sizes = {(x, y) for x, y, _ in ready}
    sizes |= {size for name in _strings(printer, "media-ready") if (size := _size_of(name)) is not None}
    database = list(_collected(printer, "media-col-database")) or list(_collected(printer, "media-col-ready"))
    found = database or list(_named(printer))
    marked = [_with_ready(m, (m.x, m.y, m.source) in ready or (not ready and (m.x, m.y) in sizes)) for m in found]
    unique: dict[tuple[str, str, str], Media] = {}
    for media in marked:
        unique.setdefault((media.name, media.source, media.type), media)
    return tuple(sorted(unique.values(), key=lambda media: not media.ready))[:_MOST_MEDIA]


def _with_ready(media: Media, ready: bool) -> Media:
    return Media(
        name=media.name,
        x=media.x,
        y=media.y,
        source=media.source,
        type=media.type,
        margin=media.margin,
        ready=ready,
    )


def _collected(printer: Group, attribute: str) -> Iterator[Media]:
    names = {size: name for name in _strings(printer, "media-supported") if (size := _size_of(name)) is not None}
    for value in _values(printer, attribute):
        if isinstance(value, Collection) and (media := _media_of(value, names)) is not None:
            yield media


def _media_of(column: Collection, names: dict[tuple[int, int], str]) -> Media | None:
    size = _member(column, "media-size")
    if not isinstance(size, Collection):
        return None
    x, y = _member(size, "x-dimension"), _member(size, "y-dimension")
    if not (isinstance(x, int) and isinstance(y, int) and x > 0 and y > 0):
        return None  # A range is a custom size: nothing that can be offered by name.
    margins = [_member(column, f"media-{side}-margin") for side in ("top", "bottom", "left", "right")]
    source, kind = _member(column, "media-source"), _member(column, "media-type")
    return Media(
        name=names.get((x, y)) or f"custom_{x / 100:g}x{y / 100:g}mm_{x / 100:g}x{y / 100:g}mm",
        x=x,
        y=y,
        source=source if isinstance(source, str) else "main",
        type=kind if isinstance(kind, str) else "stationery",
        margin=max((m for m in margins if isinstance(m, int)), default=423),
    )


def _named(printer: Group) -> Iterator[Media]:
    for name in _strings(printer, "media-supported"):
        size = _size_of(name)
        if size is not None and not name.startswith("custom_"):
            yield Media(name=name, x=size[0], y=size[1])


def _size_of(name: str) -> tuple[int, int] | None:
    """PWG 5101.1 section 5: a self-describing name ends with its size, such as _210x297mm."""
    found = _SIZE.search(name)
    if found is None:
        return None
    unit = 100 if found[3] == "mm" else 2540
    return round(float(found[1]) * unit), round(float(found[2]) * unit)


def _values(group: Group, name: str) -> tuple[Value, ...]:
    attribute = group.get(name)
    return () if attribute is None else attribute.values


def _first(group: Group, name: str) -> Value:
    return next(iter(_values(group, name)), None)


def _strings(group: Group, name: str) -> tuple[str, ...]:
    return tuple(value for value in _values(group, name) if isinstance(value, str))


def _integers(group: Group, name: str) -> tuple[int, ...]:
    return tuple(value for value in _values(group, name) if isinstance(value, int))


def _integer(group: Group, name: str, default: int) -> int:
    return next((value for value in _integers(group, name) if value > 0), default)


def _member(column: Collection, name: str) -> Value:
    attribute: Attribute | None = column.get(name)
    return None if attribute is None else attribute.value
