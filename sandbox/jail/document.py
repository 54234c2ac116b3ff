"""From whatever was sent to a clean PDF in the jail's own folder."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.jail import ghost, images
from sandbox.jail.incoming import Incoming
from sandbox.jail.sanitize import Cleaned, clean
from sandbox.jail.sniff import HEAD, sniff
from sandbox.jail.task import Task
from sandbox.model import JPEG, PDF, PNG, PWG, URF


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A document as clean PDF. `colors` are known where the source tells them exactly."""

    path: Path
    format: str
    cleaned: Cleaned
    colors: list[bool] | None = None


def open_document(task: Task, incoming: Incoming) -> Opened:
    """Tell the format, convert, repair and clean. Any of the kinds that a document can be refused for.

    Rasters are converted as they arrive; everything else is stored first, and removed when its clean copy is there.
    """
    kind = sniff(incoming.peek(HEAD), task.declared)
    target = task.folder / "printable.pdf"
    if kind in {PWG, URF}:
        colors = images.raster_to_pdf(incoming, target, kind, task)
        return Opened(path=target, format=kind, cleaned=_made_here(len(colors)), colors=colors)
    source = task.folder / "source"
    incoming.store(source, task.max_stored_bytes)
    try:
        return Opened(path=target, format=kind, cleaned=_cleaned(source, target, kind, task))
    finally:
        source.unlink()


def _cleaned(source: Path, target: Path, kind: str, task: Task) -> Cleaned:
    if kind in {JPEG, PNG}:
        task.pages(1)
        images.picture_to_pdf(source, target, kind, task)
        return _made_here(1)
    if kind == PDF:
        return clean(source, target, task)
    distilled = task.folder / "distilled.pdf"
    ghost.to_pdf(source, distilled)
    return clean(distilled, target, task)


def _made_here(pages: int) -> Cleaned:
    return Cleaned(pages=pages, encrypted=False, print_permitted=True, repaired=False, removed=())
