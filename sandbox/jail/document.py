"""From whatever was sent to a clean PDF in the jail's own folder."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.errors import Broken, FormatUnsupported
from sandbox.inspection import Inspection
from sandbox.jail import compose, dsc, images, pcl, pclxl, pjl, survey
from sandbox.jail.convert import convert, made_here, refuse_locked
from sandbox.jail.incoming import Incoming
from sandbox.jail.sanitize import Cleaned
from sandbox.jail.sniff import HEAD, Kind, by_head, sniff
from sandbox.jail.task import Task
from sandbox.kinds import LANGUAGES, OFFICE, PCLXL, PDF, POSTSCRIPT, RASTERS
from sandbox.model import Asks, PageFacts

UNCOUNTED = "The pages of this print file could not be counted."


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A document as clean PDF. `colors` are known where the source tells them exactly.

    An office document that is only inspected is not converted: its `path` does not exist and it has no page.
    """

    path: Path
    format: str
    cleaned: Cleaned
    colors: list[bool] | None = None
    notes: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    """Names of fonts that an office document asks for, before LibreOffice replaces those that are missing."""
    inspection: Inspection | None = None
    asks: Asks = field(default_factory=Asks)
    pages: tuple[PageFacts, ...] | None = None
    """Of a document that can't be drawn: as far as they could be counted, none when they are unknown."""


def open_document(task: Task, incoming: Incoming) -> Opened:
    """Tell the format, convert, repair and clean. Any of the kinds that a document can be refused for.

    Rasters are converted as they arrive; everything else is stored first, and removed when its clean copy is there.
    """
    head = incoming.peek(HEAD)
    target = task.folder / "printable.pdf"
    raster = by_head(head)
    if raster in RASTERS:
        colors = images.raster_to_pdf(incoming, target, raster, task)
        return Opened(path=target, format=raster, cleaned=made_here(len(colors)), colors=colors)
    source = task.folder / "source"
    incoming.store(source, task.max_stored_bytes)
    try:
        language, asks = "", Asks()
        if pjl.is_wrapped(head):
            language, asks = pjl.unwrap(source)
            head = _head(source)
        kind = sniff(source, head, task.declared, language)
        if kind.format in LANGUAGES:
            return _as_it_is(source, target, kind, asks, task)
        if kind.format == POSTSCRIPT:
            asks = _both(asks, dsc.asks(source))
        if task.operation == "inspect" and kind.format in OFFICE:
            return _surveyed(source, target, kind, task)
        return replace(_converted(source, target, kind, task), asks=asks)
    finally:
        source.unlink(missing_ok=True)


def merged(task: Task, incoming: Iterator[Incoming]) -> Opened:
    """Open several documents and join their pages. The first that is refused refuses them all."""
    parts: list[Opened] = []
    known: list[bool] = []
    for number, one in enumerate(incoming):
        opened = open_document(task, one)
        kept = opened.path.rename(task.folder / f"part-{number}.pdf")
        parts.append(replace(opened, path=kept))
        known += opened.colors or []
        task.pages(sum(part.cleaned.pages for part in parts))
    target = task.folder / "printable.pdf"
    compose.join([part.path for part in parts], target)
    found = [part.cleaned for part in parts]
    cleaned = Cleaned(
        pages=sum(one.pages for one in found),
        encrypted=any(one.encrypted for one in found),
        print_permitted=True,
        repaired=any(one.repaired for one in found),
        removed=tuple(sorted({word for one in found for word in one.removed})),
    )
    return Opened(
        path=target,
        format=PDF,
        cleaned=cleaned,
        colors=known if len(known) == cleaned.pages else None,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        fonts=tuple(dict.fromkeys(font for part in parts for font in part.fonts)),
    )


def _as_it_is(source: Path, target: Path, kind: Kind, asks: Asks, task: Task) -> Opened:
    """A document in a printer's language, only counted. FormatUnsupported where it may not go on as it is."""
    if not task.raw and task.operation != "inspect":
        raise FormatUnsupported(kind.format, limit="language")
    pjl.alone(source)
    found = (pclxl if kind.format == PCLXL else pcl).told(source)
    if found.cut:
        raise Broken("a print file that ends in the midst of a command")
    if found.pages is not None:
        task.pages(found.pages)
    source.rename(target)
    width, height = found.size
    page = PageFacts(width=width, height=height, color=found.color)
    unknown = () if found.pages is not None else (UNCOUNTED,)
    return Opened(
        path=target,
        format=kind.format,
        cleaned=made_here(found.pages or 0),
        notes=(*kind.notes, *unknown),
        asks=_both(asks, Asks(copies=found.copies, sides=found.sides)),
        pages=(page,) * (found.pages or 0),
    )


def _both(outside: Asks, inside: Asks) -> Asks:
    """Sides as the document itself says, else as what stands around it, as in a printer; one copy is not a wish."""
    return Asks(
        copies=max(inside.copies, outside.copies), sides=inside.sides or outside.sides, gray=inside.gray or outside.gray
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _converted(source: Path, target: Path, kind: Kind, task: Task) -> Opened:
    glance = survey.glance(source, kind.format)
    made = convert(source, target, kind.format, task)
    return Opened(
        path=target,
        format=kind.format,
        cleaned=made.cleaned,
        notes=(*kind.notes, *made.notes, *glance.notes),
        fonts=glance.fonts,
        inspection=glance.inspection,
    )


def _surveyed(source: Path, target: Path, kind: Kind, task: Task) -> Opened:
    refuse_locked(source, kind.format, task)
    glance = survey.glance(source, kind.format)
    return Opened(
        path=target,
        format=kind.format,
        cleaned=made_here(0),
        notes=(*kind.notes, *glance.notes),
        fonts=glance.fonts,
        inspection=survey.survey(source, kind.format),
    )
