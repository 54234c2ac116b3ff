"""From whatever was sent to a clean PDF in the jail's own folder."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.jail import compose, ghost, images
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
    exact = known if len(known) == cleaned.pages else None
    return Opened(path=target, format=PDF, cleaned=cleaned, colors=exact)


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
