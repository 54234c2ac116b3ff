"""From whatever was sent to a clean PDF in the jail's own folder."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.jail import ghost, images
from sandbox.jail.sanitize import Cleaned, clean
from sandbox.jail.sniff import HEAD, sniff
from sandbox.jail.task import Task
from sandbox.model import JPEG, PDF, PNG, POSTSCRIPT, PWG, URF


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A document as clean PDF. `colors` are known where the source tells them exactly."""

    path: Path
    format: str
    cleaned: Cleaned
    colors: list[bool] | None = None


def open_document(task: Task) -> Opened:
    """Tell the format, convert, repair and clean. Any of the kinds that a document can be refused for."""
    with task.source.open("rb") as file:
        kind = sniff(file.read(HEAD), task.declared)
    target = task.folder / "printable.pdf"
    if kind in {PWG, URF}:
        colors = images.raster_to_pdf(task.source, target, kind, task)
        return Opened(path=target, format=kind, cleaned=_made_here(len(colors)), colors=colors)
    if kind in {JPEG, PNG}:
        task.pages(1)
        images.picture_to_pdf(task.source, target, kind, task)
        return Opened(path=target, format=kind, cleaned=_made_here(1))
    source = task.source
    if kind == POSTSCRIPT:
        source = task.folder / "distilled.pdf"
        ghost.to_pdf(task.source, source)
    return Opened(path=target, format=kind if kind == POSTSCRIPT else PDF, cleaned=clean(source, target, task))


def _made_here(pages: int) -> Cleaned:
    return Cleaned(pages=pages, encrypted=False, print_permitted=True, repaired=False, removed=())
